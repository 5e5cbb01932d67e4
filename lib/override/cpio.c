/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The early cpio: Documentation/driver-api/early-userspace/buffer-format.rst, "newc". */
#include <stdio.h>
#include <string.h>

#include "acpi/table.h"
#include "base/buffer.h"
#include "base/text.h"
#include "override/override.h"

#define HEADER_BYTES 110
#define FIELD_BYTES  8
#define MAX_BYTES    (8u * PP_ACPI_TABLE_MAX_BYTES)
#define MAX_TABLES   64 /* what the kernel takes: NR_ACPI_INITRD_TABLES */
#define DIRECTORY    "kernel/firmware/acpi/"

/* Fields of the header behind the magic number, eight hex digits each. */
enum field { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAMESIZE };

static void cpio_pad(struct pp_buffer *b)
{
	static const char zeros[4];

	pp_buffer_append(b, zeros, (4 - b->len % 4) % 4);
}

static void cpio_put_file(struct pp_buffer *b, unsigned int ino, unsigned int mode,
                          const char *name, struct pp_span bytes)
{
	/* Owner, times and device are left at 0: the same tables give the same bytes. */
	pp_buffer_printf(b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, mode,
	                 0, 0, (mode & 0170000) == 0040000 ? 2 : 1, 0, (unsigned int)bytes.len, 0,
	                 0, 0, 0, (unsigned int)strlen(name) + 1, 0);
	pp_buffer_append(b, name, strlen(name) + 1);
	cpio_pad(b);
	pp_buffer_append(b, bytes.data, bytes.len);
	cpio_pad(b);
}

/* A signature is four capital letters or digits: it becomes a file's name. */
static int cpio_check_table(struct pp_span table, struct pp_error *e)
{
	if (table.len < PP_ACPI_HEADER_BYTES || table.len > PP_ACPI_TABLE_MAX_BYTES)
		return pp_fail(e, EBADMSG, "table: %zu bytes, need %d to %d", table.len,
		               PP_ACPI_HEADER_BYTES, PP_ACPI_TABLE_MAX_BYTES);
	for (int i = 0; i < 4; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", table.data[i]) ||
		    !table.data[i])
			return pp_fail(e, EBADMSG,
			               "table+0x%x: byte 0x%02x is part of no signature", i,
			               table.data[i]);
	return 0;
}

int pp_override_cpio(const struct pp_span *tables, uint32_t nr_tables, struct pp_arena *a,
                     struct pp_span *ret, struct pp_error *e)
{
	static const char *const directories[] = { "kernel", "kernel/firmware",
		                                   "kernel/firmware/acpi" };
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	unsigned int ino = 1;

	pp_buffer_init(&b, MAX_BYTES);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		cpio_put_file(&b, ino++, 0040755, directories[i], PP_SPAN(NULL, 0));
	for (uint32_t i = 0; i < nr_tables; i++) {
		char name[64];
		int r = cpio_check_table(tables[i], e);
		if (r)
			return r;
		snprintf(name, sizeof(name), DIRECTORY "%.4s.aml", (const char *)tables[i].data);
		cpio_put_file(&b, ino++, 0100644, name, tables[i]);
	}
	cpio_put_file(&b, 0, 0, "TRAILER!!!", PP_SPAN(NULL, 0));
	uint8_t *copy = b.failed ? NULL : PP_ARENA_ARRAY(a, b.len, uint8_t);
	if (!copy)
		return pp_fail_oom(e, "the cpio archive");
	memcpy(copy, b.data, b.len);
	*ret = PP_SPAN(copy, b.len);
	return 0;
}

static bool cpio_read_field(const uint8_t *header, enum field field, uint32_t *ret)
{
	char digits[FIELD_BYTES + 1];
	uint64_t value;

	memcpy(digits, header + 6 + FIELD_BYTES * field, FIELD_BYTES);
	digits[FIELD_BYTES] = '\0';
	if (strspn(digits, "0123456789abcdefABCDEF") != FIELD_BYTES ||
	    !pp_parse_hex(digits, UINT32_MAX, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

static void cpio_align(struct pp_cursor *c)
{
	pp_cursor_skip(c, (4 - c->pos % 4) % 4);
}

/* One entry, the trailer too; false where the archive ends or breaks. */
static bool cpio_next_entry(struct pp_cursor *c, struct pp_span *ret_name,
                            struct pp_span *ret_bytes)
{
	uint32_t file_bytes, name_bytes;
	const uint8_t *header = pp_cursor_take(c, HEADER_BYTES);

	if (!header || memcmp(header, "07070", 5) || (header[5] != '1' && header[5] != '2') ||
	    !cpio_read_field(header, FILESIZE, &file_bytes) ||
	    !cpio_read_field(header, NAMESIZE, &name_bytes) || !name_bytes)
		return false;
	const uint8_t *name = pp_cursor_take(c, name_bytes);
	cpio_align(c);
	const uint8_t *bytes = pp_cursor_take(c, file_bytes);
	if (pp_cursor_left(c))
		cpio_align(c);
	if (c->bad || name[name_bytes - 1])
		return false;
	*ret_name = PP_SPAN(name, name_bytes - 1);
	*ret_bytes = PP_SPAN(bytes, file_bytes);
	return true;
}

static bool next_file(struct pp_cursor *c, struct pp_span *ret_name, struct pp_span *ret_bytes)
{
	return cpio_next_entry(c, ret_name, ret_bytes) && !pp_span_is(*ret_name, "TRAILER!!!");
}

int pp_override_cpio_read(struct pp_span in, struct pp_arena *a, const struct pp_span **ret,
                          uint32_t *ret_nr, struct pp_error *e)
{
	struct pp_span *tables = PP_ARENA_ARRAY(a, MAX_TABLES, struct pp_span);
	struct pp_span name, bytes;
	struct pp_cursor c;
	uint32_t nr = 0;

	if (!tables)
		return pp_fail_oom(e, "the tables of a cpio archive");
	pp_cursor_init(&c, in, "cpio", 0);
	while (nr < MAX_TABLES && next_file(&c, &name, &bytes))
		if (pp_span_starts(name, DIRECTORY) && bytes.len >= PP_ACPI_HEADER_BYTES)
			tables[nr++] = bytes;
	*ret = tables;
	*ret_nr = nr;
	return 0;
}

/* Archives begin at multiples of four, with zeros in front of them. */
static void skip_zeros(struct pp_cursor *c)
{
	while (pp_cursor_left(c) >= 4 && !c->data[c->pos])
		pp_cursor_skip(c, 4);
}

enum pp_tri pp_override_initrd_find(struct pp_span initrd, struct pp_span table)
{
	struct pp_span name, bytes;
	struct pp_cursor c;

	pp_cursor_init(&c, initrd, "initrd", 0);
	for (skip_zeros(&c); pp_cursor_left(&c) >= 4; skip_zeros(&c)) {
		if (!cpio_next_entry(&c, &name, &bytes))
			return PP_NO;
		if (pp_span_starts(name, DIRECTORY) && bytes.len >= 4 && table.len >= 4 &&
		    !memcmp(bytes.data, table.data, 4))
			/* The kernel takes the first of a signature. */
			return pp_tri(bytes.len == table.len &&
			              !memcmp(bytes.data, table.data, table.len));
	}
	return PP_UNKNOWN;
}

bool pp_override_initrd_has(struct pp_span initrd, struct pp_span table)
{
	return pp_override_initrd_find(initrd, table) == PP_YES;
}
