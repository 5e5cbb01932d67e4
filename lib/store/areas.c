/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cells of a store: EVs, NVRAM and CMOS, compared and written as wholes. */
#include <stdio.h>
#include <string.h>

#include "store/areas.h"

bool pp_ev_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	size_t len = strlen(name);

	return len && len <= PP_EV_NAME_MAX && strspn(name, letters) == len &&
	       strspn(name, ".") != len;
}

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

int pp_areas_of_change(const struct pp_store_change *change, pp_area_reader get, void *s,
                       struct pp_areas *ret, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < change->nr_writes; i++)
		r = get_once(change->writes[i].space, change->writes[i].name, get, s, ret, e);
	return r;
}

static bool area_is(const struct pp_area *c, bool absent, struct pp_span bytes)
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
		return pp_fail(e, EINVAL, "'%.40s' is not a valid EV name", w->name);
	pp_area_name(w->space, w->name, name, sizeof(name));
	if (!side_ok(w->space, w->old_absent, w->old_bytes) ||
	    !side_ok(w->space, w->new_absent, w->new_bytes))
		return pp_fail(e, EINVAL, "%s: a content that cannot be: empty or too long", name);
	int r = check_read(w, c, where, e);
	if (r < 0)
		return r;
	if (!area_is(c, w->old_absent, w->old_bytes))
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

int pp_areas_narrow(const struct pp_changes *c, struct pp_arena *a, struct pp_store_change *ret,
                    struct pp_error *e)
{
	struct pp_area_write *writes = PP_ARENA_ARRAY(a, c->nr_writes, struct pp_area_write);

	if (!writes)
		return pp_fail_oom(e, "settings");
	for (uint32_t i = 0; i < c->nr_writes; i++) {
		struct pp_area_write *w = &writes[i];
		size_t first = 0, end = c->writes[i].new_bytes.len;
		*w = c->writes[i];
		if (!w->mask)
			continue;
		while (first < end && !w->mask[first])
			first++;
		while (end > first && !w->mask[end - 1])
			end--;
		w->offset += (uint32_t)first;
		w->mask += first;
		w->old_bytes = PP_SPAN(w->old_bytes.data + first, end - first);
		w->new_bytes = PP_SPAN(w->new_bytes.data + first, end - first);
	}
	*ret = (struct pp_store_change){ .writes = writes, .nr_writes = c->nr_writes };
	return 0;
}

/* Whether the cell says one side of a write: whole, or in the bits that are meant. */
static bool area_says(const struct pp_area *c, const struct pp_area_write *w, bool old)
{
	struct pp_span bytes = old ? w->old_bytes : w->new_bytes;

	if (!w->mask)
		return area_is(c, old ? w->old_absent : w->new_absent, bytes);
	if (!c || c->error || c->len < w->offset || c->len - w->offset < bytes.len)
		return false;
	for (size_t i = 0; i < bytes.len; i++)
		if ((c->data[w->offset + i] ^ bytes.data[i]) & w->mask[i])
			return false;
	return true;
}

int pp_areas_compare(const struct pp_store_change *change, const struct pp_areas *now,
                     const char *where, enum pp_store_state *ret, char *text, size_t size,
                     struct pp_error *e)
{
	uint32_t nr_old = 0, nr_new = 0;

	if (!change->nr_writes)
		return pp_fail(e, EBADMSG, "%.300s: the journal holds no cells for it", where);
	for (uint32_t i = 0; i < change->nr_writes; i++) {
		const struct pp_area_write *w = &change->writes[i];
		const struct pp_area *c = pp_areas_find(now, w->space, w->name);
		char name[64];
		int r = check_read(w, c, where, e);
		if (r < 0)
			return r;
		if (area_says(c, w, false)) {
			nr_new++;
		} else if (area_says(c, w, true)) {
			nr_old++;
		} else {
			snprintf(text, size, "%s is neither what it was nor what it was to become",
			         pp_area_name(w->space, w->name, name, sizeof(name)));
			*ret = PP_STANDS_OTHER;
			return 0;
		}
	}
	if (nr_old && nr_new)
		snprintf(text, size, "%u of %u parts written", nr_new, change->nr_writes);
	*ret = !nr_old ? PP_STANDS_NEW : !nr_new ? PP_STANDS_OLD : PP_STANDS_PART;
	return 0;
}

/* One side of a write, in the cell; the bits that are not meant stay. */
static int area_put(const struct pp_area_write *w, bool old, struct pp_areas *now)
{
	struct pp_span to = old ? w->old_bytes : w->new_bytes;
	struct pp_area *c = pp_areas_find(now, w->space, w->name);

	if (!w->mask)
		return pp_areas_put(now, w->space, w->name,
		                    (old ? w->old_absent : w->new_absent) ? ENOENT : 0, to);
	for (size_t i = 0; i < to.len; i++) {
		uint8_t *byte = &c->data[w->offset + i];
		*byte = (uint8_t)((*byte & ~w->mask[i]) | (to.data[i] & w->mask[i]));
	}
	return 0;
}

int pp_areas_step(const struct pp_area_write *w, bool back, struct pp_areas *now, const char *where,
                  bool *ret_change, struct pp_error *e)
{
	const struct pp_area *c = pp_areas_find(now, w->space, w->name);
	char name[64];
	int r = check_read(w, c, where, e);

	if (r < 0)
		return r;
	bool is_old = area_says(c, w, true);
	if (!is_old && !(back && area_says(c, w, false)))
		return pp_fail(e, EBUSY, "%.200s: %s was changed by somebody else meanwhile", where,
		               pp_area_name(w->space, w->name, name, sizeof(name)));
	*ret_change = !(back && is_old);
	return *ret_change && area_put(w, back, now) ? pp_fail_oom(e, where) : 0;
}
