/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a phrase stands around an anchor, and what device its line is about. */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "log/log.h"

/* What "{}" may stand for, at most, and how many line breaks that may have. */
#define HOLE_BYTES  160
#define HOLE_BREAKS 1
#define WRAP_LEAST  40
#define NOT_FOUND   UINT32_MAX

/* What web pages write for a character, and typographic quotation marks in UTF-8. */
static const struct {
	const char *text;
	char is;
} spellings[] = {
	{ "&lt;", '<' },          { "&gt;", '>' },         { "&amp;", '&' },
	{ "&quot;", '"' },        { "&#34;", '"' },        { "&apos;", '\'' },
	{ "&#39;", '\'' },        { "&#x27;", '\'' },      { "&nbsp;", ' ' },
	{ "&#160;", ' ' },        { "\xc2\xa0", ' ' },     { "\xe2\x80\x98", '\'' },
	{ "\xe2\x80\x99", '\'' }, { "\xe2\x80\x9c", '"' }, { "\xe2\x80\x9d", '"' },
};

static size_t window_spelling(struct pp_span s, char *ret)
{
	if (s.data[0] != '&' && s.data[0] < 0x80)
		return 0;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		size_t n = strlen(spellings[i].text);
		if (s.len >= n && !memcmp(s.data, spellings[i].text, n)) {
			*ret = spellings[i].is;
			return n;
		}
	}
	return 0;
}

/* ECMA-48: ESC, '[', digits, and a letter. */
static size_t window_escape(struct pp_span s)
{
	size_t n = 2;

	if (s.len < 3 || s.data[0] != 0x1b || s.data[1] != '[')
		return 0;
	while (n < s.len && n < 24 && s.data[n] >= 0x20 && s.data[n] < 0x40)
		n++;
	return n < s.len && s.data[n] >= 0x40 && s.data[n] < 0x7f ? n + 1 : 0;
}

static void window_put(struct pp_log_window *w, uint8_t c, size_t at)
{
	uint8_t last = w->len ? w->text[w->len - 1] : '\n';

	if (c == ' ' && (last == ' ' || last == '\n'))
		return;
	if (c == '\n' && last == '\n')
		return;
	if (c == '\n' && last == ' ')
		w->len--;
	if (w->len == PP_LOG_WINDOW)
		return;
	w->text[w->len] = c;
	w->at[w->len++] = (uint16_t)at;
}

void pp_log_window_make(struct pp_log_window *w, struct pp_span bytes, size_t mark)
{
	bool begins = true;

	w->len = 0;
	w->mark = 0;
	for (size_t i = 0; i < bytes.len && i <= UINT16_MAX;) {
		struct pp_span rest = PP_SPAN(bytes.data + i, bytes.len - i);
		char c = (char)rest.data[0];
		size_t n = window_escape(rest), at = i;
		if (i == mark)
			w->mark = w->len;
		if (n) {
			i += n;
			continue;
		}
		n = window_spelling(rest, &c);
		i += n ? n : 1;
		if (c == '\r' || (c == '>' && begins))
			continue;
		if (c == '\t')
			c = ' ';
		begins = c == '\n' || (begins && c == ' ');
		window_put(w, (uint8_t)c, at);
	}
	if (!w->mark)
		w->mark = w->len;
}

static uint8_t match_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* A line may be broken at a blank, and by a terminal anywhere. */
static bool match_forward(const struct pp_log_window *w, struct pp_span piece, uint32_t *at)
{
	uint32_t i = *at;

	for (size_t j = 0; j < piece.len;) {
		if (i == w->len)
			return false;
		uint8_t c = w->text[i];
		if (piece.data[j] == ' ' ? c == ' ' || c == '\n' : match_lower(c) == piece.data[j])
			j++;
		else if (c != '\n' || !j)
			return false;
		i++;
	}
	*at = i;
	return true;
}

static bool match_backward(const struct pp_log_window *w, struct pp_span piece, uint32_t *at)
{
	uint32_t i = *at;

	for (size_t j = piece.len; j;) {
		if (!i)
			return false;
		uint8_t c = w->text[i - 1], p = piece.data[j - 1];
		if (p == ' ' ? c == ' ' || c == '\n' : match_lower(c) == p)
			j--;
		else if (c != '\n' || j == piece.len)
			return false;
		i--;
	}
	*at = i;
	return true;
}

/* Whether the line that ends at a break is so long that something may have wrapped it. */
static bool match_wraps(const struct pp_log_window *w, uint32_t at)
{
	uint32_t n = 0;

	while (n < WRAP_LEAST && n < at && w->text[at - 1 - n] != '\n')
		n++;
	return n == WRAP_LEAST;
}

/* What of a text a hole cannot have: a line's end that is none of wrapping, in a word a blank. */
static bool match_ends_hole(const struct pp_log_window *w, uint32_t at, bool word, uint32_t *breaks)
{
	uint8_t c = w->text[at];

	if (c == '\n')
		return word || ++*breaks > HOLE_BREAKS || !match_wraps(w, at);
	return word && c == ' ';
}

/* A hole and the piece behind it, without the one before it in between: that is a new line. */
static bool match_over_hole(const struct pp_log_window *w, const struct pp_log_pattern *p,
                            uint32_t piece, uint32_t *at)
{
	uint32_t breaks = 0;

	for (uint32_t i = *at; i < w->len && i - *at <= HOLE_BYTES; i++) {
		uint32_t end = i, again = i;
		if (match_forward(w, p->pieces[piece], &end)) {
			*at = end;
			return true;
		}
		if (match_ends_hole(w, i, p->word_before[piece], &breaks) ||
		    match_forward(w, p->pieces[piece - 1], &again))
			return false;
	}
	return false;
}

/* The same towards the start: the piece before the hole. */
static bool match_over_hole_back(const struct pp_log_window *w, const struct pp_log_pattern *p,
                                 uint32_t piece, uint32_t *at)
{
	uint32_t breaks = 0;

	for (uint32_t i = *at; i && *at - i <= HOLE_BYTES; i--) {
		uint32_t start = i, again = i;
		if (match_backward(w, p->pieces[piece], &start)) {
			*at = start;
			return true;
		}
		if (match_ends_hole(w, i - 1, p->word_before[piece + 1], &breaks) ||
		    match_backward(w, p->pieces[piece + 1], &again))
			return false;
	}
	return false;
}

static void match_lines(const struct pp_log_window *w, struct pp_log_place *p)
{
	p->line_start = p->start;
	while (p->line_start && w->text[p->line_start - 1] != '\n')
		p->line_start--;
	/* A device's name and colon alone on the line before. */
	if (p->line_start == p->start && p->start > 1 && w->text[p->start - 2] == ':') {
		p->line_start--;
		while (p->line_start && w->text[p->line_start - 1] != '\n')
			p->line_start--;
	}
	p->line_end = p->end;
	while (p->line_end < w->len && w->text[p->line_end] != '\n')
		p->line_end++;
}

bool pp_log_match(const struct pp_log_window *w, const struct pp_log_pattern *p,
                  const struct pp_log_anchor *anchor, struct pp_log_place *ret)
{
	struct pp_span piece = p->pieces[anchor->piece];
	struct pp_log_place found = { .start = w->mark, .end = w->mark };

	if (!match_backward(w, PP_SPAN(piece.data, anchor->end), &found.start))
		return false;
	if (!match_forward(w, PP_SPAN(piece.data + anchor->end, piece.len - anchor->end),
	                   &found.end))
		return false;
	for (uint32_t i = anchor->piece; i-- > 0;)
		if (!match_over_hole_back(w, p, i, &found.start))
			return false;
	for (uint32_t i = anchor->piece + 1u; i < p->nr_pieces; i++)
		if (!match_over_hole(w, p, i, &found.end))
			return false;
	match_lines(w, &found);
	*ret = found;
	return true;
}

/* So many hex digits of a number, and none more. */
static bool match_digits(const struct pp_log_window *w, uint32_t *at, uint32_t least, uint32_t most,
                         uint32_t *ret)
{
	uint32_t v = 0, n = 0;

	while (*at + n < w->len && n < most && pp_hex_digit(w->text[*at + n]) < 16)
		v = v << 4 | pp_hex_digit(w->text[*at + n++]);
	if (n < least || (*at + n < w->len && pp_hex_digit(w->text[*at + n]) < 16))
		return false;
	*at += n;
	*ret = v;
	return true;
}

static bool match_is(const struct pp_log_window *w, uint32_t *at, const char *any)
{
	if (*at >= w->len || !strchr(any, w->text[*at]) || !w->text[*at])
		return false;
	++*at;
	return true;
}

static bool match_is_word(uint8_t c)
{
	return pp_hex_digit(c) < 16 || (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z') ||
	       c == ':' || c == '.';
}

/* "0000:07:00.0", "07:00.0", and libvirt's "pci_0000_07_00_0". */
static bool match_address(const struct pp_log_window *w, uint32_t at, struct pp_address *ret)
{
	uint32_t domain = 0, bus, device, function, i = at;

	if (at && match_is_word(w->text[at - 1]))
		return false;
	/* The middle of one with underscores. */
	if (at > 1 && w->text[at - 1] == '_' && pp_hex_digit(w->text[at - 2]) < 16)
		return false;
	if (!match_digits(w, &i, 4, 8, &domain) || !match_is(w, &i, ":_")) {
		i = at;
		domain = 0;
	}
	if (!match_digits(w, &i, 2, 2, &bus) || !match_is(w, &i, ":_") ||
	    !match_digits(w, &i, 2, 2, &device) || !match_is(w, &i, "._") ||
	    !match_digits(w, &i, 1, 1, &function) || device > 31 || function > 7)
		return false;
	/* A time of day has more behind the point; a version goes on. */
	if (i < w->len && (w->text[i] == '.' || w->text[i] == '_') && i + 1 < w->len &&
	    match_is_word(w->text[i + 1]))
		return false;
	*ret = (struct pp_address){ domain, (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	return true;
}

bool pp_log_find_device(const struct pp_log_window *w, const struct pp_log_place *at,
                        struct pp_address *ret)
{
	for (uint32_t i = at->start; i > at->line_start; i--)
		if (match_address(w, i - 1, ret))
			return true;
	for (uint32_t i = at->start; i < at->line_end; i++)
		if (match_address(w, i, ret))
			return true;
	/* The line was wrapped right behind the phrase. */
	return at->line_end <= at->end + 1 && at->line_end + 1 < w->len &&
	       match_address(w, at->line_end + 1, ret);
}

static uint32_t match_find(const struct pp_log_window *w, const struct pp_log_place *at,
                           const char *text)
{
	size_t n = strlen(text);

	for (uint32_t i = at->line_start; i + n <= at->line_end; i++)
		if (!memcmp(w->text + i, text, n))
			return i + (uint32_t)n;
	return NOT_FOUND;
}

bool pp_log_find_group(const struct pp_log_window *w, const struct pp_log_place *at, uint32_t *ret)
{
	static const char *const before[] = { "group ", "/dev/vfio/" };

	for (size_t b = 0; b < sizeof(before) / sizeof(before[0]); b++) {
		uint32_t v = 0, i = match_find(w, at, before[b]), n = 0;
		for (; i != NOT_FOUND && i + n < w->len && n < 6 && w->text[i + n] >= '0' &&
		       w->text[i + n] <= '9';
		     n++)
			v = v * 10 + w->text[i + n] - '0';
		if (n) {
			*ret = v;
			return true;
		}
	}
	return false;
}

void pp_log_quote(const struct pp_log_window *w, const struct pp_log_place *at,
                  char ret[PP_LOG_QUOTE_BYTES])
{
	uint32_t start = at->line_start;

	/* The phrase rather than what stands before it. */
	if (at->line_end - start >= PP_LOG_QUOTE_BYTES)
		start = at->start - start > PP_LOG_QUOTE_BYTES / 4 ? at->start : start;
	uint32_t len = at->line_end - start;
	uint8_t line[PP_LOG_WINDOW];
	for (uint32_t i = 0; i < len; i++)
		line[i] = w->text[start + i] == '\n' ? ' ' : w->text[start + i];
	pp_text_clean_into(ret, PP_LOG_QUOTE_BYTES, line, len);
}
