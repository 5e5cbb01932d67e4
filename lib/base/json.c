/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and strictly reads our own JSON by rows; what the values mean is the callers' business. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"

int pp_json_bad(const struct pp_json_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *why = pp_arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	return pp_fail(r->error, EBADMSG, "%.300s: %s%s%s", r->object, r->where,
	               *r->where ? ": " : "", why ? why : "malformed");
}

int pp_json_load(struct pp_span in, const char *object, json_t **ret, struct pp_error *e)
{
	json_error_t where;
	json_t *root = json_loadb((const char *)in.data, in.len, JSON_REJECT_DUPLICATES, &where);

	if (!root)
		/* Its text quotes the input: where it is must do. */
		return pp_fail(e, EBADMSG, "%.300s: no JSON document from line %d, column %d on",
		               object, where.line, where.column);
	*ret = root;
	return 0;
}

static json_t *text_write(const struct pp_json_row *row, const void *member)
{
	const char *text = *(const char *const *)member;

	return text ? json_string(text) : row->or_null ? json_null() : NULL;
}

static int text_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	size_t len = json_string_length(v);

	if (row->or_null && json_is_null(v)) {
		*(const char **)member = NULL;
		return 0;
	}
	if (!json_is_string(v) || len > PP_JSON_MAX_TEXT_BYTES)
		return pp_json_bad(r, "'%s' is not a string of at most %d bytes", row->key,
		                   PP_JSON_MAX_TEXT_BYTES);
	char *text = pp_arena_strndup(r->arena, json_string_value(v), len);
	if (!text)
		return pp_fail_oom(r->error, r->object);
	pp_text_clean_in_place(text);
	if (strlen(text) != len || memcmp(text, json_string_value(v), len) != 0)
		return pp_json_bad(r, "'%s' holds control characters", row->key);
	if (row->is_fine && !row->is_fine(text))
		return pp_json_bad(r, "'%s' %s", row->key, row->otherwise);
	*(const char **)member = text;
	return 0;
}

static bool text_copy(const struct pp_json_row *row, struct pp_arena *a, void *member)
{
	const char **text = member;

	if (*text)
		*text = pp_arena_strdup(a, *text);
	return *text || row->or_null;
}

static bool name_has(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || (more && strchr(more, c));
}

static int name_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const char *name;
	int err = text_read(r, row, v, &name);

	if (err)
		return err;
	size_t len = name ? strlen(name) : 0;
	bool fine = len ? len <= PP_JSON_MAX_NAME_BYTES && name[0] != '.' : !name || row->or_empty;
	for (size_t i = 0; i < len; i++)
		fine &= name_has(name[i], i ? row->more : NULL);
	if (!fine)
		return pp_json_bad(r, "'%s' is not a valid name", row->key);
	*(const char **)member = name;
	return 0;
}

static json_t *bool_write(const struct pp_json_row *row, const void *member)
{
	return json_boolean(*(const bool *)member);
}

static int bool_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	if (!json_is_boolean(v))
		return pp_json_bad(r, "'%s' is neither true nor false", row->key);
	*(bool *)member = json_is_true(v);
	return 0;
}

static json_t *number_write(const struct pp_json_row *row, const void *member)
{
	return json_integer(*(const uint32_t *)member);
}

static int number_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                       void *member)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < row->min || n > row->max)
		return pp_json_bad(r, "'%s' is not a number from %u to %u", row->key, row->min,
		                   row->max);
	*(uint32_t *)member = (uint32_t)n;
	return 0;
}

static json_t *hex_write(const struct pp_json_row *row, const void *member)
{
	uint64_t v = row->size == sizeof(uint32_t) ? *(const uint32_t *)member
	                                           : *(const uint64_t *)member;
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", (int)row->min, (unsigned long long)v);
	return json_string(text);
}

static int hex_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                    void *member)
{
	const char *s = json_string_value(v);
	bool narrow = row->size == sizeof(uint32_t);
	uint64_t n;

	if (!s || strncmp(s, "0x", 2) != 0 || s[2 + strspn(s + 2, "0123456789abcdef")] ||
	    !pp_parse_hex(s, narrow ? UINT32_MAX : UINT64_MAX, &n))
		return pp_json_bad(r, "'%s' is not a hexadecimal number, 0x…", row->key);
	if (narrow)
		*(uint32_t *)member = (uint32_t)n;
	else
		*(uint64_t *)member = n;
	return 0;
}

static json_t *word_write(const struct pp_json_row *row, const void *member)
{
	unsigned int n = *(const unsigned int *)member;

	return n < row->max && row->words[n] ? json_string(row->words[n]) : json_null();
}

static int word_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const char *word = json_string_value(v);

	for (unsigned int i = 0; word && i < row->max; i++)
		if (row->words[i] && !strcmp(row->words[i], word)) {
			*(unsigned int *)member = i;
			return 0;
		}
	return pp_json_bad(r, "'%s' has an unknown value", row->key);
}

static json_t *bytes_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_span *bytes = member;

	if (row->or_null && !bytes->data)
		return json_null();
	char *text = malloc(bytes->len * 2 + 1);
	if (!text)
		return NULL;
	pp_hex_put(*bytes, text);
	json_t *v = json_stringn(text, bytes->len * 2);
	free(text);
	return v;
}

static int bytes_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                      void *member)
{
	const char *s = json_string_value(v);
	size_t len = json_string_length(v) / 2;

	*(struct pp_span *)member = PP_SPAN(NULL, 0);
	if (row->or_null && json_is_null(v))
		return 0;
	if (!s || json_string_length(v) % 2)
		return pp_json_bad(r, "'%s' is not a string of bytes in hexadecimal", row->key);
	uint8_t *data = PP_ARENA_ARRAY(r->arena, len + 1, uint8_t);
	if (!data)
		return pp_fail_oom(r->error, r->object);
	for (size_t i = 0; i < len; i++) {
		unsigned int high = pp_hex_digit_lower((uint8_t)s[2 * i]),
			     low = pp_hex_digit_lower((uint8_t)s[2 * i + 1]);
		if (high > 15 || low > 15)
			return pp_json_bad(r, "'%s' is not a string of bytes in hexadecimal",
			                   row->key);
		data[i] = (uint8_t)(high << 4 | low);
	}
	*(struct pp_span *)member = PP_SPAN(data, len);
	return 0;
}

static json_t *object_write(const struct pp_json_row *row, const void *member)
{
	return pp_json_write(row->rows, member);
}

static int object_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                       void *member)
{
	struct pp_json_reader inner = { r->arena, r->object, *r->where ? r->where : row->key,
		                        r->error };
	int err = pp_json_read(&inner, row->rows, v, member);

	return err || !row->check ? err : row->check(&inner, member);
}

static json_t *constant_write(const struct pp_json_row *row, const void *member)
{
	return json_string(row->more);
}

static int constant_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                         void *member)
{
	const char *text;
	int err = text_read(r, row, v, &text);

	return err || !strcmp(text, row->more)
	               ? err
	               : pp_json_bad(r, "'%s' is %.40s, need %s", row->key, text, row->more);
}

/* The number of a list's items stands in the same struct as the pointer to them. */
static uint32_t *list_number(const struct pp_json_row *row, const void *member)
{
	return (uint32_t *)(uintptr_t)((const char *)member - row->at + row->nr_at);
}

static json_t *list_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_json_type *item = row->item ? row->item : &pp_row_object;
	const struct pp_json_row *of = row->item && row->rows ? row->rows : row;
	const char *items = *(const char *const *)member;
	uint32_t n = *list_number(row, member);
	json_t *list = n || !row->omit_null ? json_array() : json_null();

	for (uint32_t i = 0; list && i < n; i++)
		if (json_array_append_new(list, item->write(of, items + i * row->size))) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static int list_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const struct pp_json_type *item = row->item ? row->item : &pp_row_object;
	const struct pp_json_row *of = row->item && row->rows ? row->rows : row;
	char where[64], *items = NULL;
	struct pp_json_reader inner = { r->arena, r->object, *r->where ? r->where : where,
		                        r->error };
	uint32_t n = (uint32_t)json_array_size(v);
	int err = 0;

	if (!json_is_array(v) || json_array_size(v) > row->max)
		return pp_json_bad(r, "'%s' is not an array of at most %u", row->key, row->max);
	items = pp_arena_array(r->arena, n, row->size);
	if (!items)
		return pp_fail_oom(r->error, r->object);
	for (uint32_t i = 0; !err && i < n; i++) {
		snprintf(where, sizeof(where), "%.40s[%u]", row->key, i);
		err = item->read(&inner, of, json_array_get(v, i), items + i * row->size);
	}
	*(char **)member = items;
	*list_number(row, member) = n;
	return err;
}

static bool list_copy(const struct pp_json_row *row, struct pp_arena *a, void *member)
{
	uint32_t n = *list_number(row, member);
	void *items = pp_arena_array(a, n, row->size);

	if (items && n)
		memcpy(items, *(void **)member, n * row->size);
	*(void **)member = items;
	return items;
}

const struct pp_json_type pp_row_text = { text_write, text_read, text_copy };
const struct pp_json_type pp_row_name = { text_write, name_read, text_copy };
const struct pp_json_type pp_row_bool = { bool_write, bool_read, NULL };
const struct pp_json_type pp_row_number = { number_write, number_read, NULL };
const struct pp_json_type pp_row_hex = { hex_write, hex_read, NULL };
const struct pp_json_type pp_row_word = { word_write, word_read, NULL };
const struct pp_json_type pp_row_bytes = { bytes_write, bytes_read, NULL };
const struct pp_json_type pp_row_object = { object_write, object_read, NULL };
const struct pp_json_type pp_row_constant = { constant_write, constant_read, NULL };
const struct pp_json_type pp_row_list = { list_write, list_read, list_copy };

json_t *pp_json_write(const struct pp_json_row *rows, const void *from)
{
	json_t *o = json_object();

	for (; o && rows->key; rows++) {
		json_t *v = rows->type->write(rows, (const char *)from + rows->at);
		if (v && rows->omit_null && json_is_null(v))
			continue;
		if (json_object_set_new(o, rows->key, v)) {
			json_decref(o);
			o = NULL;
		}
	}
	return o;
}

int pp_json_read(struct pp_json_reader *r, const struct pp_json_row *rows, const json_t *o,
                 void *to)
{
	size_t nr = 0;
	int err = 0;

	if (!json_is_object(o))
		return pp_json_bad(r, "need an object");
	for (const struct pp_json_row *row = rows; row->key; row++) {
		bool there = json_object_get(o, row->key);
		if (!there && !row->may_lack)
			return pp_json_bad(r, "'%s' is missing", row->key);
		nr += there;
	}
	if (json_object_size(o) != nr)
		return pp_json_bad(r, "%zu keys, need %zu", json_object_size(o), nr);
	for (; !err && rows->key; rows++) {
		const json_t *v = json_object_get(o, rows->key);
		err = v ? rows->type->read(r, rows, v, (char *)to + rows->at) : 0;
	}
	return err;
}

bool pp_json_copy(const struct pp_json_row *rows, struct pp_arena *a, void *to)
{
	for (; rows->key; rows++)
		if (rows->type->copy && !rows->type->copy(rows, a, (char *)to + rows->at))
			return false;
	return true;
}
