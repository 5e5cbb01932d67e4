/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cursor, the growing buffer, errors and notes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/notes.h"

static const uint8_t fifteen[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void cursor_reads_little_endian(void **state)
{
	struct pp_cursor c;

	pp_cursor_init(&c, PP_SPAN(fifteen, 15), "X", 0x100);
	assert_int_equal(pp_cursor_u8(&c), 0x01);
	assert_int_equal(pp_cursor_u16(&c), 0x0302);
	assert_int_equal(pp_cursor_u32(&c), 0x07060504);
	assert_int_equal(pp_cursor_u64(&c), 0x0f0e0d0c0b0a0908);
	assert_int_equal(pp_cursor_left(&c), 0);
	assert_int_equal(pp_cursor_offset(&c), 0x10f);
	assert_false(c.bad);
}

static void cursor_error_is_sticky(void **state)
{
	struct pp_error e = { 0 };
	struct pp_cursor c;

	pp_cursor_init(&c, PP_SPAN(fifteen, 5), "DMAR", 0x30);
	assert_int_equal(pp_cursor_u16(&c), 0x0201);
	assert_int_equal(pp_cursor_u32(&c), 0);
	assert_true(c.bad);
	/* what would fit is not given any more, and the first place is kept */
	assert_int_equal(pp_cursor_u8(&c), 0);
	assert_null(pp_cursor_take(&c, 0));
	assert_int_equal(pp_cursor_left(&c), 0);
	assert_int_equal(pp_cursor_fail(&c, &e), -EBADMSG);
	assert_int_equal(e.code, EBADMSG);
	assert_string_equal(e.text, "DMAR+0x32: need 4 bytes, found 3");
	assert_int_equal(pp_cursor_fail(&c, NULL), -EBADMSG);
}

static void cursor_of_nothing(void **state)
{
	struct pp_cursor c;

	pp_cursor_init(&c, PP_SPAN(NULL, 0), "X", 0);
	pp_cursor_skip(&c, 0);
	assert_false(c.bad);
	pp_cursor_skip(&c, SIZE_MAX);
	assert_true(c.bad);
}

static void cursor_sub(void **state)
{
	struct pp_error e = { 0 };
	struct pp_cursor c, sub, none;

	pp_cursor_init(&c, PP_SPAN(fifteen, 15), "IVRS", 0x10);
	pp_cursor_skip(&c, 2);
	pp_cursor_sub(&c, 3, &sub);
	assert_int_equal(pp_cursor_u8(&sub), 3);
	assert_int_equal(pp_cursor_offset(&sub), 0x13);
	/* the sub-cursor ends where it was told, the outer one goes on */
	assert_int_equal(pp_cursor_u32(&sub), 0);
	assert_true(sub.bad);
	assert_int_equal(pp_cursor_u8(&c), 6);
	pp_cursor_fail(&sub, &e);
	assert_string_equal(e.text, "IVRS+0x13: need 4 bytes, found 2");

	pp_cursor_sub(&c, 100, &none);
	assert_true(none.bad);
	assert_true(c.bad);
	pp_cursor_fail(&none, &e);
	assert_string_equal(e.text, "IVRS+0x16: need 100 bytes, found 0");
	pp_cursor_fail(&c, &e);
	assert_string_equal(e.text, "IVRS+0x16: need 100 bytes, found 9");
}

static void buffer_grows(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 100000);
	assert_null(b.data);
	for (int i = 0; i < 1000; i++)
		pp_buffer_printf(&b, "%04d,", i);
	pp_buffer_append(&b, "a\0b", 3);
	pp_buffer_append(&b, NULL, 0);
	pp_buffer_puts(&b, "!");
	assert_false(b.failed);
	assert_int_equal(b.len, 5004);
	assert_memory_equal(b.data + 4995, "0999,a\0b!", 10);
	pp_buffer_fini(&b);
	assert_null(b.data);
}

static void buffer_has_a_maximum(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 10);
	pp_buffer_puts(&b, "0123456789");
	assert_false(b.failed);
	pp_buffer_puts(&b, "");
	assert_false(b.failed);
	pp_buffer_puts(&b, "x");
	assert_true(b.failed);
	/* what was there stays, and nothing more comes */
	pp_buffer_puts(&b, "");
	pp_buffer_printf(&b, "%d", 1);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(b.len, 10);
	pp_buffer_fini(&b);

	pp_buffer_init(&b, 3);
	pp_buffer_printf(&b, "%s", "four");
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
	pp_buffer_fini(&b);
}

static void error_is_one_clean_sentence(void **state)
{
	struct pp_error e = { 0 };

	assert_int_equal(pp_fail(&e, ENOENT, "a\x1b[31m %s", "b\n\xff"), -ENOENT);
	assert_int_equal(e.code, ENOENT);
	assert_string_equal(e.text, "a?[31m b ?");
	assert_int_equal(pp_fail_prefix(&e, "file"), -ENOENT);
	assert_string_equal(e.text, "file: a?[31m b ?");
	assert_int_equal(pp_fail_oom(&e, "host"), -ENOMEM);
	assert_string_equal(e.text, "host: out of memory");
	assert_int_equal(pp_fail(NULL, EIO, "x"), -EIO);
	assert_int_equal(pp_fail_oom(NULL, "x"), -ENOMEM);
	assert_true(pp_fail_prefix(NULL, "x") < 0);
}

static void error_too_long_is_cut(void **state)
{
	struct pp_error e = { 0 };
	char *text = malloc(2000);

	assert_non_null(text);
	/* two bytes a character, so that the cut goes through one */
	for (size_t i = 0; i + 1 < 1999; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[1998] = '\0';
	pp_fail(&e, EINVAL, "%s", text);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_int_equal(e.text[sizeof(e.text) - 2], '?');
	pp_fail_prefix(&e, "prefix");
	assert_int_equal(strncmp(e.text, "prefix: ", 8), 0);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	free(text);
}

static void notes_keep_order_and_are_clean(void **state)
{
	struct pp_arena a;
	struct pp_notes n;
	char object[] = "sl\x1bot";

	pp_arena_init(&a, 0);
	pp_notes_init(&n, &a);
	pp_note(NULL, "X", 0, "nobody wants it");
	pp_note(&n, object, 0x10, "one\n%d\x9b", 1);
	memset(object, 'x', 5);
	pp_note(&n, "DMAR", 0x20, "two");
	assert_int_equal(n.count, 2);
	assert_string_equal(n.first->object, "sl?ot");
	assert_int_equal(n.first->offset, 0x10);
	assert_string_equal(n.first->text, "one 1?");
	assert_string_equal(n.first->next->text, "two");
	assert_null(n.first->next->next);
	pp_arena_fini(&a);
}

static void notes_have_a_maximum(void **state)
{
	struct pp_arena a;
	struct pp_notes n;
	unsigned int listed = 0;

	pp_arena_init(&a, 0);
	pp_notes_init(&n, &a);
	for (int i = 0; i < PP_NOTES_MAX + 7; i++)
		pp_note(&n, "X", 0, "note %d", i);
	for (const struct pp_note *note = n.first; note; note = note->next)
		listed++;
	assert_int_equal(n.count, PP_NOTES_MAX);
	assert_int_equal(listed, PP_NOTES_MAX);
	assert_int_equal(n.dropped, 7);
	pp_arena_fini(&a);
}

static void notes_without_memory_are_dropped(void **state)
{
	struct pp_arena a;
	struct pp_notes n;

	pp_arena_init(&a, 64);
	pp_notes_init(&n, &a);
	pp_note(&n, "X", 0, "%0100d", 1);
	assert_int_equal(n.count, 0);
	assert_int_equal(n.dropped, 1);
	assert_null(n.first);
	pp_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursor_reads_little_endian),
		cmocka_unit_test(cursor_error_is_sticky),
		cmocka_unit_test(cursor_of_nothing),
		cmocka_unit_test(cursor_sub),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(buffer_has_a_maximum),
		cmocka_unit_test(error_is_one_clean_sentence),
		cmocka_unit_test(error_too_long_is_cut),
		cmocka_unit_test(notes_keep_order_and_are_clean),
		cmocka_unit_test(notes_have_a_maximum),
		cmocka_unit_test(notes_without_memory_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
