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
#include <unistd.h>

#include "cli.h"

#define TICK_MS 1000
#define ERASE   "\r\033[K"

static pid_t progress_pid; /* 0: none */
static int progress_pipe = -1;

/* In the background a line would stand in the middle of what somebody types. */
static bool progress_is_seen(void)
{
	return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static void progress_write(const char *text, size_t len)
{
	if (write(STDERR_FILENO, text, len) < 0)
		_exit(0);
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

/* The process that draws. It has no file of the other one's but the terminal and the pipe. */
static __attribute__((noreturn)) void progress_follow(int pipe, const char *what)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	bool drawn = false;

	/* Whether a signal ends the work is for that to say. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	if (dup2(pipe, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0u, 0))
		_exit(0);
	for (unsigned int ticks = 1; !poll(&p, 1, TICK_MS); ticks++)
		if (progress_is_seen()) {
			progress_draw(what, ticks * TICK_MS / 1000);
			drawn = true;
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

void progress_begin(const char *what)
{
	char text[256];
	int fds[2];

	progress_end();
	if (!progress_is_wanted() || pipe2(fds, O_CLOEXEC))
		return;
	snprintf(text, sizeof(text), "%s", what);
	pp_quote_terminal(text);
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
	say_before = progress_end;
}

void progress_end(void)
{
	if (!progress_pid)
		return;
	close(progress_pipe);
	while (waitpid(progress_pid, NULL, 0) < 0 && errno == EINTR)
		;
	progress_pid = 0;
	say_before = NULL;
}
