/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VIOT parser on tables built in memory. */
#include <stdio.h>

#include "fixture.h"

#include "acpi/viot.h"

/* Where the first node of a table begins, and what one is long. */
#define FIRST 48
#define IOMMU 16
#define RANGE 24

static const struct pp_viot *parsed(struct fixture *f)
{
	static struct pp_viot t;

	acpi_seal(&f->table);
	int err = pp_viot_parse(fixture_table(f), &f->arena, &f->notes, &t, &f->error);
	if (err)
		print_message("%s\n", f->error.text);
	assert_int_equal(err, 0);
	return &t;
}

static void refused(struct fixture *f, const char *text)
{
	static const struct pp_viot untouched = { .nr_nodes = 77 };
	struct pp_viot t = untouched;

	acpi_seal(&f->table);
	assert_int_equal(pp_viot_parse(fixture_table(f), &f->arena, &f->notes, &t, &f->error),
	                 -EBADMSG);
	assert_string_equal(f->error.text, text);
	assert_int_equal(t.nr_nodes, untouched.nr_nodes);
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 0);
	const struct pp_viot *t = parsed(f);
	assert_string_equal(t->header.signature, "VIOT");
	assert_int_equal(t->nr_nodes, 0);
	assert_null(pp_viot_find_range(t, 0, 0));
	assert_int_equal(f->notes.count, 0);
}

/* What QEMU makes for a virtio-iommu at 00:01.0 of a machine whose root bus has 0 to 2 below it. */
static void test_qemu(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 2);
	viot_iommu_pci(&f->table, 0, 0x0008);
	viot_range(&f->table, 0, 0, 0x02ff, FIRST);
	const struct pp_viot *t = parsed(f);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(f->notes.count, 0);
	assert_true(pp_viot_is_iommu(&t->nodes[0]));
	assert_int_equal(t->nodes[0].requester_first, 0x0008);
	assert_int_equal(t->nodes[0].requester_last_incl, 0x0008);
	assert_false(pp_viot_is_iommu(&t->nodes[1]));
	assert_ptr_equal(t->nodes[1].output, &t->nodes[0]);
	assert_int_equal(t->nodes[1].offset, FIRST + IOMMU);
	assert_int_equal(t->nodes[1].length, RANGE);
	assert_ptr_equal(pp_viot_find_range(t, 0, 0), &t->nodes[1]);
	assert_ptr_equal(pp_viot_find_range(t, 0, 0x02ff), &t->nodes[1]);
	assert_null(pp_viot_find_range(t, 0, 0x0300));
	assert_null(pp_viot_find_range(t, 1, 0));
}

static void test_other_types(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 4);
	viot_node(&f->table, PP_VIOT_IOMMU_MMIO, 16);
	acpi_put(&f->table, 0, 4);
	acpi_put(&f->table, 0x1122334455667788, 8);
	viot_node(&f->table, PP_VIOT_MMIO_ENDPOINT, 24);
	acpi_put(&f->table, 0x89abcdef, 4);
	acpi_put(&f->table, 0x8877665544332211, 8);
	acpi_put(&f->table, FIRST, 2);
	acpi_put(&f->table, 0, 6);
	viot_node(&f->table, 9, 4);
	viot_range(&f->table, 3, 0x10, 0x1f, FIRST);
	const struct pp_viot *t = parsed(f);
	assert_true(t->nodes[0].base == 0x1122334455667788);
	assert_true(t->nodes[1].base == 0x8877665544332211);
	assert_int_equal(t->nodes[1].endpoint, 0x89abcdef);
	assert_ptr_equal(t->nodes[1].output, &t->nodes[0]);
	assert_ptr_equal(pp_viot_find_range(t, 3, 0x10), &t->nodes[3]);
	fixture_assert_note(f, FIRST + IOMMU + RANGE, "node of unknown type 9");
	assert_int_equal(f->notes.count, 1);
}

/* The kernel puts each range before those that it has: drivers/acpi/viot.c, list_add(). */
static void test_the_last_range_counts(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 3);
	viot_iommu_pci(&f->table, 0, 8);
	viot_range(&f->table, 0, 0, 0xffff, FIRST);
	viot_range(&f->table, 0, 0x100, 0x1ff, FIRST);
	const struct pp_viot *t = parsed(f);
	assert_ptr_equal(pp_viot_find_range(t, 0, 0x100), &t->nodes[2]);
	assert_ptr_equal(pp_viot_find_range(t, 0, 0x200), &t->nodes[1]);
}

static void test_odd(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 9);
	viot_iommu_pci(&f->table, 0, 8);
	viot_range(&f->table, 0, 2, 1, FIRST);
	/* Into a node, to a node that is no IOMMU, and behind the table. */
	viot_range(&f->table, 0, 0, 1, FIRST + 4);
	viot_range(&f->table, 0, 0, 1, FIRST + IOMMU);
	viot_range(&f->table, 0, 0, 1, 0xffff);
	const struct pp_viot *t = parsed(f);
	assert_int_equal(t->nr_nodes, 5);
	assert_null(pp_viot_find_range(t, 0, 0));
	assert_null(pp_viot_find_range(t, 0, 1));
	fixture_assert_note(f, 36, "9 nodes are said to be there, but only 5 are");
	fixture_assert_note(f, FIRST + IOMMU, "PCI range ends before it begins");
	for (size_t i = 1; i < 4; i++)
		assert_null(t->nodes[1 + i].output);
	fixture_assert_note(f, FIRST + IOMMU + RANGE,
	                    "PCI range of the IOMMU at 0x34, where none begins, is skipped");
	assert_int_equal(f->notes.count, 5);
}

static void test_bytes_behind(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 1);
	viot_iommu_pci(&f->table, 0, 8);
	acpi_put(&f->table, 0, 3);
	assert_int_equal(parsed(f)->nr_nodes, 1);
	fixture_assert_note(f, FIRST + IOMMU, "3 bytes behind the last node");
}

static void test_bad_table(void **state)
{
	struct fixture *f = *state;

	acpi_begin(&f->table, "VIOT", 0);
	acpi_put(&f->table, 0, 11);
	refused(f, "VIOT+0x4: table length 47, need at least 48");
	viot_begin(&f->table, 1);
	acpi_poke(&f->table, 38, 47, 2);
	viot_iommu_pci(&f->table, 0, 8);
	refused(f, "VIOT+0x26: nodes at 0x2f, need 0x30 to 0x40");
	acpi_poke(&f->table, 38, 65, 2);
	refused(f, "VIOT+0x26: nodes at 0x41, need 0x30 to 0x40");
}

static void test_bad_nodes(void **state)
{
	struct fixture *f = *state;

	viot_begin(&f->table, 1);
	viot_node(&f->table, 9, 3);
	refused(f, "VIOT+0x32: length 3 of a node of type 9, need at least 4");
	viot_begin(&f->table, 1);
	viot_node(&f->table, PP_VIOT_PCI_RANGE, 23);
	acpi_put(&f->table, 0, 19);
	refused(f, "VIOT+0x32: length 23 of a node of type 1, need at least 24");
	viot_begin(&f->table, 1);
	viot_node(&f->table, PP_VIOT_IOMMU_MMIO, 17);
	acpi_put(&f->table, 0, 12);
	refused(f, "VIOT+0x32: length 17 of a node of type 4, but only 16 bytes are left");
	viot_begin(&f->table, 1);
	acpi_put(&f->table, 1, 3);
	refused(f, "VIOT+0x32: need 2 bytes, found 1");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(pp_viot_type_name(PP_VIOT_PCI_RANGE), "PCI range");
	assert_string_equal(pp_viot_type_name(PP_VIOT_IOMMU_MMIO), "virtio-iommu (MMIO)");
	assert_null(pp_viot_type_name(0));
	assert_null(pp_viot_type_name(5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_empty),       FIXTURE_TEST(test_qemu),
		FIXTURE_TEST(test_other_types), FIXTURE_TEST(test_the_last_range_counts),
		FIXTURE_TEST(test_odd),         FIXTURE_TEST(test_bytes_behind),
		FIXTURE_TEST(test_bad_table),   FIXTURE_TEST(test_bad_nodes),
		FIXTURE_TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
