/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI variables, in a plain directory. */
#include "directory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "store/efi-names.h"
#include "store/stores.h"
#include "txn/txn.h"
#include "store/stores.h"

#define FILE_OF(name) name "-" PP_EFI_VENDOR_TEXT

static struct pp_arena arena;
static struct pp_store *store;
static struct pp_error e;

static const struct pp_schema_section sections[] = {
	{ .name = "a", .space = PP_CELL_EV, .ev = "A" },
	{ .name = "b", .space = PP_CELL_EV, .ev = "B" },
	{ .name = "a2", .space = PP_CELL_EV, .ev = "A" },
	{ .name = "c", .space = PP_CELL_NVRAM },
	{ .name = "d", .space = PP_CELL_CMOS },
};
static const struct pp_schema schema = { .sections = sections, .nr_sections = 5 };

#define BYTES(text)                                                                                \
	{                                                                                          \
		(const uint8_t *)text, sizeof(text) - 1                                            \
	}

static const struct pp_area_write change_a = {
	.space = PP_CELL_EV, .name = "A", .old_bytes = BYTES("abc"), .new_bytes = BYTES("xyz")
};
static const struct pp_area_write delete_a = {
	.space = PP_CELL_EV, .name = "A", .old_bytes = BYTES("abc"), .new_absent = true
};
static const struct pp_area_write shorten_a = {
	.space = PP_CELL_EV, .name = "A", .old_bytes = BYTES("abc"), .new_bytes = BYTES("x")
};
static const struct pp_area_write make_b = {
	.space = PP_CELL_EV, .name = "B", .old_absent = true, .new_bytes = BYTES("new")
};

static uint8_t nvram[4 + PP_EFI_NVRAM_BYTES] = { 7 };

static int run(const struct pp_area_write *w)
{
	const struct pp_changes c = { .writes = w, .nr_writes = 1 };

	return pp_txn_write_settings(store, &c, NULL, &e);
}

static int try_open(void)
{
	char what[300];

	snprintf(what, sizeof(what), "efivars:%s", in_directory("vars"));
	return pp_store_open(what, in_directory("state"), &store, &e);
}

static int set_up(void **state)
{
	if (make_directory(state) || mkdir(in_directory("vars"), 0755))
		return -1;
	pp_arena_init(&arena, 0);
	put_file("vars/" FILE_OF("NVRAM"), nvram, sizeof(nvram));
	put_file("vars/" FILE_OF("A"), "\7\0\0\0abc", 7);
	if (try_open())
		fail_msg("%s", e.text);
	return 0;
}

static int tear_down(void **state)
{
	pp_store_close(store);
	pp_arena_fini(&arena);
	return remove_directory(state);
}

static void assert_file(const char *name, const char *bytes, size_t len)
{
	size_t n;
	const char *content = get_file(name, &n);

	assert_int_equal(n, len);
	assert_memory_equal(content, bytes, len);
}

static void reads(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	assert_int_equal(store->ops->read(store, &schema, &m, &e), 0);
	assert_int_equal(m.nr_cells, 4);
	assert_memory_equal(pp_areas_find(&m, PP_CELL_EV, "A")->data, "abc", 3);
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "B")->error, ENOENT);
	assert_int_equal(pp_areas_find(&m, PP_CELL_NVRAM, NULL)->len, PP_EFI_NVRAM_BYTES);
	assert_int_equal(pp_areas_find(&m, PP_CELL_CMOS, NULL)->error, ENOTSUP);
	assert_null(store->ops->machine);
	/* Looking makes nothing. */
	assert_false(is_there("state"));
}

static void changes(void **state)
{
	if (run(&change_a))
		fail_msg("%s", e.text);
	assert_file("vars/" FILE_OF("A"), "\7\0\0\0xyz", 7);
	/* Nothing is left but the directory, which is ours alone. */
	struct stat st;
	assert_int_equal(stat(in_directory("state"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(unlink(in_directory("state/apply.lock")), 0);
	assert_int_equal(rmdir(in_directory("state")), 0);
}

static void makes_and_deletes(void **state)
{
	assert_int_equal(run(&make_b), 0);
	assert_file("vars/" FILE_OF("B"), "\7\0\0\0new", 7);
	assert_int_equal(run(&delete_a), 0);
	assert_false(is_there("vars/" FILE_OF("A")));
}

static void shortens(void **state)
{
	assert_int_equal(run(&shorten_a), 0);
	assert_file("vars/" FILE_OF("A"), "\7\0\0\0x", 5);
}

static void changed_meanwhile(void **state)
{
	put_file("vars/" FILE_OF("A"), "\7\0\0\0abd", 7);
	assert_int_equal(run(&change_a), -EBUSY);
	assert_has(e.text, "EV A has changed since it was read; nothing was written");
	assert_file("vars/" FILE_OF("A"), "\7\0\0\0abd", 7);
	put_file("vars/" FILE_OF("B"), "\7\0\0\0b", 5);
	assert_int_equal(run(&make_b), -EBUSY);
	assert_int_equal(unlink(in_directory("state/apply.lock")), 0);
	assert_int_equal(rmdir(in_directory("state")), 0);
}

/* Between the look and the write: only the write itself can see that. */
static void changed_at_the_last_moment(void **state)
{
	const struct pp_store_change j = { .writes = &change_a, .nr_writes = 1 };

	put_file("vars/" FILE_OF("A"), "\7\0\0\0abd", 7);
	assert_int_equal(store->ops->write(store, &j, false, NULL, &e), -EBUSY);
	assert_file("vars/" FILE_OF("A"), "\7\0\0\0abd", 7);
}

static void not_ours(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	put_file("vars/" FILE_OF("A"), "\3\0\0\0abc", 7);
	assert_int_equal(store->ops->read(store, &schema, &m, &e), -EBADMSG);
	assert_has(e.text, "attributes 0x3, ours have 0x7");
	assert_int_equal(run(&change_a), -EBADMSG);
	put_file("vars/" FILE_OF("A"), "\7\0\0", 3);
	assert_int_equal(run(&change_a), -EBADMSG);
	put_file("vars/" FILE_OF("A"), "\7\0\0\0", 4);
	assert_int_equal(run(&change_a), -EBADMSG);
	static uint8_t large[4 + 4097] = { 7 };
	put_file("vars/" FILE_OF("A"), large, sizeof(large));
	assert_int_equal(run(&change_a), -EFBIG);
	assert_int_equal(unlink(in_directory("vars/" FILE_OF("A"))), 0);
	assert_int_equal(mkdir(in_directory("vars/" FILE_OF("A")), 0700), 0);
	assert_int_equal(run(&change_a), -EBADMSG);
}

static void names_of_variables(void **state)
{
	struct pp_area_write w = make_b;

	w.name = PP_EFI_NVRAM_NAME;
	assert_int_equal(run(&w), -EINVAL);
	assert_has(e.text, "taken for the NVRAM");
	w.name = "../B";
	assert_int_equal(run(&w), -EINVAL);
	w = (struct pp_area_write){ .space = PP_CELL_CMOS,
		                    .old_bytes = BYTES("a"),
		                    .new_bytes = BYTES("b") };
	assert_int_equal(run(&w), -ENOTSUP);
	assert_has(e.text, "CMOS");
}

static void no_directory(void **state)
{
	pp_store_close(store);
	store = NULL;
	assert_int_equal(unlink(in_directory("vars/" FILE_OF("NVRAM"))), 0);
	assert_int_equal(try_open(), -ENOENT);
	assert_has(e.text, "no variable NVRAM-");
	assert_int_equal(rename(in_directory("vars"), in_directory("away")), 0);
	assert_int_equal(try_open(), -ENOENT);
	put_text("vars", "");
	assert_int_equal(try_open(), -ENOTDIR);
}

static uint8_t changed_nvram[PP_EFI_NVRAM_BYTES] = { [PP_EFI_RMRDS_OFFSET] = 2 };
static const struct pp_area_write change_nvram = {
	.space = PP_CELL_NVRAM,
	.old_bytes = { nvram + 4, PP_EFI_NVRAM_BYTES },
	.new_bytes = { changed_nvram, PP_EFI_NVRAM_BYTES },
};

static void nvram_gone(void **state)
{
	assert_int_equal(run(&change_nvram), 0);
	assert_int_equal(unlink(in_directory("vars/" FILE_OF("NVRAM"))), 0);
	assert_int_equal(run(&change_nvram), -ENODATA);
	assert_has(e.text, "holds no NVRAM");
}

/* The firmware would not heed it, so it would be written in vain. */
static void nvram_of_another_size(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	put_file("vars/" FILE_OF("NVRAM"), nvram, 4 + 999);
	assert_int_equal(store->ops->read(store, &schema, &m, &e), -EBADMSG);
	assert_has(e.text, "an NVRAM of 999 bytes, want 4096");
	assert_int_equal(run(&change_nvram), -EBADMSG);
	assert_file("vars/" FILE_OF("NVRAM"), (const char *)nvram, 4 + 999);
}

/* Without a journal, which would meet the limit first. */
static void failed_write_leaves_nothing(void **state)
{
	const struct pp_store_change j = { .writes = &make_b, .nr_writes = 1 };
	struct rlimit before, limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){ .rlim_cur = 2, .rlim_max = before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	int r = store->ops->write(store, &j, false, NULL, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EIO);
	assert_false(is_there("vars/" FILE_OF("B")));
}

static void empty_file_is_absent(void **state)
{
	put_file("vars/" FILE_OF("B"), "", 0);
	assert_int_equal(run(&make_b), 0);
	assert_file("vars/" FILE_OF("B"), "\7\0\0\0new", 7);
	put_file("vars/" FILE_OF("C"), "", 0);
	assert_int_equal(run(&change_a), 0);
	assert_false(is_there("vars/" FILE_OF("C")));
}

static int set_flag(const char *name, bool on)
{
	int flags = 0, fd = open(in_directory(name), O_RDONLY);
	int r = ioctl(fd, FS_IOC_GETFLAGS, &flags);

	flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	if (!r)
		r = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return r;
}

static bool get_flag(const char *name)
{
	int flags = 0, fd = open(in_directory(name), O_RDONLY);

	assert_int_equal(ioctl(fd, FS_IOC_GETFLAGS, &flags), 0);
	close(fd);
	return flags & FS_IMMUTABLE_FL;
}

static void immutable(void **state)
{
	const char *name = "vars/" FILE_OF("A");

	if (set_flag(name, true)) {
		print_message("immutable: not tried, no right to set the flag here\n");
		return;
	}
	int r = run(&change_a);
	bool flag = get_flag(name);
	set_flag(name, false);
	assert_int_equal(r, 0);
	assert_true(flag);
	assert_file(name, "\7\0\0\0xyz", 7);
	/* Refused before the write: it stays as well. */
	set_flag(name, true);
	r = run(&change_a);
	flag = get_flag(name);
	assert_true(flag);
	assert_int_equal(r, -EBUSY);
	put_file("x", "", 0);
	const struct pp_area_write back = {
		.space = PP_CELL_EV, .name = "A", .old_bytes = BYTES("xyz"), .new_absent = true
	};
	r = run(&back);
	if (r)
		set_flag(name, false);
	assert_int_equal(r, 0);
	assert_false(is_there(name));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads),
		TEST(changes),
		TEST(makes_and_deletes),
		TEST(shortens),
		TEST(changed_meanwhile),
		TEST(changed_at_the_last_moment),
		TEST(not_ours),
		TEST(names_of_variables),
		TEST(no_directory),
		TEST(nvram_gone),
		TEST(nvram_of_another_size),
		TEST(failed_write_leaves_nothing),
		TEST(empty_file_is_absent),
		TEST(immutable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
