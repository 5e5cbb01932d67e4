/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binding devices to vfio-pci and back, from the request to the operations. */
#include <stdio.h>
#include <string.h>

#include "apply/bind.h"
#include "base/text.h"

static int expect_id(struct pp_apply *a, const char *address, const char *file, uint16_t expected,
                     struct pp_error *e)
{
	const char *path = PP_SYS_DEVICE(address, file);
	char text[32];
	uint64_t id;
	int r = pp_sys_text(a->sys, path, text, sizeof(text));
	if (r)
		return pp_fail(e, -r, "%s: /%s: %s", address, path, strerror(-r));
	if (!pp_parse_hex(text, UINT16_MAX, &id) || id != expected)
		return pp_fail(e, EBUSY, "%s: its %s is %.20s, the plan expects 0x%04x", address,
		               file, text, expected);
	return 0;
}

int pp_bind_expect(struct pp_apply *a, const struct pp_step_bind *b, struct pp_bound *ret,
                   struct pp_error *e)
{
	pp_address_format(b->address, ret->address);
	int r = expect_id(a, ret->address, "vendor", b->vendor, e);

	if (!r)
		r = expect_id(a, ret->address, "device", b->device, e);
	return r ? r : pp_driver_read(a, ret->address, &ret->now, e);
}

int pp_bind_drifted(const struct pp_bound *b, const char *expected, struct pp_error *e)
{
	return pp_fail(e, EBUSY, "%s: its driver is %s, the plan expects %s", b->address,
	               *b->now.driver ? b->now.driver : "none",
	               expected && *expected ? expected : "none");
}

int pp_bind_read_class(struct pp_apply *a, const char *address, char text[PP_BIND_CLASS_BYTES],
                       bool *ret_is_bridge, struct pp_error *e)
{
	const char *path = PP_SYS_DEVICE(address, "class");
	uint64_t code;
	int r = pp_sys_text(a->sys, path, text, PP_BIND_CLASS_BYTES);

	*ret_is_bridge = !r && pp_parse_hex(text, 0xffffff, &code) && code >> 8 == 0x0604;
	return r ? pp_fail(e, -r, "%s: /%s: %s", address, path, strerror(-r)) : 0;
}

int pp_bind_add_rule(struct pp_stage *s, const char *lines, struct pp_error *e)
{
	const char *first =
		lines ? pp_arena_strndup(&s->apply->arena, lines, strcspn(lines, "\n")) : NULL;

	return first ? pp_stage_add_ours(s, PP_BIND_RULES, first, lines, e)
	             : pp_fail_oom(e, PP_BIND_RULES);
}

int pp_bind_now(struct pp_stage *s, const struct pp_op_ops *ops, const struct pp_bound *b,
                struct pp_error *e)
{
	struct pp_op *op = pp_stage_add(s, ops, e);

	return op ? pp_op_driver_init(op, &s->apply->arena, b->address, &b->now, e) : -e->code;
}
