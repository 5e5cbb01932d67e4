/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header that every ACPI table has: signature, length, checksum. */
#include <string.h>

#include "acpi/table.h"
#include "base/text.h"

#define LENGTH_OFFSET 4

static bool sums_to_zero(struct pp_span in)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < in.len; i++)
		sum = (uint8_t)(sum + in.data[i]);
	return sum == 0;
}

int pp_acpi_table_open(struct pp_span in, const char *signature, struct pp_notes *notes,
                       struct pp_acpi_header *ret, struct pp_cursor *body, struct pp_error *e)
{
	const char *object = signature ? signature : "ACPI table";
	struct pp_acpi_header h = { 0 };
	struct pp_cursor c;

	pp_cursor_init(&c, in, object, 0);
	const uint8_t *sig = pp_cursor_take(&c, 4);
	h.length = pp_cursor_u32(&c);
	h.revision = pp_cursor_u8(&c);
	h.checksum = pp_cursor_u8(&c);
	const uint8_t *oem_id = pp_cursor_take(&c, 6);
	const uint8_t *oem_table_id = pp_cursor_take(&c, 8);
	h.oem_revision = pp_cursor_u32(&c);
	const uint8_t *creator_id = pp_cursor_take(&c, 4);
	h.creator_revision = pp_cursor_u32(&c);
	if (c.bad)
		return pp_fail(e, EBADMSG, "%s: %zu bytes, an ACPI table header needs %d", object,
		               in.len, PP_ACPI_HEADER_BYTES);

	pp_text_clean_into(h.signature, sizeof(h.signature), sig, 4);
	if (signature && memcmp(sig, signature, 4))
		return pp_fail(e, EBADMSG, "%s+0x0: signature '%s', need '%s'", object, h.signature,
		               signature);
	if (h.length < PP_ACPI_HEADER_BYTES)
		return pp_fail(e, EBADMSG, "%s+0x%x: table length %u, need at least %d", object,
		               LENGTH_OFFSET, h.length, PP_ACPI_HEADER_BYTES);
	if (h.length > in.len)
		return pp_fail(e, EBADMSG, "%s+0x%x: table length %u, but only %zu bytes are there",
		               object, LENGTH_OFFSET, h.length, in.len);
	if (h.length > PP_ACPI_TABLE_MAX_BYTES)
		return pp_fail(e, E2BIG, "%s+0x%x: table length %u, at most %d are read", object,
		               LENGTH_OFFSET, h.length, PP_ACPI_TABLE_MAX_BYTES);
	if (h.length < in.len)
		pp_note(notes, object, h.length, "%zu bytes behind the end of the table",
		        in.len - h.length);
	pp_text_clean_into(h.oem_id, sizeof(h.oem_id), oem_id, 6);
	pp_text_clean_into(h.oem_table_id, sizeof(h.oem_table_id), oem_table_id, 8);
	pp_text_clean_into(h.creator_id, sizeof(h.creator_id), creator_id, 4);
	h.checksum_ok = sums_to_zero(PP_SPAN(in.data, h.length));
	if (!h.checksum_ok)
		pp_note(notes, object, 9, "checksum 0x%02x is wrong", h.checksum);

	pp_cursor_init(body, PP_SPAN(in.data, h.length), object, 0);
	pp_cursor_skip(body, PP_ACPI_HEADER_BYTES);
	*ret = h;
	return 0;
}
