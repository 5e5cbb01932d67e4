/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors with a sentence, which need no memory. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int pp_fail(struct pp_error *e, int code, const char *fmt, ...)
{
	if (!e)
		return -code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	/* Paths and names from a capture may have found their way into the sentence. */
	pp_text_clean_in_place(e->text);
	e->code = code;
	return -code;
}

int pp_fail_oom(struct pp_error *e, const char *what)
{
	return pp_fail(e, ENOMEM, "%s: out of memory", what);
}

int pp_fail_prefix(struct pp_error *e, const char *prefix)
{
	if (!e)
		return -EIO;
	char old[sizeof(e->text)];
	memcpy(old, e->text, sizeof(old));
	return pp_fail(e, e->code, "%s: %s", prefix, old);
}

int pp_fail_suffix(struct pp_error *e, const char *suffix)
{
	if (!e)
		return -EIO;
	char old[sizeof(e->text)];
	memcpy(old, e->text, sizeof(old));
	return pp_fail(e, e->code, "%s%s", old, suffix);
}
