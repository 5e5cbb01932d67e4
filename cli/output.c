/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a report goes, standard output or a file, and whether it got there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Of the first write that failed: what comes after it may fail in other ways. */
int stdout_error;

static int to_stdout(void *ctx, const char *bytes, size_t len)
{
	/* A line that shows that work goes on is no part of what a terminal shows. */
	if (say_before && isatty(STDOUT_FILENO))
		say_before();
	if (fwrite(bytes, 1, len, stdout) == len)
		return 0;
	stdout_error = stdout_error ? stdout_error : errno;
	return -1;
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
	snprintf(e->text, sizeof(e->text), "standard output: %s",
	         strerror(stdout_error ? stdout_error : errno));
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
	if (reader_is_child())
		return output_failed(reader_write(print, ctx, e), e);
	signals_finish_file();
	return output_failed(pp_report_file(o->output, o->force, print, ctx, e), e);
}
