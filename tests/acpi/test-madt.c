/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MADT parser on tables built in memory. */
#include "fixture.h"

#include "acpi/madt.h"

static void madt_begin(struct fixture *f)
{
	acpi_begin(&f->table, "APIC", 5);
	acpi_put(&f->table, 0, 8);
}

static void madt_structure(struct fixture *f, uint8_t type, uint8_t length)
{
	acpi_put(&f->table, type, 1);
	acpi_put(&f->table, length, 1);
	for (uint8_t i = 2; i < length; i++)
		acpi_put(&f->table, 0x0f, 1);
}

static int madt_parsed(struct fixture *f, struct pp_madt *ret)
{
	acpi_seal(&f->table);
	return pp_madt_parse(fixture_table(f), &f->notes, ret, &f->error);
}

static void test_structures(void **state)
{
	struct fixture *f = *state;
	struct pp_madt t;

	madt_begin(f);
	madt_structure(f, 0x0b, 80);
	madt_structure(f, PP_MADT_GIC_MSI_FRAME, 24);
	madt_structure(f, PP_MADT_GIC_ITS, 20);
	madt_structure(f, PP_MADT_GIC_ITS, 20);
	madt_structure(f, 0x7f, 2);
	assert_int_equal(madt_parsed(f, &t), 0);
	assert_int_equal(t.nr_structures, 5);
	assert_int_equal(t.nr_msi_frames, 1);
	assert_int_equal(t.nr_its, 2);
}

static void test_empty(void **state)
{
	struct fixture *f = *state;
	struct pp_madt t;

	madt_begin(f);
	assert_int_equal(madt_parsed(f, &t), 0);
	assert_int_equal(t.nr_structures, 0);
}

/* Nothing is told of a table that ends early or goes in circles. */
static void test_broken(void **state)
{
	for (uint8_t length = 0; length < 2; length++) {
		struct fixture *f = *state;
		struct pp_madt t;
		f->table.len = 0;
		madt_begin(f);
		madt_structure(f, PP_MADT_GIC_ITS, 20);
		acpi_put(&f->table, PP_MADT_GIC_ITS, 1);
		acpi_put(&f->table, length, 1);
		assert_int_equal(madt_parsed(f, &t), -EBADMSG);
		assert_non_null(strstr(f->error.text, "APIC+0x40: structure length"));
	}
	for (unsigned int n = 1; n < 20; n++) {
		struct fixture *f = *state;
		struct pp_madt t;
		f->table.len = 0;
		madt_begin(f);
		madt_structure(f, PP_MADT_GIC_ITS, 20);
		f->table.len -= n;
		assert_int_equal(madt_parsed(f, &t), -EBADMSG);
	}
	struct fixture *f = *state;
	struct pp_madt t;
	f->table.len = 0;
	acpi_begin(&f->table, "APIC", 5);
	acpi_put(&f->table, 0, 7);
	assert_int_equal(madt_parsed(f, &t), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_structures, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_empty, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_broken, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
