/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets a person run some of a program's tests: linked into every test that uses cmocka, it passes
 * the pattern of CMOCKA_TEST_FILTER on before main() begins. "*" and "?" are cmocka's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void filter_from_environment(void)
{
	const char *pattern = getenv("CMOCKA_TEST_FILTER");

	if (pattern && *pattern)
		cmocka_set_test_filter(pattern);
}
