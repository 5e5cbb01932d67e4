/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sections of a schema are for a machine. */
#ifndef PP_CONREP_MATCH_H
#define PP_CONREP_MATCH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "conrep/schema.h"

/* Room for a reason; it becomes the text of an error. */
#define PP_REASON_BYTES sizeof(((struct pp_error *)NULL)->text)

/* Who a machine is, as SMBIOS says it; NULL: not known. */
struct pp_machine {
	const char *product;    /* "ProLiant DL380p Gen8" */
	const char *rom_family; /* "P70" */
	const char *rom_date;   /* MM/DD/YYYY */
	const char *processor;  /* manufacturer: "Intel" */
};

enum pp_match {
	PP_MATCH_YES,
	PP_MATCH_NO,
	PP_MATCH_UNKNOWN, /* a condition asks for what is not known of the machine */
};

/*
 * Whether the schema as a whole is meant for this machine. reason (size bytes) gets a sentence
 * unless the answer is yes: what is asked for, what the machine is, the schema's own helptext.
 */
enum pp_match pp_schema_match(const struct pp_schema *s, const struct pp_machine *m, char *reason,
                              size_t size);

/*
 * Whether a section's conditions hold and no guard speaks against it. A guard is what is known of
 * machines and not written in a schema: RMRDS_Slot* sections address bytes that only a Gen8 keeps
 * for them; elsewhere the same bits mean something else. No option overrides a guard. With a yes
 * reason is empty, or holds a caution: what is reported not to help on this machine.
 */
enum pp_match pp_section_match(const struct pp_schema_section *s, const struct pp_machine *m,
                               char *reason, size_t size);

/*
 * The one section that a data file's name means on this machine: by name, else by altname, among
 * those that fit. -ENOENT: no section of that name in the schema. -ENOTSUP: none of them fits; the
 * text says why. -EPERM: a guard. -EBADMSG: several fit and differ, so that the name is ambiguous.
 * -ENODATA: it cannot be told, and what would tell.
 */
int pp_schema_find(const struct pp_schema *s, const struct pp_machine *m, const char *name,
                   const struct pp_schema_section **ret, struct pp_error *e);

/* MM/DD/YY or MM/DD/YYYY as a number that sorts (yyyymmdd; YY below 70 is 20YY); 0: no date. */
uint32_t pp_rom_date(const char *text);

#endif
