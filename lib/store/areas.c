/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cells of a store: EVs, NVRAM and CMOS, compared and written as wholes. */
#include <stdio.h>
#include <string.h>

#include "store/areas.h"
#include "store/lines.h"

static int get_once(enum pp_area_space space, const char *name, pp_area_reader get, void *s,
                    struct pp_areas *ret, struct pp_error *e)
{
	return pp_areas_find(ret, space, name) ? 0 : get(s, space, name, ret, e);
}

int pp_areas_of_schema(const struct pp_schema *schema, pp_area_reader get, void *s,
                       struct pp_areas *ret, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < schema->nr_sections; i++)
		r = get_once(schema->sections[i].space, schema->sections[i].ev, get, s, ret, e);
	return r;
}

int pp_areas_of_journal(const struct pp_journal *j, pp_area_reader get, void *s,
                        struct pp_areas *ret, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < j->nr_writes; i++)
		r = get_once(j->writes[i].space, j->writes[i].name, get, s, ret, e);
	return r;
}

bool pp_area_is(const struct pp_area *c, bool absent, struct pp_span bytes)
{
	if (!c || c->error)
		return absent && (!c || c->error == ENOENT);
	return !absent && c->len == bytes.len &&
	       (!bytes.len || !memcmp(c->data, bytes.data, bytes.len));
}

/* Neither read nor absent. */
static int check_read(const struct pp_area_write *w, const struct pp_area *c, const char *where,
                      struct pp_error *e)
{
	char name[64];

	if (!c || !c->error || c->error == ENOENT)
		return 0;
	pp_area_name(w->space, w->name, name, sizeof(name));
	if (c->error == ENODATA)
		return pp_fail(e, ENODATA, "%.200s: holds no %s", where, name);
	if (c->error == ENOTSUP)
		return pp_fail(e, ENOTSUP, "%.200s: %s cannot be reached this way", where, name);
	return pp_fail(e, c->error, "%.200s: %s could not be read: %s", where, name,
	               strerror(c->error));
}

static bool side_ok(enum pp_area_space space, bool absent, struct pp_span bytes)
{
	size_t max = space == PP_CELL_EV     ? PP_EV_MAX_BYTES
	             : space == PP_CELL_CMOS ? PP_CMOS_BYTES
	                                     : PP_NVRAM_BYTES;

	return absent ? space == PP_CELL_EV : bytes.len && bytes.len <= max;
}

static int check_one(const struct pp_area_write *w, const struct pp_areas *now, const char *where,
                     struct pp_error *e)
{
	const struct pp_area *c = pp_areas_find(now, w->space, w->name);
	char name[64];

	if (w->space == PP_CELL_EV && !pp_ev_name_ok(w->name))
		return pp_fail(e, EINVAL, "'%.40s' is no name of an EV", w->name);
	pp_area_name(w->space, w->name, name, sizeof(name));
	if (!side_ok(w->space, w->old_absent, w->old_bytes) ||
	    !side_ok(w->space, w->new_absent, w->new_bytes))
		return pp_fail(e, EINVAL, "%s: a content that cannot be: empty or too long", name);
	int r = check_read(w, c, where, e);
	if (r < 0)
		return r;
	if (!pp_area_is(c, w->old_absent, w->old_bytes))
		return pp_fail(e, EBUSY,
		               "%.200s: %s has changed since it was read; nothing was written",
		               where, name);
	return 0;
}

int pp_areas_check(const struct pp_changes *c, const struct pp_areas *now, const char *where,
                   struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < c->nr_writes; i++)
		r = check_one(&c->writes[i], now, where, e);
	return r;
}

int pp_areas_compare(const struct pp_journal *j, const struct pp_areas *now, const char *where,
                     enum pp_store_state *ret, char *text, size_t size, struct pp_error *e)
{
	uint32_t nr_old = 0, nr_new = 0;

	for (uint32_t i = 0; i < j->nr_writes; i++) {
		const struct pp_area_write *w = &j->writes[i];
		const struct pp_area *c = pp_areas_find(now, w->space, w->name);
		char name[64];
		int r = check_read(w, c, where, e);
		if (r < 0)
			return r;
		if (pp_area_is(c, w->new_absent, w->new_bytes)) {
			nr_new++;
		} else if (pp_area_is(c, w->old_absent, w->old_bytes)) {
			nr_old++;
		} else {
			snprintf(text, size, "%s is neither what it was nor what it was to become",
			         pp_area_name(w->space, w->name, name, sizeof(name)));
			*ret = PP_STANDS_OTHER;
			return 0;
		}
	}
	if (nr_old && nr_new)
		snprintf(text, size, "%u of %u parts written", nr_new, j->nr_writes);
	*ret = !nr_old ? PP_STANDS_NEW : !nr_new ? PP_STANDS_OLD : PP_STANDS_PART;
	return 0;
}

int pp_areas_step(const struct pp_area_write *w, bool back, struct pp_areas *now, const char *where,
                  bool *ret_change, struct pp_error *e)
{
	const struct pp_area *c = pp_areas_find(now, w->space, w->name);
	bool is_old = pp_area_is(c, w->old_absent, w->old_bytes);
	bool to_absent = back ? w->old_absent : w->new_absent;
	struct pp_span to = back ? w->old_bytes : w->new_bytes;
	char name[64];
	int r = check_read(w, c, where, e);

	if (r < 0)
		return r;
	if (!is_old && !(back && pp_area_is(c, w->new_absent, w->new_bytes)))
		return pp_fail(e, EBUSY, "%.200s: %s was changed by somebody else meanwhile", where,
		               pp_area_name(w->space, w->name, name, sizeof(name)));
	*ret_change = !(back && is_old);
	if (!*ret_change)
		return 0;
	r = pp_areas_put(now, w->space, w->name, to_absent ? ENOENT : 0, to);
	return r < 0 ? pp_fail_oom(e, where) : 0;
}
