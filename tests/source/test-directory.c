/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories as sources, and links that lead out. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/source.h"
#include "tar-build.h"

#define DEVICE "sys/bus/pci/devices/0000:00:1f.0"

static char *directory, *outside;
static struct pp_source *source;
static struct pp_arena arena;

static int setup(void **state)
{
	directory = scratch_new();
	outside = scratch_new();
	source = NULL;
	pp_arena_init(&arena, 0);
	put_file(outside, "secret", "secret\n");
	put_file(directory, "sys/devices/pci0000:00/0000:00:1f.0/vendor", "0x8086\n");
	put_link(directory, DEVICE, "../../../devices/pci0000:00/0000:00:1f.0");
	return 0;
}

static int teardown(void **state)
{
	pp_source_free(source);
	pp_arena_fini(&arena);
	scratch_free(directory);
	scratch_free(outside);
	return 0;
}

static void open_it(void)
{
	struct pp_error e;
	int r = pp_source_open(directory, &source, &e);
	if (r < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pp_source_kind(source), PP_SOURCE_DIRECTORY);
}

static void expect(const char *path, const char *want)
{
	char buf[64];
	int r = pp_source_read_text(source, PP_NODE_NONE, path, buf, sizeof(buf));
	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	assert_string_equal(buf, want);
}

static void expect_error(const char *path, int error)
{
	char buf[64];
	int r = pp_source_read_text(source, PP_NODE_NONE, path, buf, sizeof(buf));
	if (r != -error)
		fail_msg("%s: %s, not %s", path, strerror(-r), strerror(error));
}

static void test_files(void **state)
{
	struct pp_node dir;
	char buf[64];

	open_it();
	expect(DEVICE "/vendor", "0x8086");
	assert_int_equal(pp_source_open_dir(source, DEVICE, &dir), 0);
	assert_int_equal(pp_source_read_text(source, dir, "vendor", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "0x8086");
	assert_int_equal(pp_source_read_text(source, dir, "device", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(pp_source_read_link(source, dir, "vendor", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(pp_source_read_link(source, dir, "driver", buf, sizeof(buf)), -ENOENT);
	pp_source_close(source, dir);
	assert_int_equal(pp_source_read_link(source, PP_NODE_NONE, DEVICE, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "../../../devices/pci0000:00/0000:00:1f.0");
	assert_int_equal(pp_source_read_link(source, PP_NODE_NONE, "sys/bus", buf, 64), -EINVAL);
	assert_int_equal(pp_source_read_link(source, PP_NODE_NONE, "proc/x", buf, 64), -ENODATA);
	assert_int_equal(pp_source_open_dir(source, "sys/class/iommu", &dir), -ENODATA);
	expect_error("sys/bus", EISDIR);
	expect_error("proc/cmdline", ENODATA);
	expect_error("sys/devices/pci0000:00/0000:00:1f.0/vendor/x", ENOTDIR);
}

static void test_lists(void **state)
{
	struct pp_names names;
	struct pp_span log;

	open_it();
	assert_int_equal(pp_source_list(source, "sys/bus/pci/devices", &arena, &names), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.names[0], "0000:00:1f.0");
	assert_int_equal(pp_source_list(source, "", &arena, &names), 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(pp_source_list(source, "sys/bus/pci/slots", &arena, &names), -ENOENT);
	assert_int_equal(pp_source_list(source, "sys/kernel/iommu_groups", &arena, &names),
	                 -ENODATA);
	assert_int_equal(pp_source_list(source, DEVICE "/vendor", &arena, &names), -ENOTDIR);
	assert_int_equal(pp_source_kernel_log(source, &arena, &log), -ENODATA);
}

static void make_escapes(void)
{
	char absolute[128], up[256];

	snprintf(absolute, sizeof(absolute), "%s/secret", outside);
	snprintf(up, sizeof(up), "../../../../../../..%s/secret", outside);
	put_link(directory, "sys/a/absolute", absolute);
	put_link(directory, "sys/a/up", up);
	put_link(directory, "sys/a/directory", outside);
	put_link(directory, "sys/a/self", "self");
	put_link(directory, "sys/a/magic", "/proc/self/root/etc/passwd");
	/* Held back at the root, this one leads to a file of ours. */
	put_link(directory, "sys/a/held", "/../../sys/devices/pci0000:00/0000:00:1f.0/vendor");
}

static void test_escapes(void **state)
{
	struct pp_node dir;
	struct pp_names names;
	char buf[64];

	make_escapes();
	open_it();
	expect_error("sys/a/absolute", ENODATA);
	expect_error("sys/a/up", ENODATA);
	expect_error("sys/a/directory/secret", ENODATA);
	expect_error("sys/a/magic", ENODATA);
	expect_error("sys/a/self", ELOOP);
	expect("sys/a/held", "0x8086");
	assert_int_equal(pp_source_open_dir(source, "sys/a/directory", &dir), -ENODATA);
	assert_int_equal(pp_source_list(source, "sys/a/directory", &arena, &names), -ENODATA);
	/* The same from within an open directory. */
	assert_int_equal(pp_source_open_dir(source, "sys/a", &dir), 0);
	assert_int_equal(pp_source_read_text(source, dir, "absolute", buf, 64), -ENODATA);
	assert_int_equal(pp_source_read_text(source, dir, "up", buf, 64), -ENODATA);
	assert_int_equal(pp_source_read_text(source, dir, "self", buf, 64), -ELOOP);
	assert_int_equal(pp_source_read_text(source, dir, "held", buf, 64), 0);
	assert_string_equal(buf, "0x8086");
	assert_int_equal(pp_source_read_text(source, dir, "..", buf, 64), -EINVAL);
	assert_int_equal(pp_source_read_text(source, dir, "../bus", buf, 64), -EINVAL);
	pp_source_close(source, dir);
}

static void make_special(void)
{
	char path[256];
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	put_file(directory, "sys/s/", "");
	snprintf(path, sizeof(path), "%s/sys/s/pipe", directory);
	assert_int_equal(mkfifo(path, 0666), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sys/s/socket", directory);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	/* Reading it would never end. */
	snprintf(path, sizeof(path), "%s/sys/s/zero", directory);
	if (mknod(path, S_IFCHR | 0666, makedev(1, 5)))
		print_message("no device node without root\n");
	put_link(directory, "sys/s/link", "zero");
	put_link(directory, "sys/s/link2", "pipe");
}

static void test_special(void **state)
{
	static const char *const names[] = { "pipe", "socket", "zero", "link", "link2" };
	struct pp_names list;
	struct pp_node dir;
	char buf[64], path[64];

	make_special();
	open_it();
	assert_int_equal(pp_source_open_dir(source, "sys/s", &dir), 0);
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "sys/s/%s", names[i]);
		expect_error(path, ENOENT);
		assert_int_equal(pp_source_read_text(source, dir, names[i], buf, 64), -ENOENT);
	}
	pp_source_close(source, dir);
	assert_int_equal(pp_source_list(source, "sys/s", &arena, &list), 0);
	assert_int_equal(list.count, 2); /* the links */
}

static void test_top_directory(void **state)
{
	struct pp_span log;

	scratch_free(directory);
	directory = scratch_new();
	put_file(directory, "README", "beside it\n");
	put_file(directory, "sosreport-x/proc/cmdline", "quiet\n");
	put_file(directory, "sosreport-x/var/log/dmesg", "[    0.000000] Linux\n");
	open_it();
	expect("proc/cmdline", "quiet");
	expect_error("README", ENOENT);
	assert_int_equal(pp_source_kernel_log(source, &arena, &log), 0);
	assert_memory_equal(log.data, "[    0.000000] Linux\n", log.len);
}

static void test_many_open(void **state)
{
	struct pp_node dirs[100];
	char buf[64];

	put_link(directory, "sys/devices/pci0000:00/0000:00:1f.0/link", "vendor");
	open_it();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			assert_int_equal(pp_source_open_dir(source, DEVICE, &dirs[i]), 0);
		/* A link in an open directory is followed by the directory's own path. */
		for (int i = 0; i < 100; i++) {
			assert_int_equal(pp_source_read_text(source, dirs[i], "link", buf, 64), 0);
			pp_source_close(source, dirs[i]);
		}
	}
}

static void expect_refusal(const char *path, int code, const char *words)
{
	struct pp_source *s;
	struct pp_error e;

	assert_int_equal(pp_source_open(path, &s, &e), -code);
	if (!strstr(e.text, words) || !strstr(e.text, path))
		fail_msg("'%s' says neither '%s' nor '%s'", e.text, words, path);
}

static void test_refused(void **state)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/none", directory);
	expect_refusal(path, ENOENT, "No such file or directory");
	snprintf(path, sizeof(path), "%s/secret", outside);
	expect_refusal(path, ENOEXEC, "not a directory, a tar archive or a firmware table");
	make_special();
	snprintf(path, sizeof(path), "%s/sys/s/pipe", directory);
	expect_refusal(path, EINVAL, "not a directory, a tar archive or a firmware table");
}

/* A capture that was unpacked means what its manifest says. */
static void test_unpacked(void **state)
{
	struct pp_names names;
	struct pp_node dir;

	put_file(directory, "sys/part", "0123");
	put_file(directory, "pcipass/manifest",
	         "pcipass-capture 1\ntool pcipass 9\nroot no\nredacted yes\n"
	         "asked sys/devices/*/*/gone\nasked sys/bus/pci/devices/\n"
	         "partial sys/part 0-1\nunread EACCES sys/firmware/acpi/tables/DMAR\n");
	put_link(directory, "sys/out", "/etc/passwd");
	open_it();
	const struct pp_capture_info *info = pp_source_capture_info(source);
	assert_string_equal(info->tool, "pcipass 9");
	assert_int_equal(info->as_root, PP_NO);
	assert_int_equal(info->redacted, PP_YES);
	expect(DEVICE "/vendor", "0x8086");
	expect_error(DEVICE "/gone", ENOENT);
	expect_error(DEVICE "/never", ENODATA);
	expect_error("sys/bus/pci/devices/0000:00:1e.0", ENOENT);
	expect_error("sys/bus/pci/devices/0000:00:1e.0/vendor", ENODATA);
	expect_error("sys/firmware/acpi/tables/DMAR", EACCES);
	expect_error("sys/out", ENODATA);
	expect("sys/part", "01");
	expect_error("pcipass/manifest", ENODATA);
	assert_int_equal(pp_source_list(source, "sys/bus/pci/devices", &arena, &names), 0);
	assert_int_equal(pp_source_list(source, "sys/bus", &arena, &names), -ENODATA);
	assert_int_equal(pp_source_open_dir(source, "sys/bus", &dir), 0);
	pp_source_close(source, dir);
}

static void test_unpacked_wrong(void **state)
{
	put_file(directory, "pcipass/manifest", "pcipass-capture 1\nhello\n");
	expect_refusal(directory, EBADMSG, "pcipass/manifest line 2");
}

/* The manifest of a stranger's directory is no way out either. */
static void test_unpacked_escape(void **state)
{
	char manifest[300];

	put_file(outside, "manifest", "pcipass-capture 1\ntool evil\n");
	put_link(directory, "pcipass", outside);
	open_it();
	assert_null(pp_source_capture_info(source));
	pp_source_free(source);
	snprintf(manifest, sizeof(manifest), "%s/pcipass", directory);
	assert_int_equal(unlink(manifest), 0);
	snprintf(manifest, sizeof(manifest), "%s/manifest", outside);
	put_link(directory, "pcipass/manifest", manifest);
	open_it();
	assert_null(pp_source_capture_info(source));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files),          TEST(lists),           TEST(escapes), TEST(special),
		TEST(top_directory),  TEST(many_open),       TEST(refused), TEST(unpacked),
		TEST(unpacked_wrong), TEST(unpacked_escape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
