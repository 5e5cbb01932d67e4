/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may not be read is there, says so, and says so again from the capture. Root may read
 * everything, so root becomes nobody for the while.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/record.h"
#include "tar-build.h"

#define NOBODY 65534

static char *directory, *out;
static bool was_root;

static void set_mode(const char *name, mode_t mode)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	directory = scratch_new();
	out = scratch_new();
	was_root = geteuid() == 0;
	assert_int_equal(chmod(out, 0777), 0);
	put_file(directory, "sys/open", "x\n");
	put_file(directory, "sys/tables/DMAR", "x\n");
	put_file(directory, "sys/unlisted/x", "x\n");
	put_file(directory, "sys/shut/x", "x\n");
	set_mode("sys/tables/DMAR", 0);
	set_mode("sys/unlisted", 0111);
	set_mode("sys/shut", 0444);
	set_mode("", 0555);
	if (was_root && (setegid(NOBODY) || seteuid(NOBODY)))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	if (was_root && (seteuid(0) || setegid(0)))
		return -1;
	set_mode("", 0755);
	set_mode("sys/unlisted", 0755);
	set_mode("sys/shut", 0755);
	scratch_free(directory);
	scratch_free(out);
	return 0;
}

static void expect_answers(struct pp_source *s)
{
	char text[64];
	struct pp_arena a;
	struct pp_names names;
	struct pp_node n;

	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, "sys/open", text, 64), 0);
	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, "sys/tables/DMAR", text, 64),
	                 -EACCES);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "sys/tables/DMAR", text, 64),
	                 -EINVAL);
	assert_int_equal(pp_source_open_dir(s, "sys/tables", &n), 0);
	assert_int_equal(pp_source_read_text(s, n, "DMAR", text, 64), -EACCES);
	assert_int_equal(pp_source_read_text(s, n, "IVRS", text, 64), -ENOENT);
	pp_source_close(s, n);
	/* A directory that may be entered, but not listed; one that may not even be entered. */
	assert_int_equal(pp_source_list(s, "sys/unlisted", &a, &names), -EACCES);
	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, "sys/unlisted/x", text, 64), 0);
	assert_int_equal(pp_source_list(s, "sys/shut", &a, &names), 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, "sys/shut/x", text, 64), -EACCES);
	assert_int_equal(pp_source_read_text(s, PP_NODE_NONE, "sys/shut/y", text, 64), -EACCES);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "sys/shut/x", text, 64), -EACCES);
	pp_arena_fini(&a);
}

static void test_unread(void **state)
{
	struct pp_source *inner, *recorder, *capture = NULL;
	struct pp_record_options options = { .tool = "test" };
	struct pp_error e;
	char path[256];

	if (pp_source_open(directory, &inner, &e) < 0)
		fail_msg("%s", e.text);
	expect_answers(inner);
	assert_int_equal(pp_recorder_new(inner, &recorder, NULL), 0);
	expect_answers(recorder);
	snprintf(path, sizeof(path), "%s/one.tar.gz", out);
	if (pp_recorder_write(recorder, path, false, &options, &e) < 0 ||
	    pp_source_open(path, &capture, &e) < 0)
		fail_msg("%s", e.text);
	expect_answers(capture);
	assert_int_equal(pp_source_capture_info(capture)->as_root, PP_NO);
	pp_source_free(capture);
	/* A directory that is not ours to write in. */
	snprintf(path, sizeof(path), "%s/two.tar", directory);
	assert_int_equal(pp_recorder_write(recorder, path, false, &options, &e), -EACCES);
	assert_non_null(strstr(e.text, "two.tar: Permission denied"));
	pp_source_free(recorder);
	pp_source_free(inner);
}

static void test_refused(void **state)
{
	struct pp_source *s;
	struct pp_error e;
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/tables/DMAR", directory);
	assert_int_equal(pp_source_open(path, &s, &e), -EACCES);
	assert_non_null(strstr(e.text, "DMAR: Permission denied"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
