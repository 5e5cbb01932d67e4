/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operation that writes a BIOS setting, through a store of settings. */
#include <stdio.h>

#include "txn/op.h"
#include "plan/json.h"

static int setting_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                         struct pp_error *e)
{
	const struct pp_step_setting *s = &op->setting;
	int r = a->settings->says(a, s, s->wanted, e);

	ret->found = PP_OP_AFTER;
	if (r)
		return r < 0 ? r : 0;
	r = a->settings->says(a, s, s->expected, e);
	ret->found = r ? PP_OP_BEFORE : PP_OP_NEITHER;
	snprintf(ret->text, sizeof(ret->text),
	         "%.100s says neither %.100s nor %.100s: it was changed meanwhile", s->section,
	         s->expected, s->wanted);
	return r < 0 ? r : 0;
}

static int setting_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return a->settings->set(a, &op->setting, op->setting.wanted, e);
}

static int setting_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return a->settings->set(a, &op->setting, op->setting.expected, e);
}

static void setting_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	const struct pp_step_setting *s = &op->setting;

	snprintf(buf, size, "set %s %sto %s", s->section, dir == PP_RUN ? "" : "back ",
	         dir == PP_RUN ? s->wanted : s->expected);
}

static json_t *setting_to_json(const struct pp_op *op)
{
	return pp_step_setting_json(&op->setting);
}

static int setting_from_json(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	return pp_step_setting_read(r, o, &op->setting);
}

const struct pp_op_ops pp_op_setting = {
	.name = "setting",
	.rank = PP_RANK_SETTING,
	.state = setting_state,
	.execute = setting_execute,
	.undo = setting_undo,
	.describe = setting_describe,
	.to_json = setting_to_json,
	.from_json = setting_from_json,
};
