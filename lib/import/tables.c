/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware tables as text: acpidump's, hexdump's, xxd's, od's; and dmidecode --dump-bin. */
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
	uint8_t last[16];    /* the row before */
	bool is_repeated;    /* "*": it stands for the rows up to the next address */
	bool is_octal;       /* od's addresses, unless it was asked for others */
	unsigned int nr_row; /* of the table */
	unsigned int word; /* bytes, which od and hexdump turn round; 1: they are as in the table */
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

/* The row before, again, up to this address. */
static bool tables_repeat(struct table_bytes *t, uint64_t at)
{
	t->is_repeated = false;
	if (at > PP_MAX_TABLE_BYTES)
		return false;
	while (at > t->len) {
		size_t n = at - t->len;
		if (!tables_put(t, t->len, t->last, n < sizeof(t->last) ? n : sizeof(t->last)))
			return false;
	}
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

/*
 * "0000: 44 4D 41 52 …", "00000010  01 43 …": where it belongs and what it holds. 0: nothing; an
 * address alone is where the line before ends.
 */
static size_t table_line(struct pp_span line, uint64_t *at, uint8_t ret[16])
{
	size_t n = pp_import_hex(line, at);

	if (n < 4 || n >= line.len || (line.data[n] != ':' && line.data[n] != ' '))
		return 0;
	return table_pairs(PP_SPAN(line.data + n + 1, line.len - n - 1), ret);
}

/* Words of 2 or 4 bytes, as they are in a little-endian host. 1: bytes in order, or no table
 * begins. */
static unsigned int table_word(const uint8_t *row)
{
	static const char *const turned[][2] = { { "MDRA", "RAMD" },
		                                 { "VISR", "SRVI" },
		                                 { "OITR", "TROI" } };

	for (size_t i = 0; i < sizeof(turned) / sizeof(turned[0]); i++)
		for (unsigned int n = 0; n < 2; n++)
			if (!memcmp(row, turned[i][n], 4))
				return 2 << n;
	return 1;
}

static void table_turn(uint8_t row[16], unsigned int word)
{
	uint8_t old[16];

	memcpy(old, row, sizeof(old));
	for (unsigned int i = 0; i < sizeof(old); i++)
		row[i] = old[i - i % word + (word - 1 - i % word)];
}

/* Digits of an address, read as octal where the second row says that they are: od writes seven. */
static uint64_t table_address(struct table_bytes *t, uint64_t at, size_t digits)
{
	uint64_t octal = 0;

	if (t->nr_row == 1)
		t->is_octal = digits == 7 && at == 0x20 && t->len == 16;
	if (!t->is_octal)
		return at;
	for (unsigned int i = 16; i--;)
		octal = octal << 3 | (at >> (4 * i) & 7);
	return octal;
}

static bool table_wanted(const uint8_t *data, size_t len)
{
	static const char *const known[] = { "DMAR", "IVRS", "IORT", "RMAD", "VIOT" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len >= 8 && !memcmp(data, known[i], 4))
			return true;
	return false;
}

/* t is empty afterwards. */
static int table_write(struct pp_import *in, struct table_bytes *t, struct pp_error *e)
{
	char path[64];
	int r = 0;

	if (table_wanted(t->data, t->len)) {
		size_t len = t->data[4] | (size_t)t->data[5] << 8 | (size_t)t->data[6] << 16 |
		             (size_t)t->data[7] << 24;
		if (len > t->len || t->len < 36)
			r = pp_fail(e, EBADMSG,
			            "%.200s: %.4s table: %zu bytes, its header says %zu: a "
			            "part is missing",
			            in->name, t->data, t->len, len);
		else {
			snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%.4s", t->data);
			r = pp_import_file(in, path, t->data, len < 36 ? t->len : len, e);
		}
	}
	*t = (struct table_bytes){ .data = t->data, .size = t->size };
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

/* One row of a table; false: it does not continue what is there. */
static bool tables_add(struct table_bytes *t, uint64_t at, size_t digits, uint8_t row[16], size_t n)
{
	if (!t->len)
		t->word = table_word(row);
	if (t->word > 1)
		table_turn(row, t->word);
	at = table_address(t, at, digits);
	if ((t->is_repeated && !tables_repeat(t, at)) || !tables_put(t, at, row, n))
		return false;
	t->nr_row++;
	memcpy(t->last, row, sizeof(t->last));
	return true;
}

/* "*" and the address where a table ends, which may follow it. */
static void tables_star(struct table_bytes *t, struct pp_span line)
{
	uint64_t at;
	size_t digits = pp_import_hex(line, &at);

	if (pp_span_is(line, "*"))
		t->is_repeated = t->nr_row > 0;
	else if (t->is_repeated && digits >= 4 && digits == line.len)
		tables_repeat(t, table_address(t, at, digits));
}

/* Every table of a text; each begins at 0. */
int pp_import_table_lines(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct table_bytes t = { 0 };
	struct pp_span line;
	unsigned int indent;
	uint8_t bytes[16];
	uint64_t at, ignored;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (acpidump_head(line) || !line.len)
			r = table_write(in, &t, e);
		if (!t.len)
			pp_import_here(in, line.data);
		memset(bytes, 0, sizeof(bytes));
		size_t n = table_line(line, &at, bytes);
		if (!n && t.len)
			tables_star(&t, line);
		if (r || !n || (!t.len && at))
			continue;
		if (!tables_add(&t, at, pp_import_hex(line, &ignored), bytes, n) &&
		    table_wanted(t.data, t.len))
			r = pp_fail(
				e, EBADMSG,
				"%.200s: %.4s table: expected offset 0x%zx, found 0x%llx: a line "
				"is missing",
				in->name, t.data, t.len, (unsigned long long)at);
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
		    (table_word(bytes) > 1 || !memcmp(bytes, "DMAR", 4) ||
		     !memcmp(bytes, "IVRS", 4) || !memcmp(bytes, "IORT", 4)))
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
	return bytes.len >= 36 && table_wanted(bytes.data, bytes.len) &&
	       memchr(bytes.data, 0, 36) != NULL;
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
