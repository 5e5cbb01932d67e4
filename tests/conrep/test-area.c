/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conrep/area.h"

static int set_up(void **state)
{
	static struct pp_arena arena;

	pp_arena_init(&arena, 0);
	*state = &arena;
	return 0;
}

static int tear_down(void **state)
{
	pp_arena_fini(*state);
	return 0;
}

static void test_unread_absent_and_read_are_three_things(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, *state);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "A", 0, PP_SPAN("ab", 2)), 0);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "B", ENOENT, PP_SPAN(NULL, 0)), 0);
	assert_int_equal(pp_areas_put(&m, PP_CELL_NVRAM, NULL, EACCES, PP_SPAN("x", 1)), 0);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "E", 0, PP_SPAN(NULL, 0)), 0);
	assert_null(pp_areas_find(&m, PP_CELL_EV, "C"));
	assert_null(pp_areas_find(&m, PP_CELL_CMOS, NULL));
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "B")->error, ENOENT);
	const struct pp_area *unread = pp_areas_find(&m, PP_CELL_NVRAM, "ignored");
	assert_int_equal(unread->error, EACCES);
	assert_null(unread->data);
	assert_int_equal(unread->len, 0);
	const struct pp_area *empty = pp_areas_find(&m, PP_CELL_EV, "E");
	assert_int_equal(empty->error, 0);
	assert_int_equal(empty->len, 0);
}

static void test_put_replaces_in_place(void **state)
{
	struct pp_areas m;
	char name[] = "A";
	uint8_t bytes[] = { 1, 2 };

	pp_areas_init(&m, *state);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, name, 0, PP_SPAN(bytes, 2)), 0);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "B", 0, PP_SPAN(bytes, 1)), 0);
	name[0] = 'Z';
	bytes[0] = 9; /* name and bytes are copies */
	const struct pp_area *a = pp_areas_find(&m, PP_CELL_EV, "A");
	assert_int_equal(a->data[0], 1);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "A", 0, PP_SPAN("xyz", 3)), 0);
	assert_int_equal(m.nr_cells, 2);
	assert_ptr_equal(m.cells[0], a);
	assert_int_equal(a->len, 3);
	assert_string_equal(a->name, "A");
}

static void test_a_copy_is_its_own(void **state)
{
	struct pp_areas m, copy;
	char name[16];

	pp_areas_init(&m, *state);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "EV%d", i);
		assert_int_equal(pp_areas_put(&m, PP_CELL_EV, name, 0, PP_SPAN(&i, sizeof(i))), 0);
	}
	assert_int_equal(pp_areas_put(&m, PP_CELL_CMOS, NULL, EIO, PP_SPAN(NULL, 0)), 0);
	assert_int_equal(pp_areas_copy(&m, *state, &copy), 0);
	m.cells[99]->data[0] = 0;
	assert_int_equal(copy.nr_cells, 101);
	assert_string_equal(copy.cells[99]->name, "EV99");
	assert_int_equal(copy.cells[99]->data[0], 99);
	assert_int_equal(copy.cells[100]->error, EIO);
}

static void test_limits(void **state)
{
	struct pp_arena tiny;
	struct pp_areas m, copy;
	char name[16];

	pp_areas_init(&m, *state);
	for (int i = 0; i < PP_MEMORY_MAX_CELLS; i++) {
		snprintf(name, sizeof(name), "EV%d", i);
		assert_int_equal(pp_areas_put(&m, PP_CELL_EV, name, 0, PP_SPAN("", 1)), 0);
	}
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "more", 0, PP_SPAN("", 1)), -E2BIG);
	assert_int_equal(pp_areas_put(&m, PP_CELL_EV, "EV7", 0, PP_SPAN("", 1)), 0);
	assert_int_equal(m.nr_cells, PP_MEMORY_MAX_CELLS);
	pp_arena_init(&tiny, 1024);
	copy.nr_cells = 77;
	assert_int_equal(pp_areas_copy(&m, &tiny, &copy), -ENOMEM);
	assert_int_equal(copy.nr_cells, 77);
	pp_arena_fini(&tiny);
}

static void test_names_for_people(void **state)
{
	char buf[32];

	assert_string_equal(pp_area_name(PP_CELL_EV, "CQHLS1", buf, sizeof(buf)), "EV CQHLS1");
	assert_string_equal(pp_area_name(PP_CELL_NVRAM, NULL, buf, sizeof(buf)), "NVRAM");
	assert_string_equal(pp_area_name(PP_CELL_CMOS, NULL, buf, sizeof(buf)), "CMOS");
	assert_string_equal(pp_area_name(PP_CELL_EV, "CQHLS1", buf, 5), "EV C");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unread_absent_and_read_are_three_things),
		TEST(test_put_replaces_in_place),
		TEST(test_a_copy_is_its_own),
		TEST(test_limits),
		TEST(test_names_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
