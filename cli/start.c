/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process may inherit, and must not go wrong by. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli.h"

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
