/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a store while settings are worked out: EVs, NVRAM, CMOS. */
#include <stdio.h>
#include <string.h>

#include "conrep/area.h"

void pp_areas_init(struct pp_areas *m, struct pp_arena *a)
{
	*m = (struct pp_areas){ .arena = a };
}

static bool is_area(const struct pp_area *c, enum pp_area_space space, const char *name)
{
	return c->space == space && (space != PP_CELL_EV || !strcmp(c->name, name));
}

struct pp_area *pp_areas_find(const struct pp_areas *m, enum pp_area_space space, const char *name)
{
	for (uint32_t i = 0; i < m->nr_cells; i++)
		if (is_area(m->cells[i], space, name))
			return m->cells[i];
	return NULL;
}

static int area_grow(struct pp_areas *m)
{
	uint32_t size = m->size ? 2 * m->size : 32;

	if (m->nr_cells >= PP_MEMORY_MAX_CELLS)
		return -E2BIG;
	struct pp_area **cells = PP_ARENA_ARRAY(m->arena, size, struct pp_area *);
	if (!cells)
		return -ENOMEM;
	if (m->nr_cells)
		memcpy(cells, m->cells, m->nr_cells * sizeof(*cells));
	m->cells = cells;
	m->size = size;
	return 0;
}

int pp_areas_put(struct pp_areas *m, enum pp_area_space space, const char *name, int error,
                 struct pp_span bytes)
{
	struct pp_area c = { .space = space, .error = error, .len = error ? 0 : bytes.len };
	struct pp_area *cell = pp_areas_find(m, space, name);

	if (space == PP_CELL_EV) {
		c.name = cell ? cell->name : pp_arena_strdup(m->arena, name);
		if (!c.name)
			return -ENOMEM;
	}
	if (!error) {
		c.data = PP_ARENA_ARRAY(m->arena, bytes.len, uint8_t);
		if (!c.data)
			return -ENOMEM;
		if (bytes.len)
			memcpy(c.data, bytes.data, bytes.len);
	}
	if (cell) {
		*cell = c;
		return 0;
	}
	int r = m->nr_cells == m->size ? area_grow(m) : 0;
	if (r)
		return r;
	cell = PP_ARENA_NEW(m->arena, struct pp_area);
	if (!cell)
		return -ENOMEM;
	*cell = c;
	m->cells[m->nr_cells++] = cell;
	return 0;
}

static bool copy_known(const struct pp_area *from, struct pp_arena *a, struct pp_area *to)
{
	uint8_t *known = PP_ARENA_ARRAY(a, from->len, uint8_t);

	if (known && from->len)
		memcpy(known, from->known, from->len);
	to->known = known;
	return known != NULL;
}

int pp_areas_copy(const struct pp_areas *from, struct pp_arena *a, struct pp_areas *ret)
{
	struct pp_areas m;

	pp_areas_init(&m, a);
	for (uint32_t i = 0; i < from->nr_cells; i++) {
		const struct pp_area *c = from->cells[i];
		int r = pp_areas_put(&m, c->space, c->name, c->error, PP_SPAN(c->data, c->len));
		if (r)
			return r;
		if (c->known && !copy_known(c, a, m.cells[m.nr_cells - 1]))
			return -ENOMEM;
	}
	*ret = m;
	return 0;
}

const char *pp_area_name(enum pp_area_space space, const char *ev, char *buf, size_t size)
{
	if (space == PP_CELL_EV)
		snprintf(buf, size, "EV %s", ev);
	else
		snprintf(buf, size, "%s", space == PP_CELL_NVRAM ? "NVRAM" : "CMOS");
	return buf;
}
