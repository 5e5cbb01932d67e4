/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the child process that works on what strangers wrote, and takes its answer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/confined.h"

/* Fixed in every distribution; asking the user database would open files and load libraries. */
#define NOBODY          65534u
#define MAX_MEMORY      ((rlim_t)3 * 1024 * 1024 * 1024)
#define MAX_DESCRIPTORS 256
#define PIPE_BYTES      (256 * 1024)

static bool confined_lists(const int *fds, unsigned int nr, int fd)
{
	bool found = false;

	for (unsigned int i = 0; i < nr; i++)
		found |= fd == fds[i];
	return found;
}

static bool confined_keeps(const struct pp_confined_job *job, int out, int fd)
{
	/* A sanitizer's report has to be seen. */
	return fd == out || (PP_IS_SANITIZED && fd == STDERR_FILENO) ||
	       confined_lists(job->fds, job->nr_fds, fd);
}

/* All descriptors from first on. */
static void confined_close_from(int first)
{
	if (!syscall(SYS_close_range, first, ~0u, 0))
		return;
	/* Before Linux 5.9. */
	struct rlimit limit;
	int end = getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 65536 ? 65536
	                                                                     : (int)limit.rlim_cur;
	for (int fd = first; fd < end; fd++)
		close(fd);
}

static void confined_close_others(const struct pp_confined_job *job, int out)
{
	int highest = out > STDERR_FILENO ? out : STDERR_FILENO;

	for (unsigned int i = 0; i < job->nr_fds; i++)
		highest = job->fds[i] > highest ? job->fds[i] : highest;
	for (int fd = 0; fd < highest; fd++)
		if (!confined_keeps(job, out, fd))
			close(fd);
	confined_close_from(highest + 1);
}

/* Of addresses, in use when it begins: a program that links the library may have many. */
static rlim_t confined_memory_in_use(void)
{
	char text[32] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

static int confined_set_limits(const struct pp_confined_job *job)
{
	const rlim_t memory = confined_memory_in_use() + MAX_MEMORY;
	const struct {
		int resource;
		rlim_t soft, hard;
	} limits[] = {
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_FSIZE, 0, 0 },
		{ RLIMIT_NOFILE, MAX_DESCRIPTORS, RLIM_INFINITY },
		/* At the first of them SIGXCPU, which says what happened. */
		{ RLIMIT_CPU, job->cpu_s, job->cpu_s + 1 },
		{ RLIMIT_AS, memory, memory },
	};
	/* A sanitizer reserves terabytes of addresses. */
	size_t nr = sizeof(limits) / sizeof(limits[0]) - PP_IS_SANITIZED;

	for (size_t i = 0; i < nr; i++) {
		struct rlimit now, wanted = { limits[i].soft, limits[i].hard };
		if (getrlimit((unsigned int)limits[i].resource, &now))
			return -errno;
		wanted.rlim_cur = wanted.rlim_cur < now.rlim_max ? wanted.rlim_cur : now.rlim_max;
		wanted.rlim_max = wanted.rlim_max < now.rlim_max ? wanted.rlim_max : now.rlim_max;
		if (setrlimit((unsigned int)limits[i].resource, &wanted))
			return -errno;
	}
	return 0;
}

/* Only the right to read what others own, if it is there, for what Landlock bounds; or none. */
static int confined_keep_rights(bool to_read)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct now[2] = { { 0 }, { 0 } }, data[2] = { { 0 }, { 0 } };

	if (to_read && syscall(SYS_capget, &head, now))
		return -errno;
	data[0].effective = data[0].permitted = now[0].permitted & (1u << CAP_DAC_READ_SEARCH);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

static int confined_become_nobody(bool to_read)
{
	/* One that is confined within another may have this right of root's, and no more. */
	if (geteuid())
		return confined_keep_rights(to_read);
	if (to_read && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	/*
	 * Root of a user namespace or of a container may not be able to become it. Then it keeps
	 * its number, and gives up root's rights all the same.
	 */
	if (!setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    setresuid(NOBODY, NOBODY, NOBODY) && errno != EINVAL)
		return -errno;
	return confined_keep_rights(to_read);
}

/* After the change of user, which forgets it. */
static int confined_bind_to(pid_t parent)
{
	if ((parent && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* A sanitizer looks for leaks by way of /proc/self. */
	if (PP_IS_SANITIZED)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return !parent || getppid() == parent ? 0 : -ESRCH;
}

static int confined_confine(const struct pp_confined_job *job, int out, pid_t parent)
{
	confined_close_others(job, out);
	int r = confined_set_limits(job);
	if (!r)
		r = confined_become_nobody(job->directories);
	if (r)
		return r;
	r = confined_bind_to(parent);
	if (!r)
		r = pp_landlock_confine(job->fds, job->directories ? job->nr_fds : 0);
	return r ? r
	         : pp_seccomp_confine(job->directories ? PP_SECCOMP_DIRECTORIES
	                                               : PP_SECCOMP_DECODER);
}

static int confined_set_soft(int resource, rlim_t soft, rlim_t *before)
{
	struct rlimit limit;

	if (getrlimit((unsigned int)resource, &limit))
		return -errno;
	if (before)
		*before = limit.rlim_cur;
	/* Without the test, a lower one that somebody else has set would be raised. */
	if (before && limit.rlim_cur < soft)
		return 0;
	limit.rlim_cur = soft;
	return setrlimit((unsigned int)resource, &limit) ? -errno : 0;
}

int pp_confined_limit(unsigned int cpu_s, struct pp_confined_limits *before)
{
	struct pp_confined_limits was;
	struct timespec used = { 0 };

	/* A sanitizer reserves terabytes of addresses. */
	int r = confined_set_soft(RLIMIT_AS, PP_IS_SANITIZED ? RLIM_INFINITY : MAX_MEMORY,
	                          &was.memory);
	if (r)
		return r;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	rlim_t cpu = (rlim_t)used.tv_sec + cpu_s;
	r = confined_set_soft(RLIMIT_CPU, cpu, &was.cpu);
	if (r)
		confined_set_soft(RLIMIT_AS, was.memory, NULL);
	else
		*before = was;
	return r;
}

void pp_confined_unlimit(const struct pp_confined_limits *before)
{
	confined_set_soft(RLIMIT_AS, before->memory, NULL);
	confined_set_soft(RLIMIT_CPU, before->cpu, NULL);
}

static void confined_close_all_but(const int *fds, unsigned int nr)
{
	int highest = STDERR_FILENO;

	for (unsigned int i = 0; i < nr; i++)
		highest = fds[i] > highest ? fds[i] : highest;
	for (int fd = STDERR_FILENO + 1; fd < highest; fd++)
		if (!confined_lists(fds, nr, fd))
			close(fd);
	confined_close_from(highest + 1);
}

/* What root alone can name is named before root's rights go. */
static int confined_name_places(const struct pp_confined_self *how, int *ret)
{
	int rules = pp_landlock_begin();
	int r = rules < 0 && rules != PP_LANDLOCK_NONE ? rules : 0;

	for (unsigned int i = 0; !r && i < how->nr_places; i++)
		r = pp_landlock_allow(rules, how->places[i]);
	/* A sanitizer looks for leaks there. */
	if (!r && PP_IS_SANITIZED)
		r = pp_landlock_allow(rules, "/proc");
	*ret = rules;
	return r;
}

int pp_confine_self(const struct pp_confined_self *how)
{
	const struct rlimit no_core = { 0, 0 };
	int rules = PP_LANDLOCK_NONE;

	confined_close_all_but(how->fds, how->nr_fds);
	int r = setrlimit(RLIMIT_CORE, &no_core) ? -errno : confined_name_places(how, &rules);
	if (!r)
		r = confined_become_nobody(true);
	if (!r)
		r = confined_bind_to(how->parent);
	if (!r)
		r = pp_landlock_enforce(rules);
	return r ? r : pp_seccomp_confine(PP_SECCOMP_READER);
}

static _Noreturn void confined_child(const struct pp_confined_job *job, int out, pid_t parent)
{
	/* What the program does about its own crash is not for this process. */
	static const int numbers[] = { SIGXCPU, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGPIPE };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !PP_IS_SANITIZED; i++)
		signal(numbers[i], SIG_DFL);
	if (confined_confine(job, out, parent))
		_exit(PP_EXIT_UNCONFINED);
	/* Nothing that the parent registered for its own end, and no leak check, which would trace.
	 */
	_exit(job->work(job->ctx, out) ? 1 : 0);
}

int pp_confined_start(const struct pp_confined_job *job, struct pp_confined *ret)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	/* Fewer changes between the two; a smaller one does as well. */
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	pid_t pid = fork();
	if (!pid)
		confined_child(job, ends[1], parent);
	int error = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -error;
	}
	*ret = (struct pp_confined){ .fd = ends[0], .pid = pid, .cpu_s = job->cpu_s };
	return 0;
}

int pp_confined_send(int out, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(out, at, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int pp_confined_receive(const struct pp_confined *c, void *buf, size_t len)
{
	char *at = buf;

	while (len) {
		ssize_t n = read(c->fd, at, len);
		if (!n)
			return -EPIPE;
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Whether nothing is left of the answer. */
static bool confined_is_at_end(const struct pp_confined *c)
{
	char more;

	return pp_confined_receive(c, &more, 1) == -EPIPE;
}

int pp_confined_told(int status, unsigned int cpu_s, struct pp_error *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !cpu_s)
		return pp_fail(e, EPROTO,
		               "the process that reads it was killed; the system may have run out "
		               "of memory");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU && !cpu_s)
		return pp_fail(
			e, EPROTO,
			"the process that reads it was killed: it took too much processor time");
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
		return pp_fail(e, EPROTO,
		               "the process that reads it was killed: it took more than %u s of "
		               "processor time, or the system ran out of memory",
		               cpu_s);
	if (WIFSIGNALED(status))
		return pp_fail(
			e, EPROTO,
			"the process that reads it crashed (signal %d, %s), and nothing of it "
			"is used",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WIFEXITED(status) && WEXITSTATUS(status) == PP_EXIT_UNCONFINED)
		return pp_fail(
			e, EPROTO,
			"the process that reads it could not be confined, so nothing was read");
	return pp_fail(e, EPROTO, "the process that reads it ended early (exit %d)",
	               WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

int pp_confined_end(struct pp_confined *c, struct pp_error *e)
{
	bool ended = confined_is_at_end(c);
	int status = 0;
	pid_t pid;

	close(c->fd);
	c->fd = -1;
	/* Refused to a process that is confined itself: then it ends at its next write. */
	if (!ended)
		kill(c->pid, SIGKILL);
	do {
		pid = waitpid(c->pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	if (!ended)
		return pp_fail(e, EPROTO, "the process that reads it sent more than its answer");
	/* Somebody else's handler took its status: it sent a whole answer, which is what counts. */
	if (pid < 0 || (WIFEXITED(status) && !WEXITSTATUS(status)))
		return 0;
	return pp_confined_told(status, c->cpu_s, e);
}

void pp_confined_stop(struct pp_confined *c)
{
	int status;
	pid_t pid;

	close(c->fd);
	c->fd = -1;
	/* Refused to a process that is confined itself, which then does not wait for it. */
	bool killed = !kill(c->pid, SIGKILL);
	do {
		pid = waitpid(c->pid, &status, killed ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
}

struct pp_confinement pp_confinement_here(void)
{
	return (struct pp_confinement){ .landlock = pp_landlock_version(),
		                        .seccomp = pp_seccomp_is_here() };
}
