/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that HP's conrep reported, as texts and as cells. */
#include <string.h>

#include "store/hp-values.h"

static const uint8_t zeros[PP_NVRAM_BYTES];

const struct pp_setting *pp_hp_values_setting(const struct pp_data *d, const char *name)
{
	for (uint32_t i = 0; i < d->nr_settings; i++)
		if (!strcmp(d->settings[i].name, name))
			return &d->settings[i];
	return NULL;
}

/* A cell to encode into: bytes of zeros, or an EV that the codec makes. */
static int begin_area(struct pp_areas *m, enum pp_area_space space, const char *ev)
{
	const struct pp_area *c = pp_areas_find(m, space, ev);
	size_t len = space == PP_CELL_CMOS ? PP_CMOS_BYTES : PP_NVRAM_BYTES;

	if (c && c->error != ENODATA)
		return 0;
	if (space == PP_CELL_EV)
		return pp_areas_put(m, space, ev, ENOENT, PP_SPAN(NULL, 0));
	return pp_areas_put(m, space, NULL, 0, PP_SPAN(zeros, len));
}

/* known is a memory of the same cells, its bytes the masks of what was told. */
static int add_known(struct pp_areas *known, const struct pp_schema_section *s, size_t len)
{
	struct pp_area *c = pp_areas_find(known, s->space, s->ev);

	if (!c) {
		int r = pp_areas_put(known, s->space, s->ev, 0, PP_SPAN(zeros, len));
		if (r)
			return r;
		c = pp_areas_find(known, s->space, s->ev);
	}
	for (size_t i = 0; i < c->len; i++) {
		uint8_t mask;
		if (pp_codec_owns(s, i, &mask))
			c->data[i] |= mask;
	}
	return 0;
}

static int add_section(const struct pp_schema *schema, const struct pp_schema_section *s,
                       const struct pp_setting *setting, struct pp_areas *m, struct pp_areas *known)
{
	const struct pp_area *c = pp_areas_find(m, s->space, s->ev);
	bool begun = !c || c->error == ENODATA;
	int r = begin_area(m, s->space, s->ev);

	if (r == 0)
		r = pp_codec_encode(schema, s, setting, "", m, NULL);
	c = pp_areas_find(m, s->space, s->ev);
	if (r == -EINVAL || r == -EBADMSG)
		/* A text that the schema does not know tells nothing, not even that it is absent.
		 */
		return begun && c->error
		               ? pp_areas_put(m, s->space, s->ev, ENODATA, PP_SPAN(NULL, 0))
		               : 0;
	return r == 0 && !c->error ? add_known(known, s, c->len) : r;
}

/* Cells of the schema about which nothing was told. */
static int mark_unreported(const struct pp_schema *schema, struct pp_areas *m)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < schema->nr_sections; i++) {
		const struct pp_schema_section *s = &schema->sections[i];
		if (!pp_areas_find(m, s->space, s->ev))
			r = pp_areas_put(m, s->space, s->ev, ENODATA, PP_SPAN(NULL, 0));
	}
	return r;
}

static void attach_known(struct pp_areas *m, const struct pp_areas *known)
{
	for (uint32_t i = 0; i < m->nr_cells; i++) {
		const struct pp_area *mask =
			pp_areas_find(known, m->cells[i]->space, m->cells[i]->name);
		if (mask && !m->cells[i]->error)
			m->cells[i]->known = mask->data;
	}
}

int pp_hp_values_make(const struct pp_schema *schema, const struct pp_data *data,
                      const char *object, struct pp_arena *a, struct pp_hp_values *ret,
                      struct pp_error *e)
{
	struct pp_hp_values told = { .data = *data };
	struct pp_areas known;
	int r = 0;

	pp_areas_init(&told.memory, a);
	pp_areas_init(&known, a);
	for (uint32_t i = 0; r == 0 && i < data->nr_settings; i++) {
		const struct pp_setting *setting = &data->settings[i];
		const struct pp_schema_section *s;
		if (pp_schema_find(schema, &data->machine, setting->name, &s, NULL) == 0)
			r = add_section(schema, s, setting, &told.memory, &known);
	}
	if (r == 0)
		r = mark_unreported(schema, &told.memory);
	if (r < 0)
		return pp_fail(e, -r, "%.300s: %s", object, strerror(-r));
	attach_known(&told.memory, &known);
	*ret = told;
	return 0;
}

int pp_hp_values_copy(const struct pp_hp_values *from, struct pp_areas *ret, struct pp_error *e)
{
	for (uint32_t i = 0; i < from->memory.nr_cells; i++) {
		const struct pp_area *c = from->memory.cells[i];
		int r = pp_areas_put(ret, c->space, c->name, c->error, PP_SPAN(c->data, c->len));
		if (r < 0)
			return pp_fail_oom(e, "settings");
		/* Made in the caller's arena, as the bytes. */
		pp_areas_find(ret, c->space, c->name)->known = c->known;
	}
	return 0;
}

static bool is_empty(const struct pp_setting *s)
{
	for (uint32_t i = 0; i < s->nr_entries; i++)
		if (strspn(s->entries[i].text, " 0") != strlen(s->entries[i].text))
			return false;
	return s->nr_entries || !s->text || !*s->text;
}

/* For what the schema cannot read: word for word. */
static bool same_words(const struct pp_setting *x, const struct pp_setting *y)
{
	if (x->text || y->text)
		return x->text && y->text && !strcmp(x->text, y->text);
	if (x->nr_entries != y->nr_entries)
		return false;
	for (uint32_t i = 0; i < x->nr_entries; i++)
		if (strcmp(x->entries[i].name, y->entries[i].name) != 0 ||
		    strcmp(x->entries[i].text, y->entries[i].text) != 0)
			return false;
	return true;
}

int pp_hp_values_hold(const struct pp_hp_values *t, const struct pp_schema *schema,
                      const struct pp_setting *want, struct pp_arena *a, bool *ret,
                      struct pp_error *e)
{
	const struct pp_setting *told = pp_hp_values_setting(&t->data, want->name);
	const struct pp_schema_section *s;
	struct pp_setting now;

	/* Of an EV that was deleted nothing is told. */
	if (!told) {
		*ret = is_empty(want);
		return 0;
	}
	if (pp_schema_find(schema, &t->data.machine, want->name, &s, NULL) < 0 ||
	    !want->text != (s->kind == PP_SECTION_RECORDS)) {
		*ret = same_words(told, want);
		return 0;
	}
	int r = pp_codec_decode(s, &t->memory, a, &now, e);
	if (r == -ENODATA) {
		*ret = same_words(told, want);
		return 0;
	}
	if (r < 0)
		return r;
	return pp_codec_holds(s, want, &now, a, ret) ? pp_fail_oom(e, want->name) : 0;
}
