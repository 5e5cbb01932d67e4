/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of a schema by name. */
#ifndef PP_CONREP_SECTION_INDEX_H
#define PP_CONREP_SECTION_INDEX_H

#include "conrep/match.h"

/* pp_schema_find() for many names: each is looked for among the sections of that name only. */
struct pp_section_index {
	const struct pp_schema *schema;
	const struct pp_machine *machine;
	struct pp_arena *arena;
	struct pp_indexed_name *names; /* sorted */
	uint32_t nr_names;
};

/* -ENOMEM. */
int pp_section_index_init(struct pp_section_index *index, const struct pp_schema *schema,
                          const struct pp_machine *machine, struct pp_arena *a);

/* What pp_schema_find() gives; also -ENOMEM. Answers are kept. */
int pp_section_index_find(struct pp_section_index *index, const char *name,
                          const struct pp_schema_section **ret, struct pp_error *e);

#endif
