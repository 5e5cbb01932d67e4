/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors with a sentence, which need no memory. */
#ifndef PP_BASE_ERROR_H
#define PP_BASE_ERROR_H

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <pcipass/error.h>

/* Scope guards for locals. */
#define PP_CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void pp_cleanup_free(void *slot)
{
	free(*(void **)slot);
}

/* Fills *e (which may be NULL) and returns -code, so that a failure is one return statement. */
int pp_fail(struct pp_error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for the one failure that must not need memory. Returns -ENOMEM. */
int pp_fail_oom(struct pp_error *e, const char *what);

/* Puts "prefix: " before the text that *e holds already. Returns -e->code. */
int pp_fail_prefix(struct pp_error *e, const char *prefix);
/* Puts suffix behind it. Returns -e->code. */
int pp_fail_suffix(struct pp_error *e, const char *suffix);

#endif
