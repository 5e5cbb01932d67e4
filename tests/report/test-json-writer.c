/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer of JSON, side by side with jansson: the same bytes, whatever the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/json-writer.h"

static struct pp_json_writer writer_begin(struct pp_buffer *b, bool plain)
{
	pp_buffer_init(b, 1 << 20);
	return (struct pp_json_writer){ .buffer = b, .plain = plain };
}

/* What jansson refuses, the writer replaces: what comes out can be read in any case. */
static void check_text(const char *text)
{
	struct pp_buffer b;
	struct pp_json_writer w = writer_begin(&b, false);
	json_t *wanted = json_string(text);
	json_error_t error;

	pp_json_put_text(&w, text);
	json_t *read = json_loads(b.data, JSON_DECODE_ANY, &error);
	assert_non_null(read);
	if (wanted) {
		char *dumped = json_dumps(wanted, JSON_ENCODE_ANY);
		assert_string_equal(b.data, dumped);
		free(dumped);
	} else {
		assert_non_null(strstr(json_string_value(read), "\xef\xbf\xbd"));
	}
	json_decref(read);
	json_decref(wanted);
	pp_buffer_fini(&b);
}

static void test_texts_as_jansson_writes_them(void **state)
{
	check_text("");
	check_text("PCI-E Slot 2 \"x\" \\ / \b\f\n\r\t \x01\x1f\x7f …");
	for (unsigned int i = 1; i < 0x10000; i++) {
		const char text[] = { 'a', (char)(i >> 8 ? i >> 8 : i), (char)(i >> 8 ? i : 'b'),
			              0 };
		check_text(text);
	}
}

/* Around every limit of RFC 3629, with the text cut behind each byte. */
static void test_long_characters(void **state)
{
	static const uint8_t firsts[] = { 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
		                          0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
	static const uint8_t nexts[] = {
		0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0
	};
	const size_t n = sizeof(nexts);

	for (size_t f = 0; f < sizeof(firsts); f++)
		for (size_t i = 0; i < n * n * n; i++) {
			const char text[] = { (char)firsts[f],
				              (char)nexts[i % n],
				              (char)nexts[i / n % n],
				              (char)nexts[i / n / n],
				              '"',
				              0 };
			check_text(text);
		}
}

static void put_document(struct pp_json_writer *w)
{
	pp_json_open(w, '{');
	pp_json_key(w, "none");
	pp_json_put_text(w, NULL);
	pp_json_key(w, "list");
	pp_json_open(w, '[');
	pp_json_put_integer(w, INT64_MIN);
	pp_json_put_boolean(w, true);
	pp_json_open(w, '[');
	pp_json_close(w, ']');
	pp_json_new_line(w);
	pp_json_put_boolean(w, false);
	pp_json_close(w, ']');
	pp_json_key(w, "last");
	pp_json_put_text(w, "x");
	pp_json_close(w, '}');
}

static void test_commas(void **state)
{
	struct pp_buffer b;
	struct pp_json_writer w = writer_begin(&b, false);

	put_document(&w);
	assert_string_equal(b.data, "{\"none\":null,\"list\":[-9223372036854775808,true,[],\n"
	                            "false],\"last\":\"x\"}");
	assert_false(b.failed);
	pp_buffer_fini(&b);
}

static void test_no_memory(void **state)
{
	struct pp_buffer b;
	struct pp_json_writer w = writer_begin(&b, false);

	put_document(&w);
	size_t len = b.len;
	pp_buffer_fini(&b);
	for (size_t max = 0; max < len; max++) {
		pp_buffer_init(&b, max);
		put_document(&(struct pp_json_writer){ .buffer = &b });
		assert_true(b.failed);
		pp_buffer_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_as_jansson_writes_them),
		cmocka_unit_test(test_long_characters),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
