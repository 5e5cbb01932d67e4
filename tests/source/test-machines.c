/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's capture opens, lists its devices, and reads the same once captured again: the samples
 * named on the command line, and every machine that was recorded, where there are any.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "source/record.h"
#include "tar-build.h"

static char truth[4096];
static char **samples;

static void read_device(struct pp_source *s, const char *name)
{
	char path[300], text[256], config[4096];
	struct pp_node dir, file;

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", name);
	assert_int_equal(pp_source_open_dir(s, path, &dir), 0);
	assert_int_equal(pp_source_read_text(s, dir, "vendor", text, sizeof(text)), 0);
	assert_memory_equal(text, "0x", 2);
	assert_int_equal(strlen(text), 6);
	assert_int_equal(pp_source_read_link(s, dir, "subsystem", text, sizeof(text)), 0);
	int r = pp_source_read_link(s, dir, "iommu_group", text, sizeof(text));
	assert_true(r == 0 || r == -ENOENT);
	assert_int_equal(pp_source_read_text(s, dir, "no-such-thing", text, sizeof(text)), -ENOENT);
	assert_int_equal(pp_source_open_file(s, dir, "config", &file), 0);
	ssize_t n = pp_source_pread(s, file, config, sizeof(config), 0);
	assert_true(n == 64 || n == 256 || n == 4096);
	pp_source_close(s, file);
	pp_source_close(s, dir);
}

static uint32_t read_machine(struct pp_source *s)
{
	struct pp_arena a;
	struct pp_names names;
	struct pp_span log;

	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_list(s, "sys/bus/pci/devices", &a, &names), 0);
	assert_true(names.count > 0);
	for (uint32_t i = 0; i < names.count; i++)
		read_device(s, names.names[i]);
	assert_int_equal(pp_source_kernel_log(s, &a, &log), 0);
	assert_memory_equal(log.data, "[    0.000000] ", 15);
	assert_non_null(memmem(log.data, log.len, "Linux version", 13));
	uint32_t count = names.count;
	pp_arena_fini(&a);
	return count;
}

static uint32_t check_machine(const char *path, const char *scratch)
{
	struct pp_source *s, *recorder, *again = NULL;
	struct pp_record_options options = { .tool = "test", .as_root = true };
	struct pp_error e;
	char copy[256];

	if (pp_source_open(path, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pp_source_kind(s), PP_SOURCE_ARCHIVE);
	uint32_t devices = read_machine(s);
	assert_int_equal(pp_recorder_new(s, &recorder, NULL), 0);
	assert_int_equal(read_machine(recorder), devices);
	snprintf(copy, sizeof(copy), "%s/copy.tar.zst", scratch);
	if (pp_recorder_write(recorder, copy, true, &options, &e) < 0 ||
	    pp_source_open(copy, &again, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(read_machine(again), devices);
	pp_source_free(again);
	pp_source_free(recorder);
	pp_source_free(s);
	return devices;
}

static void test_samples(void **state)
{
	char *scratch = scratch_new();

	assert_non_null(*samples);
	for (char **path = samples; *path; path++)
		assert_true(check_machine(*path, scratch) > 0);
	scratch_free(scratch);
}

static void test_machines(void **state)
{
	struct dirent **entries;
	unsigned int machines = 0, devices = 0;
	char *scratch = scratch_new();
	int n = scandir(truth, &entries, NULL, alphasort);

	if (n < 0) {
		print_message("skipped: no recorded machines in %s; samples only\n", truth);
		scratch_free(scratch);
		skip();
	}
	for (int i = 0; i < n; i++) {
		char path[4400];
		snprintf(path, sizeof(path), "%s/%s/capture.tar.gz", truth, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.') {
			devices += check_machine(path, scratch);
			machines++;
		}
		free(entries[i]);
	}
	free(entries);
	scratch_free(scratch);
	print_message("%u machines, %u devices\n", machines, devices);
	assert_true(machines > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_samples),
		                            cmocka_unit_test(test_machines) };
	const char *data = getenv("PCIPASS_TEST_DATA");

	samples = argv + 1;
	snprintf(truth, sizeof(truth), "%s/truth", data ? data : ".");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
