/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot answers: one JSON document on the debug port. */
#ifndef LAB_ANSWER_H
#define LAB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The answer of a boot: one JSON document, written to the machine's debug port as it comes about.
 * Strings carry bytes, not text: each byte is the code point of its value.
 */
int answer_open(void);
void answer_raw(const char *json);
void answer_string(const char *bytes, size_t length);
void answer_number(const char *key, long value, bool first); /* "key": value */

#endif
