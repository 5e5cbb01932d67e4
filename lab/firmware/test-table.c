/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that the firmware builds, on the build machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "table.h"

#define ROOM 4096

static uint8_t old[256], new[ROOM];
static uint32_t old_bytes;
static struct lab_board board;

static void add_structure(uint8_t type, uint8_t bytes)
{
	old[old_bytes] = type;
	old[old_bytes + 2] = bytes;
	memset(old + old_bytes + 4, 0x50 + type, bytes - 4);
	old_bytes += bytes;
}

static void seal_old(void)
{
	old[4] = old_bytes;
	lab_seal(old, old_bytes);
}

/* A unit, a region and an ATSR; a board of two slots, the second with two endpoints. */
static int setup(void **state)
{
	memset(old, 0, sizeof(old));
	memcpy(old, "DMAR", 4);
	old_bytes = 48;
	add_structure(0, 24);
	add_structure(1, 24);
	add_structure(2, 8);
	seal_old();
	board = (struct lab_board){
		.nr_slots = 2,
		.nr_endpoints = 3,
		.slots = { { 0, 2, 1 }, { 1, 3, 2 } },
		.endpoints = { { 0, 0, 2, { { 2, 0 }, { 0, 0 } } },
		               { 0x80, 1, 1, { { 3, 0 } } },
		               { 0x80, 1, 2, { { 3, 1 }, { 0, 5 } } } },
	};
	return 0;
}

static uint32_t extend(const struct lab_region *regions, unsigned int nr, uint32_t room)
{
	const char *why = NULL;
	uint32_t bytes = lab_dmar_extend(old, old_bytes, &board, regions, nr, room, new, &why);

	assert_true(bytes ? !why : why && *why);
	return bytes;
}

static void test_bytes(void **state)
{
	const struct lab_region regions[] = { { 0, 0x7e000000, 0x7e003fff },
		                              { 1, 0x7e004000, 0x7e007fff } };
	static const uint8_t want[] = {
		1,    0,    34,   0,    0,  0,    0, 0,    0, 0,  0, 0x7e, 0, 0,    0, 0,
		0xff, 0x3f, 0,    0x7e, 0,  0,    0, 0,    1, 10, 0, 0,    0, 0,    2, 0,
		0,    0,    1,    0,    42, 0,    0, 0,    1, 0,  0, 0x40, 0, 0x7e, 0, 0,
		0,    0,    0xff, 0x7f, 0,  0x7e, 0, 0,    0, 0,  1, 8,    0, 0,    0, 0x80,
		3,    0,    1,    10,   0,  0,    0, 0x80, 3, 1,  0, 5,
	};
	uint32_t bytes = extend(regions, 2, ROOM);

	assert_int_equal(bytes, old_bytes + sizeof(want));
	assert_int_equal(new[4] | new[5] << 8, bytes);
	assert_true(lab_sums_to_zero(new, bytes));
	assert_memory_equal(new + 96, want, sizeof(want));
	assert_memory_equal(new + 48, old + 48, 48);
	assert_memory_equal(new + 96 + sizeof(want), old + 96, 8);
}

static void test_nothing_behind(void **state)
{
	const struct lab_region region = { 0, 0x1000, 0x1fff };

	old_bytes -= 8;
	seal_old();
	assert_int_equal(extend(&region, 1, ROOM), old_bytes + 34);
	assert_int_equal(new[old_bytes], 1);
}

static void test_no_room(void **state)
{
	const struct lab_region region = { 0, 0x1000, 0x1fff };

	for (uint32_t room = 0; room < old_bytes + 34; room++)
		assert_int_equal(extend(&region, 1, room), 0);
	assert_int_equal(extend(&region, 1, old_bytes + 34), old_bytes + 34);
}

static void test_bad_old_table(void **state)
{
	old[20]++;
	assert_int_equal(extend(NULL, 0, ROOM), 0);
	old[20]--;
	old[4]++;
	lab_seal(old, old_bytes);
	assert_int_equal(extend(NULL, 0, ROOM), 0);
	seal_old();
	static const uint8_t lengths[] = { 0, 3, 25, 255 };
	for (unsigned int i = 0; i < sizeof(lengths); i++) {
		old[50] = lengths[i];
		seal_old();
		assert_int_equal(extend(NULL, 0, ROOM), 0);
	}
	old[50] = 24;
	seal_old();
	assert_int_equal(extend(NULL, 0, ROOM), old_bytes);
	old_bytes = 47;
	seal_old();
	assert_int_equal(extend(NULL, 0, ROOM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bytes, setup),
		cmocka_unit_test_setup(test_nothing_behind, setup),
		cmocka_unit_test_setup(test_no_room, setup),
		cmocka_unit_test_setup(test_bad_old_table, setup),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
