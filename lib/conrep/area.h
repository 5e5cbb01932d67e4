/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a store while settings are worked out: EVs, NVRAM, CMOS. */
#ifndef PP_CONREP_AREA_H
#define PP_CONREP_AREA_H

#include "base/arena.h"
#include "conrep/schema.h"

/*
 * The bytes of a machine's settings. A cell is what a store reads and writes as a whole: one EV,
 * the NVRAM, the CMOS. Unread, absent and zero are three things.
 */
struct pp_area {
	enum pp_area_space space;
	const char *name; /* the EV's; NULL for NVRAM and CMOS */
	int error;        /* 0 read; ENOENT absent: no such EV; else why it was not read */
	uint8_t *data;    /* in the arena; NULL with error */
	size_t len;
	/* Masks of the bits that somebody told, one a byte; NULL: all. What is not known is 0. */
	const uint8_t *known;
};

struct pp_areas {
	struct pp_arena *arena;
	struct pp_area **cells; /* in the order they were put in */
	uint32_t nr_cells, size;
};

#define PP_MEMORY_MAX_CELLS 4096

void pp_areas_init(struct pp_areas *m, struct pp_arena *a);

/* The cell, or NULL: nobody looked. name is ignored for NVRAM and CMOS. */
struct pp_area *pp_areas_find(const struct pp_areas *m, enum pp_area_space space, const char *name);
/* Adds or replaces; bytes and name are copied. -ENOMEM, -E2BIG. */
int pp_areas_put(struct pp_areas *m, enum pp_area_space space, const char *name, int error,
                 struct pp_span bytes);
int pp_areas_copy(const struct pp_areas *from, struct pp_arena *a, struct pp_areas *ret);

/* "EV CQHLS1", "NVRAM", "CMOS", into buf, for messages. */
const char *pp_area_name(enum pp_area_space space, const char *ev, char *buf, size_t size);

#endif
