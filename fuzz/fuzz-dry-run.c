/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan from somebody else, in a dry run on a host from somebody else: "=== PATH" begins each file
 * of the host, and the file "plan" is the plan. Nothing of the host is changed and no program of it
 * is run; what would be done is said; and every operation can be told, and stand in a journal.
 */
#include <stdio.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "memory.h"
#include "plan/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void dry_say(void *ctx, const char *line)
{
	for (const char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	++*(unsigned int *)ctx;
}

/* As the command runs it. */
static int dry_run(const struct pp_plan *p, struct memory *host, unsigned int *lines)
{
	const struct pp_apply_options o = { .dry_run = true, .say = dry_say, .ctx = lines };
	struct pp_error e = { 0 };
	int r = pp_apply_run_with(p, &o, &host->base, &e);

	if (r && (r != -e.code || !e.text[0]))
		abort();
	return r;
}

/* The kinds of the table alone, and a journal of them that is read again as the same. */
static void dry_check(struct pp_stage *s)
{
	struct pp_txn t = { .purpose = PP_TXN_PLAN,
		            .boot_id = "",
		            .plan = "{}",
		            .ops = s->ops,
		            .nr_ops = s->nr_ops },
		      again;
	const char *text, *text_again;
	struct pp_error e;

	for (uint32_t i = 0; i < s->nr_ops; i++) {
		const struct pp_op_ops *const *kind = pp_op_kinds;
		while (*kind && *kind != s->ops[i].ops)
			kind++;
		if (!*kind || (s->ops[i].ops->is_tool && !pp_tool_find(s->ops[i].tool.tool->name)))
			abort();
	}
	if (pp_txn_text(&t, &s->apply->arena, &text, &e))
		abort();
	/* What cannot be read again is refused before anything is done: apply.c, check_readable().
	 */
	if (pp_txn_parse(PP_SPAN(text, strlen(text)), "fuzz", &s->apply->arena, &again, &e))
		return;
	if (pp_txn_text(&again, &s->apply->arena, &text_again, &e) || strcmp(text, text_again) != 0)
		abort();
}

/* The same steps, staged, for what the dry run only tells. */
static void dry_stage(const struct pp_plan *p, struct memory *host, unsigned int lines)
{
	struct pp_apply_options o = { .dry_run = true };
	struct pp_apply a;
	struct pp_stage s;
	struct pp_error e;

	if (pp_apply_init(&o, &host->base, &a, &e) || pp_stage_init(&s, &a, p, NULL, &e))
		abort();
	int r = 0;
	for (uint32_t i = 0; !r && i < p->nr_steps; i++) {
		const struct pp_step_ops *ops = pp_step_ops_of(&p->steps[i]);
		s.step = i;
		r = ops ? ops->stage(&s, &p->steps[i], &e) : 0;
		if (!r && ops)
			pp_stage_close_step(&s);
	}
	if (r)
		abort(); /* The dry run has just said that it can be done. */
	pp_stage_sort(&s);
	if (lines < s.nr_ops)
		abort();
	dry_check(&s);
	pp_apply_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory host;
	unsigned int lines = 0;
	struct pp_plan *p;
	struct pp_error e;

	memory_init(&host, PP_SPAN(data, size));
	host.read_only = true;
	const struct memory_file *text = memory_find(&host, "plan");
	if (text && !pp_plan_parse(text->content.bytes.data, text->content.bytes.len, &p, &e)) {
		/* A plan of another host is refused by what is read of this one, which has nothing.
		 */
		p->host = (struct pp_plan_host){ 0 };
		if (!dry_run(p, &host, &lines))
			dry_stage(p, &host, lines);
		pp_plan_free(p);
	}
	memory_fini(&host);
	return 0;
}
