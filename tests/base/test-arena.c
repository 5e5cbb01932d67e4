/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arenas: alignment, limit, and what a failure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

static int setup(void **state)
{
	static struct pp_arena a;

	pp_arena_init(&a, 0);
	*state = &a;
	return 0;
}

static int teardown(void **state)
{
	pp_arena_fini(*state);
	return 0;
}

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
	unsigned char *pieces[300];

	for (size_t i = 0; i < 300; i++) {
		pieces[i] = pp_arena_alloc(*state, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_equal(pieces[i][k], 0);
		memset(pieces[i], (int)i, i);
	}
	for (size_t i = 0; i < 300; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_equal(pieces[i][k], (unsigned char)i);
}

static void test_larger_than_a_chunk(void **state)
{
	unsigned char *large = pp_arena_alloc(*state, 1000000);
	unsigned char *small = pp_arena_alloc(*state, 10);

	assert_non_null(large);
	assert_non_null(small);
	memset(large, 0xff, 1000000);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(small[i], 0);
}

static void test_limit(void **state)
{
	struct pp_arena a;

	pp_arena_init(&a, 1024);
	assert_null(pp_arena_alloc(&a, 1025));
	assert_int_equal(a.used_bytes, 0);
	assert_non_null(pp_arena_alloc(&a, 512));
	assert_null(pp_arena_alloc(&a, 513));
	assert_non_null(pp_arena_alloc(&a, 512));
	assert_null(pp_arena_alloc(&a, 1));
	pp_arena_fini(&a);
}

static void test_limit_of_all_memory(void **state)
{
	struct pp_arena a;

	pp_arena_init(&a, SIZE_MAX);
	assert_null(pp_arena_alloc(&a, SIZE_MAX));
	assert_null(pp_arena_alloc(&a, SIZE_MAX - 3));
	assert_null(pp_arena_alloc(&a, SIZE_MAX - 40));
	pp_arena_fini(&a);
}

static void test_products_that_overflow(void **state)
{
	assert_null(pp_arena_array(*state, SIZE_MAX / 2 + 1, 2));
	assert_null(pp_arena_array(*state, SIZE_MAX, SIZE_MAX));
	assert_null(pp_arena_strndup(*state, "x", SIZE_MAX));
	assert_non_null(pp_arena_array(*state, 0, SIZE_MAX));
	assert_non_null(pp_arena_array(*state, SIZE_MAX, 0));
	assert_non_null(PP_ARENA_ARRAY((struct pp_arena *)*state, 3, uint64_t));
}

static void test_texts(void **state)
{
	assert_string_equal(pp_arena_strndup(*state, NULL, 0), "");
	char *s = pp_arena_strndup(*state, "slot2", 4);

	assert_string_equal(s, "slot");
	assert_string_equal(pp_arena_strdup(*state, ""), "");
	assert_string_equal(pp_arena_printf(*state, "%s %04x:%u", "a", 0x1a, 7u), "a 001a:7");
	s = pp_arena_printf(*state, "%*d", 70000, 1);
	assert_non_null(s);
	assert_int_equal(strlen(s), 70000);
}

static void test_used_again(void **state)
{
	struct pp_arena *a = *state;

	assert_non_null(pp_arena_alloc(a, 100));
	pp_arena_fini(a);
	assert_int_equal(a->used_bytes, 0);
	assert_non_null(pp_arena_alloc(a, 100));
}

static size_t touched, touches;

static void touch(void *memory, size_t len)
{
	touched += len;
	touches++;
	/* All of it is the arena's, and what stands in it does not matter yet. */
	memset(memory, 0xa5, len);
}

static void test_new_memory_is_told(void **state)
{
	struct pp_arena *a = *state;
	size_t used = 0;

	a->touch = touch;
	touched = touches = 0;
	for (size_t i = 0; i < 10000; i++, used += 100) {
		const unsigned char *piece = pp_arena_alloc(a, 100);
		assert_non_null(piece);
		assert_int_equal(piece[0] | piece[99], 0);
	}
	assert_true(touches && touched >= used);
	/* A large object may be filled in part only. */
	size_t before = touches;
	assert_non_null(pp_arena_alloc(a, 1024 * 1024));
	assert_int_equal(touches, before);
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_new_memory_is_told),
		ARENA_TEST(test_pieces_are_zeroed_aligned_and_apart),
		ARENA_TEST(test_larger_than_a_chunk),
		ARENA_TEST(test_limit),
		ARENA_TEST(test_limit_of_all_memory),
		ARENA_TEST(test_products_that_overflow),
		ARENA_TEST(test_texts),
		ARENA_TEST(test_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
