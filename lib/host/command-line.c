/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel command lines; see command-line.h. */
#include <string.h>

#include "host/command-line.h"

bool pp_command_line_is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

/* The next word, whatever it is; *ret_open: its last quotation mark is not closed. */
static bool line_word(struct pp_span *rest, struct pp_span *ret, bool *ret_open)
{
	size_t from = 0;
	bool quoted = false;

	while (from < rest->len && pp_command_line_is_blank(rest->data[from]))
		from++;
	size_t to = from;
	for (; to < rest->len && (quoted || !pp_command_line_is_blank(rest->data[to])); to++)
		quoted ^= rest->data[to] == '"';
	*ret = PP_SPAN(rest->data + from, to - from);
	*rest = PP_SPAN(rest->data + to, rest->len - to);
	*ret_open = quoted;
	return to > from;
}

/* next_arg(): quotation marks around the word, and around the value, are no part of it. */
static bool line_word_is(struct pp_span word, const char *text)
{
	bool around = word.len && word.data[0] == '"', value = false;
	size_t n = strlen(text), at = 0;

	for (size_t i = around; i < word.len; i++) {
		bool last = i + 1 == word.len;
		if (word.data[i] == '"' &&
		    ((last && (around || value)) || (i && word.data[i - 1] == '=' && !value))) {
			value |= !last;
			continue;
		}
		if (at == n || (char)word.data[i] != text[at++])
			return false;
	}
	return at == n;
}

bool pp_command_line_next(struct pp_span *rest, struct pp_span *ret)
{
	struct pp_span word;
	bool open;

	if (!line_word(rest, &word, &open) || line_word_is(word, "--"))
		return false;
	*ret = word;
	return true;
}

bool pp_command_line_has(const char *line, const char *word)
{
	struct pp_span rest = PP_SPAN(line, strlen(line)), w;

	while (pp_command_line_next(&rest, &w))
		if (line_word_is(w, word))
			return true;
	return false;
}

bool pp_command_line_end(const char *line, size_t *ret)
{
	const uint8_t *start = (const uint8_t *)line;
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	size_t end = 0;
	bool open;

	while (line_word(&rest, &word, &open)) {
		if (open)
			return false;
		if (line_word_is(word, "--")) {
			*ret = (size_t)(word.data - start);
			return true;
		}
		end = (size_t)(word.data - start) + word.len;
	}
	*ret = end;
	return true;
}

bool pp_command_line_has_rest(const char *line)
{
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	bool open;

	while (line_word(&rest, &word, &open))
		if (line_word_is(word, "--"))
			return true;
	return false;
}
