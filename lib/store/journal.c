/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal of a store's write. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/area.h"
#include "sys/file.h"
#include "store/journal.h"
#include "store/lines.h"

#define WHAT    "pcipass-journal"
#define VERSION 1

/* The cells are few, so that a list and a look back for each do. */
struct reader {
	struct pp_lines lines;
	struct pp_arena *arena;
	struct pp_area_write *writes;
	uint32_t nr, size;
	bool again; /* the current line is still to be looked at */
};

static bool next_line(struct reader *r)
{
	if (r->again) {
		r->again = false;
		return true;
	}
	return pp_lines_next(&r->lines);
}

static int journal_read_area(struct reader *r, struct pp_span value, struct pp_area_write *w,
                             struct pp_error *e)
{
	if (pp_span_is(value, "nvram")) {
		w->space = PP_CELL_NVRAM;
	} else if (pp_span_is(value, "cmos")) {
		w->space = PP_CELL_CMOS;
	} else if (pp_span_starts(value, "ev ")) {
		w->space = PP_CELL_EV;
		w->name = pp_lines_text(PP_SPAN(value.data + 3, value.len - 3), r->arena);
		if (!w->name)
			return pp_fail_oom(e, r->lines.object);
		if (!pp_ev_name_ok(w->name))
			return pp_lines_fail(&r->lines, e, "'%.40s' is no name of an EV", w->name);
	} else {
		return pp_lines_fail(&r->lines, e, "no cell");
	}
	for (uint32_t i = 0; i < r->nr; i++)
		if (r->writes[i].space == w->space &&
		    (w->space != PP_CELL_EV || !strcmp(r->writes[i].name, w->name)))
			return pp_lines_fail(&r->lines, e, "a second time");
	return 0;
}

/* "old absent", "new 32" and bytes. */
static int take_side(struct reader *r, const char *key, enum pp_area_space space, bool *ret_absent,
                     struct pp_span *ret, struct pp_error *e)
{
	size_t max = space == PP_CELL_EV     ? PP_EV_MAX_BYTES
	             : space == PP_CELL_CMOS ? PP_CMOS_BYTES
	                                     : PP_NVRAM_BYTES;
	struct pp_span value;

	if (!next_line(r) || !pp_lines_value(&r->lines, key, &value))
		return pp_lines_fail(&r->lines, e, "no '%s'", key);
	if (!pp_span_is(value, "absent"))
		return pp_lines_take(&r->lines, value, max, r->arena, ret, e);
	if (space != PP_CELL_EV)
		return pp_lines_fail(&r->lines, e, "only an EV can be absent");
	*ret_absent = true;
	return 0;
}

static int journal_grow(struct reader *r)
{
	uint32_t size = r->size ? 2 * r->size : 8;
	struct pp_area_write *writes = PP_ARENA_ARRAY(r->arena, size, struct pp_area_write);

	if (r->nr >= PP_MEMORY_MAX_CELLS || !writes)
		return -1;
	if (r->nr)
		memcpy(writes, r->writes, r->nr * sizeof(*writes));
	r->writes = writes;
	r->size = size;
	return 0;
}

static int take_write(struct reader *r, struct pp_span value, struct pp_error *e)
{
	struct pp_area_write w = { 0 };
	int err = journal_read_area(r, value, &w, e);

	if (err == 0)
		err = take_side(r, "old", w.space, &w.old_absent, &w.old_bytes, e);
	if (err == 0)
		err = take_side(r, "new", w.space, &w.new_absent, &w.new_bytes, e);
	if (err < 0)
		return err;
	if (r->nr == r->size && journal_grow(r))
		return pp_fail_oom(e, r->lines.object);
	r->writes[r->nr++] = w;
	return 0;
}

static int take_data(struct reader *r, const char *key, struct pp_span *ret, struct pp_error *e)
{
	struct pp_span length;

	if (!next_line(r) || !pp_lines_value(&r->lines, key, &length))
		return pp_lines_fail(&r->lines, e, "no '%s'", key);
	return pp_lines_take(&r->lines, length, PP_JOURNAL_MAX_DATA, r->arena, ret, e);
}

static int take_body(struct reader *r, struct pp_journal *j, struct pp_error *e)
{
	struct pp_span value;
	bool more;
	int err = 0;

	if (!next_line(r) || !pp_lines_value(&r->lines, "store", &value))
		return pp_lines_fail(&r->lines, e, "no 'store'");
	j->store = pp_lines_text(value, r->arena);
	if (!j->store)
		return pp_fail_oom(e, r->lines.object);
	while ((more = next_line(r)) && err == 0 && pp_lines_value(&r->lines, "write", &value))
		err = take_write(r, value, e);
	if (err < 0)
		return err;
	if (more && r->nr == 0) {
		r->again = true;
		err = take_data(r, "schema", &j->schema, e);
		if (err == 0)
			err = take_data(r, "old-data", &j->old_data, e);
		if (err == 0)
			err = take_data(r, "new-data", &j->new_data, e);
		more = err == 0 && next_line(r);
	}
	if (err == 0 && more)
		return pp_lines_fail(&r->lines, e, "does not belong here");
	if (err == 0 && !r->nr && !j->new_data.len)
		return pp_lines_fail(&r->lines, e, "no 'write' and no 'schema'");
	return err;
}

int pp_journal_parse(struct pp_span in, const char *object, struct pp_arena *a,
                     struct pp_journal *ret, struct pp_error *e)
{
	struct reader r = { .arena = a };
	struct pp_journal j = { 0 };

	if (in.len > PP_JOURNAL_MAX_BYTES)
		return pp_fail(e, E2BIG, "%.300s: %zu bytes, at most %u are taken", object, in.len,
		               PP_JOURNAL_MAX_BYTES);
	int err = pp_lines_open(in, object, WHAT, VERSION, &r.lines, e);
	if (err == 0)
		err = take_body(&r, &j, e);
	if (err < 0)
		return err;
	j.writes = r.writes;
	j.nr_writes = r.nr;
	*ret = j;
	return 0;
}

static void put_side(struct pp_buffer *b, const char *key, bool absent, struct pp_span bytes)
{
	if (absent)
		pp_buffer_printf(b, "%s absent\n", key);
	else
		pp_lines_put(b, key, bytes);
}

void pp_journal_format(const struct pp_journal *j, struct pp_buffer *b)
{
	pp_buffer_printf(b, "%s %u\nstore %s\n", WHAT, VERSION, j->store);
	for (uint32_t i = 0; i < j->nr_writes; i++) {
		const struct pp_area_write *w = &j->writes[i];
		if (w->space == PP_CELL_EV)
			pp_buffer_printf(b, "write ev %s\n", w->name);
		else
			pp_buffer_printf(b, "write %s\n",
			                 w->space == PP_CELL_NVRAM ? "nvram" : "cmos");
		put_side(b, "old", w->old_absent, w->old_bytes);
		put_side(b, "new", w->new_absent, w->new_bytes);
	}
	if (j->new_data.len) {
		pp_lines_put(b, "schema", j->schema);
		pp_lines_put(b, "old-data", j->old_data);
		pp_lines_put(b, "new-data", j->new_data);
	}
	pp_lines_add_checksum(b);
}

int pp_journal_save(const struct pp_store *s, const struct pp_journal *j, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_JOURNAL_MAX_BYTES);
	pp_journal_format(j, &b);
	int r = b.failed ? pp_fail_oom(e, s->journal)
	                 : pp_file_put(s->journal, PP_SPAN(b.data, b.len), 0600, false, e);
	pp_buffer_fini(&b);
	return r;
}

/* An image and its journal may have been moved, together: what counts is that it is its name. */
static bool is_of_store(const struct pp_journal *j, const struct pp_store *s)
{
	const char *theirs = strrchr(j->store, '/'), *ours = strrchr(s->where, '/');

	if (!strcmp(j->store, s->where))
		return true;
	return !strncmp(s->where, "image:", 6) && !strncmp(j->store, "image:", 6) && theirs &&
	       ours && !strcmp(theirs, ours);
}

int pp_journal_load(const struct pp_store *s, struct pp_arena *a, struct pp_journal *ret,
                    struct pp_error *e)
{
	struct pp_span bytes;
	struct pp_journal j;
	int r = pp_file_read(s->journal, PP_JOURNAL_MAX_BYTES, a, &bytes, e);

	if (r == 0)
		r = pp_journal_parse(bytes, s->journal, a, &j, e);
	if (r < 0)
		return r;
	if (!is_of_store(&j, s))
		return pp_fail(e, EBADMSG,
		               "%.200s: the journal of another store: %.100s, and this is %.100s; "
		               "where it belongs it finishes what was begun",
		               s->journal, j.store, s->where);
	*ret = j;
	return 0;
}

int pp_journal_drop(const struct pp_store *s, struct pp_error *e)
{
	return pp_file_remove(s->journal, e);
}
