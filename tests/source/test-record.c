/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recorder keeps, and that it reads back the same. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/archive-read.h"
#include "source/record.h"
#include "tar-build.h"

#define PCI "sys/bus/pci/devices/"

static char *scratch;
static char path[256];
static struct pp_buffer tar;
static struct pp_source *inner, *recorder, *capture;
static struct pp_arena arena;
static struct pp_record_options options;

static int setup(void **state)
{
	scratch = scratch_new();
	pp_buffer_init(&tar, 64 << 20);
	pp_arena_init(&arena, 0);
	inner = recorder = capture = NULL;
	options = (struct pp_record_options){ .tool = "pcipass 0.1.0" };
	snprintf(path, sizeof(path), "%s/host.tar", scratch);
	return 0;
}

static int teardown(void **state)
{
	pp_source_free(capture);
	pp_source_free(recorder);
	pp_source_free(inner);
	pp_arena_fini(&arena);
	pp_buffer_fini(&tar);
	scratch_free(scratch);
	return 0;
}

static void start(void)
{
	struct pp_error e;

	tar_end(&tar);
	if (pp_source_open_bytes("host", PP_SPAN(tar.data, tar.len), &inner, &e) < 0 ||
	    pp_recorder_new(inner, &recorder, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pp_source_kind(recorder), PP_SOURCE_RECORDER);
}

static void finish(void)
{
	struct pp_error e;

	pp_source_free(capture);
	capture = NULL;
	if (pp_recorder_write(recorder, path, true, &options, &e) < 0 ||
	    pp_source_open(path, &capture, &e) < 0)
		fail_msg("%s", e.text);
}

/* What the manifest says, from the archive as it lies there. */
static char *manifest(void)
{
	static char text[65536];
	FILE *f = fopen(path, "r");
	char head[512];

	assert_int_equal(fread(head, 1, 512, f), 512);
	assert_string_equal(head, "pcipass/manifest");
	size_t size = strtoul(head + 124, NULL, 8);
	assert_true(size < sizeof(text));
	assert_int_equal(fread(text, 1, size, f), size);
	text[size] = '\0';
	fclose(f);
	return text;
}

static void expect_line(const char *line, bool there)
{
	char with[512];

	snprintf(with, sizeof(with), "\n%s\n", line);
	if (!!strstr(manifest(), with) != there)
		fail_msg("'%s' %s in\n%s", line, there ? "is not" : "is", manifest());
}

static ssize_t read_at(struct pp_source *s, const char *name, uint64_t offset, size_t len)
{
	char buf[4096];
	struct pp_node f;

	int r = pp_source_open_file(s, PP_NODE_NONE, name, &f);
	if (r < 0)
		return r;
	ssize_t n = pp_source_pread(s, f, buf, len, offset);
	pp_source_close(s, f);
	return n;
}

static void expect_list(struct pp_source *s, const char *name, int want)
{
	struct pp_names names = { 0 };
	int r = pp_source_list(s, name, &arena, &names);
	assert_int_equal(r < 0 ? r : (int)names.count, want);
}

static void test_config_space(void **state)
{
	char config[4096], name[64], buf[64];
	struct pp_node f;

	for (size_t i = 0; i < sizeof(config); i++)
		config[i] = (char)(1 + i % 255);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), PCI "0000:0%d:00.0/config", i);
		tar_header(&tar, name, TAR_FILE, NULL, sizeof(config));
		tar_data(&tar, config, sizeof(config));
	}
	start();
	/* In parts, one after the other, out of order; whole; to the end of it. */
	assert_int_equal(read_at(recorder, PCI "0000:00:00.0/config", 0x40, 4), 4);
	assert_int_equal(read_at(recorder, PCI "0000:00:00.0/config", 0, 64), 64);
	assert_int_equal(read_at(recorder, PCI "0000:00:00.0/config", 0x104, 4), 4);
	assert_int_equal(read_at(recorder, PCI "0000:00:00.0/config", 0x100, 4), 4);
	assert_int_equal(read_at(recorder, PCI "0000:01:00.0/config", 0, 4096), 4096);
	assert_int_equal(read_at(recorder, PCI "0000:02:00.0/config", 0, 4096), 4096);
	assert_int_equal(read_at(recorder, PCI "0000:02:00.0/config", 4096, 1), 0);
	finish();
	expect_line("partial " PCI "0000:00:00.0/config 0-43,100-107", true);
	expect_line("partial " PCI "0000:01:00.0/config 0-fff", true);
	assert_null(strstr(manifest(), "0000:02:00.0"));
	assert_int_equal(pp_source_open_file(capture, PP_NODE_NONE, PCI "0000:00:00.0/config", &f),
	                 0);
	assert_int_equal(pp_source_pread(capture, f, buf, 64, 0x30), 0x14);
	assert_memory_equal(buf, config + 0x30, 0x14);
	assert_int_equal(pp_source_pread(capture, f, buf, 4, 0x44), -ENODATA);
	assert_int_equal(pp_source_pread(capture, f, buf, 4, 0x104), 4);
	assert_memory_equal(buf, config + 0x104, 4);
	assert_int_equal(pp_source_pread(capture, f, buf, 4, 0x108), -ENODATA);
	pp_source_close(capture, f);
	assert_int_equal(read_at(capture, PCI "0000:01:00.0/config", 4096, 1), -ENODATA);
	assert_int_equal(read_at(capture, PCI "0000:02:00.0/config", 4096, 1), 0);
}

static void small_host(void)
{
	tar_file(&tar, "sys/devices/pci0000:00/0000:00:01.0/vendor", "0x8086\n");
	tar_file(&tar, "sys/devices/pci0000:00/0000:00:02.0/vendor", "0x8086\n");
	tar_link(&tar, PCI "0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0");
	tar_link(&tar, PCI "0000:00:02.0", "../../../devices/pci0000:00/0000:00:02.0");
	tar_directory(&tar, "sys/bus/pci/slots/Slot 1");
	tar_file(&tar, "sys/bus/pci/rescan", "");
	tar_directory(&tar, "sys/kernel/iommu_groups/0/devices");
	tar_directory(&tar, "sys/kernel/iommu_groups/1/devices");
	start();
}

static void test_manifest(void **state)
{
	struct pp_node dir;

	small_host();
	options.as_root = true;
	expect_list(recorder, "sys/bus/pci/devices", 2);
	expect_list(recorder, "sys/kernel/iommu_groups", 2);
	expect_list(recorder, "sys/kernel/iommu_groups/0/devices", 0);
	assert_int_equal(pp_source_open_dir(recorder, "sys/kernel/iommu_groups/1/devices", &dir),
	                 0);
	pp_source_close(recorder, dir);
	expect_list(recorder, "sys/bus/pci", 3);
	assert_int_equal(read_at(recorder, PCI "0000:00:01.0/vendor", 0, 64), 7);
	assert_int_equal(read_at(recorder, PCI "0000:00:01.0/numa_node", 0, 64), -ENOENT);
	assert_int_equal(read_at(recorder, "sys/bus/pci/slots/Slot 1/address", 0, 64), -ENOENT);
	assert_int_equal(read_at(recorder, "sys/class/iommu/dmar0", 0, 64), -ENODATA);
	finish();
	assert_string_equal(manifest(),
	                    "pcipass-capture 1\ntool pcipass 0.1.0\nroot yes\nredacted no\n"
	                    "asked sys/bus/pci/slots/*/address\n"
	                    "asked sys/devices/*/*/numa_node\n"
	                    "asked sys/bus/pci/\n"
	                    "asked sys/bus/pci/devices/\n"
	                    "asked sys/kernel/iommu_groups/\n"
	                    "asked sys/kernel/iommu_groups/0/devices/\n"
	                    "unread ENODATA sys/bus/pci/rescan\n");
	assert_int_equal(pp_source_capture_info(capture)->as_root, PP_YES);
	assert_int_equal(pp_source_capture_info(capture)->redacted, PP_NO);
	/* A device that was listed, never opened: its link is there, where it leads is not. */
	assert_int_equal(read_at(capture, PCI "0000:00:02.0/vendor", 0, 1), -ENODATA);
	expect_list(capture, "sys/bus/pci/devices", 2);
	expect_list(capture, "sys/kernel/iommu_groups/1/devices", -ENODATA);
	/* All groups listed: one line says it. */
	expect_list(recorder, "sys/kernel/iommu_groups/1/devices", 0);
	finish();
	expect_line("asked sys/kernel/iommu_groups/*/devices/", true);
	expect_line("asked sys/kernel/iommu_groups/0/devices/", false);
	expect_list(capture, "sys/kernel/iommu_groups/1/devices", 0);
}

/* Changes one file, leaves out another, fails on a third. */
static int filter(void *ctx, const char *name, struct pp_span *content, struct pp_arena *a,
                  struct pp_error *e)
{
	if (!strcmp(name, "sys/serial"))
		*content = PP_SPAN("hidden\n", 7);
	if (strstr(name, "/secret"))
		return -ENOENT;
	if (ctx && !strcmp(name, ctx))
		return pp_fail(e, EIO, "%s: will not", name);
	return 0;
}

static void test_filter(void **state)
{
	char text[64];
	struct pp_error e;
	struct pp_span log;

	tar_file(&tar, "sys/serial", "CZ1234\n");
	tar_file(&tar, "sys/a/secret", "x\n");
	tar_file(&tar, "sys/b/secret", "x\n");
	tar_file(&tar, "sys/1/secret", "x\n");
	tar_directory(&tar, "sys/2");
	tar_file(&tar, "var/log/dmesg", "[    0.000000] serial CZ1234\n");
	start();
	assert_int_equal(read_at(recorder, "sys/serial", 0, 64), 7);
	assert_int_equal(read_at(recorder, "sys/a/secret", 0, 64), 2);
	expect_list(recorder, "sys/a", 1);
	assert_int_equal(read_at(recorder, "sys/b/secret", 0, 64), 2);
	assert_int_equal(read_at(recorder, "sys/1/secret", 0, 64), 2);
	assert_int_equal(read_at(recorder, "sys/2/secret", 0, 64), -ENOENT);
	assert_int_equal(pp_source_kernel_log(recorder, &arena, &log), 0);
	options.filter = filter;
	options.filter_ctx = (char[]){ "var/log/dmesg.txt" };
	assert_int_equal(pp_recorder_write(recorder, path, true, &options, &e), -EIO);
	assert_string_equal(e.text, "var/log/dmesg.txt: will not");
	assert_int_not_equal(access(path, F_OK), 0);
	options.filter_ctx = NULL;
	options.redacted = true;
	finish();
	assert_int_equal(pp_source_capture_info(capture)->redacted, PP_YES);
	assert_int_equal(pp_source_read_text(capture, PP_NODE_NONE, "sys/serial", text, 64), 0);
	assert_string_equal(text, "hidden");
	assert_int_equal(read_at(capture, "sys/a/secret", 0, 9), -ENODATA);
	assert_int_equal(read_at(capture, "sys/b/secret", 0, 9), -ENODATA);
	/* The pattern of the absent one beside it does not make it absent. */
	assert_int_equal(read_at(capture, "sys/1/secret", 0, 9), -ENODATA);
	assert_int_equal(read_at(capture, "sys/2/secret", 0, 9), -ENOENT);
	expect_list(capture, "sys/a", 1);
	assert_int_equal(pp_source_kernel_log(capture, &arena, &log), 0);
	assert_memory_equal(log.data, "[    0.000000] serial CZ1234\n", log.len);
}

static void expect_refusal(const char *to, bool overwrite, int code, const char *words)
{
	struct pp_error e;

	assert_int_equal(pp_recorder_write(recorder, to, overwrite, &options, &e), -code);
	if (!strstr(e.text, words) || strncmp(e.text, to, strlen(to)) != 0)
		fail_msg("'%s' does not say '%s'", e.text, words);
}

/* Temporary files count as well. */
static uint32_t count_files(void)
{
	struct pp_source *s;
	struct pp_names names;

	assert_int_equal(pp_source_open(scratch, &s, NULL), 0);
	assert_int_equal(pp_source_list(s, "", &arena, &names), 0);
	pp_source_free(s);
	return names.count;
}

static void test_refused(void **state)
{
	char other[300];

	tar_directory(&tar, "sys");
	start();
	snprintf(other, sizeof(other), "%s/host.zip", scratch);
	expect_refusal(other, false, EINVAL, "ends in .tar");
	snprintf(other, sizeof(other), "%s/none/host.tar", scratch);
	expect_refusal(other, false, ENOENT, "No such file");
	finish();
	expect_refusal(path, false, EEXIST, "File exists");
	snprintf(other, sizeof(other), "%s/directory.tar", scratch);
	assert_int_equal(mkdir(other, 0755), 0);
	expect_refusal(other, true, EISDIR, "a directory");
	assert_int_equal(count_files(), 2);
}

/* Writing fails in the middle: nothing is left behind, and an older capture stays. */
static void test_no_space(void **state)
{
	static char buf[1 << 20];
	struct rlimit old, small = { .rlim_cur = 65536 };
	struct pp_node f;
	struct pp_error e;
	struct stat st;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * i >> 7);
	tar_header(&tar, "sys/x", TAR_FILE, NULL, sizeof(buf));
	tar_data(&tar, buf, sizeof(buf));
	start();
	put_file(scratch, "host.tar", "old");
	assert_int_equal(pp_source_open_file(recorder, PP_NODE_NONE, "sys/x", &f), 0);
	assert_int_equal(pp_source_pread(recorder, f, buf, sizeof(buf), 0), sizeof(buf));
	pp_source_close(recorder, f);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int r = pp_recorder_write(recorder, path, true, &options, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(e.text, "cannot be written"));
	assert_int_equal(count_files(), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	finish();
	assert_int_equal(read_at(capture, "sys/x", (1 << 20) - 1, 4), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static double monotonic_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#define DEVICES 20000

static void put_devices(void)
{
	char name[100], target[100], address[16];

	for (int i = 0; i < DEVICES; i++) {
		snprintf(address, sizeof(address), "0000:%02x:%02x.%d", i / 256 & 0xff, i / 8 % 32,
		         i % 8);
		snprintf(name, sizeof(name), "sys/devices/pci0000:00/%s/vendor", address);
		tar_file(&tar, name, "0x8086\n");
		snprintf(name, sizeof(name), PCI "%s", address);
		snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", address);
		tar_link(&tar, name, target);
	}
}

/* Work that grows with the square would take minutes here. */
static void test_many_devices(void **state)
{
	struct pp_names names;
	struct pp_node dir;
	char name[300], text[64];

	put_devices();
	start();
	double before = monotonic_seconds();
	assert_int_equal(pp_source_list(recorder, "sys/bus/pci/devices", &arena, &names), 0);
	assert_int_equal(names.count, DEVICES);
	for (uint32_t i = 0; i < names.count; i++) {
		snprintf(name, sizeof(name), PCI "%s", names.names[i]);
		assert_int_equal(pp_source_open_dir(recorder, name, &dir), 0);
		assert_int_equal(pp_source_read_text(recorder, dir, "vendor", text, 64), 0);
		assert_int_equal(pp_source_read_text(recorder, dir, "label", text, 64), -ENOENT);
		pp_source_close(recorder, dir);
	}
	finish();
	expect_line("asked sys/devices/*/*/label", true);
	expect_list(capture, "sys/bus/pci/devices", DEVICES);
	print_message("%d devices recorded, written and opened in %.1f s\n", DEVICES,
	              monotonic_seconds() - before);
	assert_true(monotonic_seconds() - before < 60);
}

/* A file that grows between two reads, as files of proc do. */
static void test_growing(void **state)
{
	char *directory = scratch_new(), text[8];
	struct pp_node f;

	put_file(directory, "sys/log", "one\n");
	assert_int_equal(pp_source_open(directory, &inner, NULL), 0);
	assert_int_equal(pp_recorder_new(inner, &recorder, NULL), 0);
	assert_int_equal(pp_source_open_file(recorder, PP_NODE_NONE, "sys/log", &f), 0);
	assert_int_equal(pp_source_pread(recorder, f, text, 8, 0), 4);
	put_file(directory, "sys/log", "one\ntwo\n");
	assert_int_equal(pp_source_pread(recorder, f, text, 8, 4), 4);
	pp_source_close(recorder, f);
	finish();
	assert_int_equal(read_at(capture, "sys/log", 0, 64), 8);
	assert_int_equal(read_at(capture, "sys/log", 8, 64), 0);
	scratch_free(directory);
}

/* The live host: directories opened as files, files of proc, what is not there. */
static void test_live(void **state)
{
	static const char *const files[] = { "proc/sys/kernel/ostype", "proc/version",
		                             "proc/no-such", "proc/sys", "sys/no/such" };
	struct pp_span a, b;

	assert_int_equal(pp_source_open(NULL, &inner, NULL), 0);
	assert_int_equal(pp_recorder_new(inner, &recorder, NULL), 0);
	for (size_t i = 0; i < 5; i++)
		pp_source_read_all(recorder, files[i], 65536, &arena, &a);
	expect_list(recorder, "sys/bus/no-such", -ENOENT);
	finish();
	for (size_t i = 0; i < 5; i++) {
		int r = pp_source_read_all(inner, files[i], 65536, &arena, &a);
		assert_int_equal(pp_source_read_all(capture, files[i], 65536, &arena, &b), r);
		if (r == 0) {
			assert_int_equal(a.len, b.len);
			assert_memory_equal(a.data, b.data, a.len);
		}
	}
	expect_list(capture, "sys/bus/no-such", -ENOENT);
	expect_list(capture, "sys/bus", -ENODATA);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config_space), TEST(manifest),     TEST(filter),  TEST(refused),
		TEST(no_space),     TEST(many_devices), TEST(growing), TEST(live),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
