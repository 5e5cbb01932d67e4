/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line that shows that long work goes on, on a terminal alone: what is done, and for how long.
 * A process of its own draws it, so that the work is not disturbed by signals or threads. It ends
 * with the pipe from which it hears that the work goes on, also where the work was killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define TICK_MS 1000
#define ERASE   "\r\033[K"
/* Of what is done, with its NUL. */
#define PROGRESS_BYTES 256

static pid_t progress_pid; /* 0: none */
static int progress_pipe = -1;
/* It shows how many hosts are done, and goes on from one to the next. */
static bool progress_counts;

/* In the background a line would stand in the middle of what somebody types. */
static bool progress_is_seen(void)
{
	return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

/* A terminal that is gone is no reason to end: whoever tells what is done would be ended by
 * SIGPIPE. */
static void progress_write(const char *text, size_t len)
{
	(void)!write(STDERR_FILENO, text, len);
}

static void progress_draw(const char *what, unsigned int seconds)
{
	struct winsize size = { 0 };
	char line[512];
	int len = snprintf(line, sizeof(line), ERASE "%s: %s: %u s", program_name, what, seconds);
	size_t max = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;

	/* One that fills the last column would wrap, and no longer be erased whole. */
	max += strlen(ERASE) - 1;
	progress_write(line, (size_t)len < max ? (size_t)len : max);
}

static long progress_now(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) ? 0 : t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int progress_wait(long until)
{
	long ms = until - progress_now();

	return ms < 0 ? 0 : ms < TICK_MS ? (int)ms : TICK_MS;
}

/* The process that draws. It has no file of the other one's but the terminal and the pipe, from
 * which it hears what is done by now. */
static __attribute__((noreturn)) void progress_follow(int pipe, char what[PROGRESS_BYTES])
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	long begin = progress_now(), next = begin + TICK_MS;
	bool drawn = false;

	/* Whether a signal ends the work is for that to say. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	if (dup2(pipe, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0u, 0))
		_exit(0);
	while (!poll(&p, 1, progress_wait(next)) || read(STDIN_FILENO, what, PROGRESS_BYTES) > 0) {
		long now = progress_now();
		if (now < next)
			continue;
		next = now + TICK_MS;
		if (progress_is_seen()) {
			progress_draw(what, (unsigned int)((now - begin) / 1000));
			drawn = true;
		}
	}
	if (drawn && progress_is_seen())
		progress_write(ERASE, strlen(ERASE));
	_exit(0);
}

static bool progress_is_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && progress_is_seen();
}

static void progress_stop(void)
{
	if (!progress_pid)
		return;
	close(progress_pipe);
	while (waitpid(progress_pid, NULL, 0) < 0 && errno == EINTR)
		;
	progress_pid = 0;
	say_before = NULL;
}

static void progress_start(char text[PROGRESS_BYTES])
{
	int fds[2];

	if (!progress_is_wanted() || pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	/* What is buffered is printed once, by this process. */
	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		close(fds[1]);
		progress_follow(fds[0], text);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return;
	}
	progress_pid = pid;
	progress_pipe = fds[1];
	say_before = progress_stop;
}

void progress_begin(const char *what)
{
	char text[PROGRESS_BYTES];

	if (progress_counts)
		return;
	progress_stop();
	snprintf(text, sizeof(text), "%s", what);
	pp_quote_terminal(text);
	progress_start(text);
}

void progress_end(void)
{
	if (!progress_counts)
		progress_stop();
}

void progress_count(unsigned int host, unsigned int hosts)
{
	char text[PROGRESS_BYTES] = "";

	progress_counts = true;
	snprintf(text, sizeof(text), "host %u of %u", host, hosts);
	if (!progress_pid)
		progress_start(text);
	else /* whole or not at all; where it is slow to hear, the next one is as good */
		(void)!write(progress_pipe, text, sizeof(text));
}

void progress_count_end(void)
{
	progress_counts = false;
	progress_stop();
}
