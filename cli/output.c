/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes, standard output or a file, and whether it got there. */
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

int output_failed(int r, struct pp_error *e)
{
	size_t len = strlen(e->text);

	if (r == -EEXIST)
		snprintf(e->text + len, sizeof(e->text) - len, "; --force replaces it");
	return r;
}

int output_write(const struct options *o, pp_print print, void *ctx, struct pp_error *e)
{
	if (!strcmp(o->output, "-")) {
		int r = print(ctx, sink_stdout(), e);
		return r ? r : flush_stdout(e);
	}
	signals_finish_file();
	return output_failed(pp_report_file(o->output, o->force, print, ctx, e), e);
}
