/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of lines with a checksum at their end: read strictly, written. */
#ifndef PP_STORE_LINES_H
#define PP_STORE_LINES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The form of an image file: lines of text. The first says what it is and its
 * version ("pcipass-settings 1"), the last is "crc32 " and eight hex digits over all bytes before
 * it. Bytes stand below the line that gives their number, in decimal, at its end: 32 a line, two
 * lower-case hex digits each. There is one way to write a content and no other is read, so a file
 * that was read is written again to the byte.
 */
#define PP_LINES_BYTES 32

/* "HEAD LENGTH" and the bytes. */
void pp_lines_put(struct pp_buffer *b, const char *head, struct pp_span bytes);
void pp_lines_add_checksum(struct pp_buffer *b);

struct pp_lines {
	struct pp_span rest;
	const char *object; /* borrowed, for messages */
	unsigned int number;
	struct pp_span line; /* the current one */
};

/*
 * Checks first line, checksum and bytes. -EBADMSG: not that, or damaged; -EPROTONOSUPPORT: another
 * version. *ret stands before the second line and ends before the checksum.
 */
int pp_lines_open(struct pp_span in, const char *object, const char *what, unsigned int version,
                  struct pp_lines *ret, struct pp_error *e);
bool pp_lines_next(struct pp_lines *l);

/* -EBADMSG: "OBJECT line N: …". */
int pp_lines_fail(const struct pp_lines *l, struct pp_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What follows key and a blank; false: the line does not begin so, or nothing follows. */
bool pp_lines_value(const struct pp_lines *l, const char *key, struct pp_span *ret);

/* The bytes announced by length, from the lines that follow; 1 to max of them. */
int pp_lines_take(struct pp_lines *l, struct pp_span length, size_t max, struct pp_arena *a,
                  struct pp_span *ret, struct pp_error *e);

/* Letters, digits, '_', '-', '.', 1 to PP_EV_NAME_MAX of them, and not dots only. */
bool pp_ev_name_ok(const char *name);

/* Splits "NAME LENGTH" and checks the name. */
int pp_lines_ev(const struct pp_lines *l, struct pp_span value, struct pp_arena *a,
                const char **ret_name, struct pp_span *ret_length, struct pp_error *e);

#endif
