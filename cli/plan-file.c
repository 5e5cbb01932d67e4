/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan in a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* More than the library takes, so that a file that is too long is refused, not cut. */
#define MAX_BYTES ((size_t)8 << 20)

static int plan_file_fail(const char *path, int code, struct pp_error *e)
{
	e->code = code;
	snprintf(e->text, sizeof(e->text), "%.400s: %s", path, strerror(code));
	return -code;
}

int plan_load(const char *path, struct pp_plan **ret, struct pp_error *e)
{
	FILE *f = fopen(path, "rbe");
	char *bytes = f ? malloc(MAX_BYTES) : NULL;

	if (!bytes) {
		int r = plan_file_fail(path, errno, e);
		if (f)
			fclose(f);
		/* What is missing is the caller's file, no fact of the host. */
		e->code = EIO;
		return r;
	}
	size_t len = fread(bytes, 1, MAX_BYTES, f);
	bool broken = ferror(f);
	int r = broken ? plan_file_fail(path, EIO, e) : pp_plan_parse(bytes, len, ret, e);
	if (r && !broken) {
		struct pp_error parsed = *e;
		snprintf(e->text, sizeof(e->text), "%.200s: %.300s", path, parsed.text);
	}
	free(bytes);
	fclose(f);
	return r;
}
