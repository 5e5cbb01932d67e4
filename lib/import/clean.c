/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What mails, forums, web pages, terminals and Windows add to a text, taken out of it. */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "import/clean.h"

/* Of a tag of a web page or forum, and of one escape sequence of a terminal. */
#define TAG_BYTES    200u
#define ESCAPE_BYTES 24u

/* What a sequence of bytes becomes: a character, or nothing. */
#define CLEAN_NOTHING (-1)

struct clean_word {
	const char *text;
	int is;
};

static const struct clean_word entities[] = {
	{ "&lt;", '<' },   { "&gt;", '>' },    { "&amp;", '&' },
	{ "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' },
};

/* In UTF-8: blanks, marks of no width, dashes and quotation marks that word processors put. */
static const struct clean_word characters[] = {
	{ "\xc2\xa0", ' ' },
	{ "\xc2\xad", CLEAN_NOTHING },
	{ "\xe2\x80\x8b", CLEAN_NOTHING },
	{ "\xe2\x80\x8c", CLEAN_NOTHING },
	{ "\xe2\x80\x8d", CLEAN_NOTHING },
	{ "\xe2\x80\x8e", CLEAN_NOTHING },
	{ "\xe2\x80\x8f", CLEAN_NOTHING },
	{ "\xe2\x80\x90", '-' },
	{ "\xe2\x80\x91", '-' },
	{ "\xe2\x80\x92", '-' },
	{ "\xe2\x80\x93", '-' },
	{ "\xe2\x80\x98", '\'' },
	{ "\xe2\x80\x99", '\'' },
	{ "\xe2\x80\x9c", '"' },
	{ "\xe2\x80\x9d", '"' },
	{ "\xe2\x80\xa8", '\n' },
	{ "\xe2\x80\xaf", ' ' },
	{ "\xe2\x81\x9f", ' ' },
	{ "\xe2\x88\x92", '-' },
	{ "\xe3\x80\x80", ' ' },
	{ "\xef\xbb\xbf", CLEAN_NOTHING },
};

/* Of HTML. None of these is an element of the XML that a reader takes. */
static const struct clean_word elements[] = {
	{ "br", '\n' },
	{ "p", '\n' },
	{ "div", '\n' },
	{ "li", '\n' },
	{ "tr", '\n' },
	{ "td", ' ' },
	{ "th", ' ' },
	{ "pre", '\n' },
	{ "blockquote", '\n' },
	{ "html", '\n' },
	{ "head", '\n' },
	{ "body", '\n' },
	{ "table", '\n' },
	{ "tbody", '\n' },
	{ "ul", '\n' },
	{ "ol", '\n' },
	{ "code", CLEAN_NOTHING },
	{ "span", CLEAN_NOTHING },
	{ "b", CLEAN_NOTHING },
	{ "i", CLEAN_NOTHING },
	{ "u", CLEAN_NOTHING },
	{ "em", CLEAN_NOTHING },
	{ "a", CLEAN_NOTHING },
	{ "strong", CLEAN_NOTHING },
	{ "font", CLEAN_NOTHING },
	{ "mark", CLEAN_NOTHING },
	{ "tt", CLEAN_NOTHING },
};

/* Of forums, in brackets. "[size=4]" is not among them: lspci prints it for a BAR. */
static const struct clean_word codes[] = {
	{ "b", CLEAN_NOTHING },    { "i", CLEAN_NOTHING },    { "u", CLEAN_NOTHING },
	{ "s", CLEAN_NOTHING },    { "code", '\n' },          { "icode", CLEAN_NOTHING },
	{ "quote", '\n' },         { "spoiler", '\n' },       { "color", CLEAN_NOTHING },
	{ "font", CLEAN_NOTHING }, { "url", CLEAN_NOTHING },  { "list", '\n' },
	{ "mono", CLEAN_NOTHING }, { "pre", '\n' },           { "highlight", CLEAN_NOTHING },
	{ "details", '\n' },       { "left", CLEAN_NOTHING }, { "center", CLEAN_NOTHING },
};

/* Of wikis and trackers, in braces. */
static const struct clean_word macros[] = {
	{ "code", '\n' },
	{ "noformat", '\n' },
	{ "quote", '\n' },
	{ "panel", '\n' },
};

#define NR(list) (sizeof(list) / sizeof((list)[0]))

static bool clean_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool clean_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "&#91;" and "&#x5b;", of what is printable ASCII. */
static size_t clean_number(struct pp_span s, int *ret)
{
	bool hex = s.len > 2 && (s.data[2] | 0x20) == 'x';
	unsigned int v = 0;
	size_t n = hex ? 3 : 2, begin = n;

	if (s.len < 4 || s.data[1] != '#')
		return 0;
	for (; n < s.len && n - begin < 5; n++) {
		unsigned int digit = pp_hex_digit(s.data[n]);
		if (digit >= (hex ? 16u : 10u))
			break;
		v = v * (hex ? 16 : 10) + digit;
	}
	if (n == begin || n == s.len || s.data[n] != ';')
		return 0;
	if (v == 0xa0)
		v = ' ';
	if (v < 0x20 || v > 0x7e)
		return 0;
	*ret = (int)v;
	return n + 1;
}

static size_t clean_word(const struct clean_word *list, size_t nr, struct pp_span s, int *ret)
{
	for (size_t i = 0; i < nr; i++)
		if (pp_span_starts(s, list[i].text)) {
			*ret = list[i].is;
			return strlen(list[i].text);
		}
	return 0;
}

static bool clean_is_name(const char *name, const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((s[i] | 0x20) != (uint8_t)name[i])
			return false;
	return !name[len];
}

/* "<br />", "[/color]", "{code:java}": a tag of that list, which ends in its line. */
static size_t clean_tag(const struct clean_word *list, size_t nr, char end, struct pp_span s,
                        int *ret)
{
	size_t begin = s.len > 1 && s.data[1] == '/' ? 2 : 1, n = begin, i = 0;

	while (n < s.len && n - begin < 12 && clean_is_letter((char)s.data[n]))
		n++;
	while (i < nr && !(strlen(list[i].text) == n - begin &&
	                   clean_is_name(list[i].text, s.data + begin, n - begin)))
		i++;
	if (i == nr || n == begin || n == s.len || !memchr("> /]=:}", s.data[n], 7))
		return 0;
	while (n < s.len && n < TAG_BYTES && s.data[n] != (uint8_t)end && s.data[n] != '\n')
		n++;
	if (n >= s.len || s.data[n] != (uint8_t)end)
		return 0;
	*ret = list[i].is;
	return n + 1;
}

/* ECMA-48: ESC "[", digits and a letter. A pager writes "^[" for ESC. */
static size_t clean_escape(struct pp_span s)
{
	size_t begin = pp_span_starts(s, "\x1b[") ? 2 : pp_span_starts(s, "^[[") ? 3 : 0, n = begin;

	if (!n)
		return 0;
	while (n < s.len && n < ESCAPE_BYTES && s.data[n] >= 0x20 && s.data[n] < 0x40)
		n++;
	return n < s.len && s.data[n] >= 0x40 && s.data[n] < 0x7f ? n + 1 : 0;
}

/* "[01;32m" and "[m", where something dropped the ESC; and "[K" behind it. */
static size_t clean_bare_escape(struct pp_span s)
{
	size_t n = 1;

	while (n < s.len && n < ESCAPE_BYTES &&
	       (clean_is_digit((char)s.data[n]) || s.data[n] == ';'))
		n++;
	if (n >= s.len || s.data[n] != 'm')
		return 0;
	n++;
	/* "[mem 0xc0000000-0xcfffffff]" and "[mmhub0]" are the kernel's own words. */
	if (n == 2 && n < s.len && s.data[n] >= 'a' && s.data[n] <= 'z')
		return 0;
	return pp_span_starts(PP_SPAN(s.data + n, s.len - n), "[K") ? n + 2 : n;
}

static size_t clean_bracket(struct pp_span s, int *ret)
{
	size_t n = clean_bare_escape(s);

	*ret = CLEAN_NOTHING;
	return n ? n : clean_tag(codes, NR(codes), ']', s, ret);
}

/* Markdown's "\[" and "\_". */
static size_t clean_backslash(struct pp_span s, int *ret)
{
	if (s.len < 2 || !s.data[1] || !strchr("[]_*`#", s.data[1]))
		return 0;
	*ret = s.data[1];
	return 2;
}

/* A lone CR ends a line, as on old systems; before LF it is Windows'. */
static size_t clean_cr(struct pp_span s, int *ret)
{
	size_t n = 1;

	while (n < s.len && s.data[n] == '\r')
		n++;
	*ret = n == s.len || s.data[n] == '\n' ? CLEAN_NOTHING : '\n';
	return n;
}

/* How many bytes at the start of s are another's than the text's own, and what they become. */
static size_t clean_foreign(struct pp_span s, int *ret)
{
	size_t n;

	*ret = CLEAN_NOTHING;
	switch (s.data[0]) {
	case '\r':
		return clean_cr(s, ret);
	case '&':
		n = clean_word(entities, NR(entities), s, ret);
		return n ? n : clean_number(s, ret);
	case '<':
		return clean_tag(elements, NR(elements), '>', s, ret);
	case '[':
		return clean_bracket(s, ret);
	case '{':
		return clean_tag(macros, NR(macros), '}', s, ret);
	case '\\':
		return clean_backslash(s, ret);
	case '^':
	case 0x1b:
		return clean_escape(s);
	case 0xe2:
		/* U+2000 to U+200A: blanks of many widths. */
		if (s.len > 2 && s.data[1] == 0x80 && s.data[2] >= 0x80 && s.data[2] <= 0x8a) {
			*ret = ' ';
			return 3;
		}
		return clean_word(characters, NR(characters), s, ret);
	case 0xc2:
	case 0xe3:
	case 0xef:
		return clean_word(characters, NR(characters), s, ret);
	default:
		return 0;
	}
}

/* Bytes at which clean_foreign() has to look. */
static void clean_marks(bool marks[256])
{
	static const char all[] = "\r&<[{\\^\x1b\xe2\xc2\xe3\xef";

	memset(marks, 0, 256);
	for (const char *c = all; *c; c++)
		marks[(uint8_t)*c] = true;
}

/* "> > " of mails at the start of a line. */
static size_t clean_quote(struct pp_span s)
{
	size_t n = 0;

	while (n < s.len && s.data[n] == '>')
		n += n + 1 < s.len && s.data[n + 1] == ' ' ? 2 : 1;
	return n;
}

/* Markdown's "**" before a word. */
static bool clean_is_bold(struct pp_span s)
{
	return s.len > 2 && s.data[0] == '*' && s.data[1] == '*' &&
	       (clean_is_letter((char)s.data[2]) || clean_is_digit((char)s.data[2]));
}

struct cleaning {
	uint8_t *s;
	size_t len, at, to;
	bool marks[256];
	bool begins, bold; /* nothing of the line is out yet; it began with "**" */
};

static void clean_put(struct cleaning *c, int is, bool tag)
{
	bool empty = !c->to || c->s[c->to - 1] == '\n';

	/* Where the line ends anyway, a tag need not end it. */
	if (tag && is == '\n' &&
	    (empty || (c->at < c->len && (c->s[c->at] == '\n' || c->s[c->at] == '\r'))))
		return;
	if (is == CLEAN_NOTHING)
		return;
	if (is == '\n' && c->bold && c->to > 2 && !memcmp(c->s + c->to - 2, "**", 2))
		c->to -= 2;
	c->begins = is == '\n';
	c->bold &= !c->begins;
	c->s[c->to++] = (uint8_t)is;
}

size_t pp_import_clean(char *text, size_t len)
{
	struct cleaning c = { .s = (uint8_t *)text, .len = len, .begins = true };
	uint8_t last = 0;

	clean_marks(c.marks);
	while (c.at < len) {
		if (c.begins) {
			c.at += clean_quote(PP_SPAN(c.s + c.at, len - c.at));
			c.bold = clean_is_bold(PP_SPAN(c.s + c.at, len - c.at));
			c.at += c.bold ? 2 : 0;
			if (c.at == len)
				break;
		}
		uint8_t first = c.s[c.at];
		int is = first;
		size_t n = 0;
		if (c.marks[first] && !(first == '\\' && last == '\\'))
			n = clean_foreign(PP_SPAN(c.s + c.at, len - c.at), &is);
		/* A blank that does not break, in Latin-1: in UTF-8 another byte is before it. */
		if (!n)
			is = first == 0xa0 && last < 0x80 ? ' ' : first;
		last = first;
		c.at += n ? n : 1;
		clean_put(&c, is, n && first != '\r');
	}
	return c.to;
}

/* Whether every second byte is zero where the text begins: UTF-16, as PowerShell writes it. */
static bool clean_is_wide(struct pp_span s, bool *ret_big)
{
	if (s.len < 4 || s.len % 2)
		return false;
	*ret_big = s.data[0] == 0xfe && s.data[1] == 0xff;
	if (*ret_big || (s.data[0] == 0xff && s.data[1] == 0xfe))
		return true;
	for (size_t i = 0; i + 1 < s.len && i < 64; i += 2)
		if (!s.data[i] || s.data[i] >= 0x80 || s.data[i + 1])
			return false;
	return true;
}

size_t pp_import_narrow(struct pp_span in, char *text)
{
	bool big = false;
	size_t to = 0;

	if (!clean_is_wide(in, &big)) {
		if (in.len)
			memcpy(text, in.data, in.len);
		return in.len;
	}
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		uint8_t low = in.data[i + big], high = in.data[i + !big];
		if (high == 0xfe && low == 0xff)
			continue;
		text[to++] = high ? '?' : (char)low;
	}
	return to;
}
