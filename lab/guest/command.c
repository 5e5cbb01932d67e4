/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one command of a job with a time limit. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define TICK_MS     20

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void keep(struct output *o, const char *bytes, size_t length)
{
	size_t room = OUTPUT_BYTES_MAX - o->length;
	char *more = length <= room ? realloc(o->bytes, o->length + length) : NULL;

	if (!more) {
		o->cut = true;
		return;
	}
	o->bytes = more;
	memcpy(o->bytes + o->length, bytes, length);
	o->length += length;
}

/* Takes what is there; closes at the end. */
static void drain(struct output *o)
{
	static char chunk[CHUNK_BYTES];

	while (o->fd >= 0) {
		ssize_t n = read(o->fd, chunk, sizeof(chunk));

		if (n > 0) {
			keep(o, chunk, n);
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n == 0 || errno != EINTR) {
			close(o->fd);
			o->fd = -1;
		}
	}
}

static int open_output(struct output *o)
{
	int ends[2];

	*o = (struct output){ .fd = -1 };
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	o->fd = ends[0];
	return ends[1];
}

static void child(const char *line, int out, int err)
{
	int none = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(none, 0);
	dup2(out, 1);
	dup2(err, 2);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

/* True once the command itself has ended; what it left running does not count. */
static bool has_ended(pid_t pid, int *status)
{
	pid_t one;
	int s;

	/* As process 1 also of orphans. */
	while ((one = waitpid(-1, &s, WNOHANG)) > 0) {
		if (one == pid) {
			*status = s;
			return true;
		}
	}
	return false;
}

static void wait_for(pid_t pid, long deadline_ms, struct result *r)
{
	while (!has_ended(pid, &r->status)) {
		struct pollfd fds[] = { { r->out.fd, POLLIN, 0 }, { r->err.fd, POLLIN, 0 } };

		/* With both closed this only sleeps: the end must be near. */
		poll(fds, 2, r->out.fd < 0 && r->err.fd < 0 ? 1 : TICK_MS);
		drain(&r->out);
		drain(&r->err);
		if (now_ms() >= deadline_ms && !r->timed_out) {
			r->timed_out = true;
			kill(-pid, SIGKILL);
		}
	}
	drain(&r->out);
	drain(&r->err);
}

void command_run(const char *line, long seconds, struct result *ret)
{
	long start = now_ms();
	*ret = (struct result){ 0 };
	int out = open_output(&ret->out), err = open_output(&ret->err);
	pid_t pid = fork();

	if (pid == 0)
		child(line, out, err);
	close(out);
	close(err);
	if (pid < 0)
		ret->status = 127 << 8;
	else
		wait_for(pid, start + seconds * 1000, ret);
	ret->wall_ms = now_ms() - start;
}

void command_free(struct result *r)
{
	if (r->out.fd >= 0)
		close(r->out.fd);
	if (r->err.fd >= 0)
		close(r->err.fd);
	free(r->out.bytes);
	free(r->err.bytes);
}
