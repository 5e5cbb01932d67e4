/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from elsewhere inside of what is printed to be pasted: a function for each language. */
#include <string.h>

#include "base/quote.h"
#include "base/text.h"

/* What no shell takes for anything but itself, wherever it stands in a word but as its first. */
#define QUOTE_PLAIN                                                                                \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
	"_./:+-"

/* Control characters, what turns the direction of text, and broken UTF-8. */
static bool quote_steers(const char *word)
{
	for (const char *c = word; *c; c += pp_text_shown(c))
		if (!pp_text_shown(c))
			return true;
	return false;
}

/* One more text in buf; false: it does not fit. */
static bool quote_put(char *buf, size_t size, size_t *len, const char *text, size_t n)
{
	if (n >= size - *len)
		return false;
	memcpy(buf + *len, text, n);
	*len += n;
	buf[*len] = '\0';
	return true;
}

/* The word between two marks; a mark within it as it is written there. */
static bool quote_between(char *buf, size_t size, const char *word, char mark, const char *within)
{
	size_t len = 0;
	bool fits = quote_put(buf, size, &len, &mark, 1);

	for (; fits && *word; word++)
		fits = *word == mark ? quote_put(buf, size, &len, within, strlen(within))
		                     : quote_put(buf, size, &len, word, 1);
	fits = fits && quote_put(buf, size, &len, &mark, 1);
	if (!fits)
		*buf = '\0';
	return fits;
}

static bool quote_as_is(char *buf, size_t size, const char *word)
{
	size_t len = 0;

	return quote_put(buf, size, &len, word, strlen(word));
}

/* "%", "=" and "@": zsh and fish expand them where a word begins. */
bool pp_quote_shell(char *buf, size_t size, const char *word)
{
	*buf = '\0';
	if (quote_steers(word))
		return false;
	if (*word && !strchr("%=@", *word) && !word[strspn(word, QUOTE_PLAIN ",%=@")])
		return quote_as_is(buf, size, word);
	return quote_between(buf, size, word, '\'', "'\\''");
}

/*
 * Both shells of Windows know the double quote. Within it PowerShell expands "$" and "`" and takes
 * typographic quotation marks for plain ones, cmd expands "%", and a last backslash would hide the
 * end from the program.
 */
bool pp_quote_windows(char *buf, size_t size, const char *word)
{
	size_t len = strlen(word);

	*buf = '\0';
	if (quote_steers(word) || strpbrk(word, "\"$`%") || strstr(word, "\u201c") ||
	    strstr(word, "\u201d") || strstr(word, "\u201e"))
		return false;
	if (*word && !word[strspn(word, QUOTE_PLAIN "\\")])
		return quote_as_is(buf, size, word);
	if (len && word[len - 1] == '\\')
		return false;
	return quote_between(buf, size, word, '"', "");
}

bool pp_quote_word(char *buf, size_t size, const char *word)
{
#ifdef _WIN32
	return pp_quote_windows(buf, size, word);
#else
	return pp_quote_shell(buf, size, word);
#endif
}

bool pp_quote_powershell(char *buf, size_t size, const char *word)
{
	*buf = '\0';
	/* Of typographic quotation marks each ends the word as well. */
	if (quote_steers(word) || strstr(word, "\u2018") || strstr(word, "\u2019") ||
	    strstr(word, "\u201a") || strstr(word, "\u201b"))
		return false;
	return quote_between(buf, size, word, '\'', "''");
}

const char *pp_quote_xml(char c, bool attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\n':
		return attribute ? "&#10;" : NULL;
	case '\t':
		return attribute ? "&#9;" : NULL;
	default:
		return NULL;
	}
}

void pp_quote_comment(char *text, bool xml)
{
	pp_text_clean_in_place(text);
	for (char *c = text; xml && *c; c++)
		if (c[0] == '-' && c[1] == '-')
			c[0] = '=';
}

void pp_quote_terminal(char *text)
{
	pp_text_clean_in_place(text);
}
