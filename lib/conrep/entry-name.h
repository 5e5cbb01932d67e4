/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of records' fields: a name and the record's number. */
#ifndef PP_CONREP_ENTRY_NAME_H
#define PP_CONREP_ENTRY_NAME_H

#include "base/arena.h"
#include "conrep/schema.h"

/*
 * The names of a section's entries: a field's name and the record's number, "Line0". A field's own
 * name may end in digits, so one name can be cut in several ways.
 */
struct pp_entry_names {
	const struct pp_schema_section *section;
	const struct pp_schema_field **by_name; /* sorted */
};

/* For a section of records; -ENOMEM. */
int pp_entry_names_init(struct pp_entry_names *n, const struct pp_schema_section *s,
                        struct pp_arena *a);

uint32_t pp_entry_records(const struct pp_schema_section *s);

/* In how many ways the name is one of an entry; *ret_field and *ret_record are set if it is 1. */
unsigned int pp_entry_find(const struct pp_entry_names *n, const char *name,
                           const struct pp_schema_field **ret_field, uint32_t *ret_record);

/* Where pp_codec_decode() puts it: record by record, in each the fields in the schema's order. */
uint32_t pp_entry_place(const struct pp_entry_names *n, const struct pp_schema_field *field,
                        uint32_t record);

/* Whether it can be the name of an element of a data file. */
bool pp_entry_name_writable(const char *name);

#endif
