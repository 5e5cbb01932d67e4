/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines that a search of the log gives are those that hold one of its texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/log-search.h"

static const struct {
	int other;
	const char *text;
} wanted[] = { { 1, "ab" }, { 2, "ba" }, { 3, "cc" } };

#define NR_WANTED (sizeof(wanted) / sizeof(wanted[0]))

/* Each line looked at for each text. */
static bool next_by_lines(struct pp_span *log, struct pp_span *ret)
{
	while (pp_text_line(log, ret))
		for (size_t i = 0; i < NR_WANTED; i++)
			if (pp_span_find(*ret, wanted[i].text))
				return true;
	return false;
}

static void check_each_search(struct pp_span log)
{
	struct pp_log_search search;
	struct pp_span line, expected, rest = log;

	pp_log_search_init(&search, log, &wanted[0].text, sizeof(wanted[0]), NR_WANTED);
	while (next_by_lines(&rest, &expected)) {
		assert_true(pp_log_search_next(&search, &line));
		assert_ptr_equal(line.data, expected.data);
		assert_int_equal(line.len, expected.len);
	}
	assert_false(pp_log_search_next(&search, &line));
	assert_false(pp_log_search_next(&search, &line));
}

/* All texts of up to eight characters of these, among them the two that end a line. */
static void test_all_short(void **state)
{
	static const uint8_t of[] = { 'a', 'b', 'c', '\n', '\0' };
	uint8_t digits[8] = { 0 };

	for (size_t len = 0; len <= sizeof(digits); len++) {
		size_t i;
		memset(digits, 0, sizeof(digits));
		do {
			/* Of its own size, so that a sanitizer sees what reads behind it. */
			uint8_t *text = malloc(len ? len : 1);
			assert_non_null(text);
			for (i = 0; i < len; i++)
				text[i] = of[digits[i]];
			check_each_search(PP_SPAN(text, len));
			free(text);
			for (i = 0; i < len && ++digits[i] == sizeof(of); i++)
				digits[i] = 0;
		} while (i < len);
	}
}

static void test_empty(void **state)
{
	check_each_search(PP_SPAN(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_short),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
