/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded by test-confined.py: the process that reads a capture crashes in the middle, as if what
 * it reads had a way to make it. PCIPASS_TEST_CRASH says how: "segv", "kill" or "exit".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pid_t program;
static volatile char *volatile nowhere;

__attribute__((constructor)) static void crash_begin(void)
{
	program = getpid();
}

/* Each tree of files asks for it once. */
ssize_t getrandom(void *buf, size_t len, unsigned int flags);
ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	const char *how = getenv("PCIPASS_TEST_CRASH");

	if (how && getpid() != program) {
		if (!strcmp(how, "segv"))
			*nowhere = 1;
		if (!strcmp(how, "kill"))
			raise(SIGKILL);
		_exit(3);
	}
	return syscall(SYS_getrandom, buf, len, flags);
}
