/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What loading a data file would change, checked whole before anything is written. */
#ifndef PP_CONREP_CHANGE_H
#define PP_CONREP_CHANGE_H

#include "conrep/codec.h"

/*
 * From what is wanted and what is there to what has to be written. Everything is worked out and
 * checked here, before the first write.
 */

/* One text that becomes another. */
struct pp_change {
	const struct pp_schema_section *section;
	const char *entry;    /* "Line0"; NULL: the section's one value */
	const char *old_text; /* NULL: the EV is not there yet */
	const char *new_text; /* NULL: the EV is deleted */
	unsigned int line;    /* in the data file */
};

/*
 * One cell that becomes another, or some bits of it: those of the mask, from that byte on. The
 * others are whatever they are, then and when it is put back.
 */
struct pp_area_write {
	enum pp_area_space space;
	const char *name;            /* the EV's, else NULL */
	bool old_absent, new_absent; /* EVs only */
	struct pp_span old_bytes, new_bytes;
	uint32_t offset;     /* of the bytes in the cell; 0 without a mask */
	const uint8_t *mask; /* one byte for each of new_bytes; NULL: the whole cell */
};

/* A setting of the data file that is not for this machine, or of raw bytes and gives none. */
struct pp_skip {
	const char *name, *reason;
	unsigned int line;
};

struct pp_changes {
	const struct pp_schema *schema;
	const struct pp_change *changes;
	uint32_t nr_changes;
	const struct pp_area_write *writes; /* cells whose bytes differ, each once and whole, with
	                                     * the mask of the sections that are set */
	uint32_t nr_writes;
	const struct pp_skip *skips;
	uint32_t nr_skips;
	/* The settings that differ, whole: what a store of sections is given. */
	const struct pp_setting *settings;
	uint32_t nr_settings;
};

/*
 * *ret lives in a and borrows from schema, data and memory.
 * -EINVAL: an unknown section, value, field or index: line and what is allowed; two settings of the
 * file that want different values of the same bits. -EPERM: the schema or a guard is against this
 * machine. -ENODATA and others: a cell that is needed was not read.
 */
int pp_changes_plan(const struct pp_schema *schema, const struct pp_machine *machine,
                    const struct pp_data *data, const struct pp_areas *memory, struct pp_arena *a,
                    struct pp_changes *ret, struct pp_error *e);

/*
 * Every section that fits the machine, decoded, in the schema's order: what a save writes. skips
 * get the sections that could not be decoded and why (not those whose conditions do not hold).
 */
int pp_settings_decode(const struct pp_schema *schema, const struct pp_machine *machine,
                       const struct pp_areas *memory, struct pp_arena *a, struct pp_data *ret,
                       const struct pp_skip **ret_skips, uint32_t *ret_nr_skips,
                       struct pp_error *e);

#endif
