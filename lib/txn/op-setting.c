/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operation that writes settings of one store: cells of bytes, or texts, as the store takes
 * them. */
#include <stdio.h>
#include <string.h>

#include "conrep/area.h"
#include "store/areas.h"
#include "txn/op.h"

static const char *const spaces[] = {
	[PP_CELL_EV] = "ev", [PP_CELL_NVRAM] = "nvram", [PP_CELL_CMOS] = "cmos"
};
#define NR_SPACES (sizeof(spaces) / sizeof(spaces[0]))

static int setting_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                         struct pp_error *e)
{
	static const enum pp_op_found found[] = { [PP_STANDS_OLD] = PP_OP_BEFORE,
		                                  [PP_STANDS_NEW] = PP_OP_AFTER,
		                                  [PP_STANDS_PART] = PP_OP_PART,
		                                  [PP_STANDS_OTHER] = PP_OP_NEITHER };
	enum pp_store_state stands = PP_STANDS_OTHER;
	char why[300] = "";
	struct pp_store *s;
	int r = pp_apply_store(a, op->setting.store, &s, e);

	if (!r)
		r = s->ops->state(s, &op->setting.change, &stands, why, sizeof(why), e);
	if (r)
		return r;
	ret->found = found[stands];
	snprintf(ret->text, sizeof(ret->text), "%.80s: %.299s", s->where, why);
	return 0;
}

/* A store that has a lock of its own is locked by that, too, unless that is ours already. */
static int setting_write(struct pp_apply *a, const struct pp_op *op, bool back, struct pp_error *e)
{
	struct pp_lock own = PP_LOCK_NONE;
	struct pp_store *s;
	int r = pp_apply_store(a, op->setting.store, &s, e);

	if (!r && s->own && !pp_apply_is_apart(a))
		r = pp_store_lock(s, &own, e);
	if (!r && s->own && !pp_apply_is_apart(a))
		r = pp_store_check_journal(s, e);
	if (!r)
		r = s->ops->write(s, &op->setting.change, back, &a->lock, e);
	pp_lock_release(&own);
	return r;
}

/* What counts is how it reads back, whatever the writer says. */
static int setting_read_back(struct pp_apply *a, const struct pp_op *op, enum pp_op_found want,
                             struct pp_error *e)
{
	struct pp_op_state s;
	int r = setting_state(a, op, &s, e);

	if (r || s.found == want)
		return r;
	if (s.found == PP_OP_BEFORE || s.found == PP_OP_AFTER)
		return pp_fail(e, EIO,
		               "%.200s: written, but it does not read back: the %s settings still "
		               "stand",
		               op->setting.store, s.found == PP_OP_BEFORE ? "old" : "new");
	return pp_fail(e, EIO, "written, but it does not read back: %s", s.text);
}

static int setting_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return setting_write(a, op, false, e);
}

static int setting_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct pp_error look = { 0 };
	int r = setting_write(a, op, true, e);
	int seen = setting_read_back(a, op, PP_OP_BEFORE, &look);

	if (!seen || r)
		return seen ? r : 0;
	return pp_fail(e, -seen, "%s", look.text);
}

static int setting_verify(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return setting_read_back(a, op, PP_OP_AFTER, e);
}

/* "set RMRDS_Slot2 back to Endpoints_Included, RMRDS_Slot3 to Endpoints_Included" */
static void setting_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	int len = snprintf(buf, size, op->setting.nr_values ? "set" : "%s settings %s %.200s",
	                   dir == PP_RUN ? "write" : "put back the", dir == PP_RUN ? "to" : "of",
	                   op->setting.store);

	for (uint32_t i = 0; i < op->setting.nr_values && (size_t)len < size; i++) {
		const struct pp_op_value *v = &op->setting.values[i];
		len += snprintf(buf + len, size - (size_t)len, "%s %s %sto %s", i ? "," : "",
		                v->name, dir == PP_RUN ? "" : "back ",
		                dir == PP_RUN ? v->after : v->before);
	}
}

#define VALUE(member) offsetof(struct pp_op_value, member)
static const struct pp_json_row value_rows[] = {
	{ "name", &pp_row_text, VALUE(name) },
	{ "before", &pp_row_text, VALUE(before) },
	{ "after", &pp_row_text, VALUE(after) },
	{ NULL },
};

/* struct pp_area_write as the journal has it: what is absent is null. */
struct setting_area {
	enum pp_area_space space;
	const char *name;
	uint32_t offset;
	struct pp_span mask, before, after;
};

#define AREA(member) offsetof(struct setting_area, member)
static const struct pp_json_row area_rows[] = {
	{ "space", &pp_row_word, AREA(space), .words = spaces, .max = NR_SPACES },
	{ "name", &pp_row_text, AREA(name), .or_null = true },
	{ "offset", &pp_row_number, AREA(offset), .max = PP_NVRAM_BYTES },
	{ "mask", &pp_row_bytes, AREA(mask), .or_null = true },
	{ "before", &pp_row_bytes, AREA(before), .or_null = true },
	{ "after", &pp_row_bytes, AREA(after), .or_null = true },
	{ NULL },
};

static json_t *area_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_area_write *w = member;
	const struct pp_span none = { 0 };
	const struct setting_area a = {
		w->space,
		w->name,
		w->offset,
		PP_SPAN(w->mask, w->new_bytes.len),
		w->old_absent ? none : w->old_bytes,
		w->new_absent ? none : w->new_bytes,
	};

	return pp_json_write(area_rows, &a);
}

/* Null: absent, which only a whole EV can be. */
static int area_check_side(struct pp_json_reader *r, const struct setting_area *a, const char *key,
                           struct pp_span side)
{
	size_t max = a->space == PP_CELL_EV     ? PP_EV_MAX_BYTES
	             : a->space == PP_CELL_CMOS ? PP_CMOS_BYTES
	                                        : PP_NVRAM_BYTES;

	if (!side.data)
		return a->space == PP_CELL_EV && !a->mask.data
		               ? 0
		               : pp_json_bad(r, "'%s' is null", key);
	if (!side.len || side.len > max || a->offset > max - side.len)
		return pp_json_bad(r, "'%s' is nothing, or more than fits", key);
	return 0;
}

static int area_check(struct pp_json_reader *r, const struct setting_area *a)
{
	const struct pp_span *mask = &a->mask;

	if (a->space == PP_CELL_EV ? !a->name || !pp_ev_name_ok(a->name) : !!a->name)
		return pp_json_bad(r, "'name' is not a valid EV name");
	int err = area_check_side(r, a, "before", a->before);
	if (!err)
		err = area_check_side(r, a, "after", a->after);
	if (!err &&
	    (mask->data ? mask->len != a->before.len || mask->len != a->after.len : a->offset > 0))
		err = pp_json_bad(r, "'mask' does not fit the bytes");
	return err;
}

static int area_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	struct setting_area a = { .name = NULL };
	int err = pp_json_read(r, area_rows, v, &a);

	*(struct pp_area_write *)member = (struct pp_area_write){
		.space = a.space,
		.name = a.name,
		.offset = a.offset,
		.mask = a.mask.data,
		.old_absent = !a.before.data,
		.new_absent = !a.after.data,
		.old_bytes = a.before,
		.new_bytes = a.after,
	};
	return err ? err : area_check(r, &a);
}

static const struct pp_json_type area = { area_write, area_read, NULL };

#define SETTING_LIST(member, nr) PP_JSON_LIST(struct pp_op, setting.member, setting.nr)
static const struct pp_json_row setting_rows[] = {
	{ "store", &pp_row_text, PP_OP_AT(setting.store), .is_fine = pp_store_is_name,
	  .otherwise = "is not a store of settings" },
	{ "values", &pp_row_list, SETTING_LIST(values, nr_values), .max = PP_OP_MAX_VALUES,
	  .rows = value_rows },
	{ "areas", &pp_row_list, SETTING_LIST(change.writes, change.nr_writes),
	  .max = PP_MEMORY_MAX_CELLS, .item = &area },
	{ "schema", &pp_row_bytes, PP_OP_AT(setting.change.schema) },
	{ "before", &pp_row_bytes, PP_OP_AT(setting.change.old_data) },
	{ "after", &pp_row_bytes, PP_OP_AT(setting.change.new_data) },
	{ NULL },
};

static bool setting_same_area(const struct pp_area_write *x, const struct pp_area_write *y)
{
	return x->space == y->space && (x->space != PP_CELL_EV || !strcmp(x->name, y->name));
}

static int setting_check(struct pp_json_reader *r, struct pp_op *op)
{
	const struct pp_store_change *c = &op->setting.change;

	for (uint32_t i = 0; i < c->nr_writes; i++)
		for (uint32_t k = 0; k < i; k++)
			if (setting_same_area(&c->writes[k], &c->writes[i]))
				return pp_json_bad(r, "'areas' names one twice");
	return !c->nr_writes == !c->new_data.len
	               ? pp_json_bad(r, "need cells or texts, and not both")
	               : 0;
}

static size_t setting_bytes(const struct pp_op *op)
{
	const struct pp_store_change *c = &op->setting.change;
	size_t bytes = c->schema.len + c->old_data.len + c->new_data.len;

	for (uint32_t i = 0; i < c->nr_writes; i++)
		bytes += c->writes[i].old_bytes.len + 2 * c->writes[i].new_bytes.len;
	return bytes;
}

/* With the lock taken anew, a lock file that was left goes as well. */
static void setting_clean_up(struct pp_apply *a, const struct pp_op *op)
{
	struct pp_lock own = PP_LOCK_NONE;
	struct pp_error ignored;
	struct pp_store *s;

	if (pp_apply_store(a, op->setting.store, &s, &ignored))
		return;
	if (s->own && !pp_apply_is_apart(a) && pp_store_lock(s, &own, &ignored))
		return;
	if (s->ops->sweep)
		s->ops->sweep(s);
	pp_lock_release(&own);
}

const struct pp_op_ops pp_op_setting = {
	.name = "setting",
	.rank = PP_RANK_SETTING,
	.state = setting_state,
	.execute = setting_execute,
	.undo = setting_undo,
	.verify = setting_verify,
	.describe = setting_describe,
	.rows = setting_rows,
	.check = setting_check,
	.bytes = setting_bytes,
	.sweep = setting_clean_up,
};
