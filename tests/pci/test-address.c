/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI addresses as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pci/address.h"

static void test_good_addresses(void **state)
{
	static const struct {
		const char *in, *full, *brief;
	} rows[] = {
		{ "0000:07:00.0", "0000:07:00.0", "07:00.0" },
		{ "07:00.0", "0000:07:00.0", "07:00.0" },
		{ "7:0.0", "0000:07:00.0", "07:00.0" },
		{ "0001:fF:1F.7", "0001:ff:1f.7", "0001:ff:1f.7" },
		{ "10000:e1:00.0", "10000:e1:00.0", "10000:e1:00.0" }, /* VMD */
		{ "ffffffff:00:00.0", "ffffffff:00:00.0", "ffffffff:00:00.0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_address a;
		char text[PP_ADDRESS_TEXT_BYTES];
		assert_true(pp_address_parse(rows[i].in, &a));
		pp_address_format(a, text);
		assert_string_equal(text, rows[i].full);
		pp_address_format_short(a, text);
		assert_string_equal(text, rows[i].brief);
	}
}

static void test_bad_addresses(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		"07",
		"07:00",
		"07:00.",
		"07:00.8",
		"07:00.f",
		"07:20.0",
		"100:00.0",
		"0000:100:00.0",
		"07:00.0 ",
		" 07:00.0",
		"07:00.00",
		"0000:07:00.0x",
		"0x07:00.0",
		"-7:00.0",
		"g7:00.0",
		"07.00.0",
		"07:00:0",
		"00000:07:00:00.0",
		"07:000.0",
		":07:00.0",
		"0000::00.0",
		"0000:07:.0",
		"123456789:07:00.0",
		"+7:00.0",
		"07:00.-1",
		"0000:07:00.0\n",
		"slot2",
	};
	const struct pp_address before = { 1, 2, 3, 4 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_address a = before;
		if (pp_address_parse(rows[i], &a))
			fail_msg("\"%s\" was taken", rows[i]);
		assert_true(pp_address_equal(a, before));
	}
}

static void test_every_bdf_comes_back(void **state)
{
	for (uint32_t bdf = 0; bdf < 0x10000; bdf++) {
		struct pp_address a = { 0x12, (uint8_t)(bdf >> 8), bdf >> 3 & 0x1f, bdf & 7 };
		struct pp_address b;
		char text[PP_ADDRESS_TEXT_BYTES];
		pp_address_format(a, text);
		assert_true(pp_address_parse(text, &b));
		assert_true(pp_address_equal(a, b));
	}
}

static void test_order_is_that_of_the_bus(void **state)
{
	static const struct pp_address rising[] = {
		{ 0, 0, 0, 0 },    { 0, 0, 0, 7 },       { 0, 0, 1, 0 },       { 0, 0, 0x1f, 7 },
		{ 0, 1, 0, 0 },    { 0, 0xff, 0x1f, 7 }, { 1, 0, 0, 0 },       { 0xffff, 1, 2, 3 },
		{ 0x10000, 0, 0 }, { 0x80000000, 0, 0 }, { 0xffffffff, 0, 0 },
	};
	const size_t n = sizeof(rising) / sizeof(rising[0]);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			int order = pp_address_compare(rising[i], rising[k]);
			assert_int_equal(order, i < k ? -1 : i > k);
			assert_int_equal(pp_address_equal(rising[i], rising[k]), i == k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_addresses),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_every_bdf_comes_back),
		cmocka_unit_test(test_order_is_that_of_the_bus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
