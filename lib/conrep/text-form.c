/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as text: hex digits, and printable text with escapes. */
#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "conrep/text-form.h"

static const char digits[] = "0123456789abcdef";

static bool text_form_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool read_byte(const uint8_t *p, uint8_t *ret)
{
	unsigned int high = pp_hex_digit(p[0]), low = high < 16 ? pp_hex_digit(p[1]) : 16;

	if (low >= 16)
		return false;
	*ret = (uint8_t)(high << 4 | low);
	return true;
}

static struct pp_span without_end_blanks(const char *text)
{
	size_t len = strlen(text);

	while (len && text_form_is_blank((uint8_t)text[len - 1]))
		len--;
	return PP_SPAN(text, len);
}

struct pp_span pp_form_trimmed(const char *text)
{
	while (text_form_is_blank((uint8_t)*text))
		text++;
	return without_end_blanks(text);
}

char *pp_form_hex(struct pp_arena *a, struct pp_span bytes)
{
	char *s = PP_ARENA_ARRAY(a, 3 * bytes.len + 1, char);

	for (size_t i = 0; s && i < bytes.len; i++) {
		s[3 * i] = digits[bytes.data[i] >> 4];
		s[3 * i + 1] = digits[bytes.data[i] & 15];
		s[3 * i + 2] = i + 1 < bytes.len ? ' ' : '\0';
	}
	return s;
}

/* From one byte's digits to the next one's: all have a blank between them, or none has. */
static size_t hex_step(struct pp_span in)
{
	return in.len > 2 && in.data[2] == ' ' ? 3 : 2;
}

size_t pp_form_hex_count(const char *text)
{
	struct pp_span in = pp_form_trimmed(text);
	size_t step = hex_step(in), n = (in.len + step - 2) / step;
	uint8_t byte;

	if (in.len + step - 2 != n * step)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!read_byte(in.data + i * step, &byte) ||
		    (i && step == 3 && in.data[i * step - 1] != ' '))
			return 0;
	return n;
}

bool pp_form_hex_read(const char *text, uint8_t *dst, size_t len)
{
	struct pp_span in = pp_form_trimmed(text);

	if (!len || pp_form_hex_count(text) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		read_byte(in.data + i * hex_step(in), &dst[i]);
	return true;
}

/* Whether an escape begins here, \xHH. */
static bool is_escape(struct pp_span in, uint8_t *ret)
{
	return in.len >= 4 && in.data[0] == '\\' && in.data[1] == 'x' &&
	       read_byte(in.data + 2, ret);
}

static bool is_padding(uint8_t c)
{
	return c == 0 || c == ' ';
}

size_t pp_form_text_len(struct pp_span bytes)
{
	size_t len = bytes.len;

	while (len && is_padding(bytes.data[len - 1]))
		len--;
	return len;
}

char *pp_form_text(struct pp_arena *a, struct pp_span bytes)
{
	size_t len = pp_form_text_len(bytes), n = 0;
	char *s = PP_ARENA_ARRAY(a, 4 * len + 1, char);
	uint8_t unused;

	for (size_t i = 0; s && i < len; i++) {
		uint8_t c = bytes.data[i];
		if (c >= 0x20 && c <= 0x7e &&
		    !is_escape(PP_SPAN(bytes.data + i, len - i), &unused)) {
			s[n++] = (char)c;
			continue;
		}
		s[n++] = '\\';
		s[n++] = 'x';
		s[n++] = digits[c >> 4];
		s[n++] = digits[c & 15];
	}
	return s;
}

int pp_form_text_read(const char *text, uint8_t *dst, size_t size, size_t *ret_len)
{
	struct pp_span in = without_end_blanks(text);
	size_t n = 0;

	while (in.len) {
		uint8_t c = in.data[0];
		size_t eaten = is_escape(in, &c) ? 4 : 1;
		if (eaten == 1 && (c < 0x20 || c > 0x7e))
			return -EINVAL;
		if (n < size)
			dst[n++] = c;
		else if (!is_padding(c))
			return -E2BIG;
		in = PP_SPAN(in.data + eaten, in.len - eaten);
	}
	*ret_len = pp_form_text_len(PP_SPAN(dst, n));
	return 0;
}
