/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file is replaced at once, and what killed writers left is removed by the next. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/atomic.h"
#include "sys/file.h"

static char directory[64], path[80], other[80];
static struct pp_error e;

static int set_up(void **state)
{
	strcpy(directory, "/tmp/pcipass-atomic-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/capture.tar", directory);
	snprintf(other, sizeof(other), "%s/other.tar", directory);
	return 0;
}

/* Temporary files in the directory. */
static int atomic_count(void)
{
	DIR *dir = opendir(directory);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += !strncmp(d->d_name, ".pcipass-", 9);
	closedir(dir);
	return n;
}

static int tear_down(void **state)
{
	pp_atomic_clean_up(path);
	pp_atomic_clean_up(other);
	unlink(path);
	unlink(other);
	return rmdir(directory);
}

static void atomic_put(const char *where)
{
	if (pp_file_put(where, PP_SPAN("new", 3), 0600, true, &e))
		fail_msg("%s", e.text);
}

static void atomic_leave(const char *where)
{
	pid_t pid = fork();

	if (!pid) {
		struct pp_atomic f;
		if (!pp_atomic_open(where, 0600, true, &f, &e))
			raise(SIGKILL);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void killed_writers(void **state)
{
	atomic_leave(path);
	assert_int_equal(atomic_count(), 1);
	/* Each next one takes away what the one before left. */
	atomic_leave(path);
	assert_int_equal(atomic_count(), 1);
	/* Another file's are none of its business. */
	atomic_put(other);
	assert_int_equal(atomic_count(), 1);
	atomic_put(path);
	assert_int_equal(atomic_count(), 0);
}

static void a_writer_at_work(void **state)
{
	struct pp_atomic f;

	assert_int_equal(pp_atomic_open(path, 0600, true, &f, &e), 0);
	atomic_put(path);
	assert_int_equal(atomic_count(), 1);
	assert_int_equal(write(f.fd, "second", 6), 6);
	assert_int_equal(pp_atomic_commit(&f, &e), 0);
	assert_int_equal(atomic_count(), 0);
	char text[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	close(fd);
}

/* Writers of one file at the same time take nothing away from each other. */
static void many_writers(void **state)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		for (int n = 0; !pids[i] && n < 200; n++)
			if (pp_file_put(path, PP_SPAN("new", 3), 0600, true, &e)) {
				print_error("%s\n", e.text);
				_exit(1);
			}
		if (!pids[i])
			_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(atomic_count(), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_writers),
		TEST(a_writer_at_work),
		TEST(many_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
