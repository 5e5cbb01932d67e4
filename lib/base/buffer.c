/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that grow up to a limit, with a sticky failure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* The first piece of a file: most files of /proc and /sys are shorter. */
#define READ_BYTES ((size_t)4096)

void pp_buffer_init(struct pp_buffer *b, size_t max_bytes)
{
	*b = (struct pp_buffer){ .max_bytes = max_bytes };
}

void pp_buffer_fini(struct pp_buffer *b)
{
	free(b->data);
	*b = (struct pp_buffer){ .max_bytes = b->max_bytes };
}

/* Room for len more bytes and the NUL. */
static bool reserve(struct pp_buffer *b, size_t len)
{
	if (b->failed)
		return false;
	if (b->len > b->max_bytes || len > b->max_bytes - b->len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + len + 1;
	if (need <= b->size)
		return true;
	size_t size = b->size ? b->size : 256;
	while (size < need)
		size *= 2;
	char *data = realloc(b->data, size);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

void pp_buffer_append(struct pp_buffer *b, const void *bytes, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void pp_buffer_puts(struct pp_buffer *b, const char *s)
{
	pp_buffer_append(b, s, strlen(s));
}

void pp_buffer_vprintf(struct pp_buffer *b, const char *fmt, va_list ap)
{
	size_t room = b->data && !b->failed ? b->size - b->len : 0;
	va_list again;

	/* Mostly it fits as it is, and is formatted once. */
	va_copy(again, ap);
	int len = vsnprintf(room ? b->data + b->len : NULL, room, fmt, again);
	va_end(again);
	if (len < 0 || !reserve(b, (size_t)len)) {
		b->failed = true;
		if (room)
			b->data[b->len] = '\0';
		return;
	}
	if ((size_t)len >= room)
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	b->len += (size_t)len;
}

char *pp_buffer_space(struct pp_buffer *b, size_t len)
{
	return reserve(b, len) ? b->data + b->len : NULL;
}

void pp_buffer_printf(struct pp_buffer *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pp_buffer_vprintf(b, fmt, ap);
	va_end(ap);
}

int pp_read_room(uint8_t **buf, size_t *size, size_t len, size_t max)
{
	if (len < *size)
		return 0;
	size_t want = *size ? *size * 2 : READ_BYTES;
	if (want > max)
		want = max + 1;
	if (want <= len)
		return -E2BIG;
	uint8_t *more = realloc(*buf, want);
	if (!more)
		return -ENOMEM;
	*buf = more;
	*size = want;
	return 0;
}
