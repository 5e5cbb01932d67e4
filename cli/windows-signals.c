/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C and a closed console while the host is being changed: they end the work between two
 * operations. */
#include <stdatomic.h>
#include <string.h>
#include <windows.h>

#include "cli.h"

static atomic_bool stop_wanted;
static const char *said_on_stop;

/* Runs in a thread of its own. */
static BOOL WINAPI signals_handler(DWORD event)
{
	DWORD written;

	if (!atomic_exchange(&stop_wanted, true) && said_on_stop)
		WriteFile(GetStdHandle(STD_ERROR_HANDLE), said_on_stop, (DWORD)strlen(said_on_stop),
		          &written, NULL);
	/* After these Windows ends the process when this returns: until then it has some seconds.
	 */
	if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
		Sleep(INFINITE);
	return TRUE;
}

void signals_catch(const char *said)
{
	said_on_stop = said;
	SetConsoleCtrlHandler(signals_handler, TRUE);
}

bool signals_stop(void *ctx)
{
	return atomic_load(&stop_wanted);
}

void signals_finish_file(void)
{
	signals_catch(NULL);
}
