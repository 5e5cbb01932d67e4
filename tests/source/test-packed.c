/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture that comes from another process, which may lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "source/archive-read.h"
#include "packed-span.h"
#include "source/packed-form.h"
#include "tar-build.h"

#define MAX_TAR ((size_t)1024 * 1024)
#define NODE(i) (nodes_at + (size_t)((i)-PP_TREE_TOP) * PACKED_NODE_BYTES)
#define MANIFEST                                                                                   \
	"pcipass-capture 1\ntool a test\nroot yes\nasked sys/asked\nasked sys/other\n"             \
	"asked sys/d/\nunread EACCES sys/secret\nunread EIO sys/d/e\npartial sys/part 0-3,8-b,20-\n"

static struct pp_buffer packed; /* what an honest child sends */
static size_t strings_at, nodes_at;

static int send_to_buffer(void *ctx, const void *bytes, size_t len)
{
	pp_buffer_append(ctx, bytes, len);
	return 0;
}

static int take(const char *bytes, size_t len, struct pp_source **ret, struct pp_error *e)
{
	struct pp_span s = PP_SPAN(bytes, len);

	return pp_packed_take(packed_receive_from_span, &s, ret, e);
}

static uint64_t packed_number(size_t at, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)(uint8_t)packed.data[at + i] << 8 * i;
	return v;
}

static int setup(void **state)
{
	struct pp_buffer tar;
	struct pp_source *s;
	struct pp_error e;
	char repeating[4096];

	pp_buffer_init(&tar, MAX_TAR);
	pp_buffer_init(&packed, MAX_TAR);
	tar_file(&tar, "pcipass/manifest", MANIFEST);
	tar_file(&tar, "sys/file", "content");
	tar_header(&tar, "sys/hard", TAR_HARD_LINK, "sys/file", 0);
	tar_header(&tar, "sys/harder", TAR_HARD_LINK, "sys/hard", 0);
	tar_link(&tar, "sys/link", "d/e");
	tar_file(&tar, "sys/d/f", "");
	tar_file(&tar, "sys/d/g", "g");
	memset(repeating, 0, sizeof(repeating));
	memcpy(repeating, "configuration", 13);
	tar_header(&tar, "sys/big", TAR_FILE, NULL, sizeof(repeating));
	tar_data(&tar, repeating, sizeof(repeating));
	tar_file(&tar, "sys/part", "0123456789abcdef0123456789abcdef");
	tar_end(&tar);
	int r = pp_source_open_bytes("t", PP_SPAN(tar.data, tar.len), &s, &e);
	pp_buffer_fini(&tar);
	if (r)
		return -1;
	r = pp_packed_put(pp_stored_of(s), send_to_buffer, &packed);
	pp_source_free(s);
	strings_at = PACKED_HEAD_BYTES;
	nodes_at = strings_at + (size_t)packed_number(44, 8) + (size_t)packed_number(52, 8);
	return r;
}

static int teardown(void **state)
{
	pp_buffer_fini(&packed);
	return 0;
}

static void check_text(struct pp_source *s, const char *path, const char *wanted)
{
	char text[64];

	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, path, text, sizeof(text)), 0);
	assert_string_equal(text, wanted);
}

static void test_same(void **state)
{
	struct pp_buffer again;
	struct pp_source *s;
	struct pp_error e = { 0 };
	struct pp_arena a;
	struct pp_names names;
	struct pp_node node;
	char text[64];

	if (take(packed.data, packed.len, &s, &e))
		fail_msg("%s", e.text);
	check_text(s, "sys/file", "content");
	check_text(s, "sys/hard", "content");
	check_text(s, "sys/harder", "content");
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "sys/link", text, sizeof(text)), 0);
	assert_string_equal(text, "d/e");
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/secret", &node), -EACCES);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/d/e", &node), -EIO);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/asked", &node), -ENOENT);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/nobody", &node), -ENODATA);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/part", &node), 0);
	assert_int_equal(pp_source_pread(s, node, text, 64, 8), 4);
	assert_int_equal(pp_source_pread(s, node, text, 64, 4), -ENODATA);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_list(s, "sys/d", &a, &names), 0);
	assert_int_equal(names.count, 2);
	assert_int_equal(pp_source_list(s, "sys", &a, &names), -ENODATA);
	pp_arena_fini(&a);
	assert_string_equal(pp_source_capture_info(s)->tool, "a test");
	assert_int_equal(pp_source_capture_info(s)->as_root, PP_YES);
	assert_int_equal(pp_source_capture_info(s)->redacted, PP_UNKNOWN);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/big", &node), 0);
	assert_int_equal(pp_source_pread(s, node, text, 64, 4000), 64);
	assert_memory_equal(text, (char[64]){ 0 }, 64);
	assert_int_equal(pp_source_pread(s, node, text, 64, 4090), 6);
	/* Sent on, it is the same again. */
	pp_buffer_init(&again, MAX_TAR);
	assert_int_equal(pp_packed_put(pp_stored_of(s), send_to_buffer, &again), 0);
	assert_int_equal(again.len, packed.len);
	assert_memory_equal(again.data, packed.data, packed.len);
	pp_buffer_fini(&again);
	pp_source_free(s);
}

/* What many names share, long or short, is not sent for each. */
static void test_shared(void **state)
{
	struct pp_buffer tar, sent;
	struct pp_source *s;
	struct pp_error e;
	struct pp_arena a;
	struct pp_span bytes;
	char content[4000], name[16];

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)(i * i >> 4 ^ i);
	pp_buffer_init(&tar, MAX_TAR);
	pp_buffer_init(&sent, MAX_TAR);
	tar_header(&tar, "sys/long", TAR_FILE, NULL, sizeof(content));
	tar_data(&tar, content, sizeof(content));
	tar_file(&tar, "sys/short", "0123456789abcdef0123456789abcdef");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "sys/l%d", i);
		tar_header(&tar, name, TAR_HARD_LINK, "sys/long", 0);
		snprintf(name, sizeof(name), "sys/s%d", i);
		tar_header(&tar, name, TAR_HARD_LINK, "sys/short", 0);
	}
	tar_end(&tar);
	assert_int_equal(pp_source_open_bytes("t", PP_SPAN(tar.data, tar.len), &s, &e), 0);
	assert_int_equal(pp_packed_put(pp_stored_of(s), send_to_buffer, &sent), 0);
	pp_source_free(s);
	/* 203 nodes, their names, and each content once. */
	assert_in_range(sent.len, 4032 + 203 * 24, 4032 + 210 * 24 + 203 * 8);
	assert_int_equal(take(sent.data, sent.len, &s, &e), 0);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_read_all(s, "sys/l99", sizeof(content), &a, &bytes), 0);
	assert_int_equal(bytes.len, sizeof(content));
	assert_memory_equal(bytes.data, content, sizeof(content));
	check_text(s, "sys/s99", "0123456789abcdef0123456789abcdef");
	pp_arena_fini(&a);
	pp_source_free(s);
	pp_buffer_fini(&tar);
	pp_buffer_fini(&sent);
}

/* Whoever dies while sending has sent a part. */
static void test_cut_off(void **state)
{
	for (size_t len = 0; len < packed.len; len++) {
		struct pp_source *s = NULL;
		struct pp_error e = { 0 };
		char *copy = malloc(len ? len : 1);
		assert_non_null(copy);
		if (len)
			memcpy(copy, packed.data, len);
		assert_int_equal(take(copy, len, &s, &e), -EPIPE);
		assert_string_equal(e.text, "what was read came back cut off");
		assert_null(s);
		free(copy);
	}
}

static void expect_lie(size_t at, const void *bytes, size_t len, const char *words)
{
	struct pp_source *s = NULL;
	struct pp_error e = { 0 };
	char before[16];

	memcpy(before, packed.data + at, len);
	memcpy(packed.data + at, bytes, len);
	int r = take(packed.data, packed.len, &s, &e);
	memcpy(packed.data + at, before, len);
	if (r != -EPROTO || s)
		fail_msg("%zu, '%s': %d '%s'", at, words, r, e.text);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
}

static void expect_number_lie(size_t at, size_t bytes, uint64_t value, const char *words)
{
	uint8_t number[8];

	for (size_t i = 0; i < bytes; i++)
		number[i] = (uint8_t)(value >> 8 * i);
	expect_lie(at, number, bytes, words);
}

static void test_lies_of_the_head(void **state)
{
	uint32_t nodes = (uint32_t)packed_number(12, 4);

	expect_number_lie(0, 4, 1, "no capture");
	expect_number_lie(4, 1, PP_SOURCE_LIVE, "a kind of source");
	expect_number_lie(4, 1, PP_SOURCE_RECORDER, "a kind of source");
	expect_number_lie(5, 1, 2, "a kind of source");
	expect_number_lie(12, 4, 0, "too few or too many files");
	expect_number_lie(12, 4, UINT32_MAX, "too few or too many files");
	expect_number_lie(12, 4, nodes + 1, "");
	expect_number_lie(12, 4, nodes - 1, "");
	expect_number_lie(16, 4, 0, "a root that is not a directory");
	expect_number_lie(16, 4, nodes, "a root that is not a directory");
	expect_number_lie(16, 4, UINT32_MAX, "a root that is not a directory");
	for (size_t at = 20; at < 36; at += 4) {
		expect_number_lie(at, 4, UINT32_MAX, "more names than there are bytes");
		expect_number_lie(at, 4, packed_number(at, 4) + 1, "");
	}
	for (size_t at = 36; at < 60; at += 8) {
		expect_number_lie(at, 8, UINT64_MAX, "too many bytes");
		expect_number_lie(at, 8, (uint64_t)1 << 33, "too many bytes");
	}
	expect_number_lie(36, 8, 0, "more names than there are bytes");
	expect_number_lie(44, 8, 0, "more names than there are bytes");
}

/* The number of the node of that name, by its place among the strings. */
static uint32_t node_of(const char *name, size_t *ret_at)
{
	size_t at = strings_at;

	for (uint32_t i = PP_TREE_TOP + 1; i < packed_number(12, 4); i++) {
		if (!strcmp(packed.data + at, name)) {
			*ret_at = at;
			return i;
		}
		at += strlen(packed.data + at) + 1;
	}
	fail_msg("no %s", name);
	return 0;
}

static void test_lies_of_nodes(void **state)
{
	size_t at;
	uint32_t file = node_of("file", &at), link = node_of("link", &at), f = node_of("f", &at);
	uint32_t big = node_of("big", &at);

	expect_number_lie(NODE(file), 1, PP_TREE_LOST + 1, "a kind of file that there is not");
	expect_number_lie(NODE(file), 1, PP_TREE_DIRECTORY, "a file of more bytes");
	expect_number_lie(NODE(file) + 2, 2, 4096, "a kind of file that there is not");
	expect_number_lie(NODE(PP_TREE_TOP), 1, PP_TREE_FILE, "a kind of file that there is not");
	expect_number_lie(NODE(file) + 4, 4, 0, "a file without a directory");
	expect_number_lie(NODE(file) + 4, 4, file, "a file without a directory");
	expect_number_lie(NODE(file) + 4, 4, UINT32_MAX, "a file without a directory");
	expect_number_lie(NODE(f) + 4, 4, link, "a file below another");
	expect_number_lie(NODE(file) + 8, 4, 2, "a part of a file that is not there");
	expect_number_lie(NODE(file) + 8, 4, UINT32_MAX, "a part of a file that is not there");
	expect_number_lie(NODE(file) + 8, 4, 1, "a range behind the end of its file");
	expect_number_lie(NODE(link) + 8, 4, 1, "a part of a file that is not there");
	expect_number_lie(NODE(file) + 12, 4, UINT32_MAX, "a file of more bytes");
	expect_number_lie(NODE(file) + 12, 4, packed_number(52, 8) + 1, "a file of more bytes");
	expect_number_lie(NODE(file) + 16, 3, 1, "a file of more bytes");
	expect_number_lie(NODE(file) + 19, 1, 1, "a file of more bytes");
	expect_number_lie(NODE(big) + 16, 3, 0, "a file of more bytes");
	expect_number_lie(NODE(big) + 19, 1, 0, "a file of more bytes");
	expect_number_lie(NODE(big) + 19, 1, packed_number(NODE(big) + 12, 4) + 1,
	                  "a file of more bytes");
	expect_number_lie(NODE(link) + 16, 3, 1, "a file of more bytes");
	expect_number_lie(NODE(file) + 20, 4, UINT32_MAX, "a file of more bytes");
	expect_number_lie(NODE(file) + 20, 4, packed_number(52, 8) - 1, "a file of more bytes");
	expect_number_lie(NODE(link) + 12, 4, 0, "a file of more bytes");
}

static void test_lies_of_names(void **state)
{
	size_t file, hard, f, asked;

	node_of("file", &file);
	node_of("hard", &hard);
	node_of("f", &f);
	expect_lie(file, "hard", 4, "a file twice");
	expect_lie(hard, "../x", 4, "a name that cannot be a file's");
	expect_lie(hard, "..\0x", 4, "a name that cannot be a file's");
	expect_lie(hard, "/abs", 4, "a name that cannot be a file's");
	expect_lie(f, ".", 1, "a name that cannot be a file's");
	expect_lie(f, "\0", 1, "a name that cannot be a file's");
	/* The paths that were asked for are searched, so they come sorted. */
	for (asked = strings_at; strcmp(packed.data + asked, "sys/asked") != 0; asked++)
		;
	expect_lie(asked, "z", 1, "paths in no order");
	/* Without the end of the last string. */
	expect_lie(strings_at + (size_t)packed_number(44, 8) - 1, "x", 1, "has no end");
}

/* Whatever one byte is changed to, it is refused or can be read. */
static void read_all(struct pp_source *s)
{
	static const char *const paths[] = { "sys/file", "sys/hard", "sys/link",
		                             "sys/part", "sys/big",  "sys/d/f",
		                             "sys/d/g",  "sys/d/e",  "sys/secret" };
	struct pp_arena a;
	struct pp_names names;
	struct pp_span bytes;

	pp_arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		(void)!pp_source_read_all(s, paths[i], PP_MAX_FILE_BYTES, &a, &bytes);
	(void)!pp_source_list(s, "", &a, &names);
	(void)!pp_source_list(s, "sys", &a, &names);
	(void)!pp_source_list(s, "sys/d", &a, &names);
	pp_arena_fini(&a);
}

static void test_each_byte(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	unsigned int refused = 0;

	for (size_t at = 0; at < packed.len; at++) {
		char before = packed.data[at];
		for (size_t i = 0; i < sizeof(values); i++) {
			struct pp_source *s = NULL;
			struct pp_error e = { 0 };
			packed.data[at] = (char)values[i];
			int r = take(packed.data, packed.len, &s, &e);
			if (!r)
				read_all(s);
			else
				assert_true(r == -EPROTO || r == -EPIPE);
			refused += r != 0;
			pp_source_free(s);
		}
		packed.data[at] = before;
	}
	assert_true(refused > packed.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),          cmocka_unit_test(test_shared),
		cmocka_unit_test(test_cut_off),       cmocka_unit_test(test_lies_of_the_head),
		cmocka_unit_test(test_lies_of_nodes), cmocka_unit_test(test_lies_of_names),
		cmocka_unit_test(test_each_byte),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
