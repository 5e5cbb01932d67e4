/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that is freed all at once, with a limit. */
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define CHUNK_BYTES ((size_t)32 * 1024)
/* Of an arena whose memory comes at once: so large that the C library gives it none that was used.
 */
#define TOUCH_BYTES   ((size_t)256 * 1024)
#define TOUCH_FROM    ((size_t)128 * 1024)
#define DEFAULT_LIMIT ((size_t)1024 * 1024 * 1024)

struct pp_arena_chunk {
	struct pp_arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

void pp_arena_init(struct pp_arena *a, size_t limit_bytes)
{
	*a = (struct pp_arena){ .limit_bytes = limit_bytes ? limit_bytes : DEFAULT_LIMIT };
}

void pp_arena_fini(struct pp_arena *a)
{
	while (a->chunks) {
		struct pp_arena_chunk *next = a->chunks->next;
		free(a->chunks);
		a->chunks = next;
	}
	a->used_bytes = 0;
}

static struct pp_arena_chunk *chunk_new(struct pp_arena *a, size_t size)
{
	size_t total;
	if (__builtin_add_overflow(sizeof(struct pp_arena_chunk), size, &total))
		return NULL;
	/* A large object may be room for more than is needed. */
	const int touch = a->touch && size <= TOUCH_BYTES;
	struct pp_arena_chunk *c = touch ? malloc(total) : calloc(1, total);
	if (!c)
		return NULL;
	/* First, for calloc() would write to memory that was freed before: page by page, after a
	 * fork. */
	if (touch) {
		a->touch(c, total);
		memset(c, 0, total);
	}
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

#ifndef PP_ARENA_PER_OBJECT
static size_t chunk_size(const struct pp_arena *a, size_t bytes)
{
	size_t size = a->touch && a->used_bytes >= TOUCH_FROM ? TOUCH_BYTES : CHUNK_BYTES;

	return bytes > size ? bytes : size;
}
#endif

void *pp_arena_alloc(struct pp_arena *a, size_t bytes)
{
	const size_t align = alignof(max_align_t);

	if (bytes > a->limit_bytes || a->used_bytes > a->limit_bytes - bytes)
		return NULL;
#ifdef PP_ARENA_PER_OBJECT
	/* The exact size, so that the byte after it is poisoned. */
	struct pp_arena_chunk *c = chunk_new(a, bytes ? bytes : 1);
	if (!c)
		return NULL;
	(void)align;
#else
	if (bytes > SIZE_MAX - align)
		return NULL;
	bytes = bytes ? (bytes + align - 1) / align * align : align;
	struct pp_arena_chunk *c = a->chunks;
	if (!c || c->size - c->used < bytes) {
		c = chunk_new(a, chunk_size(a, bytes));
		if (!c)
			return NULL;
	}
#endif
	void *p = c->data + c->used;
	c->used += bytes;
	a->used_bytes += bytes;
	return p;
}

void *pp_arena_array(struct pp_arena *a, size_t n, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(n, bytes, &total))
		return NULL;
	return pp_arena_alloc(a, total);
}

char *pp_arena_strndup(struct pp_arena *a, const char *s, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *p = pp_arena_alloc(a, len + 1);
	/* An empty file has no bytes to point to. */
	if (p && len)
		memcpy(p, s, len);
	return p;
}

char *pp_arena_strdup(struct pp_arena *a, const char *s)
{
	return pp_arena_strndup(a, s, strlen(s));
}

char *pp_arena_vprintf(struct pp_arena *a, const char *fmt, va_list ap)
{
	char buf[256]; /* most fit, and are formatted once */
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(buf, sizeof(buf), fmt, again);
	va_end(again);
	if (len < 0)
		return NULL;
	char *p = pp_arena_alloc(a, (size_t)len + 1);
	if (p && (size_t)len < sizeof(buf))
		memcpy(p, buf, (size_t)len + 1);
	else if (p)
		vsnprintf(p, (size_t)len + 1, fmt, ap);
	return p;
}

char *pp_arena_printf(struct pp_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *p = pp_arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
