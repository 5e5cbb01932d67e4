/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/hp-run.h"

#define TICK_MS  20
#define GRACE_MS 5000 /* from the request to end to the end */

static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
static char lang[] = "LANG=C";
static char *const environment[] = { path, lang, NULL };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int set_files(posix_spawn_file_actions_t *f, const struct pp_run *r, int out)
{
	int err = posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDONLY, 0);

	if (!err)
		err = posix_spawn_file_actions_adddup2(f, out, 1);
	if (!err)
		err = posix_spawn_file_actions_adddup2(f, out, 2);
	/* Onto itself: it loses close-on-exec. */
	if (!err && r->keep_fd >= 0)
		err = posix_spawn_file_actions_adddup2(f, r->keep_fd, r->keep_fd);
	return err ? err : posix_spawn_file_actions_addchdir_np(f, r->folder);
}

static int set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	int err = posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawnattr_setsigmask(a, &none);
	return err ? err : posix_spawnattr_setsigdefault(a, &all);
}

static int spawn(const struct pp_run *r, int out, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;

	int err = posix_spawn_file_actions_init(&files);
	if (err)
		return err;
	err = posix_spawnattr_init(&attributes);
	if (!err) {
		err = set_files(&files, r, out);
		if (!err)
			err = set_attributes(&attributes);
		if (!err)
			err = posix_spawn(ret, r->program, &files, &attributes, r->argv,
			                  environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return err;
}

/* What there is now; what is too much is thrown away, so that the writer never has to wait. */
static void drain(int fd, struct pp_run_result *res)
{
	char buf[4096];
	ssize_t n;

	for (int i = 0; i < 64 && (n = read(fd, buf, sizeof(buf))) > 0; i++) {
		size_t room = PP_RUN_MAX_OUTPUT - res->len;
		size_t take = (size_t)n < room ? (size_t)n : room;
		memcpy(res->output + res->len, buf, take);
		res->len += take;
	}
}

/* Until the program ends: a child that it leaves behind may hold the pipe open for ever. */
static int wait_end(pid_t pid, int fd, const struct pp_run *r, struct pp_run_result *res)
{
	int64_t limit = now_ms() + (int64_t)r->limit_s * 1000;
	int state;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, TICK_MS);
		drain(fd, res);
		pid_t done = waitpid(pid, &state, WNOHANG);
		if (done == pid)
			break;
		if (done < 0 && errno != EINTR)
			return -errno;
		/* With the pipe closed poll() comes back at once. */
		if (p.revents & POLLHUP && !(p.revents & POLLIN))
			nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000l }, NULL);
		if (now_ms() < limit)
			continue;
		kill(-pid, res->timed_out ? SIGKILL : SIGTERM);
		res->timed_out = true;
		limit = now_ms() + GRACE_MS;
	}
	drain(fd, res);
	res->signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
	res->status = WIFEXITED(state) ? WEXITSTATUS(state) : 0;
	return 0;
}

int pp_run(const struct pp_run *r, struct pp_run_result *ret, struct pp_error *e)
{
	int fds[2];
	pid_t pid;

	ret->timed_out = false;
	ret->len = 0;
	if (pipe2(fds, O_CLOEXEC))
		return pp_fail(e, errno, "%.300s: %s", r->program, strerror(errno));
	int err = fcntl(fds[0], F_SETFL, O_NONBLOCK) ? errno : spawn(r, fds[1], &pid);
	close(fds[1]);
	if (!err)
		err = -wait_end(pid, fds[0], r, ret);
	close(fds[0]);
	ret->output[ret->len] = '\0';
	return err ? pp_fail(e, err, "%.300s: could not be run: %s", r->program, strerror(err)) : 0;
}
