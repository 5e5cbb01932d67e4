/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes, and whether it got there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static int to_stdout(void *ctx, const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, stdout) == len ? 0 : -1;
}

struct pp_sink sink_stdout(void)
{
	return (struct pp_sink){ .write = to_stdout };
}

int flush_stdout(struct pp_error *e)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	e->code = EIO;
	snprintf(e->text, sizeof(e->text), "standard output: %s", strerror(errno));
	return -EIO;
}
