/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR parser on tables built in memory. */
#include <stdio.h>

#include "fixture.h"

#include "acpi/dmar.h"

/* Where the first structure of a table begins. */
#define FIRST 48

static const struct pp_dmar *parsed(struct fixture *f)
{
	static struct pp_dmar d;

	acpi_seal(&f->table);
	int err = pp_dmar_parse(fixture_table(f), &f->arena, &f->notes, &d, &f->error);
	if (err)
		print_message("%s\n", f->error.text);
	assert_int_equal(err, 0);
	return &d;
}

static const struct pp_dmar_entry *only_entry(struct fixture *f)
{
	const struct pp_dmar *d = parsed(f);

	assert_int_equal(d->nr_entries, 1);
	assert_int_equal(d->entries[0].offset, FIRST);
	assert_int_equal(d->entries[0].length, f->table.len - FIRST);
	assert_int_equal(d->entries[0].raw.len, f->table.len - FIRST);
	assert_memory_equal(d->entries[0].raw.data, f->table.data + FIRST, f->table.len - FIRST);
	return &d->entries[0];
}

static void assert_scope(const struct pp_dmar_scope *s, uint8_t type, uint8_t id, uint8_t bus,
                         uint32_t offset, const uint8_t *path, size_t path_bytes)
{
	assert_int_equal(s->type, type);
	assert_int_equal(s->enumeration_id, id);
	assert_int_equal(s->start_bus, bus);
	assert_int_equal(s->offset, offset);
	assert_int_equal(s->length, 6 + path_bytes);
	assert_int_equal(s->nr_hops, path_bytes / 2);
	for (size_t i = 0; i < s->nr_hops; i++) {
		assert_int_equal(s->hops[i].device, path[2 * i]);
		assert_int_equal(s->hops[i].function, path[2 * i + 1]);
	}
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 39, PP_DMAR_INTR_REMAP | PP_DMAR_DMA_CTRL_OPT_IN);
	const struct pp_dmar *d = parsed(f);
	assert_string_equal(d->header.signature, "DMAR");
	assert_int_equal(d->host_address_width, 39);
	assert_int_equal(d->flags, 0x05);
	assert_int_equal(d->nr_entries, 0);
	assert_int_equal(f->notes.count, 0);
}

static void test_drhd(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	dmar_drhd(&f->table, PP_DRHD_INCLUDE_PCI_ALL, 0x1234, 0x1122334455667000);
	acpi_poke(&f->table, FIRST + 5, 3, 1);
	dmar_scope(&f->table, PP_SCOPE_IOAPIC, 8, 0xf0, DMAR_PATH(0x1e, 7));
	dmar_scope(&f->table, PP_SCOPE_HPET, 0, 0, DMAR_PATH(0x1f, 0));
	dmar_scope(&f->table, PP_SCOPE_ACPI, 2, 0, DMAR_PATH(0x15, 1));
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, PP_DMAR_DRHD);
	assert_int_equal(e->flags, 1);
	assert_int_equal(e->size, 3);
	assert_int_equal(e->segment, 0x1234);
	assert_int_equal(e->base, 0x1122334455667000);
	assert_int_equal(e->limit_incl, 0);
	assert_null(e->acpi_name);
	assert_int_equal(e->nr_scopes, 3);
	assert_scope(&e->scopes[0], PP_SCOPE_IOAPIC, 8, 0xf0, FIRST + 16, DMAR_PATH(0x1e, 7));
	assert_scope(&e->scopes[1], PP_SCOPE_HPET, 0, 0, FIRST + 24, DMAR_PATH(0x1f, 0));
	assert_scope(&e->scopes[2], PP_SCOPE_ACPI, 2, 0, FIRST + 32, DMAR_PATH(0x15, 1));
	assert_int_equal(f->notes.count, 0);
}

static void test_rmrr(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	dmar_rmrr(&f->table, 0x4321, 0x8877665544332000, 0xfedcba9876543fff);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0x80, DMAR_PATH(0x1c, 4, 0, 2, 0x1f, 7));
	dmar_scope(&f->table, PP_SCOPE_BRIDGE, 0, 0, DMAR_PATH(1, 0));
	acpi_poke(&f->table, FIRST + 24 + 2, 0x5a, 1);
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, PP_DMAR_RMRR);
	assert_int_equal(e->flags, 0);
	assert_int_equal(e->segment, 0x4321);
	assert_int_equal(e->base, 0x8877665544332000);
	assert_int_equal(e->limit_incl, 0xfedcba9876543fff);
	assert_int_equal(e->nr_scopes, 2);
	assert_scope(&e->scopes[0], PP_SCOPE_ENDPOINT, 0, 0x80, FIRST + 24,
	             DMAR_PATH(0x1c, 4, 0, 2, 0x1f, 7));
	assert_scope(&e->scopes[1], PP_SCOPE_BRIDGE, 0, 0, FIRST + 36, DMAR_PATH(1, 0));
	assert_int_equal(e->scopes[0].flags, 0x5a);
	assert_int_equal(e->scopes[1].flags, 0);
	assert_int_equal(f->notes.count, 0);
}

/* ATSR, SATC and SIDP differ in the flags byte only. */
static void assert_scoped(struct fixture *f, uint16_t type, uint8_t flags)
{
	dmar_begin(&f->table, 46, 0);
	dmar_structure(&f->table, type);
	acpi_put(&f->table, 0x81, 1);
	acpi_put(&f->table, 0, 1);
	acpi_put(&f->table, 0xabcd, 2);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0x7f, DMAR_PATH(2, 3));
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, type);
	assert_int_equal(e->flags, flags);
	assert_int_equal(e->segment, 0xabcd);
	assert_int_equal(e->base, 0);
	assert_int_equal(e->nr_scopes, 1);
	assert_scope(&e->scopes[0], PP_SCOPE_ENDPOINT, 0, 0x7f, FIRST + 8, DMAR_PATH(2, 3));
	assert_int_equal(f->notes.count, 0);
}

static void test_atsr(void **state)
{
	assert_scoped(*state, PP_DMAR_ATSR, 0x81);
}

static void test_satc(void **state)
{
	assert_scoped(*state, PP_DMAR_SATC, 0x81);
}

static void test_sidp(void **state)
{
	assert_scoped(*state, PP_DMAR_SIDP, 0);
}

static void put_rhsa(struct fixture *f)
{
	dmar_structure(&f->table, PP_DMAR_RHSA);
	acpi_put(&f->table, 0xffffffff, 4);
	acpi_put(&f->table, 0x00000000fed90000, 8);
	acpi_put(&f->table, 0x89abcdef, 4);
	acpi_end(&f->table);
}

static void test_rhsa(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	put_rhsa(f);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, PP_DMAR_RHSA);
	assert_int_equal(e->base, 0xfed90000);
	assert_int_equal(e->proximity, 0x89abcdef);
	assert_int_equal(e->nr_scopes, 0);
	assert_int_equal(f->notes.count, 0);
}

static void put_andd(struct fixture *f, const char *name, size_t bytes)
{
	dmar_structure(&f->table, PP_DMAR_ANDD);
	acpi_put(&f->table, 0, 3);
	acpi_put(&f->table, 9, 1);
	acpi_put_bytes(&f->table, name, bytes);
	acpi_end(&f->table);
}

static void test_andd(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	put_andd(f, "\\_SB.PCI0.I2C\x1b\0\0\0", 17);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, PP_DMAR_ANDD);
	assert_int_equal(e->acpi_device, 9);
	assert_string_equal(e->acpi_name, "\\_SB.PCI0.I2C?");
	assert_int_equal(e->nr_scopes, 0);
	assert_int_equal(f->notes.count, 0);
}

static void test_andd_without_nul(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	put_andd(f, "\\_SB", 4);
	put_andd(f, "", 0);
	const struct pp_dmar *d = parsed(f);
	assert_string_equal(d->entries[0].acpi_name, "\\_SB");
	assert_string_equal(d->entries[1].acpi_name, "");
	fixture_assert_note(f, FIRST + 8, "ANDD name is not NUL-terminated");
	fixture_assert_note(f, FIRST + 12 + 8, "ANDD name is not NUL-terminated");
	assert_int_equal(f->notes.count, 2);
}

static void test_unknown_type(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	dmar_structure(&f->table, 7);
	acpi_put(&f->table, 0x010203, 3);
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->type, 7);
	assert_int_equal(e->nr_scopes, 0);
	assert_null(e->acpi_name);
	fixture_assert_note(f, FIRST, "structure of unknown type 7");
	assert_int_equal(f->notes.count, 1);
}

static void test_order_is_kept(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	put_rhsa(f);
	dmar_rmrr(&f->table, 0, 0x1000, 0x1fff);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH(1, 1, 2, 2));
	acpi_end(&f->table);
	dmar_rmrr(&f->table, 0, 0x3000, 0x3fff);
	acpi_end(&f->table);
	dmar_drhd(&f->table, 0, 0, 0x1000);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH(3, 3));
	acpi_end(&f->table);
	const struct pp_dmar *d = parsed(f);
	assert_int_equal(d->nr_entries, 4);
	assert_int_equal(d->entries[0].type, PP_DMAR_RHSA);
	assert_int_equal(d->entries[1].base, 0x1000);
	assert_int_equal(d->entries[1].nr_scopes, 1);
	assert_int_equal(d->entries[2].base, 0x3000);
	assert_int_equal(d->entries[2].nr_scopes, 0);
	assert_int_equal(d->entries[3].type, PP_DMAR_DRHD);
	assert_int_equal(d->entries[3].scopes[0].hops[0].device, 3);
	assert_int_equal(f->notes.count, 0);
}

static void test_odd_rmrr(void **state)
{
	struct fixture *f = *state;
	const uint64_t ranges[][2] = {
		{ 0, 0 },           { 0x1001, 0x2fff }, { 0x1000, 0x2ffe },
		{ 0x3000, 0x1fff }, { 0, 0xfff },       { 0x1000, UINT64_MAX },
	};

	dmar_begin(&f->table, 46, 0);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		dmar_rmrr(&f->table, 0, ranges[i][0], ranges[i][1]);
		acpi_end(&f->table);
	}
	const struct pp_dmar *d = parsed(f);
	assert_int_equal(d->nr_entries, 6);
	fixture_assert_note(f, FIRST, "RMRR at 0-0");
	fixture_assert_note(f, FIRST + 24, "RMRR base 0x1001 is not aligned to 4 KiB");
	fixture_assert_note(f, FIRST + 48, "RMRR limit 0x2ffe is not the end of a 4 KiB page");
	fixture_assert_note(f, FIRST + 72, "RMRR limit 0x1fff is below its base 0x3000");
	assert_int_equal(f->notes.count, 4);
}

static void test_odd_scopes(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	dmar_drhd(&f->table, 0, 0, 0x1000);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH_NONE());
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH(1, 2, 3));
	dmar_scope(&f->table, 6, 0, 0, DMAR_PATH(1, 2));
	dmar_scope(&f->table, PP_SCOPE_BRIDGE, 0, 0, DMAR_PATH(31, 7, 32, 7, 31, 8));
	dmar_scope(&f->table, PP_SCOPE_ACPI, 0, 0, DMAR_PATH(32, 8));
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->nr_scopes, 5);
	assert_int_equal(e->scopes[0].nr_hops, 0);
	assert_int_equal(e->scopes[1].nr_hops, 1);
	assert_int_equal(e->scopes[1].hops[0].function, 2);
	assert_int_equal(e->scopes[2].type, 6);
	assert_int_equal(e->scopes[3].hops[1].device, 32);
	fixture_assert_note(f, FIRST + 16, "device scope with an empty path names no device");
	fixture_assert_note(f, FIRST + 16 + 6 + 1,
	                    "device scope length 9 is odd: its last byte belongs to no hop");
	fixture_assert_note(f, FIRST + 16 + 15, "device scope of unknown type 6");
	fixture_assert_note(f, FIRST + 16 + 23 + 6 + 2,
	                    "hop 20.7 of a device scope is no PCI device");
	fixture_assert_note(f, FIRST + 16 + 23 + 6 + 4,
	                    "hop 1f.8 of a device scope is no PCI device");
	assert_int_equal(f->notes.count, 5);
}

static void test_longest_scope(void **state)
{
	struct fixture *f = *state;
	uint8_t path[249] = { 0 };

	path[246] = 30;
	path[247] = 6;
	dmar_begin(&f->table, 46, 0);
	dmar_drhd(&f->table, 0, 0, 0x1000);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, path, sizeof(path));
	acpi_end(&f->table);
	const struct pp_dmar_entry *e = only_entry(f);
	assert_int_equal(e->scopes[0].length, 255);
	assert_int_equal(e->scopes[0].nr_hops, 124);
	assert_int_equal(e->scopes[0].hops[123].device, 30);
	assert_int_equal(e->scopes[0].hops[123].function, 6);
}

static void test_odd_table(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 256, 0);
	dmar_drhd(&f->table, 0, 0, 0);
	acpi_end(&f->table);
	put_rhsa(f);
	acpi_put(&f->table, 0, 5);
	acpi_end(&f->table);
	acpi_put(&f->table, 0, 3);
	const struct pp_dmar *d = parsed(f);
	assert_int_equal(d->host_address_width, 256);
	assert_int_equal(d->nr_entries, 2);
	fixture_assert_note(f, 36, "host address width of 256 bits");
	fixture_assert_note(f, FIRST, "DRHD with its registers at 0");
	fixture_assert_note(f, FIRST + 16 + 20, "5 bytes behind the fields of a RHSA");
	fixture_assert_note(f, FIRST + 16 + 25, "3 trailing bytes, too few for a structure");
	assert_int_equal(f->notes.count, 4);
}

static void test_narrow_address_width(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 12, 0);
	parsed(f);
	assert_int_equal(f->notes.count, 0);
	dmar_begin(&f->table, 64, 0);
	parsed(f);
	assert_int_equal(f->notes.count, 0);
	dmar_begin(&f->table, 11, 0);
	parsed(f);
	fixture_assert_note(f, 36, "host address width of 11 bits");
	assert_int_equal(f->notes.count, 1);
}

/* The kernel's walk stops there silently: what comes behind is not seen by it nor by us. */
static void test_structure_of_length_0(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	dmar_rmrr(&f->table, 0, 0x1000, 0x1fff);
	acpi_end(&f->table);
	acpi_put(&f->table, 0x0001, 4);
	dmar_rmrr(&f->table, 0, 0x3000, 0x3fff);
	acpi_end(&f->table);
	const struct pp_dmar *d = parsed(f);
	assert_int_equal(d->nr_entries, 1);
	fixture_assert_note(f, FIRST + 24,
	                    "structure of length 0: it and the 28 bytes from here are not read");
	assert_int_equal(f->notes.count, 1);
}

static void assert_fails(struct fixture *f, const char *text)
{
	struct pp_dmar d = { .nr_entries = 4711 };

	acpi_seal(&f->table);
	assert_int_equal(pp_dmar_parse(fixture_table(f), &f->arena, &f->notes, &d, &f->error),
	                 -EBADMSG);
	assert_string_equal(f->error.text, text);
	assert_int_equal(d.nr_entries, 4711);
	/* The texts and the notes are for those who want them. */
	assert_int_equal(pp_dmar_parse(fixture_table(f), &f->arena, NULL, &d, NULL), -EBADMSG);
}

static void test_bad_table(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	f->table.len = 47;
	assert_fails(f, "DMAR+0x4: table length 47, need at least 48");
	f->table.len = 36;
	assert_fails(f, "DMAR+0x4: table length 36, need at least 48");
	acpi_begin(&f->table, "DMAX", 1);
	assert_fails(f, "DMAR+0x0: signature 'DMAX', need 'DMAR'");
}

static void test_bad_structure_length(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint16_t type, need;
	} kinds[] = { { 0, 16 }, { 1, 24 }, { 2, 8 }, { 3, 20 },    { 4, 8 },
		      { 5, 8 },  { 6, 8 },  { 7, 4 }, { 0xffff, 4 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char text[128];

		/* One byte too short for the type, though more bytes are there. */
		dmar_begin(&f->table, 46, 0);
		dmar_structure(&f->table, kinds[i].type);
		acpi_put(&f->table, 0, 60);
		acpi_poke(&f->table, FIRST + 2, kinds[i].need - 1u, 2);
		snprintf(text, sizeof(text),
		         "DMAR+0x32: length %u of a structure of type %u, need at least %u",
		         kinds[i].need - 1, kinds[i].type, kinds[i].need);
		assert_fails(f, text);

		/* One byte more than is there. */
		acpi_poke(&f->table, FIRST + 2, 65, 2);
		snprintf(
			text, sizeof(text),
			"DMAR+0x32: length 65 of a structure of type %u, but only 64 bytes are left",
			kinds[i].type);
		assert_fails(f, text);
	}
}

static void test_bad_second_structure(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	put_rhsa(f);
	acpi_put(&f->table, 0x00030009, 4);
	assert_fails(f, "DMAR+0x46: length 3 of a structure of type 9, need at least 4");
}

static void test_bad_scope(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint16_t type;
		uint32_t scopes;
	} kinds[] = { { 0, 16 }, { 1, 24 }, { 2, 8 }, { 5, 8 }, { 6, 8 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const uint32_t at = FIRST + kinds[i].scopes;
		char text[128];

		dmar_begin(&f->table, 46, 0);
		dmar_structure(&f->table, kinds[i].type);
		acpi_put(&f->table, 0, kinds[i].scopes - 4);
		dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH(1, 2));
		acpi_end(&f->table);
		put_rhsa(f); /* bytes that belong to somebody else */

		acpi_poke(&f->table, at + 1, 0, 1);
		snprintf(text, sizeof(text), "DMAR+0x%x: device scope length 0, need at least 6",
		         at + 1);
		assert_fails(f, text);
		acpi_poke(&f->table, at + 1, 5, 1);
		snprintf(text, sizeof(text), "DMAR+0x%x: device scope length 5, need at least 6",
		         at + 1);
		assert_fails(f, text);
		acpi_poke(&f->table, at + 1, 9, 1);
		snprintf(
			text, sizeof(text),
			"DMAR+0x%x: device scope length 9, but only 8 bytes are left in the structure",
			at + 1);
		assert_fails(f, text);
		acpi_poke(&f->table, at + 1, 7, 1);
		snprintf(text, sizeof(text), "DMAR+0x%x: need 1 bytes, found 0", at + 8);
		assert_fails(f, text);
	}
}

static void test_names(void **state)
{
	static const char *const scopes[] = {
		NULL, "endpoint", "bridge", "ioapic", "hpet", "acpi"
	};

	for (uint8_t i = 1; i < 6; i++)
		assert_string_equal(pp_dmar_scope_type_name(i), scopes[i]);
	assert_null(pp_dmar_scope_type_name(0));
	assert_null(pp_dmar_scope_type_name(6));
	assert_null(pp_dmar_scope_type_name(0xff));
}

/* Wherever memory ends, the caller hears of it and gets nothing. */
static void test_out_of_memory(void **state)
{
	struct fixture *f = *state;
	unsigned int failed = 0;

	dmar_begin(&f->table, 46, 0);
	put_andd(f, "\\_SB", 5);
	dmar_rmrr(&f->table, 0, 0x1000, 0x1fff);
	dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH(1, 1, 2, 2));
	acpi_end(&f->table);
	acpi_seal(&f->table);
	struct pp_span in = fixture_table(f);
	for (size_t limit = 1;; limit++) {
		struct pp_dmar d = { .nr_entries = 4711 };
		struct pp_arena small;

		pp_arena_init(&small, limit);
		int err = pp_dmar_parse(in, &small, NULL, &d, &f->error);
		pp_arena_fini(&small);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_string_equal(f->error.text, "DMAR: out of memory");
		assert_int_equal(d.nr_entries, 4711);
		failed++;
	}
	assert_in_range(failed, 100, 1000);
}

/* The worst a table can ask for, the smallest structures and the smallest scopes. */
static void test_memory_is_bounded(void **state)
{
	struct fixture *f = *state;

	dmar_begin(&f->table, 46, 0);
	while (f->table.len + 4 <= PP_ACPI_TABLE_MAX_BYTES)
		acpi_put(&f->table, 0x00040009, 4);
	assert_int_equal(parsed(f)->nr_entries, (PP_ACPI_TABLE_MAX_BYTES - FIRST) / 4);
	/* the fixture's copy of the table is one part of it */
	assert_in_range(f->arena.used_bytes, 1, 32 * PP_ACPI_TABLE_MAX_BYTES);
	assert_int_equal(f->notes.count, PP_NOTES_MAX);

	const size_t before = f->arena.used_bytes;
	dmar_begin(&f->table, 46, 0);
	while (f->table.len + 60008 <= PP_ACPI_TABLE_MAX_BYTES) {
		dmar_structure(&f->table, PP_DMAR_SIDP);
		acpi_put(&f->table, 0, 4);
		for (unsigned int i = 0; i < 10000; i++)
			dmar_scope(&f->table, PP_SCOPE_ENDPOINT, 0, 0, DMAR_PATH_NONE());
		acpi_end(&f->table);
	}
	assert_int_equal(parsed(f)->entries[16].nr_scopes, 10000);
	assert_in_range(f->arena.used_bytes - before, 1, 16 * PP_ACPI_TABLE_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_empty),
		FIXTURE_TEST(test_drhd),
		FIXTURE_TEST(test_rmrr),
		FIXTURE_TEST(test_atsr),
		FIXTURE_TEST(test_satc),
		FIXTURE_TEST(test_sidp),
		FIXTURE_TEST(test_rhsa),
		FIXTURE_TEST(test_andd),
		FIXTURE_TEST(test_andd_without_nul),
		FIXTURE_TEST(test_unknown_type),
		FIXTURE_TEST(test_order_is_kept),
		FIXTURE_TEST(test_odd_rmrr),
		FIXTURE_TEST(test_odd_scopes),
		FIXTURE_TEST(test_longest_scope),
		FIXTURE_TEST(test_odd_table),
		FIXTURE_TEST(test_narrow_address_width),
		FIXTURE_TEST(test_structure_of_length_0),
		FIXTURE_TEST(test_bad_table),
		FIXTURE_TEST(test_bad_structure_length),
		FIXTURE_TEST(test_bad_second_structure),
		FIXTURE_TEST(test_bad_scope),
		FIXTURE_TEST(test_names),
		FIXTURE_TEST(test_out_of_memory),
		FIXTURE_TEST(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
