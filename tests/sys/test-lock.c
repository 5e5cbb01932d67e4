/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lock files: one holder at a time, and what is said to the others. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/lock.h"

static char directory[64], path[80];
static struct pp_lock a, b;
static struct pp_error e;

static int set_up(void **state)
{
	strcpy(directory, "/tmp/pcipass-lock-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/x.lock", directory);
	a = b = PP_LOCK_NONE;
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static int take(enum pp_lock_how how, struct pp_lock *ret)
{
	return pp_lock_take(path, "busy:", how, ret, &e);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void one_holder(void **state)
{
	char who[64];

	assert_int_equal(take(PP_LOCK_REMOVE, &a), 0);
	assert_int_equal(take(PP_LOCK_KEEP, &b), -EBUSY);
	snprintf(who, sizeof(who), "busy: process %d, or a program that it started", (int)getpid());
	assert_non_null(strstr(e.text, who));
	assert_int_equal(pp_lock_check(path, "busy:", &e), -EBUSY);
	pp_lock_release(&a);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(pp_lock_check(path, "busy:", &e), 0);
	assert_int_equal(take(PP_LOCK_KEEP, &b), 0);
	pp_lock_release(&b);
	pp_lock_release(&b);
	assert_int_equal(access(path, F_OK), 0);
}

static void only_if_there(void **state)
{
	assert_int_equal(take(PP_LOCK_IF_THERE, &a), 0);
	assert_true(a.fd < 0);
	assert_int_not_equal(access(path, F_OK), 0);
	put("");
	assert_int_equal(take(PP_LOCK_IF_THERE, &a), 0);
	assert_true(a.fd >= 0);
	assert_int_equal(take(PP_LOCK_KEEP, &b), -EBUSY);
	assert_non_null(strstr(e.text, "busy: an unknown process"));
	pp_lock_release(&a);
}

static void names_the_program(void **state)
{
	char who[100];

	assert_int_equal(take(PP_LOCK_REMOVE, &a), 0);
	pp_lock_note(&a, (int)getppid(), "update-\x1bgrub");
	assert_int_equal(take(PP_LOCK_REMOVE, &b), -EBUSY);
	snprintf(who, sizeof(who), "process %d, or update-?grub (process %d) that it started",
	         (int)getpid(), (int)getppid());
	assert_non_null(strstr(e.text, who));
	pp_lock_note(&a, 0, NULL);
	assert_int_equal(take(PP_LOCK_REMOVE, &b), -EBUSY);
	assert_null(strstr(e.text, "update-"));
	pp_lock_release(&a);
}

static void not_a_lock_file(void **state)
{
	char victim[96], text[16] = "";

	put("Somebody else's.\n");
	assert_int_equal(take(PP_LOCK_REMOVE, &a), -EEXIST);
	assert_int_equal(unlink(path), 0);
	snprintf(victim, sizeof(victim), "%s/victim", directory);
	int fd = open(victim, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(fd, "1\n", 2), 2);
	assert_int_equal(symlink("victim", path), 0);
	assert_int_equal(take(PP_LOCK_REMOVE, &a), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(victim, path), 0);
	assert_int_equal(take(PP_LOCK_REMOVE, &a), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(take(PP_LOCK_REMOVE, &a), -EEXIST);
	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 2);
	assert_string_equal(text, "1\n");
	close(fd);
	unlink(victim);
}

static void dead_holder(void **state)
{
	pid_t pid = fork();

	if (!pid)
		_exit(take(PP_LOCK_REMOVE, &a) ? 1 : 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(take(PP_LOCK_REMOVE, &a), 0);
	pp_lock_release(&a);
}

/* Takers that come while the file is removed: never two at a time. */
static void in_turn(void **state)
{
	char inside[96];
	pid_t pids[4];

	snprintf(inside, sizeof(inside), "%s/inside", directory);
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		for (int n = 0; !pids[i] && n < 1000;) {
			if (take(PP_LOCK_REMOVE, &a))
				continue;
			int fd = open(inside, O_CREAT | O_EXCL | O_WRONLY, 0600);
			if (fd < 0 || close(fd) || unlink(inside))
				_exit(1);
			pp_lock_release(&a);
			n++;
		}
		if (!pids[i])
			_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_holder),      TEST(only_if_there), TEST(names_the_program),
		TEST(not_a_lock_file), TEST(dead_holder),   TEST(in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
