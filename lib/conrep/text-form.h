/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as text: hex digits, and printable text with escapes. */
#ifndef PP_CONREP_TEXT_FORM_H
#define PP_CONREP_TEXT_FORM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

/* Bytes as text and back, in the two forms that codec.h describes. */

/* Out of memory: NULL. */
char *pp_form_hex(struct pp_arena *a, struct pp_span bytes);
char *pp_form_text(struct pp_arena *a, struct pp_span bytes);

/*
 * How many bytes of two digits each a text holds: with a single blank between each two of them or
 * with none at all, and with any blanks around them. 0: it is neither, or empty.
 */
size_t pp_form_hex_count(const char *text);

/* Such a text of exactly len bytes; else false, dst untouched. */
bool pp_form_hex_read(const char *text, uint8_t *dst, size_t len);

/*
 * Up to size bytes; *ret_len is their number without padding. -EINVAL: a byte that should have been
 * written as \xHH; -E2BIG: longer than size.
 */
int pp_form_text_read(const char *text, uint8_t *dst, size_t size, size_t *ret_len);

/* How many bytes there are before the padding: the NULs and blanks at the end. */
size_t pp_form_text_len(struct pp_span bytes);

/* Without blanks, tabs and line ends around it. */
struct pp_span pp_form_trimmed(const char *text);

#endif
