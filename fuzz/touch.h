/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads every byte of a result, so that a sanitizer sees what a fuzzer's target made. */
#ifndef FUZZ_TOUCH_H
#define FUZZ_TOUCH_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"

/* Reads every byte of what a parser points to, so that a sanitizer sees the ones not there. */
static inline void touch(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all = (unsigned char)(all ^ p[i]);
	__asm__ volatile("" : : "r"(all)); /* a use that no optimiser takes away */
}

/* Text from firmware must have been cleaned. */
static inline void touch_text(const char *s)
{
	for (; s && *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			abort();
}

/* Borrowed from the input, inside of it. */
static inline void touch_raw(struct pp_span raw, struct pp_span in)
{
	if (raw.data < in.data || raw.len > in.len ||
	    (size_t)(raw.data - in.data) > in.len - raw.len)
		abort();
	touch(raw.data, raw.len);
}

static inline void touch_notes(const struct pp_notes *notes)
{
	if (notes->count > PP_NOTES_MAX)
		abort();
	for (const struct pp_note *n = notes->first; n; n = n->next)
		touch(n->text, strlen(n->text));
}

/* What every parser promises whatever it reads: an error with a text, memory in proportion. */
static inline void touch_outcome(int err, const struct pp_error *e, const struct pp_arena *a,
                                 size_t input_bytes)
{
	if (err && (err != -e->code || !e->text[0]))
		abort();
	if (err == -ENOMEM || a->used_bytes > 64 * input_bytes + (size_t)PP_NOTES_MAX * 256)
		abort();
}

/*
 * A cut table says in its header that bytes are missing, and no parser looks any further. So that
 * the prefixes of an input try the walk as well: a copy whose length is that of the bytes, for the
 * caller to free; NULL if the length is right already or there is none.
 */
static inline uint8_t *table_with_its_length(const uint8_t *data, size_t size)
{
	uint8_t length[4];

	for (size_t i = 0; i < 4; i++)
		length[i] = (uint8_t)(size >> (8 * i));
	if (size < 8 || !memcmp(data + 4, length, 4))
		return NULL;
	uint8_t *copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	memcpy(copy + 4, length, 4);
	return copy;
}

/* An ACPI table as it is, and again with its length set right. */
static inline int fuzz_table(const uint8_t *data, size_t size, void (*try)(struct pp_span in))
{
	uint8_t *fixed = table_with_its_length(data, size);

	try(PP_SPAN(data, size));
	if (fixed)
		try(PP_SPAN(fixed, size));
	free(fixed);
	return 0;
}

#endif
