/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware tables as text: acpidump's, hexdump -C's, xxd's; and dmidecode --dump-bin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

#define SMBIOS_MAX ((size_t)1024 * 1024)

/* Bytes that lines of hex add up to; each line says where it belongs. */
struct table_bytes {
	uint8_t *data;
	size_t len, size;
};

static bool tables_put(struct table_bytes *t, uint64_t at, const uint8_t *bytes, size_t n)
{
	if (at != t->len || at + n > PP_MAX_TABLE_BYTES)
		return false;
	if (t->len + n > t->size) {
		size_t size = t->size ? t->size * 2 : 4096;
		uint8_t *data = realloc(t->data, size);
		if (!data)
			return false;
		t->data = data;
		t->size = size;
	}
	memcpy(t->data + t->len, bytes, n);
	t->len += n;
	return true;
}

/* Pairs of hex digits, up to 16 of them, blanks between as anybody likes; stops where text begins.
 */
static size_t table_pairs(struct pp_span rest, uint8_t ret[16])
{
	size_t n = 0, i = 0, blanks = 0;

	while (n < 16 && i < rest.len) {
		uint64_t byte;
		if (rest.data[i] == ' ' || rest.data[i] == '\t' || rest.data[i] == '|') {
			if (rest.data[i] == '|')
				break;
			blanks++;
			i++;
			/* Three and more stand before the text at the right. */
			if (n && blanks > 2)
				break;
			continue;
		}
		if (i + 2 > rest.len || pp_import_hex(PP_SPAN(rest.data + i, 2), &byte) != 2)
			break;
		ret[n++] = (uint8_t)byte;
		i += 2;
		blanks = 0;
	}
	return n;
}

/* "0000: 44 4D 41 52 …", "00000010  01 43 …": where it belongs and what it holds. */
static size_t table_line(struct pp_span line, uint64_t *at, uint8_t ret[16])
{
	size_t n = pp_import_hex(line, at);

	if (n < 4 || n >= line.len || (line.data[n] != ':' && line.data[n] != ' '))
		return 0;
	return table_pairs(PP_SPAN(line.data + n + 1, line.len - n - 1), ret);
}

static bool table_wanted(const uint8_t *data, size_t len)
{
	static const char *const known[] = { "DMAR", "IVRS", "IORT", "RMAD" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len >= 36 && !memcmp(data, known[i], 4))
			return true;
	return false;
}

/* t is empty afterwards. */
static int table_write(struct pp_import *in, struct table_bytes *t, struct pp_error *e)
{
	char path[64];
	int r = 0;

	if (t->len >= 36) {
		size_t len = t->data[4] | (size_t)t->data[5] << 8 | (size_t)t->data[6] << 16 |
		             (size_t)t->data[7] << 24;
		if (table_wanted(t->data, t->len) && len > t->len)
			r = pp_fail(e, EBADMSG,
			            "%.200s: %.4s table: %zu bytes, its header says %zu: a "
			            "part is missing",
			            in->name, t->data, t->len, len);
		else if (table_wanted(t->data, t->len)) {
			snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%.4s", t->data);
			r = pp_import_file(in, path, t->data, len < 36 ? t->len : len, e);
		}
	}
	t->len = 0;
	return r;
}

/* "DMAR @ 0x00000000BDDAD000" */
static bool acpidump_head(struct pp_span line)
{
	const uint8_t *at = pp_span_find(line, " @ 0x");

	return at && at == line.data + 4;
}

static bool acpidump_knows(struct pp_span text)
{
	struct pp_span line, next;
	unsigned int indent;
	uint8_t bytes[16];
	uint64_t at;

	for (unsigned int n = 0; n < 2000 && pp_import_line(&text, &line, &indent); n++) {
		struct pp_span rest = text;
		if (acpidump_head(line) && pp_import_line(&rest, &next, &indent) &&
		    table_line(next, &at, bytes))
			return true;
	}
	return false;
}

/* Every table of a text; each begins at 0. */
int pp_import_table_lines(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct table_bytes t = { 0 };
	struct pp_span line;
	unsigned int indent;
	uint8_t bytes[16];
	uint64_t at;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (acpidump_head(line) || !line.len)
			r = table_write(in, &t, e);
		if (!t.len)
			pp_import_here(in, line.data);
		size_t n = table_line(line, &at, bytes);
		if (r || !n || (!t.len && at))
			continue;
		if (!tables_put(&t, at, bytes, n) && table_wanted(t.data, t.len))
			r = pp_fail(e, EBADMSG,
			            "%.200s: %.4s table: a line for 0x%llx, 0x%zx was expected "
			            "(hexdump needs -v)",
			            in->name, t.data, (unsigned long long)at, t.len);
	}
	if (!r)
		r = table_write(in, &t, e);
	free(t.data);
	return r;
}

static int acpidump_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	int r = pp_import_table_lines(in, text, e);

	/* All tables are in it, so what is not is not there. */
	if (!r)
		pp_import_says(in, "asked sys/firmware/acpi/tables/");
	return r;
}

const struct pp_reader pp_reader_acpidump = {
	.title = "acpidump",
	.knows = acpidump_knows,
	.read = acpidump_read,
};

static bool hexdump_knows(struct pp_span text)
{
	struct pp_span line;
	unsigned int indent;
	uint8_t bytes[16];
	uint64_t at;

	for (unsigned int n = 0; n < 100 && pp_import_line(&text, &line, &indent); n++)
		if (table_line(line, &at, bytes) == 16 && !at &&
		    (!memcmp(bytes, "DMAR", 4) || !memcmp(bytes, "IVRS", 4) ||
		     !memcmp(bytes, "IORT", 4)))
			return true;
	return false;
}

const struct pp_reader pp_reader_hexdump = {
	.title = "a dump of a firmware table",
	.knows = hexdump_knows,
	.read = pp_import_table_lines,
};

/* The table's own bytes, as in /sys/firmware/acpi/tables or by acpixtract. */
static bool table_knows(struct pp_span bytes)
{
	return table_wanted(bytes.data, bytes.len) && memchr(bytes.data, 0, 36) != NULL;
}

int pp_import_table(struct pp_import *in, struct pp_span bytes, struct pp_error *e)
{
	struct table_bytes t = { (uint8_t *)bytes.data, bytes.len, bytes.len };

	if (bytes.len > PP_MAX_TABLE_BYTES)
		return pp_fail(e, E2BIG, "%.200s: a firmware table of %zu bytes, the limit is %zu",
		               in->name, bytes.len, PP_MAX_TABLE_BYTES);
	return table_write(in, &t, e);
}

const struct pp_reader pp_reader_table = {
	.title = "a firmware table",
	.knows = table_knows,
	.read = pp_import_table,
};

/* dmidecode(8): the entry point, which it makes point to 0x20, and the table there. */
static bool dump_bin_knows(struct pp_span bytes)
{
	return bytes.len > 0x20 &&
	       (!memcmp(bytes.data, "_SM3_", 5) || !memcmp(bytes.data, "_SM_", 4));
}

static int dump_bin_read(struct pp_import *in, struct pp_span bytes, struct pp_error *e)
{
	/* A bundle names its readers by its members' names: what the bytes are is asked here. */
	if (!dump_bin_knows(bytes))
		return pp_fail(e, EBADMSG, "%.200s: no SMBIOS entry point at its beginning",
		               in->name);
	size_t entry = bytes.data[3] == '3' ? 24 : 31;
	if (bytes.len - 0x20 > SMBIOS_MAX)
		return pp_fail(e, E2BIG, "%.200s: an SMBIOS table of more than 1 MiB", in->name);
	int r = pp_import_file(in, "sys/firmware/dmi/tables/smbios_entry_point", bytes.data, entry,
	                       e);
	return r ? r
	         : pp_import_file(in, "sys/firmware/dmi/tables/DMI", bytes.data + 0x20,
	                          bytes.len - 0x20, e);
}

const struct pp_reader pp_reader_dump_bin = {
	.title = "dmidecode --dump-bin",
	.knows = dump_bin_knows,
	.read = dump_bin_read,
};
