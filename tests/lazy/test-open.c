/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a library: one that is there, one that is not, one without a function that is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "lazy/library.h"
#include "lazy/open.h"

static double (*lazy_cos)(double x), (*lazy_no_such_function)(double x);

static const struct lazy_symbol symbols[] = { PP_LAZY_SYMBOL(cos)
	                                              PP_LAZY_SYMBOL(no_such_function) };

static struct lazy_library library_new(const char *soname, size_t nr_symbols)
{
	lazy_cos = lazy_no_such_function = NULL;
	return (struct lazy_library){ .soname = soname,
		                      .project = "a-project",
		                      .symbols = symbols,
		                      .nr_symbols = nr_symbols,
		                      .mutex = PTHREAD_MUTEX_INITIALIZER };
}

static void test_open(void **state)
{
	struct lazy_library library = library_new("libm.so.6", 1);

	for (int i = 0; i < 2; i++)
		assert_int_equal(lazy_open(&library, NULL), 0);
	assert_true(lazy_cos(0.0) == 1.0);
}

static void test_absent(void **state)
{
	struct lazy_library library = library_new("libpcipass-has-no-such.so.9", 1);
	struct pp_error e = { 0 };

	for (int i = 0; i < 2; i++)
		assert_int_equal(lazy_open(&library, &e), -ELIBACC);
	assert_non_null(strstr(e.text, "libpcipass-has-no-such.so.9 cannot be loaded; install "
	                               "a-project: "));
	assert_null(lazy_cos);
}

/* A release that has only the library's next version. */
static void test_next(void **state)
{
	struct lazy_library library = library_new("libpcipass-has-no-such.so.9", 1);
	struct pp_error e = { 0 };

	library.next_soname = "libm.so.6";
	for (int i = 0; i < 2; i++)
		assert_int_equal(lazy_open(&library, &e), 0);
	assert_int_equal(e.code, 0);
	assert_true(lazy_cos(0.0) == 1.0);
}

/* What is missing is told of the one that the program was built with. */
static void test_no_next(void **state)
{
	static const char *const next[] = { "libpcipass-has-no-such.so.10", "libm.so.6" };

	for (size_t i = 0; i < 2; i++) {
		struct lazy_library library = library_new("libpcipass-has-no-such.so.9", 2);
		struct pp_error e = { 0 };

		library.next_soname = next[i];
		assert_int_equal(lazy_open(&library, &e), -ELIBACC);
		assert_non_null(strstr(e.text, "libpcipass-has-no-such.so.9 cannot be loaded"));
		assert_null(strstr(e.text, next[i]));
		assert_null(lazy_cos);
	}
}

/* Not even the functions that it has: half a library would fail later, in the middle of a file. */
static void test_other_version(void **state)
{
	struct lazy_library library = library_new("libm.so.6", 2);
	struct pp_error e = { 0 };

	assert_int_equal(lazy_open(&library, &e), -ELIBACC);
	assert_string_equal(e.text, "libm.so.6 has no function no_such_function: another version "
	                            "of it is needed");
	assert_null(lazy_cos);
}

static void test_what_is_used(void **state)
{
	struct pp_error e = { 0 };

	assert_int_equal(pp_lazy_archive(&e), 0);
	assert_int_equal(pp_lazy_xml(&e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),          cmocka_unit_test(test_absent),
		cmocka_unit_test(test_next),          cmocka_unit_test(test_no_next),
		cmocka_unit_test(test_other_version), cmocka_unit_test(test_what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
