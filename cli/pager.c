/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long answers go through a pager, where git's would: on a terminal, by PCIPASS_PAGER, PAGER, or
 * less, which ends by itself if all fits the screen. Never as root: no variable names a program
 * then, and a pager can start others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

static pid_t pager_pid;
static bool pager_is_on; /* standard output goes there, maybe by way of another process */

/* NULL: none. */
static const char *pager_program(void)
{
	const char *term = getenv("TERM"), *program = getenv("PCIPASS_PAGER");

	if (!geteuid() || geteuid() != getuid() || !term || !strcmp(term, "dumb"))
		return NULL;
	program = program ? program : getenv("PAGER");
	if (!program && access("/usr/bin/less", X_OK) && access("/bin/less", X_OK))
		return NULL;
	program = program ? program : "less";
	return *program && strcmp(program, "cat") != 0 ? program : NULL;
}

static __attribute__((noreturn)) void pager_run(const char *program, int in)
{
	/* less: end if one screen is enough, colours as they are, keep the screen. */
	if (dup2(in, STDIN_FILENO) < 0 || setenv("LESS", "FRX", 0) || setenv("LV", "-c", 0))
		_exit(127);
	execl("/bin/sh", "sh", "-c", program, (char *)NULL);
	_exit(127);
}

/* What was printed has to be read before the shell asks for the next command. */
static void pager_wait(void)
{
	fflush(stdout);
	close(STDOUT_FILENO);
	while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool pager_is_wanted(const struct options *o)
{
	return !o->json && !pager_is_on && isatty(STDOUT_FILENO) && pager_program();
}

int pager_start(int in)
{
	const char *program = pager_program();
	pid_t pid = program ? fork() : -1;

	if (!pid)
		pager_run(program, in);
	if (pid < 0)
		return -1;
	pager_pid = pid;
	atexit(pager_wait);
	/* Ctrl-C is for the pager. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	return 0;
}

/* The pipe's end for what is printed; -1: no pager. */
static int pager_open(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	int r = pager_start(fds[0]);
	close(fds[0]);
	if (!r)
		return fds[1];
	close(fds[1]);
	return -1;
}

void pager_begin(const struct options *o)
{
	unsigned int columns = terminal_columns();

	/* Who has confined itself has asked before, when it had the rights of its user. */
	if (reader_is_alone() || pager_is_on)
		return;
	if ((!reader_is_child() && !pager_is_wanted(o)) || fflush(stdout))
		return;
	int fd = reader_is_child() ? reader_pager() : pager_open();
	if (fd < 0)
		return;
	if (dup2(fd, STDOUT_FILENO) >= 0) {
		pager_is_on = true;
		pager_columns = columns;
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	}
	close(fd);
}
