/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections of a unified kernel image, and images that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/uki.h"

#define PE         64
#define OPTIONAL   (PE + 24)
#define TABLE      (OPTIONAL + 240)
#define BODY       512
#define TOTAL      560
#define FIRST_SIZE (TABLE + 8)

struct image {
	uint8_t bytes[TOTAL];
};

static void put(struct image *i, size_t at, uint32_t value, size_t bytes)
{
	for (size_t k = 0; k < bytes; k++)
		i->bytes[at + k] = (uint8_t)(value >> 8 * k);
}

static void put_section(struct image *i, unsigned int number, const char *name, uint32_t at,
                        uint32_t bytes)
{
	size_t where = TABLE + 40 * number;

	memcpy(i->bytes + where, name, strlen(name));
	put(i, where + 8, bytes, 4);
	put(i, where + 16, 16, 4);
	put(i, where + 20, at, 4);
}

static struct image make(void)
{
	struct image i = { .bytes = "MZ" };

	put(&i, 0x3c, PE, 4);
	memcpy(i.bytes + PE, "PE\0\0", 4);
	put(&i, PE + 4 + 2, 3, 2);
	put(&i, PE + 4 + 16, 240, 2);
	put(&i, OPTIONAL, 0x20b, 2);
	put_section(&i, 0, ".linux", BODY, 6);
	put_section(&i, 1, ".initrd", BODY + 16, 4);
	put_section(&i, 2, ".cmdline", BODY + 32, 5);
	memcpy(i.bytes + BODY, "kernel", 6);
	memcpy(i.bytes + BODY + 16, "root", 4);
	memcpy(i.bytes + BODY + 32, "quiet", 5);
	return i;
}

static int parse(const struct image *i, size_t len, struct pp_uki_image *u, struct pp_error *e)
{
	*u = (struct pp_uki_image){ 0 };
	*e = (struct pp_error){ 0 };
	return pp_uki_parse(PP_SPAN(i->bytes, len), "x.efi", u, e);
}

static void test_sections(void **state)
{
	struct image i = make();
	struct pp_uki_image u;
	struct pp_error e;

	assert_int_equal(parse(&i, TOTAL, &u, &e), 0);
	assert_int_equal(u.kernel.len, 6);
	assert_memory_equal(u.kernel.data, "kernel", 6);
	assert_int_equal(u.initrd.len, 4);
	assert_memory_equal(u.initrd.data, "root", 4);
	assert_int_equal(u.command_line.len, 5);
	assert_false(u.is_signed);
	put(&i, OPTIONAL + 112 + 32, BODY, 4);
	put(&i, OPTIONAL + 112 + 36, 8, 4);
	assert_int_equal(parse(&i, TOTAL, &u, &e), 0);
	assert_true(u.is_signed);
	/* Larger in memory than in the file: the file's part. */
	put(&i, FIRST_SIZE, 4096, 4);
	assert_int_equal(parse(&i, TOTAL, &u, &e), 0);
	assert_int_equal(u.kernel.len, 16);
}

/* Cut at every byte, on the heap so that a sanitizer sees one too many. */
static void test_cut(void **state)
{
	struct image i = make();
	struct pp_uki_image u;
	struct pp_error e;

	for (size_t len = 0; len < BODY + 37; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, i.bytes, len);
		u = (struct pp_uki_image){ 0 };
		assert_int_equal(pp_uki_parse(PP_SPAN(copy, len), "x.efi", &u, &e), -EBADMSG);
		assert_null(u.whole.data);
		assert_non_null(strstr(e.text, "x.efi"));
		free(copy);
	}
	assert_int_equal(parse(&i, BODY + 37, &u, &e), 0);
}

static void test_none(void **state)
{
	struct pp_uki_image u;
	struct pp_error e;
	struct image i = make();

	put(&i, 0x3c, UINT32_MAX, 4);
	assert_int_equal(parse(&i, TOTAL, &u, &e), -EBADMSG);
	i = make();
	memcpy(i.bytes + TABLE + 40, ".other\0", 8);
	assert_int_equal(parse(&i, TOTAL, &u, &e), -EBADMSG);
	assert_string_equal(e.text, "/x.efi: no unified kernel image: it has no .initrd");
	i = make();
	put(&i, TABLE + 20, UINT32_MAX, 4);
	assert_int_equal(parse(&i, TOTAL, &u, &e), -EBADMSG);
	assert_string_equal(e.text, "/x.efi: section .linux ends behind the file");
	i = make();
	put(&i, PE + 4 + 2, UINT16_MAX, 2);
	assert_int_equal(parse(&i, TOTAL, &u, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
