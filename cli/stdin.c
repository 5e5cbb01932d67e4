/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A data file from standard input. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define OBJECT      "standard input"
#define PIECE_BYTES ((size_t)64 * 1024)

static int stdin_failed(int code, const char *why, struct pp_error *e)
{
	e->code = code;
	snprintf(e->text, sizeof(e->text), OBJECT ": %s", why);
	return -code;
}

int plan_stdin(struct pp_settings *s, struct pp_settings_plan **ret, struct pp_error *e)
{
	size_t len = 0, n;
	char *bytes = NULL;
	int r = 0;

	do {
		char *more = realloc(bytes, len + PIECE_BYTES);
		if (!more) {
			free(bytes);
			return stdin_failed(ENOMEM, strerror(ENOMEM), e);
		}
		bytes = more;
		n = fread(bytes + len, 1, PIECE_BYTES, stdin);
		len += n;
	} while (n && len <= PP_SETTINGS_MAX_DATA);
	if (ferror(stdin))
		r = stdin_failed(EIO, "cannot be read", e);
	/* On a terminal somebody may still be asked. */
	clearerr(stdin);
	if (!r)
		r = pp_settings_plan_bytes(s, bytes, len, OBJECT, ret, e);
	free(bytes);
	return r;
}
