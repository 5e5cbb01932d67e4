/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said on standard error, and the exit code that goes with it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

void (*say_before)(void);

void say(const char *fmt, ...)
{
	va_list ap;

	if (say_before)
		say_before();
	/* A buffered console shows both streams in the order in which they were written. */
	if (isatty(STDOUT_FILENO))
		fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
}

static const char *complain_about;

void warn_about(const char *name)
{
	complain_about = name;
}

/* One line; what was typed or found may stand in it, and must not steer the terminal. */
static __attribute__((format(printf, 1, 0))) void complain_say(const char *fmt, va_list ap,
                                                               const char *end)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	pp_quote_terminal(text);
	say("%s: %s%s%s%s\n", program_name, complain_about ? complain_about : "",
	    complain_about ? ": " : "", text, end);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_say(fmt, ap, "");
	va_end(ap);
}

enum exit_code complain(const struct pp_error *e)
{
	/* Then it is not the report that failed. */
	if (e->code == EIO && stdout_error)
		warn("standard output: %s", strerror(stdout_error));
	else
		warn("%s", e->text[0] ? e->text : strerror(e->code));
	switch (e->code) {
	case EINVAL:
	case ENXIO: /* a name of nothing that is here */
		return EXIT_USAGE;
	case ENOTSUP: /* asked for something that there is no way to */
		return EXIT_NO;
	case ENODEV:
	case ENODATA:
	case EACCES:
	case EPERM:
		return EXIT_UNSURE;
	default:
		return EXIT_FAILED;
	}
}

enum exit_code complain_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_say(fmt, ap, program_help);
	va_end(ap);
	return EXIT_USAGE;
}

enum exit_code complain_near(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain_say(fmt, ap, "");
	va_end(ap);
	return EXIT_USAGE;
}
