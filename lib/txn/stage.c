/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plan comes to: its operations, collected and put in order. */
#include <string.h>

#include "txn/stage.h"

int pp_stage_init(struct pp_stage *s, struct pp_apply *a, const struct pp_plan *p,
                  const struct pp_txn *before, struct pp_error *e)
{
	*s = (struct pp_stage){ .apply = a, .plan = p, .before = before };
	s->ops = PP_ARENA_ARRAY(&a->arena, PP_TXN_MAX_OPS, struct pp_op);
	return s->ops ? 0 : pp_fail_oom(e, "apply");
}

struct pp_op *pp_stage_add(struct pp_stage *s, const struct pp_op_ops *ops, struct pp_error *e)
{
	if (s->nr_ops == PP_TXN_MAX_OPS) {
		pp_fail(e, E2BIG, "plan: more than %d changes", PP_TXN_MAX_OPS);
		return NULL;
	}
	struct pp_op *op = &s->ops[s->nr_ops++];
	*op = (struct pp_op){ .ops = ops, .step = s->step };
	return op;
}

void pp_stage_close_step(struct pp_stage *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nr_ops; i++) {
		const struct pp_op *op = &s->ops[i];
		if (!op->ops->is_tool || op->step != s->step || s->touched)
			s->ops[n++] = *op;
	}
	s->nr_ops = n;
	s->touched = false;
}

static bool stage_is_idle(const struct pp_op *op)
{
	return op->ops->is_idle && op->ops->is_idle(op);
}

/* Insertion keeps the order in which equals were staged. */
void pp_stage_sort(struct pp_stage *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nr_ops; i++) {
		struct pp_op op = s->ops[i];
		uint32_t at = n;
		if (stage_is_idle(&op))
			continue;
		for (; at && s->ops[at - 1].ops->rank > op.ops->rank; at--)
			s->ops[at] = s->ops[at - 1];
		s->ops[at] = op;
		n++;
	}
	s->nr_ops = n;
}

/* Where an image lies, one of its size must find room beside it. */
static int stage_image_room(struct pp_stage *s, uint64_t bytes, uint64_t files, struct pp_error *e)
{
	uint64_t size;
	int r = pp_sys_file_size(s->apply->sys, s->image, &size);

	return r ? pp_fail(e, -r, "/%.300s: %s", s->image, strerror(-r))
	         : pp_sys_check_space(s->apply->sys, s->image, bytes + size, files, e);
}

/* A file system's own needs, and what tools make on their way. */
#define SPARE_BYTES ((1u << 20) + (64u << 10))
#define SPARE_FILES 16

int pp_stage_check_space(struct pp_stage *s, struct pp_error *e)
{
	/* As if all lay on one file system; hex digits in the journal, of which two stand at once.
	 */
	uint64_t bytes = SPARE_BYTES, files = s->nr_ops + SPARE_FILES;

	for (uint32_t i = 0; i < s->nr_ops; i++)
		if (s->ops[i].ops->bytes)
			bytes += 5 * s->ops[i].ops->bytes(&s->ops[i]);
	for (uint32_t i = 0; i < s->nr_ops; i++) {
		const struct pp_op *op = &s->ops[i];
		int r = op->ops->room ? op->ops->room(s->apply, op, PP_RUN, bytes, files, e) : 0;
		if (!r && s->image && op->ops->is_tool)
			r = stage_image_room(s, bytes, files, e);
		if (r)
			return r;
	}
	return pp_sys_check_space(s->apply->sys, PP_APPLY_STATE, bytes, files, e);
}
