/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What loading a data file would change, checked whole before anything is written. */
#include <stdio.h>
#include <string.h>

#include "conrep/change.h"
#include "conrep/entry-name.h"
#include "conrep/section-index.h"
#include "conrep/suggest.h"

/* A setting of the data file that is for this machine. */
struct target {
	const struct pp_schema_section *section;
	const struct pp_setting *wanted;
	struct pp_setting now, after; /* of an absent EV: what it is read as, or nothing */
	bool absent_now, absent_after;
};

struct planner {
	const struct pp_schema *schema;
	const struct pp_machine *machine;
	const struct pp_data *data;
	const struct pp_areas *now;
	struct pp_areas after;
	struct pp_section_index index;
	struct pp_arena *arena;
	struct pp_error *e;
	struct target *targets;
	uint32_t nr_targets;
	struct pp_skip *skips;
	uint32_t nr_skips;
};

static const char *change_place(const struct planner *p, unsigned int line, char *buf, size_t size)
{
	return pp_data_place(p->data->object, line, buf, size);
}

/* --- which section each setting means --- */

static int change_check_schema(const struct planner *p)
{
	char reason[PP_REASON_BYTES] = "";

	switch (pp_schema_match(p->schema, p->machine, reason, sizeof(reason))) {
	case PP_MATCH_YES:
		return 0;
	case PP_MATCH_NO:
		return pp_fail(p->e, EPERM, "%s", reason);
	case PP_MATCH_UNKNOWN:
		break;
	}
	return pp_fail(p->e, ENODATA, "%s", reason);
}

static int refuse_name(const struct planner *p, const struct pp_setting *s)
{
	char where[128], hint[200];

	change_place(p, s->line, where, sizeof(where));
	pp_suggest(p->schema, s->name, hint, sizeof(hint));
	return pp_fail(p->e, EINVAL, "%s: %s has no section %s%s", where, p->schema->object,
	               s->name, hint);
}

static int change_skip(struct planner *p, const struct pp_setting *s, const char *reason)
{
	char *copy = pp_arena_strdup(p->arena, reason);

	if (!copy)
		return pp_fail_oom(p->e, p->data->object);
	p->skips[p->nr_skips++] = (struct pp_skip){ s->name, copy, s->line };
	return 0;
}

static bool is_absent(const struct pp_areas *m, const struct pp_schema_section *s)
{
	const struct pp_area *c = pp_areas_find(m, s->space, s->ev);

	return s->space == PP_CELL_EV && c && c->error == ENOENT;
}

/*
 * HP's conrep saves raw bytes that the machine does not have as an empty element. Loaded, it asks
 * for no bytes; whether for none is not known, so an EV that is there stays as it is.
 */
static bool gives_no_value(const struct pp_schema_section *section, const struct pp_setting *s)
{
	return s->line && section->kind == PP_SECTION_RAW && !section->text && s->text && !*s->text;
}

static int skip_no_value(struct planner *p, const struct pp_schema_section *section,
                         const struct pp_setting *s)
{
	return is_absent(p->now, section) ? 0 : change_skip(p, s, "the file gives no value");
}

static int change_resolve(struct planner *p, const struct pp_setting *s)
{
	struct pp_error found = { 0 };
	const struct pp_schema_section *section;
	char where[128];
	int r = pp_section_index_find(&p->index, s->name, &section, &found);

	if (!r && gives_no_value(section, s))
		return skip_no_value(p, section, s);
	if (!r) {
		p->targets[p->nr_targets++] = (struct target){ .section = section, .wanted = s };
		return 0;
	}
	if (r == -ENOENT)
		return refuse_name(p, s);
	if (r == -ENOTSUP)
		return change_skip(p, s, found.text);
	return pp_fail(p->e, -r, "%s: %s", change_place(p, s->line, where, sizeof(where)),
	               found.text);
}

static int resolve_all(struct planner *p)
{
	const uint32_t n = p->data->nr_settings;

	p->targets = PP_ARENA_ARRAY(p->arena, n, struct target);
	p->skips = PP_ARENA_ARRAY(p->arena, n, struct pp_skip);
	if (!p->targets || !p->skips ||
	    pp_section_index_init(&p->index, p->schema, p->machine, p->arena))
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; i < n; i++) {
		int r = change_resolve(p, &p->data->settings[i]);
		if (r)
			return r;
	}
	return 0;
}

/* --- what becomes of the bytes --- */

static int encode(struct planner *p, const struct target *t, struct pp_areas *m)
{
	return pp_codec_encode(p->schema, t->section, t->wanted, p->data->object, m, p->e);
}

/* An absent EV is no failure here: *ret stays without a text then. */
static int change_decode(struct planner *p, const struct target *t, const struct pp_areas *m,
                         struct pp_setting *ret, bool *ret_absent)
{
	struct pp_error why = { 0 };
	char where[128];
	int r = pp_codec_decode(t->section, m, p->arena, ret, &why);

	*ret_absent = is_absent(m, t->section);
	if (!r || (r == -ENOENT && *ret_absent))
		return 0;
	return pp_fail(p->e, -r, "%s: %s", change_place(p, t->wanted->line, where, sizeof(where)),
	               why.text);
}

static int mappings(struct planner *p, const struct target *t, const struct pp_setting *s,
                    bool *ret)
{
	*ret = false;
	if (!s->text && !s->entries)
		return 0; /* its EV has gone */
	if (pp_codec_holds(t->section, t->wanted, s, p->arena, ret))
		return pp_fail_oom(p->e, p->data->object);
	return 0;
}

/* The first later setting that undoes what targets[index] did. */
static int find_rival(struct planner *p, uint32_t index, const struct target **ret)
{
	const struct target *t = &p->targets[index];
	struct pp_areas m;
	bool absent, fine = true;

	if (pp_areas_copy(p->now, p->arena, &m))
		return pp_fail_oom(p->e, p->data->object);
	int r = encode(p, t, &m);
	for (uint32_t i = index + 1; !r && fine && i < p->nr_targets; i++) {
		struct pp_setting s = { 0 };
		r = encode(p, &p->targets[i], &m);
		if (!r)
			r = change_decode(p, t, &m, &s, &absent);
		if (!r)
			r = mappings(p, t, &s, &fine);
		*ret = &p->targets[i];
	}
	return r;
}

static int refuse_conflict(struct planner *p, uint32_t index)
{
	const struct pp_setting *s = p->targets[index].wanted;
	const struct target *rival = NULL;
	int r = find_rival(p, index, &rival);
	char where[128];

	if (r)
		return r;
	change_place(p, s->line, where, sizeof(where));
	if (!rival)
		return pp_fail(p->e, EINVAL, "%s: %s contradicts itself", where, s->name);
	return pp_fail(p->e, EINVAL,
	               "%s: %s and %s in line %u want different values of the same bits", where,
	               s->name, rival->wanted->name, rival->wanted->line);
}

static int change_verify(struct planner *p, uint32_t index)
{
	struct target *t = &p->targets[index];
	bool fine;
	int r = change_decode(p, t, &p->after, &t->after, &t->absent_after);

	if (!r)
		r = mappings(p, t, &t->after, &fine);
	if (r)
		return r;
	return fine ? 0 : refuse_conflict(p, index);
}

static int work_out(struct planner *p)
{
	int r = 0;

	if (pp_areas_copy(p->now, p->arena, &p->after))
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; !r && i < p->nr_targets; i++)
		r = encode(p, &p->targets[i], &p->after);
	for (uint32_t i = 0; !r && i < p->nr_targets; i++) {
		struct target *t = &p->targets[i];
		r = change_decode(p, t, p->now, &t->now, &t->absent_now);
		if (!r)
			r = change_verify(p, i);
	}
	return r;
}

/* --- the lists --- */

/* Two names of one section may both stand in the file. */
static int drop_targets_twice(struct planner *p)
{
	bool *seen = PP_ARENA_ARRAY(p->arena, p->schema->nr_sections, bool);
	uint32_t n = 0;

	if (!seen)
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; i < p->nr_targets; i++) {
		size_t index = (size_t)(p->targets[i].section - p->schema->sections);
		if (!seen[index])
			p->targets[n++] = p->targets[i];
		seen[index] = true;
	}
	p->nr_targets = n;
	return 0;
}

/*
 * Adds what differs in one text; an EV that comes is a change of all that was asked for. wanted:
 * NULL if the file does not name the entry.
 */
static void compare_texts(const struct target *t, const char *entry, const struct pp_entry *wanted,
                          const char *old, const char *new, struct pp_change *changes, uint32_t *n)
{
	bool appears = t->absent_now && !t->absent_after && (wanted || !entry);

	if (!appears && (!old || (new && !strcmp(old, new))))
		return;
	changes[(*n)++] = (struct pp_change){
		.section = t->section,
		.entry = entry,
		.old_text = t->absent_now ? NULL : old,
		.new_text = t->absent_after ? NULL : new,
		.line = wanted ? wanted->line : t->wanted->line,
	};
}

/* The file's entries in the order of the decoded ones; NULL: no memory. */
static const struct pp_entry **wanted_entries(struct planner *p, const struct target *t)
{
	const struct pp_schema_field *f = NULL;
	struct pp_entry_names names;
	uint32_t record = 0;
	const struct pp_entry **wanted =
		PP_ARENA_ARRAY(p->arena, t->after.nr_entries, const struct pp_entry *);

	if (!wanted || pp_entry_names_init(&names, t->section, p->arena))
		return NULL;
	for (uint32_t i = 0; i < t->wanted->nr_entries; i++) {
		const struct pp_entry *entry = &t->wanted->entries[i];
		if (pp_entry_find(&names, entry->name, &f, &record) == 1)
			wanted[pp_entry_place(&names, f, record)] = entry;
	}
	return wanted;
}

static const char *entry_text(const struct pp_setting *s, uint32_t index)
{
	return index < s->nr_entries ? s->entries[index].text : NULL;
}

static int compare_target(struct planner *p, const struct target *t, struct pp_change *changes,
                          uint32_t *n)
{
	if (t->section->kind != PP_SECTION_RECORDS) {
		compare_texts(t, NULL, NULL, t->now.text, t->after.text, changes, n);
		return 0;
	}
	const struct pp_entry **wanted = wanted_entries(p, t);
	if (!wanted)
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; i < t->after.nr_entries; i++)
		compare_texts(t, t->after.entries[i].name, wanted[i], entry_text(&t->now, i),
		              t->after.entries[i].text, changes, n);
	return 0;
}

static int list_changes(struct planner *p, struct pp_changes *ret)
{
	size_t most = 0;
	uint32_t n = 0, nr_settings = 0;

	for (uint32_t i = 0; i < p->nr_targets; i++)
		most += p->targets[i].after.text ? 1 : p->targets[i].after.nr_entries;
	struct pp_change *changes = PP_ARENA_ARRAY(p->arena, most, struct pp_change);
	struct pp_setting *settings = PP_ARENA_ARRAY(p->arena, p->nr_targets, struct pp_setting);
	if (!changes || !settings)
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; i < p->nr_targets; i++) {
		const struct target *t = &p->targets[i];
		uint32_t before = n;
		if (compare_target(p, t, changes, &n))
			return -ENOMEM;
		if (n == before)
			continue;
		settings[nr_settings] = t->after;
		settings[nr_settings++].line = t->wanted->line;
	}
	ret->changes = changes;
	ret->nr_changes = n;
	ret->settings = settings;
	ret->nr_settings = nr_settings;
	return 0;
}

static bool same_area(const struct pp_area *x, const struct pp_area *y)
{
	return x->error == y->error && x->len == y->len &&
	       (!x->len || !memcmp(x->data, y->data, x->len));
}

/* Of the cell's bits those that the sections which are set own, added up; NULL: no memory. */
static uint8_t *owned_bits(struct planner *p, const struct pp_area *cell)
{
	uint8_t *mask = PP_ARENA_ARRAY(p->arena, cell->len, uint8_t);

	for (uint32_t k = 0; mask && k < p->nr_targets; k++) {
		const struct pp_schema_section *s = p->targets[k].section;
		if (s->space != cell->space ||
		    (s->space == PP_CELL_EV && strcmp(s->ev, cell->name)))
			continue;
		for (size_t i = 0; i < cell->len; i++) {
			uint8_t owned;
			if (pp_codec_owns(s, i, &owned))
				mask[i] |= owned;
		}
	}
	return mask;
}

/* NULL where the cell changes beyond them: it comes, goes, or becomes longer. */
static int find_mask(struct planner *p, const struct pp_area *x, const struct pp_area *y,
                     const uint8_t **ret)
{
	uint8_t *mask;

	*ret = NULL;
	if (x->error || y->error || x->len != y->len)
		return 0;
	mask = owned_bits(p, y);
	if (!mask)
		return -ENOMEM;
	for (size_t i = 0; i < y->len; i++)
		if ((x->data[i] ^ y->data[i]) & ~mask[i])
			return 0;
	*ret = mask;
	return 0;
}

/* The bytes of the plan are its own: the caller may go on to change its memory. */
static int list_writes(struct planner *p, struct pp_changes *ret)
{
	struct pp_areas old;
	uint32_t n = 0;
	struct pp_area_write *writes =
		PP_ARENA_ARRAY(p->arena, p->after.nr_cells, struct pp_area_write);

	if (!writes || pp_areas_copy(p->now, p->arena, &old))
		return pp_fail_oom(p->e, p->data->object);
	for (uint32_t i = 0; i < p->after.nr_cells; i++) {
		const struct pp_area *x = old.cells[i], *y = p->after.cells[i];
		if (same_area(x, y))
			continue;
		writes[n++] = (struct pp_area_write){
			.space = y->space,
			.name = y->name,
			.old_absent = x->error == ENOENT,
			.new_absent = y->error == ENOENT,
			.old_bytes = PP_SPAN(x->data, x->len),
			.new_bytes = PP_SPAN(y->data, y->len),
		};
		if (find_mask(p, x, y, &writes[n - 1].mask))
			return pp_fail_oom(p->e, p->data->object);
	}
	ret->writes = writes;
	ret->nr_writes = n;
	return 0;
}

int pp_changes_plan(const struct pp_schema *schema, const struct pp_machine *machine,
                    const struct pp_data *data, const struct pp_areas *memory, struct pp_arena *a,
                    struct pp_changes *ret, struct pp_error *e)
{
	struct planner p = {
		.schema = schema,
		.machine = machine,
		.data = data,
		.now = memory,
		.arena = a,
		.e = e,
	};
	struct pp_changes changes = { .schema = schema };
	int r = change_check_schema(&p);

	if (!r)
		r = resolve_all(&p);
	if (!r)
		r = work_out(&p);
	if (!r)
		r = drop_targets_twice(&p);
	if (!r)
		r = list_changes(&p, &changes);
	if (!r)
		r = list_writes(&p, &changes);
	if (r)
		return r;
	changes.skips = p.skips;
	changes.nr_skips = p.nr_skips;
	*ret = changes;
	return 0;
}
