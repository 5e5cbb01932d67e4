/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attach that is killed at any moment: the next command that acts puts back what it had taken.
 * Killed before each system call that changes something, those of the stand-in for the kernel, too.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/run.h"
#include "txn/txn.h"
#include "fake.h"

#define HBA   "0000:02:00.0"
#define SOUND "0000:02:00.1"
#define LEFT  "var/lib/pcipass/apply.json"

static int set_up(void **state)
{
	*state = fake_new();
	return 0;
}

static int tear_down(void **state)
{
	fake_free(*state);
	return 0;
}

/* The kernel's file is never seen half written; that of the stand-in may be empty for a moment. */
static void no_override(struct fake *f, const char *address)
{
	const char *now = fake_override(f, address);

	if (*now)
		fail_msg("%s: its override is %s", address, now);
}

static bool is_left(struct fake *f)
{
	const struct pp_apply_options o = { .root = f->root };
	struct pp_error e = { 0 };
	bool left;
	int r = pp_apply_attach_left(&o, &left, &e);

	return r || left;
}

static void as_before(struct fake *f)
{
	assert_string_equal(fake_driver(f, HBA), "mptsas");
	assert_string_equal(fake_driver(f, SOUND), "");
	no_override(f, HBA);
	no_override(f, SOUND);
	assert_false(is_left(f));
}

static char said[4096];

static void say(void *ctx, const char *line)
{
	strcat(strcat(said, line), "\n");
}

/* As the next command begins. */
static int put_back(struct fake *f, bool *found, struct pp_error *e)
{
	const struct pp_apply_options o = { .root = f->root, .say = say };
	struct pp_apply a;

	*said = '\0';
	assert_int_equal(pp_apply_init(&o, &f->kernel.base, &a, e), 0);
	int r = pp_apply_lock(&a, e);
	if (!r)
		r = pp_txn_recover(&a, found, e);
	pp_apply_fini(&a);
	return r;
}

static int undo(struct fake *f, struct pp_error *e)
{
	const struct pp_apply_options o = { .root = f->root, .say = say };

	*said = '\0';
	return pp_apply_undo_with(&o, &f->kernel.base, e);
}

/* Both functions of the slot, taken, and nobody to put them back. */
static void leftover_make(struct fake *f)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child) {
		f->die_at_open = "dev/vfio/8";
		fake_attach(f, "slot2", true, false);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_string_equal(fake_driver(f, SOUND), "vfio-pci");
	assert_true(is_left(f));
}

/* Not every machine has the older ones. */
static bool changes(uint64_t call)
{
	static const long calls[] = {
		SYS_write,    SYS_fsync,   SYS_ftruncate, SYS_pwrite64,  SYS_openat,
		SYS_unlinkat, SYS_mkdirat, SYS_symlinkat, SYS_renameat2,
#ifdef SYS_rename
		SYS_rename,   SYS_unlink,  SYS_mkdir,     SYS_symlink,   SYS_renameat,
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((uint64_t)calls[i] == call)
			return true;
	return false;
}

/* Of what it opens only what may be made then. */
static bool is_change(pid_t child)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info) <= 0)
		return true;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !changes(info.entry.nr))
		return false;
	return info.entry.nr != SYS_openat || info.entry.args[2] & (O_CREAT | O_WRONLY | O_RDWR);
}

/* Killed before its nth change. 1: it was, 0: it ended before, -1: cannot be tried. */
static int kill_at(struct fake *f, int n)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		raise(SIGSTOP);
		struct pp_attach *a = fake_attach(f, "slot2", true, false);
		_exit(a && pp_attach_result(a) == PP_ATTACH_DONE ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return -1;
	/* Else the kernel does not tell a call's stop from another. */
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD);
	for (int i = 0; i < n; i += is_change(child)) {
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) ||
		    waitpid(child, &status, 0) != child)
			fail_msg("change %d: lost the process", i);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return 0;
		}
	}
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) == child && !WIFSIGNALED(status))
		;
	return 1;
}

/* What the next one does about it: nothing but an attach, an undo first, or what acts first. */
enum way { WAY_ATTACH, WAY_UNDO, WAY_RECOVER, WAYS };

static void settle(struct fake *f, int n, enum way way)
{
	struct pp_error e = { 0 };
	bool found;
	int r = way == WAY_UNDO ? undo(f, &e) : way == WAY_RECOVER ? put_back(f, &found, &e) : 0;

	if (r && r != -ENOENT)
		fail_msg("change %d: %s: %s", n, way == WAY_UNDO ? "undo" : "recovery", e.text);
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	if (!a || pp_attach_result(a) != PP_ATTACH_DONE)
		fail_msg("change %d: the next attach: %s", n, a ? a->reason : "none");
	pp_attach_free(a);
	as_before(f);
}

static void killed_anywhere(void **state)
{
	int tried = 0, taken = 0, killed = 1;

	for (int n = 1; killed; n++) {
		for (enum way way = WAY_ATTACH; way < WAYS; way++) {
			struct fake *f = fake_new();
			killed = kill_at(f, n);
			if (killed < 0) {
				fake_free(f);
				print_message("skipped: no process may be traced here\n");
				skip();
			}
			tried += killed;
			taken += killed && !strcmp(fake_driver(f, HBA), "vfio-pci");
			settle(f, n, way);
			fake_free(f);
		}
	}
	print_message("killed %d times, %d times with the device taken\n", tried, taken);
	assert_true(tried > 66 && taken > 24);
}

static void undo_puts_back(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };

	leftover_make(f);
	assert_int_equal(undo(f, &e), 0);
	assert_non_null(strstr(said, "an attach was interrupted"));
	assert_non_null(strstr(said, "give " HBA " back to mptsas\n"));
	assert_non_null(strstr(said, "give " SOUND " back to no driver\n"));
	as_before(f);
	/* Then there is nothing left. */
	assert_int_equal(undo(f, &e), -ENOENT);
}

static void the_next_attach_puts_back(void **state)
{
	struct fake *f = *state;

	leftover_make(f);
	struct pp_attach *a = fake_attach(f, "03:00.0", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_DONE);
	assert_true(pp_attach_restored(a));
	pp_attach_free(a);
	as_before(f);
}

static void an_apply_puts_back_a_dry_run_says(void **state)
{
	struct fake *f = *state;
	struct pp_apply_options o = { .root = f->root, .say = say, .dry_run = true };
	const struct pp_plan_device device = { .address = { .bus = 2 },
		                               .vendor = 0x1000,
		                               .device = 0x72,
		                               .slot = "2",
		                               .asked = true };
	const struct pp_plan plan = { .request = "slot2", .devices = &device, .nr_devices = 1 };
	struct pp_error e = { 0 };

	leftover_make(f);
	*said = '\0';
	assert_int_equal(pp_apply_run_with(&plan, &o, &f->kernel.base, &e), 0);
	assert_non_null(strstr(said, "would give " HBA " back to mptsas, which"));
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_true(is_left(f));
	o.dry_run = false;
	assert_int_equal(pp_apply_run_with(&plan, &o, &f->kernel.base, &e), 0);
	as_before(f);
}

static void another_boot(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found = true;

	leftover_make(f);
	fake_file(f, "proc/sys/kernel/random/boot_id", "22222222-2222-2222-2222-222222222222\n");
	assert_int_equal(put_back(f, &found, &e), 0);
	assert_false(found);
	assert_false(is_left(f));
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
}

static void somebody_else_changed_it(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found;

	leftover_make(f);
	fake_file(f, "sys/bus/pci/devices/" HBA "/driver_override", "mine\n");
	assert_int_equal(put_back(f, &found, &e), 0);
	assert_true(found);
	assert_non_null(strstr(said, "left as it is: " HBA ": its driver is vfio-pci by now"));
	assert_string_equal(fake_override(f, HBA), "mine");
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_string_equal(fake_driver(f, SOUND), "");
	no_override(f, SOUND);
	assert_false(is_left(f));
}

static void a_guest_has_it(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found;

	leftover_make(f);
	fake_link(f, "sys/bus/pci/devices/" HBA "/iommu_group",
	          "../../../../kernel/iommu_groups/8");
	fake_directory(f, "sys/kernel/iommu_groups/8/devices/" HBA);
	f->held = "dev/vfio/8";
	assert_int_equal(put_back(f, &found, &e), -EBUSY);
	assert_non_null(strstr(e.text, HBA));
	assert_non_null(strstr(e.text, "qemu-system-x86 (pid 4711)"));
	assert_non_null(strstr(e.text, "an interrupted attach left a device on vfio-pci"));
	assert_non_null(strstr(e.text, "end the guest first"));
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_true(is_left(f));
	/* Neither does another attempt take anything; what is written down stays. */
	struct pp_attach *a = fake_attach(f, "03:00.0", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
	assert_non_null(strstr(a->reason, "end the guest"));
	pp_attach_free(a);
	assert_true(is_left(f));
	f->held = NULL;
	assert_int_equal(put_back(f, &found, &e), 0);
	as_before(f);
}

/* Nothing is left to give back of it; where no device is seen at all, nothing is known to be gone.
 */
static void a_device_was_removed(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found = false;

	leftover_make(f);
	fake_rename(f, "sys/bus/pci/devices", "elsewhere");
	assert_int_equal(put_back(f, &found, &e), -ENOENT);
	assert_non_null(strstr(e.text, "an interrupted attach left a device on vfio-pci"));
	assert_true(is_left(f));
	fake_rename(f, "elsewhere", "sys/bus/pci/devices");
	fake_rename(f, "sys/bus/pci/devices/" HBA, "gone");
	assert_int_equal(put_back(f, &found, &e), 0);
	assert_true(found);
	assert_non_null(strstr(said, HBA ": the device is gone"));
	assert_null(strstr(said, SOUND ": the device is gone"));
	assert_string_equal(fake_driver(f, SOUND), "");
	no_override(f, SOUND);
	assert_false(is_left(f));
	/* What acts next is not kept from it. */
	assert_int_equal(undo(f, &e), -ENOENT);
}

static void it_does_not_go_back(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found;

	leftover_make(f);
	f->fail_write = "mptsas/bind";
	f->fail_write_errno = EIO;
	assert_int_equal(put_back(f, &found, &e), -EIO);
	assert_non_null(strstr(e.text, "As root: echo " HBA " > /sys/bus/pci/drivers/mptsas/bind"));
	assert_true(is_left(f));
	f->fail_write = NULL;
	assert_int_equal(put_back(f, &found, &e), 0);
	assert_true(found);
	as_before(f);
}

static void an_attempt_is_at_work(void **state)
{
	struct fake *f = *state;
	const struct pp_apply_options dry = { .root = f->root, .dry_run = true };
	const struct pp_plan plan = { .request = "slot2" };
	struct pp_error e = { 0 };
	const struct pp_apply_options o = { .root = f->root };
	struct pp_apply holder;

	leftover_make(f);
	assert_int_equal(pp_apply_init(&o, &f->kernel.base, &holder, &e), 0);
	assert_int_equal(pp_apply_lock(&holder, &e), 0);
	assert_int_equal(pp_apply_run_with(&plan, &dry, &f->kernel.base, &e), -EBUSY);
	assert_int_equal(undo(f, &e), -EBUSY);
	assert_non_null(strstr(e.text, "another pcipass is at work: process"));
	struct pp_attach *a = fake_attach(f, "03:00.0", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
	assert_non_null(strstr(a->reason, "another pcipass is at work"));
	pp_attach_free(a);
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	pp_apply_fini(&holder);
	assert_int_equal(undo(f, &e), 0);
	as_before(f);
}

/* A disk that came from another host: what was written there is not put back into this one. */
static void settings_of_another_host(void **state)
{
	struct fake *f = *state;
	const struct pp_apply_options o = { .root = f->root };
	const struct pp_area_write write = { .space = PP_CELL_EV,
		                             .name = "CQTEST",
		                             .old_bytes = PP_SPAN("a", 1),
		                             .new_bytes = PP_SPAN("b", 1) };
	struct pp_op op = { .ops = &pp_op_setting,
		            .setting = { .store = "efivars:/none",
		                         .change = { .writes = &write, .nr_writes = 1 } } };
	struct pp_plan_host host = { .product = "ProLiant DL380p Gen8" };
	const struct pp_txn t = {
		.purpose = PP_TXN_SETTINGS, .boot_id = "", .host = &host, .ops = &op, .nr_ops = 1
	};
	struct pp_error e = { 0 };
	struct pp_apply a;
	bool found;

	fake_file(f, "sys/class/dmi/id/product_name", "ProLiant DL360p Gen8\n");
	assert_int_equal(pp_apply_init(&o, &f->kernel.base, &a, &e), 0);
	assert_int_equal(pp_apply_lock(&a, &e), 0);
	assert_int_equal(pp_txn_save(&a, &t, &e), 0);
	pp_apply_fini(&a);
	assert_int_equal(put_back(f, &found, &e), -EUCLEAN);
	assert_non_null(strstr(e.text,
	                       "another host: it was begun on a host whose product is "
	                       "ProLiant DL380p Gen8; this host's is ProLiant DL360p Gen8"));
	assert_int_equal(pp_apply_resume_with(&o, &f->kernel.base, &e), -EUCLEAN);
	assert_int_equal(undo(f, &e), -EUCLEAN);
	/* On its own host it is looked at; that store is not there. */
	fake_file(f, "sys/class/dmi/id/product_name", "ProLiant DL380p Gen8\n");
	assert_int_equal(put_back(f, &found, &e), -EIO);
	assert_non_null(strstr(e.text, "how they stand is unknown"));
}

/* What cannot be read stops everything that acts; tests/apply/test-journal.c damages it. */
static void damaged(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"crc32\":\"0\",\"journal\":{}}" };
	struct fake *f = *state;
	struct pp_error e = { 0 };
	bool found;

	leftover_make(f);
	f->did[0] = '\0';
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fake_file(f, LEFT, texts[i]);
		assert_int_equal(put_back(f, &found, &e), -EBADMSG);
		assert_non_null(strstr(e.text, "the journal is damaged"));
		assert_int_equal(undo(f, &e), -EBADMSG);
		struct pp_attach *a = fake_attach(f, "03:00.0", true, false);
		assert_non_null(a);
		assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
		pp_attach_free(a);
		assert_true(is_left(f));
	}
	assert_null(strstr(f->did, "bind:"));
	assert_null(strstr(f->did, "override:"));
}

/* What somebody else could have written is not believed. */
static void written_by_others(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };
	char path[128];
	bool found;

	leftover_make(f);
	snprintf(path, sizeof(path), "%s/" LEFT, f->root);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(put_back(f, &found, &e), -EPERM);
	assert_non_null(strstr(e.text, "nobody else may write to it"));
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(put_back(f, &found, &e), 0);
	as_before(f);
}

/* What was applied before stands again, whatever becomes of the attach. */
static void over_an_apply(void **state)
{
	struct fake *f = *state;
	const struct pp_apply_options o = { .root = f->root };
	struct pp_plan_device device = { .address = { .bus = 2 }, .asked = true };
	struct pp_plan plan = { .request = "slot2", .devices = &device, .nr_devices = 1 };
	struct pp_error e = { 0 };
	enum pp_apply_state now;
	bool booted;

	assert_int_equal(pp_apply_run_with(&plan, &o, &f->kernel.base, &e), 0);
	for (int killed = 0; killed < 2; killed++) {
		if (killed)
			leftover_make(f);
		else
			pp_attach_free(fake_attach(f, "slot2", true, false));
		assert_int_equal(pp_apply_status(&o, &now, &booted, NULL, &e), 0);
		assert_int_equal(now, PP_APPLY_DONE);
	}
	assert_int_equal(undo(f, &e), 0);
	as_before(f);
	assert_int_equal(pp_apply_status(&o, &now, &booted, NULL, &e), 0);
	assert_int_equal(now, PP_APPLY_DONE);
	assert_int_equal(undo(f, &e), 0);
	assert_int_equal(pp_apply_status(&o, &now, &booted, NULL, &e), 0);
	assert_int_equal(now, PP_APPLY_UNDONE);
}

/* What cannot be written down is not taken. */
static void no_place_to_write(void **state)
{
	struct fake *f = *state;
	char path[128], other[128];

	fake_directory(f, LEFT);
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
	pp_attach_free(a);
	snprintf(path, sizeof(path), "%s/var", f->root);
	snprintf(other, sizeof(other), "%s/elsewhere", f->root);
	assert_int_equal(rename(path, other), 0);
	a = fake_attach(f, "slot2", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
	assert_non_null(strstr(a->reason, "could not be written down beforehand"));
	assert_non_null(strstr(a->reason, "var/lib/pcipass"));
	pp_attach_free(a);
	assert_string_equal(fake_driver(f, HBA), "mptsas");
	no_override(f, HBA);
	/* What needs no taking needs no place. */
	fake_link(f, "sys/bus/pci/devices/0000:03:00.0/driver",
	          "../../../../bus/pci/drivers/vfio-pci");
	a = fake_attach(f, "03:00.0", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_DONE);
	pp_attach_free(a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_anywhere),
		TEST(undo_puts_back),
		TEST(the_next_attach_puts_back),
		TEST(an_apply_puts_back_a_dry_run_says),
		TEST(another_boot),
		TEST(somebody_else_changed_it),
		TEST(a_guest_has_it),
		TEST(a_device_was_removed),
		TEST(it_does_not_go_back),
		TEST(an_attempt_is_at_work),
		TEST(settings_of_another_host),
		TEST(damaged),
		TEST(written_by_others),
		TEST(over_an_apply),
		TEST(no_place_to_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
