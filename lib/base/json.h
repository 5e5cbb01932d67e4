/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict reading of JSON that this program wrote itself: plans and journals. */
#ifndef PP_BASE_JSON_H
#define PP_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * The one strict reader of JSON that pcipass itself writes (plans, the journal) and that somebody
 * else may have changed: every key is known, every value has its type and range, or nothing is
 * taken. All functions return 0 or -EBADMSG with a sentence that names the place; results live in
 * the arena.
 */
struct pp_json_reader {
	struct pp_arena *arena;
	const char *object; /* "plan", or a file's name */
	const char *where;  /* "steps[2]"; "" for the document itself */
	struct pp_error *error;
};

#define PP_JSON_MAX_TEXT_BYTES 4096
#define PP_JSON_MAX_NAME_BYTES 64

/* The document, which the caller gives back with json_decref(); duplicate keys are refused. */
int pp_json_load(struct pp_span in, const char *object, json_t **ret, struct pp_error *e);

int pp_json_bad(const struct pp_json_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* An object with exactly these keys. */
int pp_json_read_keys(const struct pp_json_reader *r, const json_t *o, const char *const *keys,
                      size_t nr);
#define PP_JSON_READ_KEYS(r, o, ...)                                                               \
	pp_json_read_keys(r, o, (const char *const[]){ __VA_ARGS__ },                              \
	                  sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* Clean text of at most PP_JSON_MAX_TEXT_BYTES. */
int pp_json_read_text(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char **ret);
int pp_json_read_text_or_null(const struct pp_json_reader *r, const json_t *o, const char *key,
                              const char **ret);
/* Letters, digits, "_", "-", "."; more: other characters that are fine behind the first. */
int pp_json_read_name(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char *more, const char **ret);
int pp_json_read_bool(const struct pp_json_reader *r, const json_t *o, const char *key, bool *ret);
/* v: the value under key. */
int pp_json_read_number(const struct pp_json_reader *r, const json_t *v, const char *key,
                        uint32_t min, uint32_t max, uint32_t *ret);
/* "0x…" and nothing else. */
int pp_json_read_hex(const struct pp_json_reader *r, const json_t *o, const char *key, uint64_t max,
                     uint64_t *ret);
/* Bytes, two hex digits each. */
int pp_json_read_bytes(const struct pp_json_reader *r, const json_t *o, const char *key,
                       struct pp_span *ret);
json_t *pp_json_of_bytes(struct pp_span bytes);
/* The place of the value in a list of words. */
int pp_json_read_word(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char *const *words, unsigned int nr, unsigned int *ret);
/* The array under a key, of at most so many; NULL with the error set. */
const json_t *pp_json_read_list(const struct pp_json_reader *r, const json_t *o, const char *key,
                                size_t max);

#endif
