/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text: cleaning what comes from outside, lines, numbers. */
#define _GNU_SOURCE
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

static bool text_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t text_len(const uint8_t *p, size_t len)
{
	const uint8_t *end = len ? memchr(p, 0, len) : NULL;
	return end ? (size_t)(end - p) : len;
}

void pp_text_clean_into(char *dst, size_t size, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	len = text_len(p, len);
	while (len && text_is_blank(p[0]))
		p++, len--;
	while (len && text_is_blank(p[len - 1]))
		len--;
	if (len > size - 1)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		dst[i] = (p[i] >= 0x20 && p[i] < 0x7f) ? (char)p[i] : '?';
	dst[len] = '\0';
}

char *pp_text_clean(struct pp_arena *a, const void *bytes, size_t len)
{
	size_t need = text_len(bytes, len) + 1;
	char *s = pp_arena_alloc(a, need);

	if (s)
		pp_text_clean_into(s, need, bytes, len);
	return s;
}

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0 if there is none. */
static size_t text_utf8_len(const uint8_t *p)
{
	uint8_t c = p[0];
	size_t n = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 ? 2 : 0;

	if (c > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (n == 2 && c == 0xc2 && p[1] < 0xa0)
		return 0; /* C1 controls */
	if (n == 3 && c == 0xe0 && p[1] < 0xa0)
		return 0; /* overlong */
	if (n == 3 && c == 0xed && p[1] >= 0xa0)
		return 0; /* surrogates */
	if (n == 3 && c == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
		return 0; /* line and paragraph separators, bidirectional overrides */
	if (n == 3 && c == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return 0; /* bidirectional isolates */
	if ((n == 3 && c == 0xe2 && p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f)) ||
	    (n == 2 && c == 0xd8 && p[1] == 0x9c))
		return 0; /* bidirectional marks */
	if (n == 4 && ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] >= 0x90)))
		return 0;
	return n;
}

size_t pp_text_shown(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	if (*p < 0x80)
		return *p >= 0x20 && *p < 0x7f;
	return text_utf8_len(p);
}

void pp_text_clean_in_place(char *s)
{
	while (*s) {
		size_t n = pp_text_shown(s);

		if (!n) {
			*s = *s == '\n' || *s == '\t' ? ' ' : '?';
			n = 1;
		}
		s += n;
	}
}

static bool text_parse(const char *s, unsigned int radix, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	bool any = false;

	while (text_is_blank((uint8_t)*s))
		s++;
	if (radix == 16 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	for (; pp_hex_digit((uint8_t)*s) < radix; s++) {
		if (__builtin_mul_overflow(v, (uint64_t)radix, &v) ||
		    __builtin_add_overflow(v, (uint64_t)pp_hex_digit((uint8_t)*s), &v))
			return false;
		any = true;
	}
	while (text_is_blank((uint8_t)*s))
		s++;
	if (!any || *s || v > max)
		return false;
	*ret = v;
	return true;
}

bool pp_parse_hex(const char *s, uint64_t max, uint64_t *ret)
{
	return text_parse(s, 16, max, ret);
}

bool pp_parse_dec(const char *s, uint64_t max, uint64_t *ret)
{
	return text_parse(s, 10, max, ret);
}

bool pp_text_line(struct pp_span *rest, struct pp_span *ret)
{
	size_t n = 0;

	if (!rest->len)
		return false;
	while (n < rest->len && rest->data[n] != '\n' && rest->data[n] != '\0')
		n++;
	*ret = PP_SPAN(rest->data, n);
	size_t eaten = n < rest->len ? n + 1 : n;
	rest->data += eaten;
	rest->len -= eaten;
	return true;
}

bool pp_text_word(struct pp_span *rest, struct pp_span *ret)
{
	size_t n = 0;

	while (rest->len && (text_is_blank(rest->data[0]) || !rest->data[0]))
		rest->data++, rest->len--;
	if (!rest->len)
		return false;
	while (n < rest->len && !text_is_blank(rest->data[n]) && rest->data[n])
		n++;
	*ret = PP_SPAN(rest->data, n);
	rest->data += n;
	rest->len -= n;
	return true;
}

bool pp_span_is(struct pp_span s, const char *text)
{
	size_t n = strlen(text);
	return s.len == n && (!n || !memcmp(s.data, text, n));
}

bool pp_span_starts(struct pp_span s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.len >= n && (!n || !memcmp(s.data, prefix, n));
}

const uint8_t *pp_span_find(struct pp_span s, const char *text)
{
	return s.len ? memmem(s.data, s.len, text, strlen(text)) : NULL;
}
