/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IVRS parser on tables built in memory. */
#include <stdio.h>

#include "fixture.h"

#include "acpi/ivrs.h"

/* Where the first block of a table begins. */
#define FIRST 48

static const struct pp_ivrs *parsed(struct fixture *f)
{
	static struct pp_ivrs v;

	acpi_seal(&f->table);
	int err = pp_ivrs_parse(fixture_table(f), &f->arena, &f->notes, &v, &f->error);
	if (err)
		print_message("%s\n", f->error.text);
	assert_int_equal(err, 0);
	return &v;
}

static const struct pp_ivrs_block *only_block(struct fixture *f)
{
	const struct pp_ivrs *v = parsed(f);

	assert_int_equal(v->nr_blocks, 1);
	assert_int_equal(v->blocks[0].offset, FIRST);
	assert_int_equal(v->blocks[0].length, f->table.len - FIRST);
	assert_int_equal(v->blocks[0].raw.len, f->table.len - FIRST);
	assert_memory_equal(v->blocks[0].raw.data, f->table.data + FIRST, f->table.len - FIRST);
	return &v->blocks[0];
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0x89abcdef);
	const struct pp_ivrs *v = parsed(f);
	assert_string_equal(v->header.signature, "IVRS");
	assert_int_equal(v->header.revision, 2);
	assert_int_equal(v->info, 0x89abcdef);
	assert_int_equal(v->nr_blocks, 0);
	assert_int_equal(f->notes.count, 0);
}

/* All fields of an IVHD's head, with values of their own; positioned for its device entries. */
static void put_ivhd(struct fixture *f, uint8_t type)
{
	ivrs_block(&f->table, type, 0xb1);
	acpi_put(&f->table, 0x6002, 2);
	acpi_put(&f->table, 0x0140, 2);
	acpi_put(&f->table, 0x1122334455664000, 8);
	acpi_put(&f->table, 0x0123, 2);
	acpi_put(&f->table, 0x4567, 2);
	acpi_put(&f->table, 0x80048f6f, 4);
	if (type != PP_IVHD_10) {
		acpi_put(&f->table, 0x58f77ef22294ade, 8);
		acpi_put(&f->table, 0x8000000000000001, 8);
	}
}

static void assert_ivhd(struct fixture *f, uint8_t type)
{
	ivrs_begin(&f->table, 0);
	put_ivhd(f, type);
	ivhd_device(&f->table, PP_IVHD_DEV_SELECT, 0x1234, 0xd7);
	acpi_end(&f->table);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->type, type);
	assert_int_equal(b->flags, 0xb1);
	assert_int_equal(b->devid, 0x6002);
	assert_int_equal(b->capability, 0x0140);
	assert_int_equal(b->base, 0x1122334455664000);
	assert_int_equal(b->segment, 0x0123);
	assert_int_equal(b->info, 0x4567);
	assert_int_equal(b->features, 0x80048f6f);
	assert_int_equal(b->efr, type == PP_IVHD_10 ? 0 : 0x58f77ef22294ade);
	assert_int_equal(b->efr2, type == PP_IVHD_10 ? 0 : 0x8000000000000001);
	assert_int_equal(b->end_devid, 0);
	assert_int_equal(b->length_bytes, 0);
	assert_int_equal(b->nr_devices, 1);
	assert_int_equal(b->devices[0].type, PP_IVHD_DEV_SELECT);
	assert_int_equal(b->devices[0].devid, 0x1234);
	assert_int_equal(b->devices[0].flags, 0xd7);
	assert_int_equal(b->devices[0].offset, FIRST + (type == PP_IVHD_10 ? 24 : 40));
	assert_int_equal(b->devices[0].length, 4);
	assert_int_equal(f->notes.count, 0);
}

static void test_ivhd_10(void **state)
{
	assert_ivhd(*state, PP_IVHD_10);
}

static void test_ivhd_11(void **state)
{
	assert_ivhd(*state, PP_IVHD_11);
}

static void test_ivhd_40(void **state)
{
	assert_ivhd(*state, PP_IVHD_40);
}

static void test_devices_of_4_bytes(void **state)
{
	struct fixture *f = *state;
	static const uint8_t types[] = { 0x00, PP_IVHD_DEV_ALL, PP_IVHD_DEV_SELECT,
		                         PP_IVHD_DEV_RANGE_START, PP_IVHD_DEV_RANGE_END };

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_11);
	for (size_t i = 0; i < sizeof(types); i++)
		ivhd_device(&f->table, types[i], (uint16_t)(0x0100 + i), 0x40);
	acpi_end(&f->table);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->nr_devices, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++) {
		assert_int_equal(b->devices[i].type, types[i]);
		assert_int_equal(b->devices[i].devid, 0x0100 + i);
		assert_int_equal(b->devices[i].flags, 0x40);
		assert_int_equal(b->devices[i].offset, FIRST + 40 + 4 * i);
		assert_int_equal(b->devices[i].length, 4);
		assert_null(b->devices[i].hid);
	}
	assert_int_equal(f->notes.count, 0);
}

static void test_devices_of_8_bytes(void **state)
{
	struct fixture *f = *state;
	static const uint8_t types[] = { 0x40, PP_IVHD_DEV_ALIAS,      PP_IVHD_DEV_ALIAS_RANGE,
		                         0x04, PP_IVHD_DEV_EXT_SELECT, PP_IVHD_DEV_EXT_RANGE,
		                         0x04, PP_IVHD_DEV_SPECIAL };

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_10);
	for (size_t i = 0; i < sizeof(types); i++) {
		ivhd_device(&f->table, types[i], 0x0200, 0xd7);
		acpi_put(&f->table, 0xa1b2c3d4, types[i] == 0x04 ? 0 : 4);
	}
	acpi_end(&f->table);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->nr_devices, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++) {
		const struct pp_ivhd_device *d = &b->devices[i];
		bool alias = types[i] == 0x42 || types[i] == 0x43 || types[i] == 0x48;
		bool extended = types[i] == 0x46 || types[i] == 0x47;
		bool special = types[i] == 0x48;

		assert_int_equal(d->type, types[i]);
		assert_int_equal(d->devid, 0x0200);
		assert_int_equal(d->flags, 0xd7);
		assert_int_equal(d->length, types[i] == 0x04 ? 4 : 8);
		assert_int_equal(d->alias_devid, alias ? 0xb2c3 : 0);
		assert_int_equal(d->extended, extended ? 0xa1b2c3d4 : 0);
		assert_int_equal(d->special_handle, special ? 0xd4 : 0);
		assert_int_equal(d->special_variety, special ? 0xa1 : 0);
	}
	assert_int_equal(f->notes.count, 0);
}

static void put_hid(struct fixture *f, const char *hid, const char *cid, uint8_t uid_format,
                    const char *uid, uint8_t uid_bytes)
{
	ivhd_device(&f->table, PP_IVHD_DEV_ACPI_HID, 0xa5, 0x01);
	acpi_put_text(&f->table, hid, 8);
	acpi_put_text(&f->table, cid, 8);
	acpi_put(&f->table, uid_format, 1);
	acpi_put(&f->table, uid_bytes, 1);
	acpi_put_bytes(&f->table, uid, uid_bytes);
}

static void test_acpi_devices(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_40);
	put_hid(f, "AMDI0020", "AMDI0\x1b", 2, "\\_SB.FUR0", 9);
	put_hid(f, "AMDI0040", "", 0, "", 0);
	put_hid(f, "AMDI0095", "", 1, "\x01\x02\0\0\0\0\0\x80", 8);
	ivhd_device(&f->table, PP_IVHD_DEV_SELECT, 0x0777, 0);
	acpi_end(&f->table);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->nr_devices, 4);
	assert_int_equal(b->devices[0].devid, 0xa5);
	assert_int_equal(b->devices[0].flags, 1);
	assert_int_equal(b->devices[0].length, 31);
	assert_string_equal(b->devices[0].hid, "AMDI0020");
	assert_string_equal(b->devices[0].cid, "AMDI0?");
	assert_string_equal(b->devices[0].uid, "\\_SB.FUR0");
	assert_string_equal(b->devices[1].hid, "AMDI0040");
	assert_string_equal(b->devices[1].cid, "");
	assert_null(b->devices[1].uid);
	assert_string_equal(b->devices[2].uid, "9223372036854776321");
	assert_int_equal(b->devices[3].devid, 0x0777);
	assert_int_equal(b->devices[3].offset, FIRST + 40 + 31 + 22 + 30);
	assert_int_equal(f->notes.count, 0);
}

static void test_odd_acpi_devices(void **state)
{
	struct fixture *f = *state;
	const uint32_t at = FIRST + 40;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_40);
	put_hid(f, "", "", 2, "", 0);            /* 22 */
	put_hid(f, "AMDI0020", "", 0, "xy", 2);  /* 24 */
	put_hid(f, "AMDI0020", "", 1, "abc", 3); /* 25 */
	put_hid(f, "AMDI0020", "", 3, "ab", 2);  /* 24 */
	acpi_end(&f->table);
	put_ivhd(f, PP_IVHD_11);
	put_hid(f, "AMDI0020", "", 2, "u", 1);
	acpi_end(&f->table);
	const struct pp_ivrs *v = parsed(f);
	assert_string_equal(v->blocks[0].devices[0].uid, "");
	for (unsigned int i = 1; i < 4; i++)
		assert_null(v->blocks[0].devices[i].uid);
	assert_string_equal(v->blocks[1].devices[0].uid, "u");
	fixture_assert_note(f, at, "ACPI device with an empty HID");
	fixture_assert_note(f, at + 22 + 20, "UID of 2 bytes where none is said to be");
	fixture_assert_note(f, at + 46 + 20, "number of 3 bytes as UID, not 8");
	fixture_assert_note(f, at + 71 + 20, "UID of unknown format 3");
	fixture_assert_note(
		f, at + 95 + 40,
		"ACPI device in a block of type 0x11: the kernel takes it in 0x40 only");
	assert_int_equal(f->notes.count, 5);
}

/* Bits 7:6 give the length of what nobody knows. */
static void test_unknown_devices(void **state)
{
	struct fixture *f = *state;
	static const uint8_t types[] = { 0x05, 0x3f, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xef };
	uint32_t at = FIRST + 24;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_10);
	for (size_t i = 0; i < sizeof(types); i++) {
		ivhd_device(&f->table, types[i], 0x0345, 0x12);
		acpi_put(&f->table, 0, (4u << (i / 2)) - 4);
	}
	acpi_end(&f->table);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->nr_devices, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++) {
		char text[64];

		assert_int_equal(b->devices[i].type, types[i]);
		assert_int_equal(b->devices[i].devid, 0x0345);
		assert_int_equal(b->devices[i].flags, 0x12);
		assert_int_equal(b->devices[i].length, 4u << (i / 2));
		snprintf(text, sizeof(text), "device entry of unknown type 0x%02x", types[i]);
		fixture_assert_note(f, at, text);
		at += 4u << (i / 2);
	}
	assert_int_equal(f->notes.count, sizeof(types));
}

static void test_odd_ranges(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t type;
		uint16_t devid;
	} entries[] = {
		{ PP_IVHD_DEV_RANGE_END, 0x10 }, { PP_IVHD_DEV_RANGE_START, 0x20 },
		{ PP_IVHD_DEV_SELECT, 0x21 },    { PP_IVHD_DEV_RANGE_START, 0x30 },
		{ PP_IVHD_DEV_RANGE_END, 0x2f }, { PP_IVHD_DEV_RANGE_START, 0x40 },
		{ PP_IVHD_DEV_RANGE_END, 0x40 }, { PP_IVHD_DEV_RANGE_START, 0x50 },
	};
	const uint32_t at = FIRST + 24;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_10);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		ivhd_device(&f->table, entries[i].type, entries[i].devid, 0);
	acpi_end(&f->table);
	only_block(f);
	fixture_assert_note(f, at, "range of devices without a start");
	fixture_assert_note(f, at + 4, "range of devices without an end");
	fixture_assert_note(f, at + 16, "range of devices ends at 0x002f, below its start 0x0030");
	fixture_assert_note(f, at + 28, "range of devices without an end");
	assert_int_equal(f->notes.count, 4);
}

static void assert_ivmd(struct fixture *f, uint8_t type, uint16_t end_devid)
{
	ivrs_begin(&f->table, 0);
	ivrs_ivmd(&f->table, type, PP_IVMD_UNITY | PP_IVMD_WRITE, 0x1234, 0x5678,
	          0x8877665544332000, 0x0011223344556000);
	acpi_poke(&f->table, FIRST + 8, 0x9abc, 2);
	const struct pp_ivrs_block *b = only_block(f);
	assert_int_equal(b->type, type);
	assert_int_equal(b->flags, 0x05);
	assert_int_equal(b->devid, 0x1234);
	assert_int_equal(b->end_devid, end_devid);
	assert_int_equal(b->segment, 0x9abc);
	assert_int_equal(b->base, 0x8877665544332000);
	assert_int_equal(b->length_bytes, 0x0011223344556000);
	assert_int_equal(b->capability, 0);
	assert_int_equal(b->nr_devices, 0);
	assert_int_equal(f->notes.count, 0);
}

static void test_ivmd_all(void **state)
{
	assert_ivmd(*state, PP_IVMD_ALL, 0);
}

static void test_ivmd_select(void **state)
{
	assert_ivmd(*state, PP_IVMD_SELECT, 0);
}

static void test_ivmd_range(void **state)
{
	assert_ivmd(*state, PP_IVMD_RANGE, 0x5678);
}

static void test_odd_ivmd(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	ivrs_ivmd(&f->table, PP_IVMD_RANGE, 1, 0x20, 0x1f, 0x1000, 0x1000);
	ivrs_ivmd(&f->table, PP_IVMD_RANGE, 1, 0x20, 0x20, 0x1000, 0);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0xfffffffffffff000, 0x2000);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0xfffffffffffff000, 0x1000);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0x1001, 0x1000);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0x1000, 0x1001);
	acpi_put(&f->table, 0, 4);
	acpi_end(&f->table);
	acpi_put(&f->table, 0, 3);
	assert_int_equal(parsed(f)->nr_blocks, 6);
	fixture_assert_note(f, FIRST,
	                    "IVMD range of devices ends at 0x001f, below its start 0x0020");
	fixture_assert_note(f, FIRST + 32, "IVMD with an empty region");
	fixture_assert_note(f, FIRST + 64, "IVMD region passes the end of the address space");
	fixture_assert_note(f, FIRST + 128,
	                    "IVMD region at 0x1001 of 0x1000 bytes is not aligned to 4 KiB");
	fixture_assert_note(f, FIRST + 160,
	                    "IVMD region at 0x1000 of 0x1001 bytes is not aligned to 4 KiB");
	fixture_assert_note(f, FIRST + 192, "4 bytes behind the fields of an IVMD");
	fixture_assert_note(f, FIRST + 196, "3 trailing bytes, too few for a block");
	assert_int_equal(f->notes.count, 7);
}

static void test_odd_blocks(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	ivrs_block(&f->table, 0x51, 0x7e);
	acpi_put(&f->table, 0xffffff, 3);
	acpi_end(&f->table);
	ivrs_ivhd(&f->table, PP_IVHD_10, 2, 0, 0);
	acpi_end(&f->table);
	const struct pp_ivrs *v = parsed(f);
	assert_int_equal(v->nr_blocks, 2);
	assert_int_equal(v->blocks[0].type, 0x51);
	assert_int_equal(v->blocks[0].flags, 0x7e);
	assert_int_equal(v->blocks[0].devid, 0);
	assert_int_equal(v->blocks[0].raw.len, 7);
	assert_int_equal(v->blocks[1].type, PP_IVHD_10);
	assert_int_equal(v->blocks[1].nr_devices, 0);
	fixture_assert_note(f, FIRST, "block of unknown type 0x51");
	fixture_assert_note(f, FIRST + 7, "IVHD with its registers at 0");
	assert_int_equal(f->notes.count, 2);
}

static void assert_fails(struct fixture *f, const char *text)
{
	struct pp_ivrs v = { .nr_blocks = 4711 };

	acpi_seal(&f->table);
	assert_int_equal(pp_ivrs_parse(fixture_table(f), &f->arena, &f->notes, &v, &f->error),
	                 -EBADMSG);
	assert_string_equal(f->error.text, text);
	assert_int_equal(v.nr_blocks, 4711);
	/* The texts and the notes are for those who want them. */
	assert_int_equal(pp_ivrs_parse(fixture_table(f), &f->arena, NULL, &v, NULL), -EBADMSG);
}

static void test_bad_table(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	f->table.len = 47;
	assert_fails(f, "IVRS+0x4: table length 47, need at least 48");
	acpi_begin(&f->table, "DMAR", 1);
	assert_fails(f, "IVRS+0x0: signature 'DMAR', need 'IVRS'");
}

static void test_bad_block_length(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t type, need;
	} kinds[] = { { 0x10, 24 }, { 0x11, 40 }, { 0x40, 40 }, { 0x20, 32 },
		      { 0x21, 32 }, { 0x22, 32 }, { 0x51, 4 } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const unsigned int lengths[] = { 0, kinds[i].need - 1u };
		char text[128];

		ivrs_begin(&f->table, 0);
		ivrs_block(&f->table, kinds[i].type, 0);
		acpi_put(&f->table, 0, 60);
		for (unsigned int k = 0; k < 2; k++) {
			acpi_poke(&f->table, FIRST + 2, lengths[k], 2);
			snprintf(text, sizeof(text),
			         "IVRS+0x32: length %u of a block of type 0x%02x, need at least %u",
			         lengths[k], kinds[i].type, kinds[i].need);
			assert_fails(f, text);
		}
		acpi_poke(&f->table, FIRST + 2, 65, 2);
		snprintf(
			text, sizeof(text),
			"IVRS+0x32: length 65 of a block of type 0x%02x, but only 64 bytes are left",
			kinds[i].type);
		assert_fails(f, text);
	}
}

/* An entry of that type with one byte less than it needs, though the table goes on. */
static void assert_entry_fails(struct fixture *f, uint8_t block, uint8_t type, size_t bytes,
                               const char *text)
{
	ivrs_begin(&f->table, 0);
	put_ivhd(f, block);
	acpi_put(&f->table, type, 1);
	acpi_put(&f->table, 0, bytes - 1);
	acpi_end(&f->table);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0x1000, 0x1000);
	assert_fails(f, text);
}

static void test_bad_devices(void **state)
{
	struct fixture *f = *state;

	assert_entry_fails(f, 0x10, 0x02, 3,
	                   "IVRS+0x48: device entry of type 0x02 needs 4 bytes, but only 3 are "
	                   "left in the block");
	assert_entry_fails(f, 0x11, 0x48, 7,
	                   "IVRS+0x58: device entry of type 0x48 needs 8 bytes, but only 7 are "
	                   "left in the block");
	assert_entry_fails(f, 0x40, 0x80, 15,
	                   "IVRS+0x58: device entry of type 0x80 needs 16 bytes, but only 15 are "
	                   "left in the block");
	assert_entry_fails(f, 0x40, 0xc0, 31,
	                   "IVRS+0x58: device entry of type 0xc0 needs 32 bytes, but only 31 are "
	                   "left in the block");
	assert_entry_fails(f, 0x40, 0xf0, 21,
	                   "IVRS+0x58: device entry of type 0xf0 needs 22 bytes, but only 21 are "
	                   "left in the block");
	assert_entry_fails(f, 0x40, 0xf1, 60,
	                   "IVRS+0x58: device entry of type 0xf1, whose length nothing tells");
	assert_entry_fails(f, 0x40, 0xff, 60,
	                   "IVRS+0x58: device entry of type 0xff, whose length nothing tells");
}

static void test_bad_uid_length(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_40);
	ivhd_device(&f->table, PP_IVHD_DEV_SELECT, 1, 0);
	put_hid(f, "AMDI0020", "", 2, "abc", 3);
	acpi_end(&f->table);
	ivrs_ivmd(&f->table, PP_IVMD_ALL, 1, 0, 0, 0x1000, 0x1000);
	acpi_poke(&f->table, FIRST + 40 + 4 + 21, 255, 1);
	assert_fails(f,
	             "IVRS+0x5c: device entry of type 0xf0 needs 277 bytes, but only 25 are left "
	             "in the block");
}

static void test_out_of_memory(void **state)
{
	struct fixture *f = *state;
	unsigned int failed = 0;

	ivrs_begin(&f->table, 0);
	put_ivhd(f, PP_IVHD_40);
	put_hid(f, "AMDI0020", "", 2, "abc", 3);
	put_hid(f, "AMDI0020", "", 1, "\1\0\0\0\0\0\0", 8);
	acpi_end(&f->table);
	acpi_seal(&f->table);
	struct pp_span in = fixture_table(f);
	for (size_t limit = 1;; limit++) {
		struct pp_ivrs v = { .nr_blocks = 4711 };
		struct pp_arena small;

		pp_arena_init(&small, limit);
		int err = pp_ivrs_parse(in, &small, NULL, &v, &f->error);
		pp_arena_fini(&small);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_string_equal(f->error.text, "IVRS: out of memory");
		assert_int_equal(v.nr_blocks, 4711);
		failed++;
	}
	assert_in_range(failed, 100, 1000);
}

static void test_memory_is_bounded(void **state)
{
	struct fixture *f = *state;

	ivrs_begin(&f->table, 0);
	while (f->table.len + 4 <= PP_ACPI_TABLE_MAX_BYTES)
		acpi_put(&f->table, 0x00040051, 4); /* type 51h, flags 0, length 4 */
	assert_int_equal(parsed(f)->nr_blocks, (PP_ACPI_TABLE_MAX_BYTES - FIRST) / 4);
	assert_in_range(f->arena.used_bytes, 1, 40 * PP_ACPI_TABLE_MAX_BYTES);

	const size_t before = f->arena.used_bytes;
	ivrs_begin(&f->table, 0);
	while (f->table.len + 64024 <= PP_ACPI_TABLE_MAX_BYTES) {
		put_ivhd(f, PP_IVHD_10);
		for (unsigned int i = 0; i < 16000; i++)
			ivhd_device(&f->table, PP_IVHD_DEV_SELECT, 0, 0);
		acpi_end(&f->table);
	}
	assert_int_equal(parsed(f)->blocks[15].nr_devices, 16000);
	assert_in_range(f->arena.used_bytes - before, 1, 24 * PP_ACPI_TABLE_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_empty),
		FIXTURE_TEST(test_ivhd_10),
		FIXTURE_TEST(test_ivhd_11),
		FIXTURE_TEST(test_ivhd_40),
		FIXTURE_TEST(test_devices_of_4_bytes),
		FIXTURE_TEST(test_devices_of_8_bytes),
		FIXTURE_TEST(test_acpi_devices),
		FIXTURE_TEST(test_odd_acpi_devices),
		FIXTURE_TEST(test_unknown_devices),
		FIXTURE_TEST(test_odd_ranges),
		FIXTURE_TEST(test_ivmd_all),
		FIXTURE_TEST(test_ivmd_select),
		FIXTURE_TEST(test_ivmd_range),
		FIXTURE_TEST(test_odd_ivmd),
		FIXTURE_TEST(test_odd_blocks),
		FIXTURE_TEST(test_bad_table),
		FIXTURE_TEST(test_bad_block_length),
		FIXTURE_TEST(test_bad_devices),
		FIXTURE_TEST(test_bad_uid_length),
		FIXTURE_TEST(test_out_of_memory),
		FIXTURE_TEST(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
