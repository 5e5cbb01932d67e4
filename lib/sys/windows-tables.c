/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's tables, by GetSystemFirmwareTable(); everybody may read them. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

#include "sys/wide.h"
#include "sys/windows-facts.h"

#define ACPI 0x41435049u /* 'ACPI', as the call wants it */
#define RSMB 0x52534d42u /* 'RSMB' */

#define TABLES     "sys/firmware/acpi/tables"
#define DMI        "sys/firmware/dmi/tables/DMI"
#define MAX_BYTES  (64u << 20)
#define MAX_TABLES 1024u
/* Before the structures: calling method, version, revision, length. */
#define RSMB_HEADER 8u

/* What is decoded of them; of the others the name is enough. */
static const char *const tables_wanted[] = { "DMAR", "IVRS", "IORT" };

static int tables_last_error(void)
{
	DWORD code = GetLastError();

	return code ? pp_windows_errno(code) : EIO;
}

/* A table of malloc's, or NULL with a positive errno. */
static uint8_t *tables_get(DWORD provider, DWORD id, size_t *ret_len, int *ret_error)
{
	for (int tries = 0; tries < 3; tries++) {
		SetLastError(0);
		UINT size = GetSystemFirmwareTable(provider, id, NULL, 0);
		*ret_error = tables_last_error();
		if (!size)
			return NULL;
		if (size > MAX_BYTES) {
			*ret_error = E2BIG;
			return NULL;
		}
		uint8_t *bytes = malloc(size);
		*ret_error = ENOMEM;
		if (!bytes)
			return NULL;
		UINT got = GetSystemFirmwareTable(provider, id, bytes, size);
		if (got && got <= size) {
			*ret_len = got;
			return bytes;
		}
		*ret_error = tables_last_error();
		free(bytes);
	}
	return NULL;
}

static int tables_put(struct pp_facts *f, const char *name)
{
	char path[64];
	DWORD id;
	size_t len;
	int error;

	snprintf(path, sizeof(path), TABLES "/%s", name);
	memcpy(&id, name, sizeof(id));
	uint8_t *bytes = tables_get(ACPI, id, &len, &error);
	if (!bytes)
		return error == ENOMEM ? -ENOMEM : f->unread(f, path, error);
	int r = f->file(f, path, PP_SPAN(bytes, len));
	free(bytes);
	return r;
}

/* Signatures are printable; anything else is no name of a file. */
static bool tables_name(DWORD id, char ret[5])
{
	memcpy(ret, &id, 4);
	ret[4] = '\0';
	for (int i = 0; i < 4; i++)
		if (!(ret[i] >= 'A' && ret[i] <= 'Z') && !(ret[i] >= '0' && ret[i] <= '9'))
			return false;
	return true;
}

static bool tables_is_wanted(const char *name)
{
	for (size_t i = 0; i < sizeof(tables_wanted) / sizeof(tables_wanted[0]); i++)
		if (!strcmp(tables_wanted[i], name))
			return true;
	return false;
}

static int tables_acpi(struct pp_facts *f)
{
	DWORD ids[MAX_TABLES];
	char name[5], path[64];
	int r = 0;

	SetLastError(0);
	UINT size = EnumSystemFirmwareTables(ACPI, ids, sizeof(ids));
	/* No machine has none: where the system names none, whether there are any is not known. */
	if (!size || size > sizeof(ids)) {
		for (size_t i = 0; !r && i < sizeof(tables_wanted) / sizeof(tables_wanted[0]);
		     i++) {
			snprintf(path, sizeof(path), TABLES "/%s", tables_wanted[i]);
			r = f->unread(f, path, ENODATA);
		}
		return r;
	}
	for (UINT i = 0; !r && i < size / sizeof(ids[0]); i++) {
		bool again = false;
		for (UINT k = 0; k < i; k++)
			again |= ids[k] == ids[i];
		if (again || !tables_name(ids[i], name))
			continue;
		snprintf(path, sizeof(path), TABLES "/%s", name);
		r = tables_is_wanted(name) ? tables_put(f, name) : f->unread(f, path, ENODATA);
	}
	return r ? r : f->listed(f, TABLES);
}

static int tables_smbios(struct pp_facts *f)
{
	size_t len;
	int error;
	uint8_t *bytes = tables_get(RSMB, 0, &len, &error);

	if (!bytes)
		return error == ENOMEM ? -ENOMEM : f->unread(f, DMI, error);
	uint32_t table = 0;
	if (len >= RSMB_HEADER)
		memcpy(&table, bytes + 4, sizeof(table));
	int r = len < RSMB_HEADER || table > len - RSMB_HEADER
	                ? f->unread(f, DMI, EBADMSG)
	                : f->file(f, DMI, PP_SPAN(bytes + RSMB_HEADER, table));
	free(bytes);
	return r;
}

int pp_facts_tables(struct pp_facts *f)
{
	int r = tables_acpi(f);

	return r ? r : tables_smbios(f);
}
