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

static json_t *kind_write(const struct pp_json_row *row, const void *member)
{
	return json_string((*(const struct pp_op_ops *const *)member)->name);
}

static const struct pp_op_ops *op_find_kind(const char *name)
{
	for (const struct pp_op_ops *const *k = pp_op_kinds; name && *k; k++)
		if (!strcmp((*k)->name, name))
			return *k;
	return NULL;
}

static int kind_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const struct pp_op_ops *ops = op_find_kind(json_string_value(v));

	if (!ops)
		return pp_json_bad(r, "'kind' has an unknown value");
	*(const struct pp_op_ops **)member = ops;
	return 0;
}

static const struct pp_json_type kind = { kind_write, kind_read, NULL };

#define NR_OP_ROWS 5
/* What belongs to its kind stands under the kind's own name. */
#define OP_ROWS(kind_ops)                                                                          \
	{                                                                                          \
		{ "kind", &kind, PP_OP_AT(ops) },                                                  \
			{ "progress", &pp_row_word, PP_OP_AT(progress), .words = progresses,       \
			  .max = PP_OP_PROGRESSES },                                               \
			{ "step", &pp_row_number, PP_OP_AT(step), .max = PP_PLAN_MAX_STEPS },      \
			{ (kind_ops)->name, &pp_row_object, .rows = (kind_ops)->rows }, { NULL },  \
	}

static json_t *op_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_op *op = member;
	const struct pp_json_row rows[] = OP_ROWS(op->ops);

	return pp_json_write(rows, op);
}

static int op_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                   void *member)
{
	struct pp_op *op = member;
	int err = kind_read(r, row, json_object_get(v, "kind"), &op->ops);

	if (err)
		return err;
	const struct pp_json_row rows[] = OP_ROWS(op->ops);
	err = pp_json_read(r, rows, v, op);
	return err || !op->ops->check ? err : op->ops->check(r, op);
}

const struct pp_json_type pp_op_json = { op_write, op_read, NULL };

bool pp_op_is_address(const char *text)
{
	char again[PP_ADDRESS_TEXT_BYTES] = "";
	struct pp_address address;

	if (pp_address_parse(text, &address))
		pp_address_format(address, again);
	return !strcmp(again, text);
}

bool pp_op_is_path(const char *s)
{
	if (!*s || *s == '/' || strlen(s) >= 2048)
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
