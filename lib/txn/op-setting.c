/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operation that writes settings of one store: cells of bytes, or texts, as the store takes
 * them. */
#include <stdio.h>
#include <string.h>

#include "conrep/area.h"
#include "store/lines.h"
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

static json_t *setting_values_to_json(const struct pp_op *op)
{
	json_t *list = json_array();

	for (uint32_t i = 0; list && i < op->setting.nr_values; i++) {
		const struct pp_op_value *v = &op->setting.values[i];
		if (json_array_append_new(list, json_pack("{ss,ss,ss}", "name", v->name, "before",
		                                          v->before, "after", v->after))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *setting_bytes_or_null(bool absent, struct pp_span bytes)
{
	return absent ? json_null() : pp_json_of_bytes(bytes);
}

static json_t *setting_area_to_json(const struct pp_area_write *w)
{
	return json_pack("{ss,ss?,sI,so,so,so}", "space", spaces[w->space], "name", w->name,
	                 "offset", (json_int_t)w->offset, "mask",
	                 setting_bytes_or_null(!w->mask, PP_SPAN(w->mask, w->new_bytes.len)),
	                 "before", setting_bytes_or_null(w->old_absent, w->old_bytes), "after",
	                 setting_bytes_or_null(w->new_absent, w->new_bytes));
}

static json_t *setting_areas_to_json(const struct pp_store_change *c)
{
	json_t *list = json_array();

	for (uint32_t i = 0; list && i < c->nr_writes; i++)
		if (json_array_append_new(list, setting_area_to_json(&c->writes[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *setting_to_json(const struct pp_op *op)
{
	const struct pp_store_change *c = &op->setting.change;

	return json_pack("{ss,so,so,so,so,so}", "store", op->setting.store, "values",
	                 setting_values_to_json(op), "areas", setting_areas_to_json(c), "schema",
	                 pp_json_of_bytes(c->schema), "before", pp_json_of_bytes(c->old_data),
	                 "after", pp_json_of_bytes(c->new_data));
}

static int setting_read_values(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	const json_t *list = pp_json_read_list(r, o, "values", PP_OP_MAX_VALUES);
	uint32_t n = (uint32_t)json_array_size(list);
	struct pp_op_value *values = list ? PP_ARENA_ARRAY(r->arena, n, struct pp_op_value) : NULL;
	int err = !list ? -EBADMSG : values ? 0 : pp_fail_oom(r->error, r->object);

	for (uint32_t i = 0; !err && i < n; i++) {
		const json_t *v = json_array_get(list, i);
		err = PP_JSON_READ_KEYS(r, v, "name", "before", "after");
		if (!err)
			err = pp_json_read_text(r, v, "name", &values[i].name);
		if (!err)
			err = pp_json_read_text(r, v, "before", &values[i].before);
		if (!err)
			err = pp_json_read_text(r, v, "after", &values[i].after);
	}
	op->setting.values = values;
	op->setting.nr_values = n;
	return err;
}

static size_t setting_max_bytes(enum pp_area_space space)
{
	return space == PP_CELL_EV     ? PP_EV_MAX_BYTES
	       : space == PP_CELL_CMOS ? PP_CMOS_BYTES
	                               : PP_NVRAM_BYTES;
}

/* Null: absent, which only a whole EV can be. */
static int setting_read_side(struct pp_json_reader *r, const json_t *o, const char *key,
                             const struct pp_area_write *w, bool *ret_absent, struct pp_span *ret)
{
	size_t max = setting_max_bytes(w->space);

	*ret_absent = json_is_null(json_object_get(o, key));
	if (*ret_absent)
		return w->space == PP_CELL_EV && !w->mask ? 0 : pp_json_bad(r, "'%s' is null", key);
	int err = pp_json_read_bytes(r, o, key, ret);
	if (!err && (!ret->len || ret->len > max || w->offset > max - ret->len))
		err = pp_json_bad(r, "'%s' is nothing, or more than fits", key);
	return err;
}

static int setting_read_place(struct pp_json_reader *r, const json_t *o, struct pp_area_write *w)
{
	unsigned int space = 0;
	int err = pp_json_read_word(r, o, "space", spaces, NR_SPACES, &space);

	w->space = (enum pp_area_space)space;
	if (!err)
		err = pp_json_read_text_or_null(r, o, "name", &w->name);
	if (!err && (w->space == PP_CELL_EV ? !w->name || !pp_ev_name_ok(w->name) : !!w->name))
		err = pp_json_bad(r, "'name' is no name of an EV");
	if (!err)
		err = pp_json_read_number(r, json_object_get(o, "offset"), "offset", 0,
		                          PP_NVRAM_BYTES, &w->offset);
	return err;
}

static int setting_read_area(struct pp_json_reader *r, const json_t *o, struct pp_area_write *w)
{
	struct pp_span mask = { 0 };
	int err = PP_JSON_READ_KEYS(r, o, "space", "name", "offset", "mask", "before", "after");

	if (!err)
		err = setting_read_place(r, o, w);
	if (!err && !json_is_null(json_object_get(o, "mask")))
		err = pp_json_read_bytes(r, o, "mask", &mask);
	w->mask = mask.data;
	if (!err)
		err = setting_read_side(r, o, "before", w, &w->old_absent, &w->old_bytes);
	if (!err)
		err = setting_read_side(r, o, "after", w, &w->new_absent, &w->new_bytes);
	if (!err && (w->mask ? mask.len != w->old_bytes.len || mask.len != w->new_bytes.len
	                     : w->offset > 0))
		err = pp_json_bad(r, "'mask' does not fit the bytes");
	return err;
}

static bool setting_same_area(const struct pp_area_write *x, const struct pp_area_write *y)
{
	return x->space == y->space && (x->space != PP_CELL_EV || !strcmp(x->name, y->name));
}

static int setting_read_areas(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	const json_t *list = pp_json_read_list(r, o, "areas", PP_MEMORY_MAX_CELLS);
	uint32_t n = (uint32_t)json_array_size(list);
	struct pp_area_write *writes =
		list ? PP_ARENA_ARRAY(r->arena, n, struct pp_area_write) : NULL;
	int err = !list ? -EBADMSG : writes ? 0 : pp_fail_oom(r->error, r->object);

	for (uint32_t i = 0; !err && i < n; i++) {
		writes[i] = (struct pp_area_write){ .name = NULL };
		err = setting_read_area(r, json_array_get(list, i), &writes[i]);
		for (uint32_t k = 0; !err && k < i; k++)
			if (setting_same_area(&writes[k], &writes[i]))
				err = pp_json_bad(r, "'areas' has one twice");
	}
	op->setting.change.writes = writes;
	op->setting.change.nr_writes = n;
	return err;
}

static int setting_from_json(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	struct pp_store_change *c = &op->setting.change;
	int err = PP_JSON_READ_KEYS(r, o, "store", "values", "areas", "schema", "before", "after");

	if (!err)
		err = pp_json_read_text(r, o, "store", &op->setting.store);
	if (!err && !pp_store_is_name(op->setting.store))
		err = pp_json_bad(r, "'store' is not a store of settings");
	if (!err)
		err = setting_read_values(r, o, op);
	if (!err)
		err = setting_read_areas(r, o, op);
	if (!err)
		err = pp_json_read_bytes(r, o, "schema", &c->schema);
	if (!err)
		err = pp_json_read_bytes(r, o, "before", &c->old_data);
	if (!err)
		err = pp_json_read_bytes(r, o, "after", &c->new_data);
	if (!err && !c->nr_writes == !c->new_data.len)
		err = pp_json_bad(r, "need cells or texts, and not both");
	return err;
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
	.to_json = setting_to_json,
	.from_json = setting_from_json,
	.bytes = setting_bytes,
	.sweep = setting_clean_up,
};
