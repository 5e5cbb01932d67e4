/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes the kernel prefer a table over the firmware's: ACPI 6.5, 5.2.6. */
#include "acpi/table.h"
#include "override/override.h"

#define LENGTH       4
#define CHECKSUM     9
#define OEM_REVISION 24

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

int pp_override_add_checksum(const char *object, uint8_t *table, size_t len, struct pp_error *e)
{
	uint32_t revision = get_u32(table + OEM_REVISION);
	uint8_t sum = 0;

	if (revision == UINT32_MAX)
		return pp_fail(e, EOVERFLOW,
		               "%s+0x%x: OEM revision 0x%x cannot be raised, so the kernel would "
		               "not take another table in its place",
		               object, OEM_REVISION, revision);
	put_u32(table + LENGTH, (uint32_t)len);
	put_u32(table + OEM_REVISION, revision + 1);
	table[CHECKSUM] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + table[i]);
	table[CHECKSUM] = (uint8_t)-sum;
	return 0;
}
