/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of ACPI tables. */
#include "fixture.h"

#include "acpi/table.h"

static void test_header(void **state)
{
	struct fixture *f = *state;
	struct pp_acpi_header h;
	struct pp_cursor body;

	acpi_begin(&f->table, "ABCD", 7);
	acpi_put(&f->table, 0x5a, 1);
	acpi_seal(&f->table);
	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), "ABCD", &f->notes, &h, &body, &f->error), 0);
	assert_string_equal(h.signature, "ABCD");
	assert_int_equal(h.length, 37);
	assert_int_equal(h.revision, 7);
	assert_int_equal(h.checksum, f->table.data[9]);
	assert_true(h.checksum_ok);
	assert_string_equal(h.oem_id, "OEMID");
	assert_string_equal(h.oem_table_id, "OEMTABLE");
	assert_int_equal(h.oem_revision, 0x11223344);
	assert_string_equal(h.creator_id, "CRID");
	assert_int_equal(h.creator_revision, 0x55667788);
	assert_int_equal(pp_cursor_offset(&body), 36);
	assert_int_equal(pp_cursor_left(&body), 1);
	assert_int_equal(pp_cursor_u8(&body), 0x5a);
	assert_int_equal(f->notes.count, 0);
}

static void test_text_is_cleaned(void **state)
{
	struct fixture *f = *state;
	struct pp_acpi_header h;
	struct pp_cursor body;

	acpi_begin(&f->table, "ABCD", 1);
	acpi_poke(&f->table, 10, 0x1b, 1);
	acpi_seal(&f->table);
	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), NULL, &f->notes, &h, &body, &f->error), 0);
	assert_string_equal(h.oem_id, "?EMID");
}

static void test_wrong_checksum_is_noted(void **state)
{
	struct fixture *f = *state;
	struct pp_acpi_header h;
	struct pp_cursor body;

	acpi_begin(&f->table, "ABCD", 1);
	acpi_seal(&f->table);
	acpi_poke(&f->table, 9, 0xab, 1);
	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), NULL, &f->notes, &h, &body, &f->error), 0);
	assert_false(h.checksum_ok);
	assert_int_equal(f->notes.count, 1);
	fixture_assert_note(f, 9, "checksum 0xab is wrong");
}

static void test_bytes_behind_are_noted(void **state)
{
	struct fixture *f = *state;
	struct pp_acpi_header h;
	struct pp_cursor body;

	acpi_begin(&f->table, "ABCD", 1);
	acpi_seal(&f->table);
	acpi_put(&f->table, 0x123456, 3);
	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), NULL, &f->notes, &h, &body, &f->error), 0);
	assert_true(h.checksum_ok);
	assert_int_equal(pp_cursor_left(&body), 0);
	assert_int_equal(f->notes.count, 1);
	fixture_assert_note(f, 36, "3 bytes behind the end of the table");
}

static void table_fails(struct fixture *f, int code, const char *text)
{
	struct pp_acpi_header h = { .length = 4711 };
	struct pp_cursor body = { .pos = 4711 };

	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), "ABCD", &f->notes, &h, &body, &f->error),
		-code);
	assert_string_equal(f->error.text, text);
	assert_int_equal(f->error.code, code);
	assert_int_equal(h.length, 4711);
	assert_int_equal(body.pos, 4711);
}

static void test_unusable(void **state)
{
	struct fixture *f = *state;

	table_fails(f, EBADMSG, "ABCD: 0 bytes, an ACPI table header needs 36");
	acpi_begin(&f->table, "ABCD", 1);
	acpi_seal(&f->table);
	f->table.len = 35;
	table_fails(f, EBADMSG, "ABCD: 35 bytes, an ACPI table header needs 36");
	f->table.len = 36;
	acpi_poke(&f->table, 4, 35, 4);
	table_fails(f, EBADMSG, "ABCD+0x4: table length 35, need at least 36");
	acpi_poke(&f->table, 4, 37, 4);
	table_fails(f, EBADMSG, "ABCD+0x4: table length 37, but only 36 bytes are there");
	acpi_poke(&f->table, 0, 'X', 1);
	table_fails(f, EBADMSG, "ABCD+0x0: signature 'XBCD', need 'ABCD'");
}

static void test_too_long(void **state)
{
	struct fixture *f = *state;
	struct pp_acpi_header h;
	struct pp_cursor body;

	acpi_begin(&f->table, "ABCD", 1);
	acpi_put(&f->table, 0, PP_ACPI_TABLE_MAX_BYTES - 36);
	acpi_seal(&f->table);
	assert_int_equal(
		pp_acpi_table_open(fixture_table(f), NULL, &f->notes, &h, &body, &f->error), 0);
	acpi_put(&f->table, 0, 1);
	acpi_seal(&f->table);
	table_fails(f, E2BIG, "ABCD+0x4: table length 1048577, at most 1048576 are read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_header),
		FIXTURE_TEST(test_text_is_cleaned),
		FIXTURE_TEST(test_wrong_checksum_is_noted),
		FIXTURE_TEST(test_bytes_behind_are_noted),
		FIXTURE_TEST(test_unusable),
		FIXTURE_TEST(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
