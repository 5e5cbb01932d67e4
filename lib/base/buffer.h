/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that grow up to a limit, with a sticky failure. */
#ifndef PP_BASE_BUFFER_H
#define PP_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte buffer with a maximum. A failed append (no memory, maximum reached) sets a sticky
 * error and leaves what was there; test failed once, at the end. data is always NUL-terminated
 * when it is not NULL.
 */
struct pp_buffer {
	char *data;
	size_t len, size, max_bytes;
	bool failed;
};

void pp_buffer_init(struct pp_buffer *b, size_t max_bytes);
void pp_buffer_fini(struct pp_buffer *b);
void pp_buffer_append(struct pp_buffer *b, const void *bytes, size_t len);
/*
 * Room for len more bytes, for a caller who writes there and then adds to b->len, with a NUL
 * behind. NULL: none, and the failure is noted.
 */
char *pp_buffer_space(struct pp_buffer *b, size_t len);
void pp_buffer_puts(struct pp_buffer *b, const char *s);
void pp_buffer_vprintf(struct pp_buffer *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
void pp_buffer_printf(struct pp_buffer *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * For reading what may be as long as max: room behind len bytes in *buf, a block of malloc's of
 * *size bytes, which is the caller's in any case. There is room for one byte more than max, which
 * tells a file of max bytes from a larger one. 0, -E2BIG, -ENOMEM.
 */
int pp_read_room(uint8_t **buf, size_t *size, size_t len, size_t max);

#endif
