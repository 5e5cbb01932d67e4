/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all lines of a text begin with, such as their numbers, taken off. */
#include <string.h>

#include "base/text.h"
#include "import/clean.h"

/* How many lines are looked at for what all begin with. */
#define MARK_LINES      200u
#define MARK_NAME_BYTES 200u

enum mark_kind { MARK_NUMBER, MARK_SIGN, MARK_NAME, MARK_KINDS };

/* "  12\t", "12: ", "12. ": how many bytes, and the number. */
static size_t mark_number(struct pp_span line, uint32_t *ret)
{
	size_t n = 0, begin;
	uint32_t v = 0;

	while (n < line.len && line.data[n] == ' ')
		n++;
	begin = n;
	while (n < line.len && n - begin < 7 && line.data[n] >= '0' && line.data[n] <= '9')
		v = v * 10 + line.data[n++] - '0';
	if (n == begin)
		return 0;
	*ret = v;
	if (n == line.len)
		return n;
	if (!memchr(":.)|\t ", line.data[n], 6))
		return 0;
	bool sign = line.data[n] != '\t' && line.data[n] != ' ';
	n++;
	return sign && n < line.len && line.data[n] == ' ' ? n + 1 : n;
}

/* "- ", "* ", "| ", and a bullet in UTF-8. */
static size_t mark_sign(struct pp_span line)
{
	static const char *const signs[] = { "-",       "*", "|", "+",
		                             ":",       "#", "`", "\xe2\x80\xa2",
		                             "\xc2\xb7" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (pp_span_starts(line, signs[i])) {
			size_t n = strlen(signs[i]);
			return n < line.len && line.data[n] == ' ' ? n + 1 : n;
		}
	return 0;
}

/* "lspci.txt:", by grep: a word with a point or a slash. The times of a log begin with digits. */
static size_t mark_name(struct pp_span line)
{
	bool file = false;
	size_t n = 0;

	while (n < line.len && n < MARK_NAME_BYTES && line.data[n] > ' ' && line.data[n] != ':') {
		file |= line.data[n] == '.' || line.data[n] == '/';
		n++;
	}
	if (!file || n == line.len || line.data[n] != ':' ||
	    memchr("0123456789[{\"<", line.data[0], 14))
		return 0;
	return n + 1;
}

static size_t mark_of(enum mark_kind kind, struct pp_span line, uint32_t *number)
{
	return kind == MARK_NUMBER ? mark_number(line, number)
	       : kind == MARK_SIGN ? mark_sign(line)
	                           : mark_name(line);
}

/* Whether all lines have it: the same sign or name, and numbers one after the other. */
static bool mark_is_common(enum mark_kind kind, struct pp_span text)
{
	struct pp_span line, first = PP_SPAN(NULL, 0);
	uint32_t lines = 0, number = 0, before = 0;

	while (lines < MARK_LINES && pp_text_line(&text, &line)) {
		/* Of these, editors drop what ends in a blank. */
		if (!line.len && kind != MARK_NUMBER)
			continue;
		size_t n = mark_of(kind, line, &number);
		if (!n || (lines && kind == MARK_NUMBER && number != before + 1))
			return false;
		if (lines && kind != MARK_NUMBER &&
		    (line.data[0] != first.data[0] ||
		     (kind == MARK_NAME &&
		      (n != first.len || memcmp(line.data, first.data, n) != 0))))
			return false;
		if (!lines)
			first = PP_SPAN(line.data, n);
		before = number;
		lines++;
	}
	return lines > 1;
}

static size_t mark_take_off(enum mark_kind kind, char *text, size_t len)
{
	struct pp_span rest = PP_SPAN(text, len), line;
	size_t to = 0;

	while (pp_text_line(&rest, &line)) {
		uint32_t number;
		size_t n = mark_of(kind, line, &number);
		bool both =
			n && line.data[0] == '`' && line.len > n && line.data[line.len - 1] == '`';
		memmove(text + to, line.data + n, line.len - n - both);
		to += line.len - n - both;
		if (to < len)
			text[to++] = '\n';
	}
	return to;
}

size_t pp_import_unmark(char *text, size_t len)
{
	for (enum mark_kind kind = 0; kind < MARK_KINDS; kind++)
		if (mark_is_common(kind, PP_SPAN(text, len)))
			return mark_take_off(kind, text, len);
	return len;
}
