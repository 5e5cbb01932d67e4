/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts a program, reads what it prints, and waits for its end up to a time limit. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/lock.h"
#include "sys/process.h"

#define TICK_MS  20
#define GRACE_MS 2000 /* from SIGTERM to SIGKILL */

static const char *const default_environment[] = { PP_PROCESS_PATH, "LC_ALL=C", "HOME=/", NULL };

int64_t pp_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool pp_process_is_alive(uint64_t pid)
{
	return !kill((pid_t)pid, 0) || errno != ESRCH;
}

static int process_set_files(posix_spawn_file_actions_t *f, const struct pp_process *p, int out)
{
	int err = posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDONLY, 0);

	if (!err)
		err = posix_spawn_file_actions_adddup2(f, out, 1);
	if (!err)
		err = posix_spawn_file_actions_adddup2(f, out, 2);
	/* Onto itself: it loses close-on-exec. */
	if (!err && p->lock && p->lock->fd >= 0)
		err = posix_spawn_file_actions_adddup2(f, p->lock->fd, p->lock->fd);
	return err ? err
	           : posix_spawn_file_actions_addchdir_np(f, p->directory ? p->directory : "/");
}

static int process_set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	int err = posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawnattr_setpgroup(a, 0);
	if (!err)
		err = posix_spawnattr_setsigmask(a, &none);
	return err ? err : posix_spawnattr_setsigdefault(a, &all);
}

static int process_spawn(const struct pp_process *p, int out, pid_t *ret)
{
	const char *const *environment = p->environment ? p->environment : default_environment;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;

	int err = posix_spawn_file_actions_init(&files);
	if (err)
		return -err;
	err = posix_spawnattr_init(&attributes);
	if (!err) {
		err = process_set_files(&files, p, out);
		if (!err)
			err = process_set_attributes(&attributes);
		if (!err)
			err = posix_spawn(ret, p->program, &files, &attributes,
			                  (char *const *)p->argv, (char *const *)environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* What there is now, so that the writer never has to wait. false: nobody writes any more. */
static bool process_drain(int fd, struct pp_process_result *r)
{
	char bytes[4096];

	for (int i = 0; i < 64; i++) {
		ssize_t n = read(fd, bytes, sizeof(bytes));
		if (n > 0)
			pp_process_keep(r, bytes, (size_t)n);
		else if (n == 0 || errno != EINTR)
			return n < 0 && errno == EAGAIN;
	}
	return true;
}

/* 1: it has ended, and nobody has taken note of that yet, so its number is nobody else's. */
static int process_has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT))
		return errno == EINTR ? 0 : -errno;
	return info.si_pid == pid;
}

/* Until the program ends: a child that it leaves behind may hold the pipe open for ever. */
static int process_wait(pid_t pid, int fd, unsigned int limit_s, struct pp_process_result *r)
{
	int64_t limit = pp_now_ms() + (int64_t)limit_s * 1000;
	bool open = true, stopped = false;
	int ended;

	for (;;) {
		struct pollfd p = { .fd = open ? fd : -1, .events = POLLIN };
		if (poll(&p, 1, TICK_MS) > 0)
			open = process_drain(fd, r);
		ended = process_has_ended(pid);
		if (ended)
			break;
		if (pp_now_ms() <= limit)
			continue;
		kill(-pid, stopped ? SIGKILL : SIGTERM);
		stopped = true;
		limit = pp_now_ms() + GRACE_MS;
	}
	/* What it started may not have heard SIGTERM. */
	if (stopped)
		kill(-pid, SIGKILL);
	r->end = stopped ? PP_PROCESS_STOPPED : PP_PROCESS_EXITED;
	return ended < 0 ? ended : 0;
}

static int process_reap(pid_t pid, struct pp_process_result *r)
{
	int state;

	while (waitpid(pid, &state, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (r->end == PP_PROCESS_STOPPED)
		return 0;
	if (WIFSIGNALED(state))
		r->end = PP_PROCESS_SIGNALLED;
	r->signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
	r->status = WIFEXITED(state) ? WEXITSTATUS(state) : 0;
	return 0;
}

static int process_follow(const struct pp_process *p, pid_t pid, int fd,
                          struct pp_process_result *r)
{
	const char *slash = strrchr(p->program, '/');

	if (p->lock)
		pp_lock_note(p->lock, pid, slash ? slash + 1 : p->program);
	int err = process_wait(pid, fd, p->limit_s, r);
	if (!err)
		err = process_reap(pid, r);
	process_drain(fd, r);
	if (p->lock)
		pp_lock_note(p->lock, 0, NULL);
	return err;
}

int pp_process_run(const struct pp_process *p, struct pp_process_result *ret, struct pp_error *e)
{
	int fds[2];
	pid_t pid;

	ret->end = PP_PROCESS_EXITED;
	ret->status = ret->signal = 0;
	ret->len = 0;
	ret->output[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return pp_fail(e, errno, "%.300s: %s", p->program, strerror(errno));
	int r = fcntl(fds[0], F_SETFL, O_NONBLOCK) ? -errno : process_spawn(p, fds[1], &pid);
	close(fds[1]);
	if (!r)
		r = process_follow(p, pid, fds[0], ret);
	close(fds[0]);
	ret->output[ret->len] = '\0';
	return r ? pp_fail(e, -r, "%.300s: cannot be run: %s", p->program, strerror(-r)) : 0;
}
