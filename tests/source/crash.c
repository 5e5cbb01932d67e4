/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded by test-confined.py: the process that reads a capture does something in the middle, as
 * if what it reads had a way to make it. PCIPASS_TEST_CRASH says what: it crashes ("segv", "exit"),
 * goes on for ever ("spin"), or with "attempts" and "log" it tries what it should not be able to,
 * and says on standard error what came of it. With PCIPASS_TEST_MARK only where it reads that file.
 * With PCIPASS_TEST_NO_LANDLOCK the kernel seems to have no Landlock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define LANDLOCK_CREATE_RULESET 444

/* Set where the filter is, which comes last. */
static bool is_confined;
static volatile char *volatile nowhere;

/* The file that is meant, and whether it is the last one that was read from its start. */
static struct stat marked_file;
static bool is_marked = true;

__attribute__((constructor)) static void crash_find_mark(void)
{
	const char *mark = getenv("PCIPASS_TEST_MARK");

	is_marked = !mark || stat(mark, &marked_file);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
	off64_t (*next)(int, off64_t, int);
	struct stat st;

	if (marked_file.st_ino && !fstat(fd, &st))
		is_marked = st.st_ino == marked_file.st_ino && st.st_dev == marked_file.st_dev;
	*(void **)&next = dlsym(RTLD_NEXT, "lseek64");
	return next(fd, offset, whence);
}

static int crash_errno(long result)
{
	return result < 0 ? errno : 0;
}

static int crash_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	return fd < 0 ? errno : crash_errno(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

/* Once: of the process in which the whole command runs, for no other can say something. */
static void crash_attempt_all(void)
{
	static bool done;
	static char *const words[] = { (char *)"true", NULL };
	const char *secret = getenv("PCIPASS_TEST_SECRET");
	char text[256];

	if (done || !secret)
		return;
	done = true;
	int n = snprintf(text, sizeof(text),
	                 "attempts: open=%d write=%d connect=%d exec=%d kill=%d trace=%d uid=%d\n",
	                 crash_errno(open(secret, O_RDONLY)),
	                 crash_errno(open(secret, O_WRONLY | O_CREAT, 0600)), crash_connect(),
	                 crash_errno(execve("/bin/true", words, words + 1)),
	                 crash_errno(kill(getppid(), 0)),
	                 crash_errno(ptrace(PTRACE_SEIZE, getppid(), 0, 0)), (int)geteuid());
	(void)!write(STDERR_FILENO, text, (size_t)n);
}

/* log: where that is opened, before which an explain --log reads this host. */
static void crash_here(bool log)
{
	const char *how = getenv("PCIPASS_TEST_CRASH");
	int saved = errno;

	if (!how || !is_confined || !is_marked)
		return;
	if (!strcmp(how, log ? "log" : "attempts"))
		crash_attempt_all();
	errno = saved;
	if (!strcmp(how, "log") || !strcmp(how, "attempts"))
		return;
	if (!strcmp(how, "segv"))
		*nowhere = 1;
	while (!strcmp(how, "spin"))
		is_confined = true;
	_exit(3);
}

/* Each tree of files asks for it once. */
ssize_t getrandom(void *buf, size_t len, unsigned int flags);
ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	crash_here(false);
	return syscall(SYS_getrandom, buf, len, flags);
}

/* Whoever reads a directory does this. */
ssize_t readlinkat(int dir, const char *path, char *buf, size_t size)
{
	crash_here(false);
	return syscall(SYS_readlinkat, dir, path, buf, size);
}

/* fopen() of programs whose files may be large. */
FILE *fopen64(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *);

	if (!strncmp(path, "/tmp/", 5))
		crash_here(true);
	*(void **)&next = dlsym(RTLD_NEXT, "fopen64");
	return next(path, mode);
}

/* With PCIPASS_TEST_CPU it has a second of processor time. */
int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
	int (*next)(__rlimit_resource_t, const struct rlimit64 *);
	struct rlimit64 less = *limit;

	if (resource == RLIMIT_CPU && getenv("PCIPASS_TEST_CPU"))
		less.rlim_cur = 1;
	*(void **)&next = dlsym(RTLD_NEXT, "setrlimit64");
	return next(resource, &less);
}

int prctl(int option, ...)
{
	int (*next)(int, ...);
	unsigned long of[4];
	va_list ap;

	*(void **)&next = dlsym(RTLD_NEXT, "prctl");
	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		of[i] = va_arg(ap, unsigned long);
	va_end(ap);
	int r = next(option, of[0], of[1], of[2], of[3]);
	if (!r && option == PR_SET_SECCOMP)
		is_confined = true;
	return r;
}

long syscall(long number, ...)
{
	long (*next)(long, ...);
	long of[6];
	va_list ap;

	*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		of[i] = va_arg(ap, long);
	va_end(ap);
	if (number == LANDLOCK_CREATE_RULESET && getenv("PCIPASS_TEST_NO_LANDLOCK")) {
		errno = ENOSYS;
		return -1;
	}
	long r = next(number, of[0], of[1], of[2], of[3], of[4], of[5]);
	/* The system may drop a file that is handed over. */
	if (number == SYS_recvmsg && getenv("PCIPASS_TEST_NO_FILE"))
		((struct msghdr *)of[1])->msg_controllen = 0;
	return r;
}
