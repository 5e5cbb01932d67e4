/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals while the host is being changed: they end the work between two operations. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t stop_wanted;
static const char *said_on_stop;

static void on_signal(int number)
{
	/* Only what may be called here: the operation at work may still take minutes. */
	if (!stop_wanted && said_on_stop &&
	    write(STDERR_FILENO, said_on_stop, strlen(said_on_stop)) < 0)
		said_on_stop = NULL;
	stop_wanted = 1;
}

void signals_catch(const char *said)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART },
			 ignore = { .sa_handler = SIG_IGN };

	said_on_stop = said;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	/* A reader that goes away does not leave a host half changed; nor does a file that gets
	 * larger than it may, which is the error of a write then. */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

bool signals_stop(void *ctx)
{
	return stop_wanted;
}

void signals_finish_file(void)
{
	signals_catch(NULL);
}
