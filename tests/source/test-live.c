/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This host as a source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/kernel-log.h"
#include "source/source.h"

static struct pp_source *source;

static int setup(void **state)
{
	return pp_source_open(NULL, &source, NULL);
}

static int teardown(void **state)
{
	pp_source_free(source);
	return 0;
}

static void test_proc(void **state)
{
	char text[4096], link[64], want[16];
	struct pp_node dir;
	struct pp_arena a;
	struct pp_span all;
	struct pp_names names;

	assert_int_equal(pp_source_kind(source), PP_SOURCE_LIVE);
	assert_null(pp_source_capture_info(source));
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_open_dir(source, "proc/sys/kernel", &dir), 0);
	assert_int_equal(pp_source_read_text(source, dir, "ostype", text, sizeof(text)), 0);
	assert_string_equal(text, "Linux");
	assert_int_equal(pp_source_read_text(source, dir, "no-such", text, sizeof(text)), -ENOENT);
	pp_source_close(source, dir);
	assert_int_equal(pp_source_read_link(source, PP_NODE_NONE, "proc/self", link, 64), 0);
	snprintf(want, sizeof(want), "%d", (int)getpid());
	assert_string_equal(link, want);
	assert_int_equal(pp_source_read_all(source, "proc/cpuinfo", 16 << 20, &a, &all), 0);
	assert_true(all.len > 0);
	assert_int_equal(pp_source_read_all(source, "proc", 16, &a, &all), -EISDIR);
	assert_int_equal(pp_source_list(source, "proc/self", &a, &names), 0);
	assert_true(names.count > 1);
	for (uint32_t i = 1; i < names.count; i++)
		assert_true(strcmp(names.names[i - 1], names.names[i]) < 0);
	pp_arena_fini(&a);
}

static void test_kernel_log(void **state)
{
	struct pp_arena a;
	struct pp_span log;

	pp_arena_init(&a, 0);
	int r = pp_source_kernel_log(source, &a, &log);
	/* The rights may be missing; nothing else may be wrong. */
	if (r < 0)
		assert_int_equal(r, -EACCES);
	else if (log.len)
		assert_int_not_equal(log.data[0], '<');
	pp_arena_fini(&a);
}

static void test_strip(void **state)
{
	static const char want[] = "[    0.1] a <3> b\n<x> c\n\nplain\n<12\n";
	char text[] = "<6>[    0.1] a <3> b\n<30><x> c\n<4>\nplain\n<12\n";

	size_t len = pp_kernel_log_strip(text, strlen(text));
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, len);
	assert_int_equal(pp_kernel_log_strip(text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_proc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_log, setup, teardown),
		cmocka_unit_test(test_strip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
