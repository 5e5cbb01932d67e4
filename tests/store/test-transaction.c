/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lock, journal and recovery, on an image and on variables. */
#include "directory.h"

#include <sys/wait.h>

#include "store/efi-names.h"
#include "store/stores.h"
#include "txn/txn.h"

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
	if (pp_image_create(in_directory("new"), &(struct pp_machine){ 0 }, &m, true, &e))
		fail_msg("%s", e.text);
	assert_int_equal(rename(in_directory("new"), in_directory("image")), 0);
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

	snprintf(what, sizeof(what), "image:%s", in_directory(name));
	return pp_store_open(what, NULL, ret, &e);
}

static int set_up(void **state)
{
	pp_arena_init(&arena, 0);
	if (make_directory(state))
		return -1;
	set_content(0, 0);
	return open_one("image", &store);
}

static int tear_down(void **state)
{
	pp_store_close(store);
	pp_arena_fini(&arena);
	return remove_directory(state);
}

static void assert_clean(void)
{
	assert_false(is_there("image.journal"));
	assert_false(is_there("image.lock"));
}

/* The journal of a write that was killed, as that store would have it. */
static void leave_journal_of(const char *where)
{
	struct pp_op op = { .ops = &pp_op_setting,
		            .progress = PP_OP_BEGUN,
		            .setting = { .store = where,
		                         .change = { .writes = writes, .nr_writes = 2 } } };
	const struct pp_txn t = { .purpose = PP_TXN_SETTINGS,
		                  .phase = PP_PHASE_APPLYING,
		                  .boot_id = "",
		                  .ops = &op,
		                  .nr_ops = 1 };
	const char *form;

	assert_int_equal(pp_txn_text(&t, &arena, &form, &e), 0);
	put_text("image.journal", form);
	assert_int_equal(chmod(in_directory("image.journal"), 0600), 0);
}

static void leave_journal(void)
{
	leave_journal_of(store->where);
}

static char text[600];

static int recover(bool may_write)
{
	*text = '\0';
	return pp_txn_recover_settings(store, may_write, text, sizeof(text), &e);
}

/* says "": nothing was interrupted. */
static void recovers(bool may_write, const char *says)
{
	if (recover(may_write))
		fail_msg("%s", e.text);
	if (*says)
		assert_has(text, says);
	else
		assert_string_equal(text, "");
}

static void runs(void **state)
{
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), 0);
	assert_content(1, 1);
	assert_clean();
	assert_int_equal(pp_txn_write_settings(store, &(struct pp_changes){ 0 }, NULL, &e), 0);
	assert_clean();
	/* The same again: it is no longer what the changes were planned on. */
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EBUSY);
	assert_has(e.text, "nothing was written");
	assert_clean();
	recovers(true, "");
	assert_clean();
}

static void bad_changes(void **state)
{
	struct pp_area_write w = writes[1];

	w.new_absent = true;
	w.new_bytes = PP_SPAN(NULL, 0);
	assert_int_equal(pp_txn_write_settings(store,
	                                       &(struct pp_changes){ .writes = &w, .nr_writes = 1 },
	                                       NULL, &e),
	                 -EINVAL);
	w = (struct pp_area_write){ .space = PP_CELL_CMOS,
		                    .old_bytes = { zeros, 8 },
		                    .new_bytes = { ones, 8 } };
	assert_int_equal(pp_txn_write_settings(store,
	                                       &(struct pp_changes){ .writes = &w, .nr_writes = 1 },
	                                       NULL, &e),
	                 -ENODATA);
	assert_has(e.text, "holds no CMOS");
	assert_clean();
}

static void locked(void **state)
{
	struct pp_store *other;
	struct pp_lock held;
	char pid[32];

	assert_int_equal(open_one("image", &other), 0);
	assert_int_equal(pp_store_lock(other, &held, &e), 0);
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EBUSY);
	snprintf(pid, sizeof(pid), "in use by process %d", (int)getpid());
	assert_has(e.text, pid);
	assert_content(0, 0);
	assert_int_equal(recover(true), -EBUSY);
	/* A journal of somebody at work is none to be judged. */
	leave_journal();
	assert_int_equal(recover(false), -EBUSY);
	pp_lock_release(&held);
	pp_store_close(other);
	recovers(false, "all the old settings stand");
	assert_true(is_there("image.journal"));
}

/* The lock of the dead is no lock. */
static void dead_holder(void **state)
{
	pid_t pid = fork();

	if (!pid) {
		struct pp_lock held;
		pp_store_lock(store, &held, NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_true(is_there("image.lock"));
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), 0);
	assert_clean();
}

static void not_our_lock(void **state)
{
	const char *text40 = "What somebody else has written, and more.";

	put_text("image.lock", text40);
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EEXIST);
	assert_string_equal(get_file("image.lock", NULL), text40);
	assert_int_equal(unlink(in_directory("image.lock")), 0);
	put_text("victim", "x");
	assert_int_equal(symlink("victim", in_directory("image.lock")), 0);
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -ELOOP);
	assert_int_equal(unlink(in_directory("image.lock")), 0);
	assert_int_equal(link(in_directory("victim"), in_directory("image.lock")), 0);
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EEXIST);
	assert_string_equal(get_file("victim", NULL), "x");
	assert_content(0, 0);
}

static void recovers_old_and_new(void **state)
{
	leave_journal();
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EUCLEAN);
	assert_has(e.text, "brought to an end first");
	recovers(false, "all the old");
	recovers(true, "all the old");
	assert_clean();
	set_content(1, 1);
	leave_journal();
	recovers(false, "all the new");
	recovers(true, "all the new");
	assert_clean();
	assert_content(1, 1);
}

static void restores(void **state)
{
	set_content(1, 0);
	leave_journal();
	recovers(false, "1 of 2 parts written");
	assert_has(text, "have to be put back");
	assert_content(1, 0);
	recovers(true, "were put back");
	assert_content(0, 0);
	assert_clean();
}

static void somebody_else(void **state)
{
	set_content(1, 7);
	leave_journal();
	assert_int_equal(recover(true), -EUCLEAN);
	assert_has(e.text, "NVRAM is neither");
	assert_has(e.text, "image.journal");
	assert_content(1, 7);
	assert_true(is_there("image.journal"));
}

static void damaged_journal(void **state)
{
	put_text("image.journal", "{\"crc32\":\"00000000\",\"journal\":{}}\n");
	assert_int_equal(chmod(in_directory("image.journal"), 0600), 0);
	assert_int_equal(recover(true), -EBADMSG);
	assert_has(e.text, "nothing is done");
	assert_has(e.text, "image.journal");
	assert_int_equal(recover(false), -EBADMSG);
	assert_true(is_there("image.journal"));
	assert_int_equal(pp_txn_write_settings(store, &both, NULL, &e), -EBADMSG);
	assert_content(0, 0);
	/* As an older pcipass wrote them: told, and not read. */
	put_text("image.journal", "pcipass-journal 1\nstore image:/x\n");
	assert_int_equal(recover(true), -EBADMSG);
	assert_has(e.text, "another version of pcipass");
	assert_true(is_there("image.journal"));
}

/* Nothing is said against a journal that only could not be read: nobody is to move it away. */
static void unread_journal(void **state)
{
	assert_int_equal(symlink("image.journal", in_directory("image.journal")), 0);
	assert_int_equal(recover(false), -ELOOP);
	assert_null(strstr(e.text, "move"));
	assert_content(0, 0);
}

/* What somebody else could have written is not believed. */
static void journal_of_others(void **state)
{
	leave_journal();
	assert_int_equal(chmod(in_directory("image.journal"), 0666), 0);
	set_content(1, 0);
	assert_int_equal(recover(true), -EPERM);
	assert_content(1, 0);
}

/* Beside an image only a write of that image is carried on, whatever else a journal could hold. */
static void foreign_journal(void **state)
{
	struct pp_op op = { .ops = &pp_op_directory, .progress = PP_OP_DONE };
	const struct pp_txn t = { .purpose = PP_TXN_ATTACH,
		                  .phase = PP_PHASE_APPLIED,
		                  .boot_id = "",
		                  .ops = &op,
		                  .nr_ops = 1 };
	const char *form;

	leave_journal_of("image:/other");
	set_content(1, 0);
	assert_int_equal(recover(true), -EBADMSG);
	assert_has(e.text, "another store");
	op.directory.path = in_directory("dir") + 1;
	assert_int_equal(mkdir(in_directory("dir"), 0755), 0);
	assert_int_equal(pp_txn_text(&t, &arena, &form, &e), 0);
	put_text("image.journal", form);
	assert_int_equal(recover(true), -EBADMSG);
	assert_true(is_there("dir"));
	assert_int_equal(rmdir(in_directory("dir")), 0);
	assert_content(1, 0);
}

/* A directory with an image and its journal is moved; elsewhere it goes on as it would have here.
 */
static void moved_with_its_image(void **state)
{
	leave_journal_of("image:/before/the/move/image");
	set_content(1, 1);
	recovers(true, "the new settings stand");
	assert_false(is_there("image.journal"));
	leave_journal_of("image:/before/the/move/image");
	set_content(7, 1);
	assert_int_equal(recover(true), -EUCLEAN);
	assert_content(7, 1);
}

static void sweeps(void **state)
{
	put_text(".pcipass-00000000-0123456789abcdef.tmp", "another file's");
	put_text(".pcipass-note", "");
	recovers(true, "");
	assert_true(is_there(".pcipass-00000000-0123456789abcdef.tmp"));
	assert_true(is_there(".pcipass-note"));
}

/* Another user's directory; root becomes nobody for it. */
static int as_nobody(void)
{
	if (!geteuid() && setuid(65534))
		return 1;
	if (pp_txn_write_settings(store, &both, NULL, &e) != -EACCES)
		return 2;
	return recover(true) || *text ? 3 : 0;
}

static void read_only(void **state)
{
	int status;

	assert_int_equal(chmod(directory, 0555), 0);
	pid_t pid = fork();
	if (!pid)
		_exit(as_nobody());
	waitpid(pid, &status, 0);
	assert_int_equal(chmod(directory, 0755), 0);
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
		TEST(journal_of_others),
		TEST(unread_journal),
		TEST(moved_with_its_image),
		TEST(sweeps),
		TEST(read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
