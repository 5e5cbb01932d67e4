/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text: cleaning what comes from outside, lines, numbers. */
#ifndef PP_BASE_TEXT_H
#define PP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * Text from firmware, captures and replies is cleaned once, on entry: printable ASCII stays, every
 * other byte becomes '?', leading and trailing blanks go. What comes out can be shown on any
 * terminal and put into any document.
 */

/* A cleaned, NUL-terminated copy; stops at the first NUL of the input. NULL: out of memory. */
char *pp_text_clean(struct pp_arena *a, const void *bytes, size_t len);

/* The same for a fixed buffer; cuts what does not fit. size > 0. */
void pp_text_clean_into(char *dst, size_t size, const void *bytes, size_t len);

/* Bytes of the character at s; 0: it ends the text, steers a terminal, or is broken UTF-8. */
size_t pp_text_shown(const char *s);

/* Keeps valid UTF-8 (our own sentences may hold it), replaces control bytes and broken ones. */
void pp_text_clean_in_place(char *s);

/*
 * Numbers as the kernel prints them: the whole text must be the number ("0x" optional in hex,
 * surrounding blanks allowed). false: not a number or too large; *ret untouched.
 */
bool pp_parse_hex(const char *s, uint64_t max, uint64_t *ret);
bool pp_parse_dec(const char *s, uint64_t max, uint64_t *ret);

/*
 * Walks lines and words in place. pp_text_line gives the next line of *rest without its newline
 * and moves *rest behind it; false at the end. A NUL in the input ends a line like a newline does.
 */
bool pp_text_line(struct pp_span *rest, struct pp_span *ret);
bool pp_text_word(struct pp_span *rest, struct pp_span *ret);

bool pp_span_is(struct pp_span s, const char *text);
bool pp_span_starts(struct pp_span s, const char *prefix);
/* First place of text in s, or NULL. */
const uint8_t *pp_span_find(struct pp_span s, const char *text);

#endif
