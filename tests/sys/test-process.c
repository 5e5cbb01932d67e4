/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a program is run: what it gets, what is kept of what it prints, and how its end is told. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/lock.h"
#include "sys/process.h"

static struct pp_process_result result;
static struct pp_error e;

static void run(const char *script, unsigned int limit_s, const struct pp_lock *lock)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct pp_process p = {
		.program = "/bin/sh", .argv = argv, .limit_s = limit_s, .lock = lock
	};

	if (pp_process_run(&p, &result, &e))
		fail_msg("%s", e.text);
}

static void test_ends(void **state)
{
	run("exit 0", 10, NULL);
	assert_int_equal(result.end, PP_PROCESS_EXITED);
	assert_int_equal(result.status, 0);
	run("exit 143", 10, NULL);
	assert_int_equal(result.end, PP_PROCESS_EXITED);
	assert_int_equal(result.status, 143);
	run("kill -TERM $$", 10, NULL);
	assert_int_equal(result.end, PP_PROCESS_SIGNALLED);
	assert_int_equal(result.signal, SIGTERM);
}

static void test_output(void **state)
{
	run("echo out; echo err >&2", 10, NULL);
	assert_string_equal(result.output, "out\nerr\n");
	run("true", 10, NULL);
	assert_string_equal(result.output, "");
	/* More than is kept: the end of it. */
	run("head -c 300000 /dev/zero | tr '\\0' x; echo the end", 20, NULL);
	assert_int_equal(result.len, PP_PROCESS_OUTPUT_BYTES);
	assert_string_equal(result.output + result.len - 9, "xthe end\n");
}

static void test_surroundings(void **state)
{
	const char *const argv[] = { "env", NULL }, *const more[] = { "A=1", NULL };
	struct pp_process p = { .program = "/usr/bin/env", .argv = argv, .limit_s = 10 };

	setenv("SECRET", "x", 1);
	assert_int_equal(pp_process_run(&p, &result, &e), 0);
	assert_string_equal(result.output, PP_PROCESS_PATH "\nLC_ALL=C\nHOME=/\n");
	p.environment = more;
	assert_int_equal(pp_process_run(&p, &result, &e), 0);
	assert_string_equal(result.output, "A=1\n");
	run("pwd; cat; cut -d' ' -f5 /proc/$$/stat; echo $$", 10, NULL);
	assert_int_equal(strncmp(result.output, "/\n", 2), 0);
	char *first = strtok(result.output + 2, "\n"), *second = strtok(NULL, "\n");
	assert_string_equal(first, second);
}

static void test_signals(void **state)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	run("grep -E 'SigBlk|SigIgn' /proc/self/status", 10, NULL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	char *ignored = strstr(result.output, "SigIgn:");
	assert_int_equal(strtoull(result.output + strlen("SigBlk:"), NULL, 16), 0);
	/* glibc's posix_spawn() leaves its own two, 32 and 33, ignored. */
	assert_int_equal(strtoull(ignored + strlen("SigIgn:"), NULL, 16) & 0x7fffffff, 0);
}

static double seconds_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void test_limit(void **state)
{
	static const char *const scripts[] = {
		"echo begun; sleep 100",
		"trap '' TERM; echo begun; while :; do sleep 0.1; done",
		/* The program ends by SIGTERM; its child would not. */
		"(trap '' TERM; echo begun; while :; do sleep 0.1; done) & sleep 100",
		"while :; do echo begun; done",
	};
	struct timespec from;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		clock_gettime(CLOCK_MONOTONIC, &from);
		run(scripts[i], 1, NULL);
		assert_int_equal(result.end, PP_PROCESS_STOPPED);
		assert_non_null(strstr(result.output, "begun"));
		assert_true(seconds_since(&from) >= 1);
		assert_true(seconds_since(&from) < 20);
	}
}

/* Its own end counts, not that of a child which has its output. */
static void test_child_left_behind(void **state)
{
	struct timespec from;

	clock_gettime(CLOCK_MONOTONIC, &from);
	run("sleep 5 & echo done", 10, NULL);
	assert_string_equal(result.output, "done\n");
	assert_int_equal(result.end, PP_PROCESS_EXITED);
	assert_true(seconds_since(&from) < 4);
}

static void test_lock_is_kept(void **state)
{
	char path[] = "/tmp/pcipass-lock-XXXXXX", script[400], text[64];
	struct pp_lock lock = PP_LOCK_NONE;
	int fd = mkstemp(path), other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && other >= 0);
	close(fd);
	assert_int_equal(pp_lock_take(path, "busy:", PP_LOCK_REMOVE, &lock, &e), 0);
	/* Of ours it has the lock's descriptor alone, besides its own three. */
	snprintf(
		script, sizeof(script),
		"until grep -q ' ' %s; do sleep 0.05; done; cat %s; for i in /proc/$$/fd/*; do readlink $i; done | grep -c '^%s$'; "
		"[ -e /proc/$$/fd/%d ] && echo open",
		path, path, path, other);
	run(script, 10, &lock);
	snprintf(text, sizeof(text), "%d ", (int)getpid());
	assert_int_equal(strncmp(result.output, text, strlen(text)), 0);
	assert_non_null(strstr(result.output, " sh\n1\n"));
	assert_null(strstr(result.output, "open"));
	run("sleep 2 & true", 10, &lock);
	pp_lock_release(&lock);
	/* What it left behind still holds it. */
	assert_int_equal(pp_lock_take(path, "busy:", PP_LOCK_REMOVE, &lock, &e), -EBUSY);
	for (int i = 0; i < 100 && pp_lock_take(path, "busy:", PP_LOCK_REMOVE, &lock, &e); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
	assert_true(lock.fd >= 0);
	pp_lock_release(&lock);
	assert_int_not_equal(access(path, F_OK), 0);
	close(other);
}

static void test_no_program(void **state)
{
	const char *const argv[] = { "x", NULL };
	struct pp_process p = { .program = "/nonexistent/x", .argv = argv, .limit_s = 10 };

	assert_int_equal(pp_process_run(&p, &result, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent/x: cannot be run"));
	p.program = "/etc/passwd";
	assert_int_equal(pp_process_run(&p, &result, &e), -EACCES);
	p.program = "/bin/sh";
	p.directory = "/nonexistent";
	assert_int_equal(pp_process_run(&p, &result, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),         cmocka_unit_test(test_output),
		cmocka_unit_test(test_surroundings), cmocka_unit_test(test_signals),
		cmocka_unit_test(test_limit),        cmocka_unit_test(test_child_left_behind),
		cmocka_unit_test(test_lock_is_kept), cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
