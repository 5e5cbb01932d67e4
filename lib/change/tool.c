/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "change/tool.h"
#include "base/text.h"

/* Of what a program prints only the end is kept, and only of that the end is shown. */
#define KEPT_BYTES  4096
#define SHOWN_BYTES 240
#define GRACE_MS    2000

#define FIXED_PATH "/usr/sbin:/usr/bin:/sbin:/bin"

struct output {
	char text[KEPT_BYTES];
	size_t len;
};

bool pp_tool_find(const struct pp_apply *a, const char *name, char *ret)
{
	static const char *const folders[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct stat st;
		if (snprintf(ret, PATH_MAX, "%s/%s/%s", a->root, folders[i], name) < PATH_MAX &&
		    !stat(ret, &st) && S_ISREG(st.st_mode) && !access(ret, X_OK))
			return true;
	}
	return false;
}

bool pp_tool_has(const struct pp_apply *a, const char *name)
{
	char path[PATH_MAX];

	return pp_tool_find(a, name, path);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int spawn(const struct pp_apply *a, const char *path, const char *const *argv, int out,
                 pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char root[PATH_MAX + 16];
	char *environment[] = { (char[]){ "PATH=" FIXED_PATH }, (char[]){ "LC_ALL=C" },
		                (char[]){ "HOME=/" }, root, NULL };
	sigset_t none, restored;

	snprintf(root, sizeof(root), "PCIPASS_ROOT=%s", a->root);
	if (!*a->root)
		environment[3] = NULL;
	sigemptyset(&none);
	sigemptyset(&restored);
	sigaddset(&restored, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	/* Onto itself: it stays open in the child, so that the lock outlives us, not the tool. */
	if (a->lock >= 0)
		posix_spawn_file_actions_adddup2(&files, a->lock, a->lock);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &restored);
	int r = posix_spawn(ret, path, &files, &attributes, (char *const *)argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

static void keep(struct output *o, const char *bytes, size_t len)
{
	if (len > sizeof(o->text)) {
		bytes += len - sizeof(o->text);
		len = sizeof(o->text);
	}
	size_t stays = sizeof(o->text) - len < o->len ? sizeof(o->text) - len : o->len;
	memmove(o->text, o->text + o->len - stays, stays);
	memcpy(o->text + stays, bytes, len);
	o->len = stays + len;
}

/* Until the program ends: 1, with its status. 0: it did not in time. */
static int wait_for(pid_t pid, int in, int64_t deadline, struct output *o, int *status)
{
	bool open = true;

	for (;;) {
		struct pollfd p = { .fd = open ? in : -1, .events = POLLIN };
		char bytes[1024];
		/* A helper that it left behind may hold the pipe: the program's end is what counts.
		 */
		if (poll(&p, 1, 20) > 0) {
			ssize_t n = read(in, bytes, sizeof(bytes));
			if (n > 0) {
				keep(o, bytes, (size_t)n);
				continue;
			}
			open = n < 0 && (errno == EINTR || errno == EAGAIN);
		}
		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;
		if (now_ms() > deadline)
			return 0;
	}
}

static void drain(int in, struct output *o)
{
	char bytes[1024];
	ssize_t n;

	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		keep(o, bytes, (size_t)n);
}

/* The last lines, as one line. */
static const char *last_words(struct output *o, char *buf, size_t size)
{
	size_t from = o->len > SHOWN_BYTES ? o->len - SHOWN_BYTES : 0;

	for (size_t i = 0; i < o->len; i++)
		if (o->text[i] == '\n')
			o->text[i] = i + 1 < o->len ? '|' : ' ';
	pp_text_clean_into(buf, size, o->text + from, o->len - from);
	return *buf ? buf : "it said nothing";
}

static int judge(const char *name, bool ended, int status, unsigned int timeout_s, struct output *o,
                 struct pp_error *e)
{
	char words[SHOWN_BYTES + 1];

	last_words(o, words, sizeof(words));
	if (!ended)
		return pp_fail(e, ETIMEDOUT, "%s: stopped after %u seconds: %s", name, timeout_s,
		               words);
	if (WIFSIGNALED(status))
		return pp_fail(e, ECHILD, "%s: killed by signal %d: %s", name, WTERMSIG(status),
		               words);
	if (WEXITSTATUS(status))
		return pp_fail(e, ECHILD, "%s: exit status %d: %s", name, WEXITSTATUS(status),
		               words);
	return 0;
}

int pp_tool_run(const struct pp_apply *a, const char *const *argv, unsigned int timeout_s,
                struct pp_error *e)
{
	struct output o = { .len = 0 };
	char path[PATH_MAX];
	int pipes[2], status = 0;
	pid_t pid;

	if (!pp_tool_find(a, argv[0], path))
		return pp_fail(e, ENOENT, "%s: the host has no such program", argv[0]);
	if (pipe2(pipes, O_CLOEXEC))
		return pp_fail(e, errno, "%s: %s", argv[0], strerror(errno));
	int r = spawn(a, path, argv, pipes[1], &pid);
	close(pipes[1]);
	if (r) {
		close(pipes[0]);
		return pp_fail(e, -r, "%s: cannot be started: %s", argv[0], strerror(-r));
	}
	pp_apply_lock_note(a, pid, argv[0]);
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	bool ended = wait_for(pid, pipes[0], now_ms() + (int64_t)timeout_s * 1000, &o, &status);
	if (!ended) {
		/* Its group is its own, made by us. */
		kill(-pid, SIGTERM);
		if (!wait_for(pid, pipes[0], now_ms() + GRACE_MS, &o, &status)) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
		}
	}
	drain(pipes[0], &o);
	close(pipes[0]);
	pp_apply_lock_note(a, 0, NULL);
	return judge(argv[0], ended, status, timeout_s, &o, e);
}
