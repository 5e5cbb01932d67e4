/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict reading of our own JSON; what the values mean is the callers' business. */
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

int pp_json_read_keys(const struct pp_json_reader *r, const json_t *o, const char *const *keys,
                      size_t nr)
{
	if (!json_is_object(o))
		return pp_json_bad(r, "need an object");
	for (size_t i = 0; i < nr; i++)
		if (!json_object_get(o, keys[i]))
			return pp_json_bad(r, "'%s' is missing", keys[i]);
	if (json_object_size(o) != nr)
		return pp_json_bad(r, "%zu keys, need %zu", json_object_size(o), nr);
	return 0;
}

int pp_json_read_text(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char **ret)
{
	const json_t *v = json_object_get(o, key);
	size_t len = json_string_length(v);

	if (!json_is_string(v) || len > PP_JSON_MAX_TEXT_BYTES)
		return pp_json_bad(r, "'%s' is no text of at most %d bytes", key,
		                   PP_JSON_MAX_TEXT_BYTES);
	char *text = pp_arena_strndup(r->arena, json_string_value(v), len);
	if (!text)
		return pp_fail_oom(r->error, r->object);
	pp_text_clean_in_place(text);
	if (strlen(text) != len || memcmp(text, json_string_value(v), len) != 0)
		return pp_json_bad(r, "'%s' holds control characters", key);
	*ret = text;
	return 0;
}

int pp_json_read_text_or_null(const struct pp_json_reader *r, const json_t *o, const char *key,
                              const char **ret)
{
	if (json_is_null(json_object_get(o, key))) {
		*ret = NULL;
		return 0;
	}
	return pp_json_read_text(r, o, key, ret);
}

static bool json_is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

int pp_json_read_name(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char *more, const char **ret)
{
	const char *name;
	int err = pp_json_read_text(r, o, key, &name);

	if (err)
		return err;
	size_t len = strlen(name);
	bool fine = len && len <= PP_JSON_MAX_NAME_BYTES && name[0] != '.';
	for (size_t i = 0; i < len; i++)
		fine &= json_is_word_char(name[i]) || (i && strchr(more, name[i]));
	if (!fine)
		return pp_json_bad(r, "'%s' is no name", key);
	*ret = name;
	return 0;
}

int pp_json_read_bool(const struct pp_json_reader *r, const json_t *o, const char *key, bool *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		return pp_json_bad(r, "'%s' is neither true nor false", key);
	*ret = json_is_true(v);
	return 0;
}

int pp_json_read_number(const struct pp_json_reader *r, const json_t *v, const char *key,
                        uint32_t min, uint32_t max, uint32_t *ret)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < min || n > max)
		return pp_json_bad(r, "'%s' is no number from %u to %u", key, min, max);
	*ret = (uint32_t)n;
	return 0;
}

int pp_json_read_hex(const struct pp_json_reader *r, const json_t *o, const char *key, uint64_t max,
                     uint64_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s || strncmp(s, "0x", 2) != 0 || s[2 + strspn(s + 2, "0123456789abcdef")] ||
	    !pp_parse_hex(s, max, ret))
		return pp_json_bad(r, "'%s' is no number in hex, 0x…", key);
	return 0;
}

int pp_json_read_bytes(const struct pp_json_reader *r, const json_t *o, const char *key,
                       struct pp_span *ret)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);
	size_t len = json_string_length(v) / 2;

	if (!s || json_string_length(v) % 2)
		return pp_json_bad(r, "'%s' is no list of bytes in hex", key);
	uint8_t *data = PP_ARENA_ARRAY(r->arena, len + 1, uint8_t);
	if (!data)
		return pp_fail_oom(r->error, r->object);
	for (size_t i = 0; i < len; i++) {
		unsigned int high = pp_hex_digit_lower((uint8_t)s[2 * i]),
			     low = pp_hex_digit_lower((uint8_t)s[2 * i + 1]);
		if (high > 15 || low > 15)
			return pp_json_bad(r, "'%s' is no list of bytes in hex", key);
		data[i] = (uint8_t)(high << 4 | low);
	}
	*ret = PP_SPAN(data, len);
	return 0;
}

json_t *pp_json_of_bytes(struct pp_span bytes)
{
	char *text = malloc(bytes.len * 2 + 1);

	if (!text)
		return NULL;
	pp_hex_put(bytes, text);
	json_t *v = json_stringn(text, bytes.len * 2);
	free(text);
	return v;
}

int pp_json_read_word(const struct pp_json_reader *r, const json_t *o, const char *key,
                      const char *const *words, unsigned int nr, unsigned int *ret)
{
	const char *word = json_string_value(json_object_get(o, key));

	for (unsigned int i = 0; word && i < nr; i++)
		if (!strcmp(words[i], word)) {
			*ret = i;
			return 0;
		}
	return pp_json_bad(r, "'%s' is none that is known", key);
}

const json_t *pp_json_read_list(const struct pp_json_reader *r, const json_t *o, const char *key,
                                size_t max)
{
	const json_t *list = json_object_get(o, key);

	if (json_is_array(list) && json_array_size(list) <= max)
		return list;
	(void)pp_json_bad(r, "'%s' is no list of at most %zu", key, max);
	return NULL;
}
