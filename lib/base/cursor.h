/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads little-endian integers from bytes without leaving them. */
#ifndef PP_BASE_CURSOR_H
#define PP_BASE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

/*
 * A bounds-checked reader of little-endian bytes. The first read past the end sets a sticky error
 * that remembers where it was and what was wanted; reads after it give 0 and move nothing, so a
 * parser reads a whole record and tests once, before it uses a value.
 */
struct pp_cursor {
	const uint8_t *data;
	size_t pos, len;
	const char *object; /* what the bytes are, for messages: "DMAR" */
	size_t base;        /* offset of data[0] in the object */
	bool bad;
	size_t bad_pos, bad_need;
};

static inline void pp_cursor_init(struct pp_cursor *c, struct pp_span in, const char *object,
                                  size_t base)
{
	*c = (struct pp_cursor){ .data = in.data, .len = in.len, .object = object, .base = base };
}

static inline size_t pp_cursor_left(const struct pp_cursor *c)
{
	return c->bad ? 0 : c->len - c->pos;
}

/* Offset of the next byte in the object, for messages and for evidence. */
static inline size_t pp_cursor_offset(const struct pp_cursor *c)
{
	return c->base + c->pos;
}

/* The next n bytes, or NULL with the sticky error set. */
const uint8_t *pp_cursor_take(struct pp_cursor *c, size_t n);

uint8_t pp_cursor_u8(struct pp_cursor *c);
uint16_t pp_cursor_u16(struct pp_cursor *c);
uint32_t pp_cursor_u32(struct pp_cursor *c);
uint64_t pp_cursor_u64(struct pp_cursor *c);

static inline void pp_cursor_skip(struct pp_cursor *c, size_t n)
{
	(void)pp_cursor_take(c, n);
}

/* Takes n bytes as a cursor of their own; *ret is bad if they are not there. */
void pp_cursor_sub(struct pp_cursor *c, size_t n, struct pp_cursor *ret);

/* -EBADMSG with the place of the sticky error. Only when c->bad. */
int pp_cursor_fail(const struct pp_cursor *c, struct pp_error *e);

#endif
