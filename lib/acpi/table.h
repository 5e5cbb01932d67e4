/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header that every ACPI table has: signature, length, checksum. */
#ifndef PP_ACPI_TABLE_H
#define PP_ACPI_TABLE_H

#include <stdbool.h>

#include "base/cursor.h"
#include "base/notes.h"

/* ACPI 6.5, 5.2.6: the header every table begins with. */
#define PP_ACPI_HEADER_BYTES 36
/* No real table of the kinds we read comes near it. */
#define PP_ACPI_TABLE_MAX_BYTES (1024 * 1024)

struct pp_acpi_header {
	char signature[5];
	uint32_t length; /* as the table says; checked against the bytes that are there */
	uint8_t revision;
	uint8_t checksum;
	bool checksum_ok; /* the kernel warns about a wrong one and uses the table: so do we */
	char oem_id[7], oem_table_id[9]; /* cleaned, trailing blanks gone */
	uint32_t oem_revision;
	char creator_id[5];
	uint32_t creator_revision;
};

/*
 * Decodes the header and bounds the table: *body is a cursor over header.length bytes, positioned
 * behind the header. signature may be NULL for any. Bytes behind the table's length are noted.
 * -EBADMSG: too short, another signature, a length that does not fit the bytes. -E2BIG: longer than
 * PP_ACPI_TABLE_MAX_BYTES, so that what a parser allocates for a table has a bound.
 */
int pp_acpi_table_open(struct pp_span in, const char *signature, struct pp_notes *notes,
                       struct pp_acpi_header *ret, struct pp_cursor *body, struct pp_error *e);

#endif
