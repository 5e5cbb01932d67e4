/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON as it is written into a buffer: commas, escapes, and bytes that are no text. */
#include <stdio.h>
#include <string.h>

#include "report/json-writer.h"

static void json_begin_value(struct pp_json_writer *w)
{
	if (w->needs_comma)
		pp_buffer_append(w->buffer, ",", 1);
	w->needs_comma = true;
}

void pp_json_open(struct pp_json_writer *w, char bracket)
{
	json_begin_value(w);
	if (!w->plain)
		pp_buffer_append(w->buffer, &bracket, 1);
	w->needs_comma = false;
}

void pp_json_close(struct pp_json_writer *w, char bracket)
{
	if (!w->plain)
		pp_buffer_append(w->buffer, &bracket, 1);
	w->needs_comma = true;
}

void pp_json_new_line(struct pp_json_writer *w)
{
	if (w->one_line)
		return;
	pp_buffer_puts(w->buffer, w->needs_comma ? ",\n" : "\n");
	w->needs_comma = false;
}

/* How many bytes the character at s takes (RFC 3629, 4); 0: it is none. s ends with a zero. */
static size_t json_character_bytes(const uint8_t *s)
{
	size_t n = s[0] < 0x80                   ? 1
	           : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
	           : (s[0] & 0xf0) == 0xe0       ? 3
	           : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
	                                         : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, or beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return n;
}

/* How many bytes stand for themselves, up to the first that does not. */
static size_t json_plain_bytes(const char *text)
{
	size_t n = 0;

	while (text[n] >= 0x20 && text[n] != '"' && text[n] != '\\' && (uint8_t)text[n] < 0x80)
		n++;
	return n;
}

static void json_put_escape(struct pp_buffer *b, uint8_t c)
{
	static const char letters[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
	const char *letter = strchr(letters, c);
	char text[8];

	if (letter)
		snprintf(text, sizeof(text), "\\%c", escapes[letter - letters]);
	else
		snprintf(text, sizeof(text), "\\u%04X", c);
	pp_buffer_puts(b, text);
}

static void json_put_characters(struct pp_buffer *b, const char *text)
{
	while (*text) {
		size_t n = json_plain_bytes(text);
		pp_buffer_append(b, text, n);
		text += n;
		if (!*text)
			break;
		n = json_character_bytes((const uint8_t *)text);
		if (n > 1)
			pp_buffer_append(b, text, n);
		else if (n)
			json_put_escape(b, (uint8_t)*text);
		else
			pp_buffer_puts(b, "\xef\xbf\xbd");
		text += n ? n : 1;
	}
}

/* In quotation marks, with a comma before and an end behind them if they are not 0. */
static void json_put_quoted(struct pp_json_writer *w, const char *text, char end)
{
	size_t n = json_plain_bytes(text);
	char *to = text[n] ? NULL : pp_buffer_space(w->buffer, n + 4);

	if (!to) {
		/* Something in it has to be escaped; or no memory, which the buffer knows. */
		if (w->needs_comma)
			pp_buffer_append(w->buffer, ",", 1);
		pp_buffer_append(w->buffer, "\"", 1);
		json_put_characters(w->buffer, text);
		pp_buffer_append(w->buffer, "\"", 1);
		pp_buffer_append(w->buffer, &end, end != 0);
		return;
	}
	char *at = to;
	if (w->needs_comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, text, n);
	at += n;
	*at++ = '"';
	if (end)
		*at++ = end;
	*at = '\0';
	w->buffer->len += (size_t)(at - to);
}

void pp_json_key(struct pp_json_writer *w, const char *name)
{
	json_put_quoted(w, name, ':');
	w->needs_comma = false;
}

void pp_json_put_text(struct pp_json_writer *w, const char *text)
{
	if (!text) {
		pp_json_put_null(w);
	} else if (w->plain) {
		json_begin_value(w);
		pp_buffer_puts(w->buffer, text);
	} else {
		json_put_quoted(w, text, 0);
		w->needs_comma = true;
	}
}

void pp_json_put_integer(struct pp_json_writer *w, int64_t value)
{
	char text[24], *end = text + sizeof(text), *at = end;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	/* Every row has some: without snprintf(). */
	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		*--at = '-';
	json_begin_value(w);
	pp_buffer_append(w->buffer, at, (size_t)(end - at));
}

void pp_json_put_boolean(struct pp_json_writer *w, bool value)
{
	json_begin_value(w);
	if (w->plain)
		pp_buffer_puts(w->buffer, value ? "yes" : "no");
	else
		pp_buffer_puts(w->buffer, value ? "true" : "false");
}

void pp_json_put_null(struct pp_json_writer *w)
{
	json_begin_value(w);
	if (!w->plain)
		pp_buffer_puts(w->buffer, "null");
}
