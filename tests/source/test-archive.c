/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures as archives, odd and hostile ones as well. */
#define _GNU_SOURCE
#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmocka.h>

#include "lazy/library.h"
#include "source/archive-read.h"
#include "source/limits.h"
#include "tar-build.h"

#define MAX_TAR ((size_t)64 * 1024 * 1024)

static struct pp_buffer tar;

static int setup(void **state)
{
	pp_buffer_init(&tar, MAX_TAR);
	return 0;
}

static int teardown(void **state)
{
	pp_buffer_fini(&tar);
	return 0;
}

static struct pp_source *open_good(const struct pp_buffer *b)
{
	struct pp_source *s = NULL;
	struct pp_error e = { 0 };
	int r = pp_source_open_bytes("t.tar", PP_SPAN(b->data, b->len), &s, &e);
	if (r < 0)
		fail_msg("%s", e.text);
	return s;
}

static void open_bad(const struct pp_buffer *b, int code, const char *words)
{
	struct pp_source *s = NULL;
	struct pp_error e = { 0 };
	int r = pp_source_open_bytes("t.tar", PP_SPAN(b->data, b->len), &s, &e);

	if (r == 0)
		pp_source_free(s);
	assert_int_equal(r, -code);
	assert_null(s);
	assert_int_equal(e.code, code);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
	assert_memory_equal(e.text, "t.tar: ", 7);
}

/* What is left of an archive: a broken one, or none at all. */
static void open_cut(const struct pp_buffer *b)
{
	struct pp_source *s = NULL;
	struct pp_error e = { 0 };
	int r = pp_source_open_bytes("t.tar", PP_SPAN(b->data, b->len), &s, &e);

	if (r == 0)
		pp_source_free(s);
	assert_true(r == -EBADMSG || r == -ENOEXEC);
	assert_null(s);
	assert_int_equal(e.code, -r);
	assert_memory_equal(e.text, "t.tar: ", 7);
}

static int open_file(struct pp_source *s, const char *path)
{
	struct pp_node n;
	int r = pp_source_open_file(s, PP_NODE_NONE, path, &n);
	if (r == 0)
		pp_source_close(s, n);
	return r;
}

static void expect_text(struct pp_source *s, const char *path, const char *want)
{
	char text[256];
	int r = pp_source_read_text(s, PP_NODE_NONE, path, text, sizeof(text));
	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	assert_string_equal(text, want);
}

static void small_host(void)
{
	tar_directory(&tar, "./");
	tar_directory(&tar, "./sys/");
	tar_link(&tar, "./sys/bus/pci/devices/0000:00:1f.0",
	         "../../../devices/pci0000:00/0000:00:1f.0");
	tar_file(&tar, "sys/devices/pci0000:00/0000:00:1f.0/vendor", "0x8086\n");
	tar_file(&tar, "sys/devices/pci0000:00/0000:00:1f.0/config", "abcdefgh");
	tar_directory(&tar, "sys/kernel/empty/");
	tar_end(&tar);
}

static void check_small_host(struct pp_source *s)
{
	struct pp_arena a;
	struct pp_names names;
	struct pp_node dir, file;
	char text[16], buf[8];

	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_kind(s), PP_SOURCE_ARCHIVE);
	assert_null(pp_source_capture_info(s));
	expect_text(s, "sys/bus/pci/devices/0000:00:1f.0/vendor", "0x8086");
	assert_int_equal(pp_source_open_dir(s, "sys/bus/pci/devices/0000:00:1f.0", &dir), 0);
	assert_int_equal(pp_source_read_text(s, dir, "vendor", text, sizeof(text)), 0);
	assert_string_equal(text, "0x8086");
	/* Seven bytes with the newline: six and a NUL fit, one less does not. */
	assert_int_equal(pp_source_read_text(s, dir, "vendor", text, 7), 0);
	assert_int_equal(pp_source_read_text(s, dir, "vendor", text, 6), -E2BIG);
	assert_int_equal(pp_source_read_text(s, dir, "device", text, sizeof(text)), -ENOENT);
	assert_int_equal(pp_source_read_text(s, dir, "../x", text, sizeof(text)), -EINVAL);
	assert_int_equal(pp_source_open_file(s, dir, "config", &file), 0);
	assert_int_equal(pp_source_pread(s, file, buf, 4, 6), 2);
	assert_memory_equal(buf, "gh", 2);
	assert_int_equal(pp_source_pread(s, file, buf, 4, 8), 0);
	assert_int_equal(pp_source_pread(s, file, buf, 4, UINT64_MAX), 0);
	pp_source_close(s, file);
	pp_source_close(s, dir);

	assert_int_equal(pp_source_list(s, "sys/bus/pci/devices", &a, &names), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.names[0], "0000:00:1f.0");
	assert_int_equal(pp_source_list(s, "sys/kernel/empty", &a, &names), 0);
	assert_int_equal(names.count, 0);
	assert_int_equal(
		pp_source_list(s, "sys/devices/pci0000:00/0000:00:1f.0/vendor", &a, &names),
		-ENOTDIR);
	/* Absent where its directory is there, unread where not. */
	assert_int_equal(pp_source_list(s, "sys/kernel/iommu_groups", &a, &names), -ENOENT);
	assert_int_equal(pp_source_list(s, "sys/class/iommu", &a, &names), -ENODATA);
	assert_int_equal(open_file(s, "sys/devices/pci0000:00"), -EISDIR);
	assert_int_equal(open_file(s, "sys/devices/pci0000:00/0000:00:1f.0/vendor/x"), -ENOTDIR);

	struct pp_span log;
	assert_int_equal(pp_source_kernel_log(s, &a, &log), -ENODATA);
	pp_arena_fini(&a);
}

static void test_small_host(void **state)
{
	static const char *const filters[] = { "gzip", "bzip2", "xz", "zstd" };

	small_host();
	struct pp_source *s = open_good(&tar);
	check_small_host(s);
	pp_source_free(s);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct pp_buffer packed;
		pp_buffer_init(&packed, MAX_TAR);
		tar_compress(&packed, &tar, filters[i]);
		s = open_good(&packed);
		check_small_host(s);
		pp_source_free(s);
		pp_buffer_fini(&packed);
	}
}

/* What comes out of the last filter says nothing of the work in those before it. */
static void test_compressed_twice(void **state)
{
	static const char *const filters[] = { "gzip", "bzip2", "xz", "zstd" };
	static const char words[] = "compressed more than once; decompress it once";
	struct pp_buffer nothing;

	small_host();
	assert_int_equal(pp_lazy_archive(NULL), 0);
	for (size_t i = 0; i < 16; i++) {
		struct pp_buffer once, twice;
		pp_buffer_init(&once, MAX_TAR);
		pp_buffer_init(&twice, MAX_TAR);
		tar_compress(&once, &tar, filters[i % 4]);
		tar_compress(&twice, &once, filters[i / 4]);
		open_bad(&twice, EBADMSG, words);
		pp_buffer_fini(&twice);
		pp_buffer_fini(&once);
	}
	/* Members without a byte in them: a decompressor goes through all before it gives any. */
	pp_buffer_init(&nothing, MAX_TAR);
	while (nothing.len < MAX_TAR / 2)
		pp_buffer_append(&nothing, "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",
		                 20);
	tar.len = 0;
	tar_compress(&tar, &nothing, "gzip");
	open_bad(&tar, EBADMSG, words);
	pp_buffer_fini(&nothing);
}

static void test_bad_paths(void **state)
{
	static const char *const paths[] = { "",      "/sys",   "sys/",   "sys//bus",
		                             "./sys", "sys/..", "sys/./x" };
	char name[PP_MAX_NAME + 2] = { 0 };
	struct pp_node n;
	char text[8];

	small_host();
	struct pp_source *s = open_good(&tar);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(open_file(s, paths[i]), -EINVAL);
		assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, paths[i], text, 8), -EINVAL);
	}
	memset(name, 'x', PP_MAX_NAME + 1);
	assert_int_equal(open_file(s, name), -ENAMETOOLONG);
	assert_int_equal(pp_source_open_dir(s, "", &n), 0);
	pp_source_close(s, n);
	pp_source_free(s);
}

static void test_links(void **state)
{
	char text[64];

	tar_file(&tar, "proc/x", "here\n");
	tar_link(&tar, "proc/out", "../../../../../../proc/x");
	tar_link(&tar, "proc/absolute", "/proc/x");
	tar_link(&tar, "proc/self", "self");
	tar_link(&tar, "proc/a", "b");
	tar_link(&tar, "proc/b", "a");
	tar_link(&tar, "proc/dangling", "nowhere");
	tar_link(&tar, "proc/lost", "no/where");
	tar_link(&tar, "proc/etc", "../../../etc/passwd");
	tar_link(&tar, "l0", "proc/x");
	for (int i = 1; i <= 41; i++) {
		char name[8], target[8];
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		tar_link(&tar, name, target);
	}
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	expect_text(s, "proc/out", "here");
	expect_text(s, "proc/absolute", "here");
	assert_int_equal(open_file(s, "proc/self"), -ELOOP);
	assert_int_equal(open_file(s, "proc/a"), -ELOOP);
	assert_int_equal(open_file(s, "proc/dangling"), -ENOENT);
	assert_int_equal(open_file(s, "proc/lost"), -ENODATA);
	assert_int_equal(open_file(s, "proc/etc"), -ENODATA);
	expect_text(s, "l39", "here"); /* forty links */
	assert_int_equal(open_file(s, "l40"), -ELOOP);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "proc/out", text, sizeof(text)), 0);
	assert_string_equal(text, "../../../../../../proc/x");
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "proc/out", text, 24), -ENAMETOOLONG);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "proc/x", text, 24), -EINVAL);
	assert_int_equal(pp_source_read_link(s, PP_NODE_NONE, "proc/none", text, 24), -ENOENT);
	pp_source_free(s);
}

/* Every link doubles the path: without a limit this would be 2^n components. */
static void test_link_growth(void **state)
{
	tar_directory(&tar, "sys/d/");
	tar_link(&tar, "sys/d/l0", "../d");
	for (int i = 1; i <= 30; i++) {
		char name[16], target[32];
		snprintf(name, sizeof(name), "sys/d/l%d", i);
		snprintf(target, sizeof(target), "l%d/l%d", i - 1, i - 1);
		tar_link(&tar, name, target);
	}
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	struct pp_node n;
	assert_int_equal(pp_source_open_dir(s, "sys/d/l3", &n), 0);
	pp_source_close(s, n);
	assert_int_equal(pp_source_open_dir(s, "sys/d/l30", &n), -ELOOP);
	pp_source_free(s);
}

static void test_odd_entries(void **state)
{
	struct pp_arena a;
	struct pp_names names;

	tar_file(&tar, "sys/twice", "first\n");
	tar_file(&tar, "sys/target", "content\n");
	tar_header(&tar, "sys/hard", TAR_HARD_LINK, "sys/target", 0);
	tar_header(&tar, "sys/harder", TAR_HARD_LINK, "./sys/hard", 0);
	tar_header(&tar, "sys/nowhere", TAR_HARD_LINK, "sys/none", 0);
	tar_header(&tar, "sys/pipe", TAR_FIFO, NULL, 0);
	tar_header(&tar, "sys/null", TAR_CHAR, NULL, 0);
	tar_link(&tar, "sys/becomes", "elsewhere");
	tar_file(&tar, "sys/becomes", "a file\n");
	tar_file(&tar, "sys/vanishes", "x");
	tar_header(&tar, "sys/vanishes", TAR_FIFO, NULL, 0);
	tar_file(&tar, "sys/twice", "last\n");
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	expect_text(s, "sys/twice", "last");
	expect_text(s, "sys/hard", "content");
	expect_text(s, "sys/harder", "content");
	expect_text(s, "sys/becomes", "a file");
	assert_int_equal(open_file(s, "sys/nowhere"), -ENODATA);
	assert_int_equal(open_file(s, "sys/pipe"), -ENOENT);
	assert_int_equal(open_file(s, "sys/null"), -ENOENT);
	assert_int_equal(open_file(s, "sys/vanishes"), -ENOENT);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_list(s, "sys", &a, &names), 0);
	assert_int_equal(names.count, 6);
	assert_string_equal(names.names[0], "becomes");
	assert_string_equal(names.names[5], "twice");
	pp_arena_fini(&a);
	pp_source_free(s);
}

static void one_bad_name(const char *name, const char *words)
{
	tar.len = 0;
	tar_file(&tar, "sys/ok", "x");
	tar_file(&tar, name, "x");
	tar_end(&tar);
	open_bad(&tar, EBADMSG, words);
	open_bad(&tar, EBADMSG, "entry 2");
}

static void test_bad_names(void **state)
{
	one_bad_name("/etc/passwd", "'/etc/passwd': an absolute name");
	one_bad_name("../x", "'../x': a name that leads out");
	one_bad_name("sys/../../x", "a name that leads out");
	one_bad_name("sys/..", "a name that leads out");
	one_bad_name("sys/ok/x", "below 'ok', which is not a directory");
	one_bad_name("sys", "a directory before");
	one_bad_name("/\033[2Jx", "'/?[2Jx': an absolute name");

	tar.len = 0;
	tar_link(&tar, "sys/link", "elsewhere");
	tar_file(&tar, "sys/link/x", "x");
	tar_end(&tar);
	open_bad(&tar, EBADMSG, "below 'link', which is not a directory");

	tar.len = 0;
	tar_link(&tar, "sys/link", "");
	tar_end(&tar);
	open_bad(&tar, EBADMSG, "a link of 0 bytes");
}

/* Long names come in pax headers, which libarchive writes. */
static void long_name(size_t component, size_t count, int code)
{
	static char out[1024 * 1024];
	char path[8192] = { 0 };
	size_t used = 0, at = 0;
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	for (size_t i = 0; i < count; i++) {
		memset(path + at, 'n', component);
		at += component;
		path[at++] = '/';
	}
	path[at - 1] = '\0';
	archive_write_set_format_pax(a);
	archive_write_open_memory(a, out, sizeof(out), &used);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, AE_IFREG | 0644);
	archive_entry_set_size(entry, 0);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(a);
	struct pp_buffer b = { .data = out, .len = used };
	if (code)
		open_bad(&b, code, "longer than 4095 bytes, 255 in a name, or deeper than 64");
	else
		pp_source_free(open_good(&b));
}

static void test_long_names(void **state)
{
	long_name(255, 15, 0);
	long_name(256, 1, EBADMSG);
	long_name(1, 64, 0);
	long_name(1, 65, EBADMSG);
	long_name(255, 16, 0);
	long_name(255, 17, EBADMSG);
}

static void test_no_archive(void **state)
{
	char gz[] = "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0";
	struct pp_buffer b = { .data = gz, .len = sizeof(gz) - 1 };

	open_bad(&b, ENOEXEC, "not a directory, a tar archive or a firmware table");
	b.len = 0;
	open_bad(&b, ENOEXEC, "not a directory, a tar archive or a firmware table");
	b = (struct pp_buffer){ .data = (char[]){ "hello world\n" }, .len = 12 };
	open_bad(&b, ENOEXEC, "not a directory, a tar archive or a firmware table");
	tar_end(&tar);
	open_bad(&tar, EBADMSG, "an archive without entries");
	/* cpio and zip are archives too, but not ours. */
	b = (struct pp_buffer){ .data = (char[]){ "070701000000000000000000000000" }, .len = 30 };
	open_bad(&b, ENOEXEC, "not a directory, a tar archive or a firmware table");
}

/* The head of the second entry is damaged. */
static void test_wrong_header(void **state)
{
	small_host();
	tar.data[512 + 150] ^= 1;
	open_bad(&tar, EBADMSG, "damaged or cut off at offset ");
}

static void test_cut_off(void **state)
{
	static const char *const filters[] = { NULL, "gzip", "bzip2", "xz", "zstd" };

	small_host();
	for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
		struct pp_buffer packed;
		pp_buffer_init(&packed, MAX_TAR);
		if (filters[f])
			tar_compress(&packed, &tar, filters[f]);
		else
			pp_buffer_append(&packed, tar.data, tar.len - 1024 + 1);
		/* The last bytes are the check sums: cutting them off loses nothing. */
		size_t end = packed.len - (filters[f] ? 40 : 1);
		for (size_t len = 0; len <= end; len += filters[f] ? 1 : 7) {
			struct pp_buffer cut = { .data = packed.data, .len = len };
			open_cut(&cut);
		}
		if (!filters[f]) {
			/* Between two entries, where libarchive sees nothing wrong. */
			struct pp_buffer cut = { .data = packed.data, .len = 1536 };
			open_bad(&cut, EBADMSG, "cut off at offset 1536, after 3 entries");
			cut.len = end;
			open_bad(&cut, EBADMSG, "no end mark");
		}
		pp_buffer_fini(&packed);
	}
}

static void test_large_file(void **state)
{
	static char zeros[PP_MAX_FILE_BYTES + 512];

	tar_file(&tar, "sys/small", "x\n");
	tar_header(&tar, "sys/large", TAR_FILE, NULL, PP_MAX_FILE_BYTES + 1);
	tar_data(&tar, zeros, PP_MAX_FILE_BYTES + 1);
	tar_header(&tar, "sys/full", TAR_FILE, NULL, PP_MAX_FILE_BYTES);
	tar_data(&tar, zeros, PP_MAX_FILE_BYTES);
	tar_file(&tar, "sys/after", "y\n");
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	expect_text(s, "sys/small", "x");
	expect_text(s, "sys/after", "y");
	assert_int_equal(open_file(s, "sys/large"), -E2BIG);
	assert_int_equal(open_file(s, "sys/full"), 0);
	struct pp_arena a;
	struct pp_span all;
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_read_all(s, "sys/full", PP_MAX_FILE_BYTES, &a, &all), 0);
	assert_int_equal(all.len, PP_MAX_FILE_BYTES);
	assert_int_equal(pp_source_read_all(s, "sys/full", PP_MAX_FILE_BYTES - 1, &a, &all),
	                 -E2BIG);
	assert_int_equal(pp_source_read_all(s, "sys/small", 2, &a, &all), 0);
	assert_int_equal(pp_source_read_all(s, "sys/small", 1, &a, &all), -E2BIG);
	pp_arena_fini(&a);
	pp_source_free(s);
}

#define REPEATS_MAX 9000

/* A line again and again behind something else, cut off in the middle where the size says so. */
static void repeats_fill(uint8_t *to, size_t size, size_t head, size_t period, char end)
{
	for (size_t i = 0; i < size; i++) {
		size_t at = i < head ? i : (i - head) % period;
		to[i] = i < head           ? (uint8_t)(i * 7)
		        : at == period - 1 ? (uint8_t)end
		                           : (uint8_t)('a' + at % 26);
	}
}

static void repeats_check(struct pp_source *s, const char *path, const uint8_t *want, size_t size)
{
	static const size_t steps[] = { 1, 13, 64, 4096, REPEATS_MAX };
	uint8_t got[REPEATS_MAX + 1];
	struct pp_node file;

	assert_int_equal(pp_source_open_file(s, PP_NODE_NONE, path, &file), 0);
	for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
		for (size_t at = 0; at < size; at += steps[k]) {
			ssize_t n = pp_source_pread(s, file, got + at, steps[k], at);
			assert_int_equal(n, size - at < steps[k] ? size - at : steps[k]);
		}
		assert_memory_equal(got, want, size);
	}
	assert_int_equal(pp_source_pread(s, file, got, 1, size), 0);
	pp_source_close(s, file);
}

/* Of what ends in the same again and again little is kept; read, it is as it was. */
static void test_repeats(void **state)
{
	static const size_t sizes[] = { 1, 63, 64, 65, 66, 128, 1000, 4096, 8191, 8192, 8193 };
	static const size_t periods[] = { 1, 2, 57, 63, 64, 65 };
	static const size_t heads[] = { 0, 1, 70 };
	uint8_t want[REPEATS_MAX];
	struct pp_source *s = NULL;
	char path[64];

	for (int check = 0; check < 2; check++) {
		for (unsigned int i = 0; i < 11 * 6 * 3 * 3; i++) {
			size_t size = sizes[i % 11];
			repeats_fill(want, size, heads[i / 66 % 3], periods[i / 11 % 6],
			             "\n\0x"[i / 198]);
			snprintf(path, sizeof(path), "sys/%u/config", i);
			if (check) {
				repeats_check(s, path, want, size);
				snprintf(path, sizeof(path), "sys/%u/again", i);
				repeats_check(s, path, want, size);
				continue;
			}
			tar_header(&tar, path, TAR_FILE, NULL, size);
			tar_data(&tar, want, size);
			char again[64];
			snprintf(again, sizeof(again), "sys/%u/again", i);
			tar_header(&tar, again, TAR_HARD_LINK, path, 0);
		}
		if (!check) {
			tar_end(&tar);
			s = open_good(&tar);
		}
	}
	pp_source_free(s);
}

static void test_claimed_sizes(void **state)
{
	/* Larger than everything, and nothing follows. */
	tar_header(&tar, "sys/x", TAR_FILE, NULL, 0x7fffffffffffffffull);
	open_bad(&tar, EBADMSG, "damaged or cut off");
	tar.len = 0;
	tar_header(&tar, "sys/x", TAR_FILE, NULL, 1ull << 63);
	tar_end(&tar);
	open_bad(&tar, EBADMSG, "");
	tar.len = 0;
	/* A size within the limits that is not there: 16 of these would be 256 MiB. */
	tar_header(&tar, "sys/x", TAR_FILE, NULL, PP_MAX_FILE_BYTES);
	open_bad(&tar, EBADMSG, "damaged or cut off");
}

/* Other bytes in each piece, which no compressor makes smaller. */
static void bomb_noise(char *piece, size_t bytes)
{
	static uint32_t seed = 1;

	for (size_t i = 0; i < bytes; i++) {
		seed = seed * 1664525 + 1013904223;
		piece[i] = (char)(seed >> 24);
	}
}

/*
 * Writes entries to a compressed file, more than memory should hold: zeros, but for so many bytes
 * of each MiB.
 */
static void write_bomb(const char *path, const char *filter, unsigned long entries,
                       size_t entry_bytes, const char *name, size_t noise)
{
	static char piece[1024 * 1024];
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	archive_write_set_format_ustar(a);
	assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
	archive_write_set_filter_option(a, filter, "compression-level", "1");
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (unsigned long i = 0; i < entries; i++) {
		char full[64];
		snprintf(full, sizeof(full), "%s%lu", name, i);
		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, full);
		archive_entry_set_mode(entry, AE_IFREG | 0644);
		archive_entry_set_size(entry, (la_int64_t)entry_bytes);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		for (size_t left = entry_bytes; left;) {
			size_t n = left < sizeof(piece) ? left : sizeof(piece);
			bomb_noise(piece, noise);
			assert_int_equal(archive_write_data(a, piece, n), n);
			left -= n;
		}
	}
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void expect_refusal(const char *path, const char *words)
{
	struct pp_source *s;
	struct pp_error e = { 0 };
	double before = cpu_seconds();

	assert_int_equal(pp_source_open(path, &s, &e), -E2BIG);
	print_message("%.1f s: %s\n", cpu_seconds() - before, e.text);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
	assert_true(cpu_seconds() - before < 60);
}

static void test_bombs(void **state)
{
	char *directory = scratch_new(), path[64];

	assert_int_equal(pp_lazy_archive(NULL), 0);
	snprintf(path, sizeof(path), "%s/bomb", directory);
	write_bomb(path, "gzip", 1000000, 0, "sys/", 0);
	expect_refusal(path, "more than 600000 files and directories");
	write_bomb(path, "zstd", 17, PP_MAX_FILE_BYTES, "sys/", 0);
	expect_refusal(path, "256 MiB to keep");
	write_bomb(path, "zstd", 1, (size_t)1200 * 1024 * 1024, "sys/", 0);
	expect_refusal(path, "decompresses to more than 1024 MiB");
	scratch_free(directory);
}

/* A support bundle of that size has logs that nobody reads: they are passed over. */
static void test_large_bundle(void **state)
{
	char *directory = scratch_new(), path[64];
	struct pp_source *s;
	struct pp_error e;
	struct pp_arena a;
	struct pp_span all;

	snprintf(path, sizeof(path), "%s/large", directory);
	write_bomb(path, "zstd", 2, (size_t)600 * 1024 * 1024, "sos/var/log/audit/", 20 * 1024);
	assert_int_equal(pp_source_open(path, &s, &e), 0);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_read_all(s, "sos/var/log/audit/1", SIZE_MAX, &a, &all), -E2BIG);
	pp_arena_fini(&a);
	pp_source_free(s);
	scratch_free(directory);
}

static void test_top_directory(void **state)
{
	tar_file(&tar, "README", "beside it\n");
	tar_file(&tar, "host-1/proc/cmdline", "quiet\n");
	tar_link(&tar, "host-1/up", "../../proc/cmdline");
	tar_file(&tar, "host-1/sos_commands/kernel/dmesg", "[    0.1] one\n");
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	struct pp_arena a;
	struct pp_span log;
	expect_text(s, "proc/cmdline", "quiet");
	expect_text(s, "up", "quiet");
	assert_int_equal(open_file(s, "README"), -ENOENT);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_kernel_log(s, &a, &log), 0);
	assert_int_equal(log.len, 14);
	pp_arena_fini(&a);
	pp_source_free(s);

	/* Two directories: neither is the host. */
	tar.len -= 1024;
	tar_file(&tar, "host-2/proc/cmdline", "quiet\n");
	tar_end(&tar);
	s = open_good(&tar);
	assert_int_equal(open_file(s, "proc/cmdline"), -ENODATA);
	expect_text(s, "host-2/proc/cmdline", "quiet");
	pp_source_free(s);
}

static void test_names_as_bytes(void **state)
{
	static const char name[] = "sys/\xff\xfe\x01 n\xc3\xa4me\n";
	struct pp_arena a;
	struct pp_names names;

	tar_file(&tar, name, "odd\n");
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	expect_text(s, name, "odd");
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_list(s, "sys", &a, &names), 0);
	assert_string_equal(names.names[0], name + 4);
	pp_arena_fini(&a);
	pp_source_free(s);
}

static void test_names_in_pax(void **state)
{
	static const char record[] = "18 path=sys/n\xc3\xa4me\n";

	tar_header(&tar, "pax", 'x', NULL, sizeof(record) - 1);
	tar_data(&tar, record, sizeof(record) - 1);
	tar_file(&tar, "short", "odd\n");
	tar_end(&tar);
	struct pp_source *s = open_good(&tar);
	expect_text(s, "sys/n\xc3\xa4me", "odd");
	pp_source_free(s);
}

static void test_table(void **state)
{
	char table[64] = "DMAR\x40";
	struct pp_buffer b = { .data = table, .len = sizeof(table) };
	struct pp_arena a;
	struct pp_span all;
	struct pp_names names;

	struct pp_source *s = open_good(&b);
	pp_arena_init(&a, 0);
	assert_int_equal(pp_source_kind(s), PP_SOURCE_TABLE);
	assert_int_equal(pp_source_read_all(s, "sys/firmware/acpi/tables/DMAR", 4096, &a, &all), 0);
	assert_int_equal(all.len, 64);
	assert_memory_equal(all.data, table, 64);
	/* Nobody looked. */
	assert_int_equal(open_file(s, "sys/firmware/acpi/tables/IVRS"), -ENODATA);
	assert_int_equal(pp_source_list(s, "sys/firmware/acpi/tables", &a, &names), -ENODATA);
	assert_int_equal(pp_source_list(s, "sys/bus/pci/devices", &a, &names), -ENODATA);
	assert_int_equal(pp_source_kernel_log(s, &a, &all), -ENODATA);
	assert_null(pp_source_capture_info(s));
	pp_source_free(s);
	pp_arena_fini(&a);

	char *large = calloc(1, PP_MAX_TABLE_BYTES + 1);
	memcpy(large, "IVRS", 4);
	b = (struct pp_buffer){ .data = large, .len = PP_MAX_TABLE_BYTES };
	pp_source_free(open_good(&b));
	b.len++;
	open_bad(&b, E2BIG, "a firmware table of 1048577 bytes");
	free(large);

	/* A tar whose first entry has such a name is a tar. */
	tar_file(&tar, "DMAR.bin", "x\n");
	tar_end(&tar);
	s = open_good(&tar);
	assert_int_equal(pp_source_kind(s), PP_SOURCE_ARCHIVE);
	expect_text(s, "DMAR.bin", "x");
	pp_source_free(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(small_host),     TEST(bad_paths),
		TEST(links),          TEST(link_growth),
		TEST(odd_entries),    TEST(bad_names),
		TEST(long_names),     TEST(no_archive),
		TEST(wrong_header),   TEST(cut_off),
		TEST(large_file),     TEST(claimed_sizes),
		TEST(repeats),        TEST(bombs),
		TEST(large_bundle),   TEST(top_directory),
		TEST(names_as_bytes), TEST(names_in_pax),
		TEST(table),          TEST(compressed_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
