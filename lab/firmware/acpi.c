/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the DMAR among the firmware's tables, and puts a new one in its place. */
#include "acpi.h"

#include "table.h"

#define HEADER_BYTES    36
#define RSDP_BYTES      36
#define MAX_TABLE_BYTES 0x10000

/* UEFI 4.6, EFI_ACPI_20_TABLE_GUID */
static const EFI_GUID acpi_20 = {
	0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 }
};

static uint64_t load(const uint8_t *p, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

static bool same(const void *a, const void *b, unsigned int bytes)
{
	const uint8_t *p = a, *q = b;

	for (unsigned int i = 0; i < bytes; i++)
		if (p[i] != q[i])
			return false;
	return true;
}

/* ACPI 5.2.5.3; of the version that has an XSDT. */
static const uint8_t *find_rsdp(const EFI_SYSTEM_TABLE *system)
{
	for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &system->ConfigurationTable[i];
		const uint8_t *rsdp = t->VendorTable;

		if (same(&t->VendorGuid, &acpi_20, sizeof(acpi_20)) && rsdp &&
		    same(rsdp, "RSD PTR ", 8) && rsdp[15] >= 2 &&
		    lab_sums_to_zero(rsdp, RSDP_BYTES))
			return rsdp;
	}
	return NULL;
}

/* A table's length if its signature is the wanted one and its length within reason; else 0. */
static uint32_t table_bytes(const uint8_t *table, const char *signature)
{
	if (!table || !same(table, signature, 4))
		return 0;
	uint32_t length = load(table + 4, 4);
	return length >= HEADER_BYTES && length <= MAX_TABLE_BYTES ? length : 0;
}

/* The list of tables whose address stands at `offset` of the RSDP. */
static uint8_t *find_list(const EFI_SYSTEM_TABLE *system, const char *signature,
                          unsigned int offset, unsigned int pointer_bytes, uint32_t *ret_length)
{
	const uint8_t *rsdp = find_rsdp(system);
	if (!rsdp)
		return NULL;

	uint8_t *list = (uint8_t *)(uintptr_t)load(rsdp + offset, pointer_bytes);
	uint32_t length = table_bytes(list, signature);
	if (!length || !lab_sums_to_zero(list, length))
		return NULL;
	*ret_length = length;
	return list;
}

const uint8_t *acpi_find_dmar(const EFI_SYSTEM_TABLE *system, uint32_t *ret_length)
{
	uint32_t length;
	const uint8_t *xsdt = find_list(system, "XSDT", 24, 8, &length);
	if (!xsdt)
		return NULL;

	for (uint32_t at = HEADER_BYTES; length - at >= 8; at += 8) {
		const uint8_t *table = (const uint8_t *)(uintptr_t)load(xsdt + at, 8);
		uint32_t bytes = table_bytes(table, "DMAR");

		if (bytes) {
			*ret_length = bytes;
			return table;
		}
	}
	return NULL;
}

static unsigned int replace_in(uint8_t *list, uint32_t length, unsigned int pointer_bytes,
                               const uint8_t *old, const uint8_t *with)
{
	unsigned int changed = 0;

	if (!list)
		return 0;
	for (uint32_t at = HEADER_BYTES; length - at >= pointer_bytes; at += pointer_bytes) {
		if (load(list + at, pointer_bytes) != (uintptr_t)old)
			continue;
		for (unsigned int i = 0; i < pointer_bytes; i++)
			list[at + i] = (uintptr_t)with >> 8 * i & 0xff;
		changed++;
	}
	if (changed)
		lab_seal(list, length);
	return changed;
}

unsigned int acpi_replace(const EFI_SYSTEM_TABLE *system, const uint8_t *old, const uint8_t *with)
{
	uint32_t length = 0;
	uint8_t *xsdt = find_list(system, "XSDT", 24, 8, &length);
	unsigned int changed = replace_in(xsdt, length, 8, old, with);

	uint8_t *rsdt = find_list(system, "RSDT", 16, 4, &length);
	return changed + replace_in(rsdt, length, 4, old, with);
}
