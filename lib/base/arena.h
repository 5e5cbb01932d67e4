/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that is freed all at once, with a limit. */
#ifndef PP_BASE_ARENA_H
#define PP_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Memory of one model: allocated piece by piece, freed as a whole. What lives in an arena is
 * borrowed by everybody who holds a pointer into it and never freed on its own.
 *
 * Built with PP_ARENA_PER_OBJECT (sanitizers, fuzzers) each piece is a malloc of its own, so that
 * an overrun by one byte is seen.
 */
struct pp_arena {
	struct pp_arena_chunk *chunks;
	size_t used_bytes;  /* handed out so far */
	size_t limit_bytes; /* pp_arena_alloc fails beyond this */
	/* NULL or, from above: told of new memory before it is used, as pp_pages_touch() */
	void (*touch)(void *memory, size_t len);
};

/* In place; limit_bytes 0 means the default of 1 GiB. */
void pp_arena_init(struct pp_arena *a, size_t limit_bytes);
void pp_arena_fini(struct pp_arena *a);

/* Zeroed and aligned for any type; NULL when memory or the limit is exhausted. */
void *pp_arena_alloc(struct pp_arena *a, size_t bytes);

/* n objects of bytes each, the product checked. n == 0 gives a valid empty array. */
void *pp_arena_array(struct pp_arena *a, size_t n, size_t bytes);

char *pp_arena_strndup(struct pp_arena *a, const char *s, size_t len);
char *pp_arena_strdup(struct pp_arena *a, const char *s);
char *pp_arena_printf(struct pp_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *pp_arena_vprintf(struct pp_arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define PP_ARENA_NEW(a, type)      ((type *)pp_arena_alloc((a), sizeof(type)))
#define PP_ARENA_ARRAY(a, n, type) ((type *)pp_arena_array((a), (n), sizeof(type)))

#endif
