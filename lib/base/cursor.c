/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads little-endian integers from bytes without leaving them. */
#include "base/cursor.h"

const uint8_t *pp_cursor_take(struct pp_cursor *c, size_t n)
{
	if (c->bad)
		return NULL;
	if (n > c->len - c->pos) {
		c->bad = true;
		c->bad_pos = c->pos;
		c->bad_need = n;
		return NULL;
	}
	const uint8_t *p = c->data + c->pos;
	c->pos += n;
	return p;
}

static uint64_t take_le(struct pp_cursor *c, unsigned int bytes)
{
	const uint8_t *p = pp_cursor_take(c, bytes);
	uint64_t v = 0;

	for (unsigned int i = 0; p && i < bytes; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t pp_cursor_u8(struct pp_cursor *c)
{
	return (uint8_t)take_le(c, 1);
}

uint16_t pp_cursor_u16(struct pp_cursor *c)
{
	return (uint16_t)take_le(c, 2);
}

uint32_t pp_cursor_u32(struct pp_cursor *c)
{
	return (uint32_t)take_le(c, 4);
}

uint64_t pp_cursor_u64(struct pp_cursor *c)
{
	return take_le(c, 8);
}

void pp_cursor_sub(struct pp_cursor *c, size_t n, struct pp_cursor *ret)
{
	size_t at = pp_cursor_offset(c);
	const uint8_t *p = pp_cursor_take(c, n);

	pp_cursor_init(ret, PP_SPAN(p, p ? n : 0), c->object, at);
	if (!p) {
		ret->bad = true;
		ret->bad_need = n;
	}
}

int pp_cursor_fail(const struct pp_cursor *c, struct pp_error *e)
{
	return pp_fail(e, EBADMSG, "%s+0x%zx: need %zu bytes, found %zu", c->object,
	               c->base + c->bad_pos, c->bad_need, c->len - c->bad_pos);
}
