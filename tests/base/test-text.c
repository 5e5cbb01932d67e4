/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cleaning of text, lines and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/text.h"

#define SPAN(s) PP_SPAN((s), sizeof(s) - 1)

static void clean_keeps_printable_ascii(void **state)
{
	const struct {
		struct pp_span in;
		const char *out;
	} cases[] = {
		{ SPAN("ProLiant DL380p Gen8"), "ProLiant DL380p Gen8" },
		{ SPAN(" \t\r\npadded  \n"), "padded" },
		{ SPAN("in\tthe\nmiddle"), "in?the?middle" },
		{ SPAN("\x1b[31mred\x1b[0m"), "?[31mred?[0m" },
		{ SPAN("\x7f\x80\x9b\xff"), "????" },
		{ SPAN("\xc3\xa4"), "??" },
		{ SPAN("ends\0here"), "ends" },
		{ SPAN(" \0x"), "" },
		{ SPAN("   "), "" },
		{ { NULL, 0 }, "" },
	};
	struct pp_arena a;

	pp_arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(pp_text_clean(&a, cases[i].in.data, cases[i].in.len),
		                    cases[i].out);
	pp_arena_fini(&a);
}

static void clean_into_cuts(void **state)
{
	char buf[4];

	pp_text_clean_into(buf, sizeof(buf), "  abcdef", 8);
	assert_string_equal(buf, "abc");
	pp_text_clean_into(buf, 1, "abc", 3);
	assert_string_equal(buf, "");
}

static void clean_in_place_keeps_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain ~", "plain ~" },
		{ "a\nb\tc\rd\x1b"
		  "e\x7f",
		  "a b c?d?e?" },
		{ "\xc2\xa0\xc3\xa4\xe2\x80\x93\xf0\x9f\x98\x80",
		  "\xc2\xa0\xc3\xa4\xe2\x80\x93\xf0\x9f\x98\x80" },
		/* C1 controls, as characters and as bytes */
		{ "\xc2\x9b"
		  "31m \x9b",
		  "??31m ?" },
		/* overlong, surrogate, beyond the last plane, a lead byte that does not exist */
		{ "\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "?? ??? ????" },
		{ "\xed\xa0\x80 \xf4\x90\x80\x80 \xf5\x80\x80\x80", "??? ???? ????" },
		/* cut at the end, or by another character */
		{ "\xe2\x80", "??" },
		{ "\xf0\x9f\x98", "???" },
		{ "\xc3(", "?(" },
		/* bidirectional overrides, isolates and marks; line separators */
		{ "\xe2\x80\xaa\xe2\x80\xae", "??????" },
		{ "\xe2\x81\xa6\xe2\x81\xa9", "??????" },
		{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "????????" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "??????" },
		/* their neighbours stay */
		{ "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\xd8\x9b",
		  "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\xd8\x9b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[64];
		strcpy(buf, cases[i].in);
		pp_text_clean_in_place(buf);
		assert_string_equal(buf, cases[i].out);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, hex, dec; /* UNTOUCHED: refused */
	} cases[] = {
#define UNTOUCHED 0xfeedfacecafebeef
		{ "0", 0, 0, 0 },
		{ "10", UINT64_MAX, 0x10, 10 },
		{ " 10\n", UINT64_MAX, 0x10, 10 },
		{ "0x10", UINT64_MAX, 0x10, UNTOUCHED },
		{ "0X1f", UINT64_MAX, 0x1f, UNTOUCHED },
		{ "fF", 0xff, 0xff, UNTOUCHED },
		{ "100", 0xff, UNTOUCHED, 100 },
		{ "256", 0xff, UNTOUCHED, UNTOUCHED },
		{ "ffffffffffffffff", UINT64_MAX, UINT64_MAX, UNTOUCHED },
		{ "10000000000000000", UINT64_MAX, UNTOUCHED, 10000000000000000 },
		{ "18446744073709551615", UINT64_MAX, UNTOUCHED, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "00000000000000000000000001", UINT64_MAX, 1, 1 },
		{ "", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ " ", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "0x", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "-1", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "+1", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "1 2", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "1x", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "g", UINT64_MAX, UNTOUCHED, UNTOUCHED },
		{ "1.5", UINT64_MAX, UNTOUCHED, UNTOUCHED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v = UNTOUCHED;
		bool ok = pp_parse_hex(cases[i].text, cases[i].max, &v);
		assert_true(v == cases[i].hex && ok == (cases[i].hex != UNTOUCHED));
		v = UNTOUCHED;
		ok = pp_parse_dec(cases[i].text, cases[i].max, &v);
		assert_true(v == cases[i].dec && ok == (cases[i].dec != UNTOUCHED));
	}
}

static void lines(void **state)
{
	struct pp_span rest = SPAN("one\n\ntwo\0three"), line;
	static const char *const want[] = { "one", "", "two", "three" };

	for (size_t i = 0; i < 4; i++) {
		assert_true(pp_text_line(&rest, &line));
		assert_true(pp_span_is(line, want[i]));
	}
	assert_false(pp_text_line(&rest, &line));
	/* a newline at the end begins no line, and nothing is none */
	rest = SPAN("x\n");
	assert_true(pp_text_line(&rest, &line));
	assert_false(pp_text_line(&rest, &line));
	rest = PP_SPAN(NULL, 0);
	assert_false(pp_text_line(&rest, &line));
}

static void words(void **state)
{
	struct pp_span rest = SPAN(" \tone  two\0three\r\n "), word;
	static const char *const want[] = { "one", "two", "three" };

	for (size_t i = 0; i < 3; i++) {
		assert_true(pp_text_word(&rest, &word));
		assert_true(pp_span_is(word, want[i]));
	}
	assert_false(pp_text_word(&rest, &word));
	assert_int_equal(rest.len, 0);
}

static void spans(void **state)
{
	struct pp_span none = { NULL, 0 }, s = SPAN("direct-relaxable");

	assert_true(pp_span_is(none, ""));
	assert_false(pp_span_is(none, "x"));
	assert_true(pp_span_starts(none, ""));
	assert_false(pp_span_starts(none, "x"));
	assert_null(pp_span_find(none, "x"));
	assert_false(pp_span_is(s, "direct"));
	assert_true(pp_span_starts(s, "direct"));
	assert_true(pp_span_is(PP_SPAN(s.data, 6), "direct"));
	assert_ptr_equal(pp_span_find(s, "relax"), s.data + 7);
	assert_null(pp_span_find(s, "relaxed"));
	/* not behind the end */
	assert_null(pp_span_find(PP_SPAN(s.data, 10), "relaxable"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_keeps_printable_ascii),
		cmocka_unit_test(clean_into_cuts),
		cmocka_unit_test(clean_in_place_keeps_utf8),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lines),
		cmocka_unit_test(words),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
