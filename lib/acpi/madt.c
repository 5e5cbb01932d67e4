/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts the structures of a MADT. */
#include <errno.h>

#include "acpi/madt.h"

#define STRUCTURE_BYTES 2

int pp_madt_parse(struct pp_span in, struct pp_notes *notes, struct pp_madt *ret,
                  struct pp_error *e)
{
	struct pp_madt t = { .nr_structures = 0 };
	struct pp_cursor c;
	int r = pp_acpi_table_open(in, "APIC", notes, &t.header, &c, e);

	if (r)
		return r;
	/* The local controllers' address, flags. */
	pp_cursor_skip(&c, 8);
	while (pp_cursor_left(&c)) {
		size_t at = pp_cursor_offset(&c);
		uint8_t type = pp_cursor_u8(&c), length = pp_cursor_u8(&c);
		if (!c.bad && length < STRUCTURE_BYTES)
			return pp_fail(e, EBADMSG, "APIC+0x%zx: structure length %u, need %u", at,
			               length, STRUCTURE_BYTES);
		pp_cursor_skip(&c, length - STRUCTURE_BYTES);
		t.nr_structures++;
		t.nr_msi_frames += type == PP_MADT_GIC_MSI_FRAME;
		t.nr_its += type == PP_MADT_GIC_ITS;
	}
	if (c.bad)
		return pp_cursor_fail(&c, e);
	*ret = t;
	return 0;
}
