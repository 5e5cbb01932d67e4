/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lock, journal and recovery, on an image and on variables. */
#include "folder.h"

#include <sys/wait.h>

#include "store/efi-names.h"
#include "store/journal.h"
#include "store/transaction.h"

static struct pp_arena arena;
static struct pp_store *store;
static struct pp_error e;

static const uint8_t zeros[8], ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };

static const struct pp_area_write writes[] = {
	{ .space = PP_CELL_EV, .name = "A", .old_bytes = { zeros, 8 }, .new_bytes = { ones, 8 } },
	{ .space = PP_CELL_NVRAM, .old_bytes = { zeros, 8 }, .new_bytes = { ones, 8 } },
};
static const struct pp_changes both = { .writes = writes, .nr_writes = 2 };

static void set_content(uint8_t ev, uint8_t nvram)
{
	struct pp_areas m;
	uint8_t bytes[8];

	pp_areas_init(&m, &arena);
	memset(bytes, ev, 8);
	pp_areas_put(&m, PP_CELL_EV, "A", 0, PP_SPAN(bytes, 8));
	memset(bytes, nvram, 8);
	pp_areas_put(&m, PP_CELL_NVRAM, NULL, 0, PP_SPAN(bytes, 8));
	/* An image of its own, put in the place of the other: an image with a journal is not made.
	 */
	if (pp_image_create(in_folder("new"), &(struct pp_machine){ 0 }, &m, true, &e))
		fail_msg("%s", e.text);
	assert_int_equal(rename(in_folder("new"), in_folder("image")), 0);
}

static void assert_content(uint8_t ev, uint8_t nvram)
{
	char line[32];

	snprintf(line, sizeof(line), "ev A 8\n%02x%02x", ev, ev);
	assert_has(get_file("image", NULL), line);
	snprintf(line, sizeof(line), "nvram 8\n%02x%02x", nvram, nvram);
	assert_has(get_file("image", NULL), line);
}

static int open_one(const char *name, struct pp_store **ret)
{
	char what[300];

	snprintf(what, sizeof(what), "image:%s", in_folder(name));
	return pp_store_open(what, NULL, ret, &e);
}

static int set_up(void **state)
{
	pp_arena_init(&arena, 0);
	if (make_folder(state))
		return -1;
	set_content(0, 0);
	return open_one("image", &store);
}

static int tear_down(void **state)
{
	pp_store_close(store);
	pp_arena_fini(&arena);
	return remove_folder(state);
}

static void assert_clean(void)
{
	assert_false(is_there("image.journal"));
	assert_false(is_there("image.lock"));
}

static void leave_journal(void)
{
	const struct pp_journal j = { .store = store->where, .writes = writes, .nr_writes = 2 };

	assert_int_equal(pp_journal_save(store, &j, &e), 0);
}

static char text[600];

static int recover(bool may_write, enum pp_recovered *ret)
{
	return pp_transaction_recover(store, may_write, ret, text, sizeof(text), &e);
}

static void recovers(bool may_write, enum pp_recovered want, const char *says)
{
	enum pp_recovered what;

	if (recover(may_write, &what))
		fail_msg("%s", e.text);
	assert_int_equal(what, want);
	assert_has(text, says);
}

static void runs(void **state)
{
	assert_int_equal(pp_transaction_run(store, &both, &e), 0);
	assert_content(1, 1);
	assert_clean();
	assert_int_equal(pp_transaction_run(store, &(struct pp_changes){ 0 }, &e), 0);
	assert_clean();
	/* The same again: it is no longer what the changes were planned on. */
	assert_int_equal(pp_transaction_run(store, &both, &e), -EBUSY);
	assert_has(e.text, "nothing was written");
	assert_clean();
	recovers(true, PP_RECOVERED_NONE, "");
	assert_clean();
}

static void bad_changes(void **state)
{
	struct pp_area_write w = writes[1];

	w.new_absent = true;
	w.new_bytes = PP_SPAN(NULL, 0);
	assert_int_equal(
		pp_transaction_run(store, &(struct pp_changes){ .writes = &w, .nr_writes = 1 }, &e),
		-EINVAL);
	w = (struct pp_area_write){ .space = PP_CELL_CMOS,
		                    .old_bytes = { zeros, 8 },
		                    .new_bytes = { ones, 8 } };
	assert_int_equal(
		pp_transaction_run(store, &(struct pp_changes){ .writes = &w, .nr_writes = 1 }, &e),
		-ENODATA);
	assert_has(e.text, "holds no CMOS");
	assert_clean();
}

static void locked(void **state)
{
	struct pp_store *other;
	enum pp_recovered what;
	char pid[32];

	assert_int_equal(open_one("image", &other), 0);
	assert_int_equal(pp_store_lock(other, &e), 0);
	assert_int_equal(pp_transaction_run(store, &both, &e), -EBUSY);
	snprintf(pid, sizeof(pid), "in use by process %d", (int)getpid());
	assert_has(e.text, pid);
	assert_content(0, 0);
	assert_int_equal(recover(true, &what), -EBUSY);
	/* A journal of somebody at work is none to be judged. */
	leave_journal();
	assert_int_equal(recover(false, &what), -EBUSY);
	pp_store_close(other);
	recovers(false, PP_RECOVERED_OLD, "all the old settings stand");
	assert_true(is_there("image.journal"));
}

/* The lock of the dead is no lock. */
static void dead_holder(void **state)
{
	pid_t pid = fork();

	if (!pid) {
		pp_store_lock(store, NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_true(is_there("image.lock"));
	assert_int_equal(pp_transaction_run(store, &both, &e), 0);
	assert_clean();
}

static void not_our_lock(void **state)
{
	const char *text40 = "What somebody else has written, and more.";

	put_text("image.lock", text40);
	assert_int_equal(pp_transaction_run(store, &both, &e), -EEXIST);
	assert_string_equal(get_file("image.lock", NULL), text40);
	assert_int_equal(unlink(in_folder("image.lock")), 0);
	put_text("victim", "x");
	assert_int_equal(symlink("victim", in_folder("image.lock")), 0);
	assert_int_equal(pp_transaction_run(store, &both, &e), -ELOOP);
	assert_int_equal(unlink(in_folder("image.lock")), 0);
	assert_int_equal(link(in_folder("victim"), in_folder("image.lock")), 0);
	assert_int_equal(pp_transaction_run(store, &both, &e), -EEXIST);
	assert_string_equal(get_file("victim", NULL), "x");
	assert_content(0, 0);
}

static void recovers_old_and_new(void **state)
{
	leave_journal();
	assert_int_equal(pp_transaction_run(store, &both, &e), -EUCLEAN);
	assert_has(e.text, "recover first");
	recovers(false, PP_RECOVERED_OLD, "old");
	recovers(true, PP_RECOVERED_OLD, "old");
	assert_clean();
	set_content(1, 1);
	leave_journal();
	recovers(false, PP_RECOVERED_NEW, "new");
	recovers(true, PP_RECOVERED_NEW, "new");
	assert_clean();
	assert_content(1, 1);
}

static void restores(void **state)
{
	enum pp_recovered what;

	set_content(1, 0);
	leave_journal();
	assert_int_equal(recover(false, &what), -EROFS);
	assert_has(text, "1 of 2 parts written");
	assert_content(1, 0);
	recovers(true, PP_RECOVERED_RESTORED, "put back");
	assert_content(0, 0);
	assert_clean();
}

static void somebody_else(void **state)
{
	enum pp_recovered what;

	set_content(1, 7);
	leave_journal();
	assert_int_equal(recover(true, &what), -EUCLEAN);
	assert_has(text, "NVRAM is neither");
	assert_has(text, "image.journal");
	assert_content(1, 7);
	assert_true(is_there("image.journal"));
}

static void damaged_journal(void **state)
{
	enum pp_recovered what;

	put_text("image.journal", "pcipass-journal 1\nstore image:/x\n");
	assert_int_equal(recover(true, &what), -EBADMSG);
	assert_has(text, "nothing was written");
	assert_has(text, "image.journal");
	assert_int_equal(recover(false, &what), -EBADMSG);
	assert_true(is_there("image.journal"));
	assert_int_equal(pp_transaction_run(store, &both, &e), -EUCLEAN);
	assert_content(0, 0);
}

/* Nothing is said against a journal that only could not be read: nobody is to move it away. */
static void unread_journal(void **state)
{
	enum pp_recovered what;

	assert_int_equal(symlink("image.journal", in_folder("image.journal")), 0);
	/* access() sees no file, but one that cannot be read is there. */
	assert_int_equal(recover(false, &what), -ELOOP);
	assert_has(e.text, "cannot be read");
	assert_null(strstr(e.text, "move it away"));
	assert_content(0, 0);
}

static void foreign_journal(void **state)
{
	const struct pp_journal j = { .store = "image:/other", .writes = writes, .nr_writes = 2 };
	enum pp_recovered what;

	assert_int_equal(pp_journal_save(store, &j, &e), 0);
	set_content(1, 0);
	assert_int_equal(recover(true, &what), -EBADMSG);
	assert_has(e.text, "another store");
	assert_content(1, 0);
}

/* A folder with an image and its journal is moved; elsewhere it goes on as it would have here. */
static void moved_with_its_image(void **state)
{
	const struct pp_journal j = { .store = "image:/before/the/move/image",
		                      .writes = writes,
		                      .nr_writes = 2 };

	assert_int_equal(pp_journal_save(store, &j, &e), 0);
	set_content(1, 1);
	recovers(true, PP_RECOVERED_NEW, "the new settings stand");
	assert_false(is_there("image.journal"));
	assert_int_equal(pp_journal_save(store, &j, &e), 0);
	set_content(7, 1);
	enum pp_recovered what;
	assert_int_equal(recover(true, &what), -EUCLEAN);
	assert_content(7, 1);
}

static void sweeps(void **state)
{
	put_text(".pcipass-00000000-0123456789abcdef.tmp", "another file's");
	put_text(".pcipass-note", "");
	recovers(true, PP_RECOVERED_NONE, "");
	assert_true(is_there(".pcipass-00000000-0123456789abcdef.tmp"));
	assert_true(is_there(".pcipass-note"));
}

/* Another user's folder; root becomes nobody for it. */
static int as_nobody(void)
{
	enum pp_recovered what;

	if (!geteuid() && setuid(65534))
		return 1;
	if (pp_transaction_run(store, &both, &e) != -EACCES)
		return 2;
	return recover(true, &what) || what != PP_RECOVERED_NONE ? 3 : 0;
}

static void read_only(void **state)
{
	int status;

	assert_int_equal(chmod(folder, 0555), 0);
	pid_t pid = fork();
	if (!pid)
		_exit(as_nobody());
	waitpid(pid, &status, 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(status, 0);
	assert_content(0, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs),
		TEST(bad_changes),
		TEST(locked),
		TEST(dead_holder),
		TEST(not_our_lock),
		TEST(recovers_old_and_new),
		TEST(restores),
		TEST(somebody_else),
		TEST(damaged_journal),
		TEST(foreign_journal),
		TEST(unread_journal),
		TEST(moved_with_its_image),
		TEST(sweeps),
		TEST(read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
