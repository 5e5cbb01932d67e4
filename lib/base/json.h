/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON objects as rows: one description writes them and reads them strictly. Plans and journals. */
#ifndef PP_BASE_JSON_H
#define PP_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
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

struct pp_json_row;

/* What a row's value is. member: what the row stands for in the struct. */
struct pp_json_type {
	/* NULL: no memory. */
	json_t *(*write)(const struct pp_json_row *row, const void *member);
	int (*read)(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
	            void *member);
	/* What it points to, into the arena; false: no memory. NULL: it points to nothing. */
	bool (*copy)(const struct pp_json_row *row, struct pp_arena *a, void *member);
};

/* A key of an object and the member of a struct that it stands for; key NULL behind the last. */
struct pp_json_row {
	const char *key;
	const struct pp_json_type *type;
	size_t at; /* offset of the member */
	bool or_null;
	bool may_lack;  /* read where it is there; the member stays else */
	bool omit_null; /* not written where it is null, or an empty list */
	uint32_t min,
		max; /* of a number; max: of a list, of words; min: the digits of a pp_row_hex */
	/* pp_row_name: other characters that are fine behind the first; the pp_row_constant */
	const char *more;
	bool or_empty; /* pp_row_name: "" is fine */
	/* Of a text: whether it may be that, and else what is said of it: "is not a path". */
	bool (*is_fine)(const char *text);
	const char *otherwise;
	const char *const *words; /* pp_row_word: max of them; NULL: never written */
	/* pp_row_object, pp_row_list: those of the object, or of each item. */
	const struct pp_json_row *rows;
	/* pp_row_list: what each item is, by this row or the first of rows; NULL: an object. */
	const struct pp_json_type *item;
	size_t size, nr_at; /* pp_row_list: of an item; offset of their number, a uint32_t. size:
	                       of a pp_row_hex */
	/* pp_row_object: what no single value tells. May be NULL. */
	int (*check)(struct pp_json_reader *r, const void *object);
};

/* const char *: clean text of at most PP_JSON_MAX_TEXT_BYTES; or NULL with or_null. */
extern const struct pp_json_type pp_row_text;
/* const char *: letters, digits, "_", "-", ".". */
extern const struct pp_json_type pp_row_name;
extern const struct pp_json_type pp_row_bool;   /* bool */
extern const struct pp_json_type pp_row_number; /* uint32_t from min to max */
extern const struct pp_json_type pp_row_hex;    /* uint32_t or uint64_t: "0x…" and nothing else */
extern const struct pp_json_type pp_row_word;   /* an enum: the place of the value among words */
extern const struct pp_json_type pp_row_bytes;  /* struct pp_span: two hex digits each; or_null */
extern const struct pp_json_type pp_row_object; /* a struct inside the struct */
extern const struct pp_json_type pp_row_constant; /* no member: a word that is always the same */
extern const struct pp_json_type pp_row_list;     /* a pointer to items, beside their number */

#define PP_JSON_LIST(type, member, nr)                                                             \
	.at = offsetof(type, member), .nr_at = offsetof(type, nr),                                 \
	.size = sizeof(*((type *)0)->member)

/* The object, the caller's; NULL: no memory. */
json_t *pp_json_write(const struct pp_json_row *rows, const void *from);
/* An object with exactly these keys. */
int pp_json_read(struct pp_json_reader *r, const struct pp_json_row *rows, const json_t *o,
                 void *to);
/* What the members of to point to; false: no memory. */
bool pp_json_copy(const struct pp_json_row *rows, struct pp_arena *a, void *to);

/* The document, which the caller gives back with json_decref(); duplicate keys are refused. */
int pp_json_load(struct pp_span in, const char *object, json_t **ret, struct pp_error *e);

int pp_json_bad(const struct pp_json_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
