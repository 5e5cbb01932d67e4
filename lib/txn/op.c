/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds for operations of every kind. */
#include <stdio.h>
#include <string.h>

#include "txn/op.h"
#include "plan/plan.h"

const struct pp_op_ops *const pp_op_kinds[] = {
	&pp_op_directory, &pp_op_file,    &pp_op_initrd, &pp_op_loader,
	&pp_op_bind,      &pp_op_unbind,  &pp_op_borrow, &pp_op_no_driver,
	&pp_op_vfs,       &pp_op_setting, NULL,
};

static const char *const progresses[PP_OP_PROGRESSES] = { "pending", "begun", "done", "undone" };

int pp_op_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                struct pp_error *e)
{
	*ret = (struct pp_op_state){ .found = PP_OP_PART, .text = "" };
	return op->ops->state ? op->ops->state(a, op, ret, e) : 0;
}

static int op_refuse(const struct pp_op_state *s, struct pp_error *e)
{
	return pp_fail(e, EBUSY, "%s", s->text);
}

int pp_op_look(struct pp_apply *a, const struct pp_op *op, enum pp_op_found *ret)
{
	struct pp_op_state s;
	struct pp_error ignored;
	int r = pp_op_state(a, op, &s, &ignored);

	if (!r)
		*ret = s.found;
	return r;
}

/* 1: nothing is to be done in that direction. */
static int op_reached(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                      struct pp_error *e)
{
	struct pp_op_state s;
	int r = pp_op_state(a, op, &s, e);

	if (r || s.found == PP_OP_PART)
		return r;
	if (s.found != PP_OP_NEITHER)
		return s.found == (dir == PP_RUN ? PP_OP_AFTER : PP_OP_BEFORE);
	if (dir == PP_RUN || !op->ops->leaves_foreign)
		return op_refuse(&s, e);
	pp_apply_say(a, "left as it is: %s", s.text);
	return 1;
}

int pp_op_check(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                struct pp_error *e)
{
	int r = op_reached(a, op, dir, e);

	if (r)
		return r < 0 ? r : 0;
	return op->ops->allowed ? op->ops->allowed(a, op, dir, e) : 0;
}

static int op_do(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                 struct pp_error *e)
{
	int r = op_reached(a, op, dir, e);

	if (r)
		return r < 0 ? r : 0;
	/* It may have come into use since it was checked: an initrd takes its time. */
	r = op->ops->allowed ? op->ops->allowed(a, op, dir, e) : 0;
	if (r)
		return r;
	return dir == PP_RUN ? op->ops->execute(a, op, e) : op->ops->undo(a, op, e);
}

int pp_op_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return op_do(a, op, PP_RUN, e);
}

int pp_op_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return op_do(a, op, PP_ROLLBACK, e);
}

int pp_op_verify(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct pp_op_state s;
	char text[256];

	if (op->ops->verify)
		return op->ops->verify(a, op, e);
	if (!op->ops->state)
		return 0;
	int r = op->ops->state(a, op, &s, e);
	if (r || s.found == PP_OP_AFTER)
		return r;
	if (s.found == PP_OP_NEITHER)
		return op_refuse(&s, e);
	return pp_fail(e, EIO, "%s: was done, but reading it back gives the old value",
	               pp_op_describe(op, PP_RUN, text, sizeof(text)));
}

const char *pp_op_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	op->ops->describe(op, dir, buf, size);
	return buf;
}

json_t *pp_op_to_json(const struct pp_op *op)
{
	return json_pack("{ss,ss,si,so}", "kind", op->ops->name, "progress",
	                 progresses[op->progress], "step", (int)op->step, op->ops->name,
	                 op->ops->to_json(op));
}

static const struct pp_op_ops *op_find_kind(const char *name)
{
	for (const struct pp_op_ops *const *k = pp_op_kinds; name && *k; k++)
		if (!strcmp((*k)->name, name))
			return *k;
	return NULL;
}

int pp_op_from_json(struct pp_json_reader *r, const json_t *o, struct pp_op *ret)
{
	struct pp_op op = { .ops = op_find_kind(json_string_value(json_object_get(o, "kind"))) };
	unsigned int progress = 0;

	if (!op.ops)
		return pp_json_bad(r, "'kind' is none that is known");
	int err = PP_JSON_READ_KEYS(r, o, "kind", "progress", "step", op.ops->name);
	if (!err)
		err = pp_json_read_word(r, o, "progress", progresses, PP_OP_PROGRESSES, &progress);
	if (!err)
		err = pp_json_read_number(r, json_object_get(o, "step"), "step", 0,
		                          PP_PLAN_MAX_STEPS, &op.step);
	if (!err)
		err = op.ops->from_json(r, json_object_get(o, op.ops->name), &op);
	op.progress = (enum pp_op_progress)progress;
	if (!err)
		*ret = op;
	return err;
}

int pp_op_read_address(struct pp_json_reader *r, const json_t *o, const char **ret)
{
	char again[PP_ADDRESS_TEXT_BYTES] = "";
	struct pp_address address;
	const char *text;
	int err = pp_json_read_text(r, o, "address", &text);

	if (!err && pp_address_parse(text, &address))
		pp_address_format(address, again);
	if (!err && strcmp(again, text))
		err = pp_json_bad(r, "'address' is no address like 0000:07:00.0");
	if (!err)
		*ret = text;
	return err;
}

static bool op_is_path(const char *s)
{
	if (!*s || *s == '/')
		return false;
	for (const char *part = s; part;) {
		size_t len = strcspn(part, "/");
		if (!len || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part = part[len] ? part + len + 1 : NULL;
	}
	return true;
}

int pp_op_read_path(struct pp_json_reader *r, const json_t *o, const char **ret)
{
	const char *path;
	int err = pp_json_read_text(r, o, "path", &path);

	if (!err && (!op_is_path(path) || strlen(path) >= 2048))
		err = pp_json_bad(r, "'path' is no path below the root");
	if (!err)
		*ret = path;
	return err;
}
