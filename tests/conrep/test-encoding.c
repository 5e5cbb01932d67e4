/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents in every encoding that is taken, held against iconv; and every way to break them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <iconv.h>

#include "conrep/encoding.h"

#define MAX_BYTES ((size_t)1 << 23)

struct result {
	struct pp_arena arena;
	struct pp_error error;
	struct pp_span text;
	uint8_t *in;
	int rc;
};

static struct result r;
static const uint8_t untouched[] = "untouched";

static int teardown(void **state)
{
	pp_arena_fini(&r.arena);
	free(r.in);
	r.in = NULL;
	return 0;
}

/* In a block of its exact size, so that a sanitizer sees a read behind it. */
static void convert_within(const void *bytes, size_t len, size_t max_bytes)
{
	teardown(NULL);
	r.in = malloc(len ? len : 1);
	assert_non_null(r.in);
	if (len)
		memcpy(r.in, bytes, len);
	pp_arena_init(&r.arena, 0);
	r.error = (struct pp_error){ 0 };
	r.text = PP_SPAN(untouched, sizeof(untouched));
	r.rc = pp_encoding_to_utf8(PP_SPAN(r.in, len), "x.xml", max_bytes, &r.arena, &r.text,
	                           &r.error);
}

static void convert(const void *bytes, size_t len)
{
	convert_within(bytes, len, MAX_BYTES);
}

#define CONVERT(literal) convert(literal, sizeof(literal) - 1)

static void assert_bytes(const void *bytes, size_t len)
{
	if (r.rc)
		fail_msg("%s", r.error.text);
	assert_int_equal(r.text.len, len);
	if (len)
		assert_memory_equal(r.text.data, bytes, len);
}

#define ASSERT_TEXT(literal) assert_bytes(literal, sizeof(literal) - 1)

static void assert_refused(const char *message)
{
	assert_int_equal(r.rc, -EBADMSG);
	assert_string_equal(r.error.text, message);
	assert_ptr_equal(r.text.data, untouched);
}

static void test_utf8_is_handed_on(void **state)
{
	static const char *const same[] = {
		"",
		"<a/>",
		"<?xml version=\"1.0\"?>\r\n<a>\xc3\xa4</a>",
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\xf0\x9f\x98\x80</a>",
		"<?xml version='1.0' encoding='US-ASCII'?><a/>",
		/* Not the declaration's. */
		"<a encoding='UTF-7'/>",
		"<?xml version='1.0'?><a encoding='UTF-7'/>",
		"<?xml-stylesheet encoding='UTF-7'?><a/>",
		"<?xml version='encoding=\"UTF-7\"'?><a/>",
		" <?xml version='1.0' encoding='UTF-7'?><a/>",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		convert(same[i], strlen(same[i]));
		assert_bytes(same[i], strlen(same[i]));
		assert_ptr_equal(r.text.data, r.in); /* no copy */
	}
	CONVERT("\xef\xbb\xbf<a/>");
	ASSERT_TEXT("<a/>");
	CONVERT("\xef\xbb\xbf<?xml version='1.0' encoding='UTF8'?><a/>");
	ASSERT_TEXT("<?xml version='1.0' encoding='UTF8'?><a/>");
}

/* As Out-File writes it: little-endian, a mark, CRLF, below whatever declaration there was. */
static void test_utf16(void **state)
{
	CONVERT("\xff\xfe<\0a\0>\0\xe4\0<\0/\0a\0>\0\r\0\n\0");
	ASSERT_TEXT("<a>\xc3\xa4</a>\r\n");
	CONVERT("\xfe\xff\0<\0a\0>\xd8\x3d\xde\x00\0<\0/\0a\0>");
	ASSERT_TEXT("<a>\xf0\x9f\x98\x80</a>");
	CONVERT("\xff\xfe");
	ASSERT_TEXT("");
}

/* Every ASCII byte becomes two. */
static void convert_wide(const char *text)
{
	uint8_t wide[512] = "\xff\xfe";
	size_t n = strlen(text);

	assert_in_range(n, 0, 250);
	for (size_t i = 0; i < n; i++)
		wide[2 + 2 * i] = (uint8_t)text[i];
	convert(wide, 2 + 2 * n);
}

/* Whoever parses the result again by its declaration reads the same. */
static void test_the_declaration_agrees(void **state)
{
	static const char *const rows[][2] = {
		{ "<?xml version='1.0' encoding='UTF-8'?><a/>",
		  "<?xml version='1.0' encoding='UTF-8'?><a/>" },
		{ "<?xml version='1.0' encoding='UTF-16'?><a/>",
		  "<?xml version='1.0' encoding='UTF-8'?><a/>" },
		{ "<?xml version=\"1.0\"\r\n encoding = \"windows-1252\" standalone='yes' ?>\r\n<a/>",
		  "<?xml version=\"1.0\"\r\n encoding = \"UTF-8\" standalone='yes' ?>\r\n<a/>" },
		{ "<?xml version='1.0' encoding=''?><a/>",
		  "<?xml version='1.0' encoding='UTF-8'?><a/>" },
		{ "<?xml version='1.0' encoding='UTF-7'?><a/>",
		  "<?xml version='1.0' encoding='UTF-8'?><a/>" },
		/* Broken: for the parser to refuse. */
		{ "<?xml version='1.0' encoding='UTF-7", "<?xml version='1.0' encoding='UTF-7" },
		{ "<?xml version='1.0' encoding=", "<?xml version='1.0' encoding=" },
		{ "<?xml encoding", "<?xml encoding" },
		{ "<?xml", "<?xml" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		convert_wide(rows[i][0]);
		assert_bytes(rows[i][1], strlen(rows[i][1]));
	}
	CONVERT("\xef\xbb\xbf<?xml version='1.0' encoding='ISO-8859-1'?><a>\xc3\xa4</a>");
	ASSERT_TEXT("<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa4</a>");
	CONVERT("<?xml version='1.0' encoding='latin1'?><a>\xe4</a>");
	ASSERT_TEXT("<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa4</a>");
	CONVERT("<?xml version='1.0' encoding='CP1252'?><a>\x80\xe4</a>");
	ASSERT_TEXT("<?xml version='1.0' encoding='UTF-8'?><a>\xe2\x82\xac\xc3\xa4</a>");
}

/* The C library's own conversion; false: the bytes are none in that encoding. */
static bool by_iconv(const char *encoding, const uint8_t *bytes, size_t len, uint8_t *ret,
                     size_t *ret_len)
{
	iconv_t cd = iconv_open("UTF-8", encoding);
	char *in = (char *)bytes, *out = (char *)ret;
	size_t left = len, room = *ret_len;

	assert_true(cd != (iconv_t)-1);
	bool done = iconv(cd, &in, &left, &out, &room) == 0 && !left;
	iconv_close(cd);
	*ret_len -= room;
	return done;
}

static void test_every_byte(void **state)
{
	static const char *const names[][2] = { { "ISO-8859-1", "ISO-8859-1" },
		                                { "windows-1252", "CP1252" } };
	unsigned int undefined = 0;

	for (size_t i = 0; i < 2; i++) {
		for (unsigned int byte = 1; byte < 256; byte++) {
			uint8_t in[100], want[100], one = (uint8_t)byte;
			size_t n = (size_t)snprintf((char *)in, sizeof(in),
			                            "<?xml version='1.0' encoding='%s'?>\n",
			                            names[i][0]);
			size_t len = (size_t)snprintf((char *)want, sizeof(want),
			                              "<?xml version='1.0' encoding='UTF-8'?>\n");
			size_t more = sizeof(want) - len;
			in[n] = one;
			convert(in, n + 1);
			if (by_iconv(names[i][1], &one, 1, want + len, &more)) {
				assert_bytes(want, len + more);
				continue;
			}
			char message[100];
			snprintf(message, sizeof(message),
			         "x.xml line 2: byte 0x%02x is not windows-1252, which is declared",
			         byte);
			assert_refused(message);
			undefined++;
		}
	}
	assert_int_equal(undefined, 5);
}

/* Every character that there is, in both orders of UTF-16. */
static void test_every_character(void **state)
{
	static const char *const names[] = { "UTF-16LE", "UTF-16BE" };
	const size_t size = 2 + 4 * (size_t)0x110000;
	uint8_t *in = malloc(size), *want = malloc(size);

	assert_non_null(in);
	assert_non_null(want);
	for (int big = 0; big < 2; big++) {
		size_t n = 0, len = size;
		in[n++] = big ? 0xfe : 0xff;
		in[n++] = big ? 0xff : 0xfe;
		for (uint32_t code = 1; code < 0x110000; code++) {
			uint32_t units[2] = { code, 0 };
			if (code >= 0xd800 && code < 0xe000)
				continue;
			if (code >= 0x10000) {
				units[0] = 0xd800 + ((code - 0x10000) >> 10);
				units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
			}
			for (int i = 0; i < 2 && units[i]; i++) {
				in[n + !big] = (uint8_t)(units[i] >> 8);
				in[n + big] = (uint8_t)units[i];
				n += 2;
			}
		}
		assert_true(by_iconv(names[big], in + 2, n - 2, want, &len));
		convert(in, n);
		assert_bytes(want, len);
	}
	free(in);
	free(want);
}

static void test_broken_utf16(void **state)
{
	CONVERT("\xff\xfe<\0\n\0a");
	assert_refused("x.xml line 2: half a UTF-16 character at the end");
	CONVERT("\xff\xfe<");
	assert_refused("x.xml line 1: half a UTF-16 character at the end");
	CONVERT("\xff\xfe<\0\n\0\x01\xdc<\0");
	assert_refused("x.xml line 2: UTF-16 surrogate 0xdc01 without the other half of its pair");
	CONVERT("\xff\xfe<\0\x02\xd8<\0");
	assert_refused("x.xml line 1: UTF-16 surrogate 0xd802 without the other half of its pair");
	CONVERT("\xfe\xff\0<\xd8\x02\xd8\x03");
	assert_refused("x.xml line 1: UTF-16 surrogate 0xd802 without the other half of its pair");
	CONVERT("\xff\xfe<\0\x02\xd8");
	assert_refused("x.xml line 1: UTF-16 surrogate 0xd802 without the other half of its pair");
	CONVERT("\xff\xfe<\0\x02\xd8\x03");
	assert_refused("x.xml line 1: UTF-16 surrogate 0xd802 without the other half of its pair");
	CONVERT("\xff\xfe<\0\n\0\n\0\0\0>\0");
	assert_refused("x.xml line 3: a NUL character");
}

static void test_two_marks(void **state)
{
	static const char *const marks[] = { "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff" };

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++) {
			char both[16];
			snprintf(both, sizeof(both), "%s%s<a/>  ", marks[i], marks[j]);
			convert(both, strlen(both));
			assert_refused("x.xml line 1: a second byte order mark");
		}
	}
}

#define ACCEPTED                                                                                   \
	"UTF-8, US-ASCII, ISO-8859-1, windows-1252, and UTF-16 with a byte order mark are accepted"

static void test_other_encodings(void **state)
{
	CONVERT("<\0a\0/\0>\0");
	assert_refused("x.xml line 1: this is UTF-16 without a byte order mark; " ACCEPTED);
	CONVERT("\0<\0a\0/\0>");
	assert_refused("x.xml line 1: this is UTF-16 without a byte order mark; " ACCEPTED);
	CONVERT("\xff\xfe\0\0<\0\0\0");
	assert_refused("x.xml line 1: this is UTF-32; " ACCEPTED);
	CONVERT("\0\0\xfe\xff\0\0\0<");
	assert_refused("x.xml line 1: this is UTF-32; " ACCEPTED);
	CONVERT("<?xml version='1.0' encoding=\"UTF-7\"?><a/>");
	assert_refused("x.xml line 1: encoding \"UTF-7\" is not known; " ACCEPTED);
	CONVERT("<?xml version='1.0' encoding=''?><a/>");
	assert_refused("x.xml line 1: encoding \"\" is not known; " ACCEPTED);
	CONVERT("<?xml version='1.0' encoding='a\x1b[31m-and-far-too-long-to-be-shown'?><a/>");
	assert_refused(
		"x.xml line 1: encoding \"a?[31m-and-far-too-long\" is not known; " ACCEPTED);
	CONVERT("<?xml version='1.0' encoding='ISO-8859-15'?><a/>");
	assert_refused("x.xml line 1: encoding \"ISO-8859-15\" is not known; " ACCEPTED);
	CONVERT("<?xml version='1.0' encoding='utf-16'?><a/>");
	assert_refused("x.xml line 1: encoding \"utf-16\" is declared, but this is 8-bit text");
	CONVERT("<?xml version='1.0' encoding='UTF-16LE'?><a/>");
	assert_refused("x.xml line 1: encoding \"UTF-16LE\" is declared, but this is 8-bit text");
}

static void test_broken_8_bit(void **state)
{
	static const char *const bad[] = { "\xe4",     "\xc0\xaf",     "\xed\xa0\x80",
		                           "\xe2\x82", "\xe0\x9f\xbf", "\xf4\x90\x80\x80",
		                           "\xbf",     "\xf8" };
	char text[100], message[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "<?xml version='1.0' encoding='UTF-8'?>\n\n<a>%s",
		         bad[i]);
		convert(text, strlen(text));
		snprintf(message, sizeof(message),
		         "x.xml line 3: byte 0x%02x is not UTF-8; another encoding has to be "
		         "declared (ISO-8859-1, windows-1252)",
		         (uint8_t)bad[i][0]);
		assert_refused(message);
		convert(text + 38, strlen(text + 38)); /* without the declaration */
		assert_refused(message);
	}
	CONVERT("<?xml version='1.0' encoding='US-ASCII'?>\n<a>\xc3\xa4</a>");
	assert_refused("x.xml line 2: byte 0xc3 is not US-ASCII, which is declared");
	CONVERT("<a>\n\0</a>");
	assert_refused("x.xml line 2: a NUL character");
	CONVERT("<?xml version='1.0' encoding='windows-1252'?>\0");
	assert_refused("x.xml line 1: a NUL character");
}

/* The limit is that of the text in UTF-8, whatever the file's length. */
static void test_limit(void **state)
{
	convert_within("\xff\xfe<\0a\0/\0>\0", 10, 4);
	ASSERT_TEXT("<a/>");
	convert_within("\xff\xfe<\0a\0/\0>\0", 10, 3);
	assert_int_equal(r.rc, -E2BIG);
	assert_string_equal(r.error.text, "x.xml: 4 bytes as UTF-8, at most 3 are read");
	convert_within("\xef\xbb\xbf<a/>", 7, 3);
	assert_int_equal(r.rc, -E2BIG);
	assert_string_equal(r.error.text, "x.xml: 4 bytes, at most 3 are read");
	convert_within("\xff\xfe\xac\x20", 4, 2); /* three bytes as UTF-8 */
	assert_int_equal(r.rc, -E2BIG);
}

static void test_out_of_memory(void **state)
{
	static const uint8_t text[] = "\xff\xfe<\0a\0/\0>\0";

	pp_arena_init(&r.arena, 1);
	r.rc = pp_encoding_to_utf8(PP_SPAN(text, sizeof(text) - 1), "x.xml", 100, &r.arena, &r.text,
	                           &r.error);
	assert_int_equal(r.rc, -ENOMEM);
	assert_string_equal(r.error.text, "x.xml: out of memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_utf8_is_handed_on, teardown),
		cmocka_unit_test_teardown(test_utf16, teardown),
		cmocka_unit_test_teardown(test_the_declaration_agrees, teardown),
		cmocka_unit_test_teardown(test_every_byte, teardown),
		cmocka_unit_test_teardown(test_every_character, teardown),
		cmocka_unit_test_teardown(test_broken_utf16, teardown),
		cmocka_unit_test_teardown(test_two_marks, teardown),
		cmocka_unit_test_teardown(test_other_encodings, teardown),
		cmocka_unit_test_teardown(test_broken_8_bit, teardown),
		cmocka_unit_test_teardown(test_limit, teardown),
		cmocka_unit_test_teardown(test_out_of_memory, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
