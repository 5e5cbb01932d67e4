/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a store while settings are worked out: EVs, NVRAM, CMOS. */
#include <stdio.h>
#include <string.h>

#include "conrep/memory.h"

void pp_memory_init(struct pp_memory *m, struct pp_arena *a)
{
	*m = (struct pp_memory){ .arena = a };
}

static bool is_cell(const struct pp_cell *c, enum pp_cell_space space, const char *name)
{
	return c->space == space && (space != PP_CELL_EV || !strcmp(c->name, name));
}

struct pp_cell *pp_memory_find(const struct pp_memory *m, enum pp_cell_space space,
                               const char *name)
{
	for (uint32_t i = 0; i < m->nr_cells; i++)
		if (is_cell(m->cells[i], space, name))
			return m->cells[i];
	return NULL;
}

static int grow(struct pp_memory *m)
{
	uint32_t size = m->size ? 2 * m->size : 32;

	if (m->nr_cells >= PP_MEMORY_MAX_CELLS)
		return -E2BIG;
	struct pp_cell **cells = PP_ARENA_ARRAY(m->arena, size, struct pp_cell *);
	if (!cells)
		return -ENOMEM;
	if (m->nr_cells)
		memcpy(cells, m->cells, m->nr_cells * sizeof(*cells));
	m->cells = cells;
	m->size = size;
	return 0;
}

int pp_memory_put(struct pp_memory *m, enum pp_cell_space space, const char *name, int error,
                  struct pp_span bytes)
{
	struct pp_cell c = { .space = space, .error = error, .len = error ? 0 : bytes.len };
	struct pp_cell *cell = pp_memory_find(m, space, name);

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
	int r = m->nr_cells == m->size ? grow(m) : 0;
	if (r)
		return r;
	cell = PP_ARENA_NEW(m->arena, struct pp_cell);
	if (!cell)
		return -ENOMEM;
	*cell = c;
	m->cells[m->nr_cells++] = cell;
	return 0;
}

static bool copy_known(const struct pp_cell *from, struct pp_arena *a, struct pp_cell *to)
{
	uint8_t *known = PP_ARENA_ARRAY(a, from->len, uint8_t);

	if (known && from->len)
		memcpy(known, from->known, from->len);
	to->known = known;
	return known != NULL;
}

int pp_memory_copy(const struct pp_memory *from, struct pp_arena *a, struct pp_memory *ret)
{
	struct pp_memory m;

	pp_memory_init(&m, a);
	for (uint32_t i = 0; i < from->nr_cells; i++) {
		const struct pp_cell *c = from->cells[i];
		int r = pp_memory_put(&m, c->space, c->name, c->error, PP_SPAN(c->data, c->len));
		if (r)
			return r;
		if (c->known && !copy_known(c, a, m.cells[m.nr_cells - 1]))
			return -ENOMEM;
	}
	*ret = m;
	return 0;
}

const char *pp_cell_name(enum pp_cell_space space, const char *ev, char *buf, size_t size)
{
	if (space == PP_CELL_EV)
		snprintf(buf, size, "EV %s", ev);
	else
		snprintf(buf, size, "%s", space == PP_CELL_NVRAM ? "NVRAM" : "CMOS");
	return buf;
}
