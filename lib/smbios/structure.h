/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks over SMBIOS structures and their strings. */
#ifndef PP_SMBIOS_STRUCTURE_H
#define PP_SMBIOS_STRUCTURE_H

#include <stdbool.h>

#include "base/cursor.h"
#include "base/notes.h"

/* Of this module only: DSP0134 6.1, one structure of the table, its bytes borrowed. */
struct pp_smbios_structure {
	uint8_t type, length;
	uint16_t handle;
	uint32_t offset;          /* of its first byte in the table */
	struct pp_span formatted; /* length bytes, the header among them */
	struct pp_span strings;   /* each with its NUL, without the one that ends the set */
	bool unterminated;        /* the table ends before the string set does */
};

enum {
	PP_SMBIOS_BIOS = 0,
	PP_SMBIOS_SYSTEM = 1,
	PP_SMBIOS_BOARD = 2,
	PP_SMBIOS_PROCESSOR = 4,
	PP_SMBIOS_SLOT = 9,
	PP_SMBIOS_ONBOARD = 41,
	PP_SMBIOS_END = 127,
	PP_SMBIOS_HPE_DEVICE = 203,
};

#define PP_SMBIOS_OBJECT       "SMBIOS"
#define PP_SMBIOS_HEADER_BYTES 4

/* String number n from 1 (DSP0134 6.1.3), without its NUL. false: 0, or there is none. */
bool pp_smbios_structure_string(const struct pp_smbios_structure *s, uint8_t n,
                                struct pp_span *ret);

/* What struct pp_smbios is made of: one truth for the parser and for the redaction. */
struct pp_smbios_kind {
	uint8_t type, min_bytes; /* a shorter structure is not looked at */
	bool first_only;         /* nor is a second one */
	uint8_t keep_to;         /* formatted bytes up to here name nobody */
	uint8_t strings[3];      /* where the numbers of the exposed strings are; 0: no more */
};

/* Walks over the structures that this library looks at, the end marker among them. */
struct pp_smbios_reader {
	struct pp_cursor in;
	struct pp_notes *notes;
	bool hpe; /* type 203 is HPE's */
	bool bios_seen, system_seen, board_seen, processor_seen;
	bool done;
};

/* Checks the whole table, so that what follows cannot fail. notes may be NULL. */
int pp_smbios_reader_init(struct pp_smbios_reader *r, struct pp_span in, struct pp_notes *notes,
                          struct pp_error *e);

/* NULL: no more. */
const struct pp_smbios_kind *pp_smbios_reader_next(struct pp_smbios_reader *r,
                                                   struct pp_smbios_structure *ret);

#endif
