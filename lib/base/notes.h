/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is odd in an input that can be used all the same. */
#ifndef PP_BASE_NOTES_H
#define PP_BASE_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * What is odd in an input that can be used all the same. Real firmware is full of it: a parser
 * notes it and goes on, and the judge makes a finding of it. What cannot be used is an error.
 */
struct pp_note {
	struct pp_note *next;
	const char *object; /* "DMAR", "SMBIOS", a path: as in error texts; a clean copy */
	size_t offset;
	const char *text; /* cleaned, one sentence without the place */
};

struct pp_notes {
	struct pp_arena *arena;
	struct pp_note *first, **last;
	unsigned int count, dropped; /* a hostile input cannot make more than PP_NOTES_MAX */
};

#define PP_NOTES_MAX 256

void pp_notes_init(struct pp_notes *n, struct pp_arena *a);

/* n may be NULL: the caller does not want to know. */
void pp_note(struct pp_notes *n, const char *object, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
