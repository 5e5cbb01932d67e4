/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema (-x): every section, and what holds for all of them. */
#ifndef PP_CONREP_SCHEMA_H
#define PP_CONREP_SCHEMA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"

/*
 * conrep's schema: which settings there are and where each one's bits lie. Sections stand in the
 * order of the file; one name may occur several times, told apart by conditions.
 */

/* Where a section's bytes are. */
enum pp_area_space {
	PP_CELL_EV,    /* a named byte string in the ROM's store */
	PP_CELL_NVRAM, /* a byte of the NVRAM */
	PP_CELL_CMOS,  /* a byte of the clock chip */
};
#define PP_NVRAM_BYTES  4096u
#define PP_CMOS_BYTES   256u
#define PP_EV_MAX_BYTES 4096u
#define PP_EV_NAME_MAX  32u /* letters, digits, '_', '-', '.' only: it becomes a file's name */

enum pp_section_kind {
	PP_SECTION_ENUM,    /* a byte's bits by name */
	PP_SECTION_RECORDS, /* an EV cut into records of fields */
	PP_SECTION_RAW,     /* an EV as it is, hex digits or text */
};

struct pp_schema_value {
	const char *text;
	uint8_t id; /* in place: within the mask, not shifted */
	unsigned int line;
};

struct pp_schema_field {
	const char *name; /* data element: the name and the record's number, "Line0" */
	uint32_t start, size;
	unsigned int line;
};

/* Entries of one kind are ORed, kinds are ANDed; an empty list is no condition. */
struct pp_schema_conditions {
	const char *const *platforms; /* substrings of the product name */
	uint32_t nr_platforms;
	const char *const *rom_families; /* the family itself, "P70" */
	uint32_t nr_rom_families;
	const char *const *rom_dates; /* MM/DD/YY or MM/DD/YYYY: the ROM is newer than that */
	uint32_t nr_rom_dates;
	const char *const *processors; /* substrings of the processor's manufacturer */
	uint32_t nr_processors;
};

struct pp_schema_section {
	const char *name, *helptext; /* helptext "" if there is none */
	const char *const *altnames; /* other names, taken on load */
	uint32_t nr_altnames;
	unsigned int line;
	struct pp_schema_conditions conditions;
	enum pp_section_kind kind;
	enum pp_area_space space;
	const char *ev;  /* PP_CELL_EV: its name, else NULL */
	uint32_t length; /* PP_CELL_EV: bytes that the section knows of; the EV may be longer */
	uint32_t offset; /* the byte in its cell: <byte> of an EV, else the address */
	uint8_t mask;    /* ENUM */
	const struct pp_schema_value *values; /* ENUM, in the file's order */
	uint32_t nr_values;
	uint32_t record_size; /* RECORDS */
	const struct pp_schema_field *fields;
	uint32_t nr_fields;
	bool text;         /* RECORDS, RAW: fields are text, not hex digits */
	bool empty_delete; /* RECORDS: an EV whose records are all empty is deleted */
};

struct pp_schema {
	const char *object;   /* as given, for messages */
	struct pp_span bytes; /* what it was read from, as pp_encoding_to_utf8() gives it; a copy;
	                       * none if it was made otherwise */
	const char *helptext, *file_version, *minimum_version; /* "" if absent */
	struct pp_schema_conditions global;                    /* platforms only */
	const char *on_mismatch;                               /* "exception" or "" */
	const struct pp_schema_section *sections;
	uint32_t nr_sections;
};

#define PP_SCHEMA_MAX_SECTIONS 10000

/*
 * Reads and checks a schema. *ret lives in a; object is copied. Every message of an error and every
 * note names the line ("rmrds.xml line 12: …"; a note's offset is the line).
 *
 * -EBADMSG for what could write a wrong byte: no storage or two; a number that is none, too large,
 * or octal as well as decimal; a value's id outside the mask; one text for two ids, or a text that
 * reads as another byte ("0x01"); overlapping fields, a field outside its record, fields whose
 * elements would share a name; records that do not divide the length; a length too short for the
 * byte; no byte in an EV longer than two; an offset outside its space, or the clock's own CMOS
 * bytes; an EV name that is no name; a condition that cannot be read, also one of the whole schema
 * other than platforms; a child that stands twice where one is meant; an element that nobody knows
 * inside a section, or that belongs to another kind of section.
 * Notes, for what is odd but means one thing only: mask or byte missing (0xFF and 0), one id for
 * two texts, an empty condition list, elements unknown outside a section, attributes and text where
 * none is meant, a kind's elements incomplete but not needed, sections of one name with the same
 * conditions.
 */
int pp_schema_parse(struct pp_span in, const char *object, struct pp_arena *a,
                    struct pp_notes *notes, struct pp_schema *ret, struct pp_error *e);

#endif
