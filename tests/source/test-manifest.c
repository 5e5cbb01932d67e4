/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manifest's lines, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "source/archive-read.h"
#include "source/manifest.h"
#include "tar-build.h"

#define HEAD "pcipass-capture 1\n"

static void expect_bad(const char *text, size_t len, const char *words)
{
	struct pp_manifest m = { .asked_count = 77 };
	struct pp_arena a;
	struct pp_error e = { 0 };

	pp_arena_init(&a, 0);
	int r = pp_manifest_parse(PP_SPAN(text, len), &a, &m, &e);
	if (r != -EBADMSG || !strstr(e.text, words))
		fail_msg("%s\n%d: '%s' does not say '%s'", text, r, e.text, words);
	assert_int_equal(m.asked_count, 77);
	pp_arena_fini(&a);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "line 1: not ended" },
		{ "pcipass-capture 1", "line 1: not ended" },
		{ HEAD "tool x", "line 2: not ended" },
		{ "\n", "line 1: need 'pcipass-capture'" },
		{ "capture 1\n", "line 1: need 'pcipass-capture'" },
		{ "pcipass-capture\n", "line 1: need 'pcipass-capture'" },
		{ "pcipass-capture one\n", "line 1: need 'pcipass-capture'" },
		{ "pcipass-capture 2\n", "line 1: version 2; this pcipass reads version 1" },
		{ HEAD "\n", "line 2: '' means nothing" },
		{ HEAD "what is this\n", "line 2: 'what' means nothing" },
		{ HEAD " tool x\n", "line 2: '' means nothing" },
		{ HEAD "unreadable EACCES x\n", "line 2: 'unreadable' means nothing" },
		{ HEAD "tool a\ntool b\n", "line 3: said a second time" },
		{ HEAD "root yes\nroot yes\n", "line 3: said a second time" },
		{ HEAD "redacted no\nredacted no\n", "line 3: said a second time" },
		{ HEAD "root maybe\n", "line 2: 'maybe' is neither yes nor no" },
		{ HEAD "root\n", "line 2: '' is neither yes nor no" },
		{ HEAD "redacted Yes\n", "line 2: 'Yes' is neither yes nor no" },
		{ HEAD "asked\n", "line 2: '' is not a path" },
		{ HEAD "asked /sys\n", "line 2: '/sys' is not a path" },
		{ HEAD "asked sys//x\n", "line 2: 'sys//x' is not a path" },
		{ HEAD "asked sys//\n", "line 2: 'sys/' is not a path" },
		{ HEAD "asked x/./y/\n", "line 2: 'x/./y' is not a path" },
		{ HEAD "asked a\\x2e\\x2e/b/\\x2e/\n", "is not a path" },
		{ HEAD "asked a\\\n", "line 2: a backslash" },
		{ HEAD "asked a\\x4\n", "line 2: a backslash" },
		{ HEAD "asked a\\x4G\n", "line 2: a backslash" },
		{ HEAD "asked a\\y41\n", "line 2: a backslash" },
		{ HEAD "asked a\\x00\n", "line 2: a backslash" },
		{ HEAD "unread\n", "line 2: need an error and a path" },
		{ HEAD "unread EACCES\n", "line 2: need an error and a path" },
		{ HEAD "unread ENONSENSE x\n", "line 2: need an error and a path" },
		{ HEAD "unread 0 x\n", "line 2: need an error and a path" },
		{ HEAD "unread 4096 x\n", "line 2: need an error and a path" },
		{ HEAD "unread -13 x\n", "line 2: need an error and a path" },
		{ HEAD "unread  x\n", "line 2: need an error and a path" },
		{ HEAD "unread EACCES /x\n", "line 2: '/x' is not a path" },
		{ HEAD "named\n", "line 2: '' is not a path" },
		{ HEAD "named sys/\n", "line 2: 'sys/' is not a path" },
		{ HEAD "partial\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x \n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-3,\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x ,0-3\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-3,4-7\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 8-f,0-3\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 4-3\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-3,2-\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-3,8-,9-\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-g\n", "line 2: need a path and ascending ranges" },
		{ HEAD "partial x 0-ffffffffffffffff\n", "line 2: need a path and ascending" },
		{ HEAD "partial /x 0-3\n", "line 2: '/x' is not a path" },
		{ HEAD "partial ../x 0-3\n", "line 2: '../x' is not a path" },
		{ HEAD "partial  -\n", "line 2: '' is not a path" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_bad(bad[i].text, strlen(bad[i].text), bad[i].words);
	expect_bad(HEAD "asked a\0b\n", sizeof(HEAD) - 1 + 10, "line 3: 'b' means nothing");
	expect_bad(HEAD "asked \xff\n\xff\n", sizeof(HEAD) - 1 + 10, "line 3: '?' means nothing");
}

static const char good[] =
	HEAD "redacted yes\nroot no\ntool pcipass 0.1.0\n"
	     "asked sys/devices/*/*/iommu_group\nasked sys/a b\\x0ac\n"
	     "asked sys/bus/pci/slots/\nasked sys/bus/pci/slots/*/address\nasked /\n"
	     "asked sys/exact/0000:00:1f.0/\nasked sys/gone/../x\n"
	     "unread EACCES sys/x y\nunread 4000 z\nunread EIO \n"
	     "partial sys/a b 0-3f,100-103,1000-\npartial q -\npartial p 5-\n";

static void check_asked(const struct pp_manifest *m)
{
	assert_true(pp_manifest_asked(m, "sys/devices/pci0000:00/0000:00:1f.0/iommu_group"));
	assert_true(pp_manifest_asked(m, "sys/devices/pci10000:e0/10000:e0:1f.7/iommu_group"));
	assert_false(pp_manifest_asked(m, "sys/devices/pci0000:00/iommu_group"));
	assert_false(pp_manifest_asked(m, "sys/devices/pci0000:00/x/iommu_group"));
	assert_true(pp_manifest_asked(m, "sys/a b\nc"));
	assert_true(pp_manifest_asked(m, "sys/bus/pci/slots/Slot 1/address"));
	assert_false(pp_manifest_asked(m, "sys/bus/pci/slots"));
	assert_true(pp_manifest_asked(m, "sys/gone/../x"));
	assert_true(pp_manifest_listed(m, "sys/bus/pci/slots"));
	assert_true(pp_manifest_listed(m, ""));
	assert_true(pp_manifest_listed(m, "sys/exact/0000:00:1f.0"));
	assert_false(pp_manifest_listed(m, "sys/exact/0000:00:1e.0"));
}

static void test_good(void **state)
{
	struct pp_manifest m;
	struct pp_arena a, none = { 0 };
	struct pp_error e;

	pp_arena_init(&a, 0);
	if (pp_manifest_parse(PP_SPAN(good, sizeof(good) - 1), &a, &m, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(m.info.tool, "pcipass 0.1.0");
	assert_int_equal(m.info.as_root, PP_NO);
	assert_int_equal(m.info.redacted, PP_YES);
	check_asked(&m);
	assert_int_equal(m.unread_count, 3);
	assert_string_equal(m.unread[0].path, "");
	assert_int_equal(pp_manifest_unread(&m, "sys/x y")->error, EACCES);
	assert_int_equal(pp_manifest_unread(&m, "z")->error, 4000);
	assert_null(pp_manifest_unread(&m, "sys/x"));
	assert_int_equal(m.partial_count, 3);
	assert_string_equal(m.partial[0].path, "sys/a b");
	assert_int_equal(m.partial[0].count, 2);
	assert_int_equal(m.partial[0].ranges[1].first, 0x100);
	assert_int_equal(m.partial[0].ranges[1].end, 0x104);
	assert_true(m.partial[0].ends);
	assert_int_equal(m.partial[0].end, 0x1000);
	assert_int_equal(m.partial[1].count, 0);
	assert_false(m.partial[1].ends);
	assert_true(m.partial[2].ends);
	pp_arena_fini(&a);

	assert_int_equal(pp_manifest_parse(PP_SPAN(HEAD, sizeof(HEAD) - 1), &none, &m, &e),
	                 -ENOMEM);
	pp_arena_fini(&none);
}

static void test_pattern(void **state)
{
	static const char *const pairs[][2] = {
		{ "sys/bus/pci/devices/0000:07:00.0/config", "sys/bus/pci/devices/*/config" },
		{ "sys/bus/pci/devices/10000:e1:00.0", "sys/bus/pci/devices/*" },
		{ "proc/bus/pci/07:00.0", "proc/bus/pci/*" },
		{ "proc/bus/pci/07/00.0", "proc/bus/pci/*/00.0" },
		{ "sys/devices/pci0000:00/x", "sys/devices/*/x" },
		{ "sys/kernel/iommu_groups/13/type", "sys/kernel/iommu_groups/*/type" },
		{ "sys/bus/pci/slots/2-1/address", "sys/bus/pci/slots/*/address" },
		{ "sys/bus/pci/slots", "sys/bus/pci/slots" },
		{ "sys/class/iommu/dmar0", "sys/class/iommu/dmar0" },
		{ "000:07:00.0/007:00.0/0000:07:00.g", "000:07:00.0/007:00.0/0000:07:00.g" },
		{ "0000:07:00.00/pci0000/1a", "0000:07:00.00/pci0000/1a" },
		{ "pci0000:00:00", "pci0000:00:00" },
		{ "", "" },
	};
	char pattern[PP_MAX_PATH + 1];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		pp_manifest_pattern(pairs[i][0], pattern);
		assert_string_equal(pattern, pairs[i][1]);
	}
}

/* What the manifest says must fit the archive it is in. words NULL: it does. */
static struct pp_source *open_with(const char *manifest, const char *words)
{
	struct pp_buffer tar;
	struct pp_error e = { 0 };
	struct pp_source *s = NULL;

	pp_buffer_init(&tar, 1 << 20);
	tar_file(&tar, "pcipass/manifest", manifest);
	tar_file(&tar, "sys/file", "0123456789abcdef");
	tar_directory(&tar, "sys/directory");
	tar_file(&tar, "sys/directory/x", "");
	tar_link(&tar, "sys/link", "file");
	tar_end(&tar);
	int r = pp_source_open_bytes("t", PP_SPAN(tar.data, tar.len), &s, &e);
	pp_buffer_fini(&tar);
	if (!words && r < 0)
		fail_msg("%s", e.text);
	if (words && (r != -EBADMSG || !strstr(e.text, words)))
		fail_msg("%d: '%s' does not say '%s'", r, e.text, words);
	return s;
}

static void test_against_archive(void **state)
{
	open_with(HEAD "partial sys/none 0-3\n", "line 2: 'sys/none' is not a file");
	open_with(HEAD "partial no/where 0-3\n", "line 2: 'no/where' is not a file");
	open_with(HEAD "partial sys/directory 0-3\n", "line 2: 'sys/directory' is not a file");
	open_with(HEAD "partial sys/file 0-10\n", "line 2: bytes up to 0x11");
	open_with(HEAD "partial sys/file -\npartial sys/file -\n", "line 3: ");
	open_with(HEAD "partial sys/file/x -\n", "line 2: 'file' is not a directory");
	open_with(HEAD "named sys/file\n", "line 2: 'sys/file' is in the archive");
	open_with(HEAD "named no/where\n",
	          "line 2: 'no/where' is in the archive, or its directory");
	open_with(HEAD "named sys/a\nnamed sys/a\n", "line 3: 'sys/a' is in the archive");
	open_with(HEAD "unread EIO sys/link\n", "line 2: 'sys/link' is a link");
	open_with(HEAD "unread EIO sys/link/x\n", "line 2: 'link' is not a directory");
}

static void test_gaps(void **state)
{
	struct pp_node f;
	char buf[32];

	struct pp_source *s = open_with(HEAD "partial sys/file 2-3,8-9,20-\n", NULL);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/file", &f), 0);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 0), -ENODATA);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 2), 2);
	assert_memory_equal(buf, "23", 2);
	assert_int_equal(pp_source_pread(s, f, buf, 1, 3), 1);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 4), -ENODATA);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 8), 2);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 0xa), -ENODATA);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 0x1f), -ENODATA);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 0x20), 0);
	pp_source_close(s, f);
	pp_source_free(s);

	s = open_with(HEAD "partial sys/file 0-3\nunread EIO sys/file\n", NULL);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/file", &f), 0);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 0), 4);
	assert_int_equal(pp_source_pread(s, f, buf, 32, 4), -EIO);
	pp_source_close(s, f);
	pp_source_free(s);
}

static void test_unread(void **state)
{
	struct pp_node n;
	struct pp_names names;
	struct pp_arena a;
	char buf[32];

	pp_arena_init(&a, 0);
	struct pp_source *s =
		open_with(HEAD "unread EACCES sys/file\nunread EPERM sys/directory\n"
	                       "unread EIO sys/lost\nunread EIO sys/named\n"
	                       "named sys/named\nnamed sys/only\nunread ENODEV no/directory/x\n"
	                       "asked sys/\n",
	                  NULL);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/file", &n), -EACCES);
	assert_int_equal(pp_source_open_dir(s, "sys/file", &n), -EACCES);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "sys/file", buf, 32), -EINVAL);
	assert_int_equal(pp_source_open_dir(s, "sys/directory", &n), 0);
	assert_int_equal(pp_source_read_text(s, n, "x", buf, 32), 0);
	pp_source_close(s, n);
	assert_int_equal(pp_source_list(s, "sys/directory", &a, &names), -EPERM);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "sys/lost/x", &n), -EIO);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "sys/lost", buf, 32), -EIO);
	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, "no/directory/x", &n), -ENODEV);
	assert_int_equal(pp_source_open_dir(s, "no/directory", &n), -ENODATA);
	assert_int_equal(pp_source_list(s, "sys", &a, &names), 0);
	assert_int_equal(names.count, 5);
	assert_string_equal(names.names[3], "named");
	assert_string_equal(names.names[4], "only");
	assert_int_equal(pp_source_open_dir(s, "sys/named", &n), -EIO);
	assert_int_equal(pp_source_open_dir(s, "sys/only", &n), -ENODATA);
	pp_source_free(s);
	pp_arena_fini(&a);
}

static void test_errno_names(void **state)
{
	char name[24];

	for (int i = 1; i < 200; i++) {
		pp_errno_name(i, name);
		assert_int_equal(pp_errno_parse(PP_SPAN(name, strlen(name))), i);
	}
	pp_errno_name(EACCES, name);
	assert_string_equal(name, "EACCES");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed),   cmocka_unit_test(test_good),
		cmocka_unit_test(test_pattern),     cmocka_unit_test(test_against_archive),
		cmocka_unit_test(test_gaps),        cmocka_unit_test(test_unread),
		cmocka_unit_test(test_errno_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
