/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process inherits: what it must not go wrong by, and its terminal. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

const bool is_for_windows = false;

void start(void)
{
	/*
	 * A closed standard file's number would go to the next file that is opened, and what is
	 * printed into that file. Nobody can write to these, so that the failure is still told.
	 */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			_exit(EXIT_FAILED);
	/* Ignored, a child's exit status is lost: that of HP's conrep is needed. */
	signal(SIGCHLD, SIG_DFL);
}

unsigned int terminal_columns(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

bool terminal_has_color(void)
{
	const char *term = getenv("TERM");

	return term && strcmp(term, "dumb");
}
