/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Character encodings of XML documents: which one it is, and the document as UTF-8. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "conrep/encoding.h"

#define MARK_UTF8    "\xef\xbb\xbf"
#define MARK_UTF16LE "\xff\xfe"
#define MARK_UTF16BE "\xfe\xff"

/* The encoding that every result has. */
#define RESULT "UTF-8"

struct decoder {
	struct pp_span in; /* without the mark */
	size_t at;
	unsigned int line;
	const char *object;
	struct pp_error *e;
};

static int decoder_fail(const struct decoder *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int decoder_fail(const struct decoder *d, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return pp_fail(d->e, EBADMSG, "%s line %u: %s", d->object, d->line, text);
}

/* --- one character of each encoding; there is at least one byte left --- */

/* How long the character that begins at p is; 0: it is none (RFC 3629). */
static size_t encoding_utf8_len(const uint8_t *p, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	*ret = p[0];
	if (n <= 1)
		return n;
	if (n > left || p[0] > 0xf4)
		return 0;
	uint32_t code = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret = code;
	return n;
}

static int next_utf8(struct decoder *d, uint32_t *ret)
{
	const uint8_t *p = d->in.data + d->at;
	size_t n = encoding_utf8_len(p, d->in.len - d->at, ret);

	if (!n)
		return decoder_fail(d,
		                    "byte 0x%02x is not UTF-8; another encoding has to be declared "
		                    "(ISO-8859-1, windows-1252)",
		                    *p);
	d->at += n;
	return 0;
}

static int next_ascii(struct decoder *d, uint32_t *ret)
{
	uint8_t byte = d->in.data[d->at];

	if (byte > 0x7f)
		return decoder_fail(d, "byte 0x%02x is not US-ASCII, which is declared", byte);
	*ret = byte;
	d->at++;
	return 0;
}

static int next_latin1(struct decoder *d, uint32_t *ret)
{
	*ret = d->in.data[d->at++];
	return 0;
}

static int next_windows1252(struct decoder *d, uint32_t *ret)
{
	/* 80h to 9fh by Unicode's table cp1252.txt; 0: no character. */
	static const uint16_t high[32] = {
		0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
		0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
	};
	uint8_t byte = d->in.data[d->at];

	*ret = byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
	if (byte && !*ret)
		return decoder_fail(d, "byte 0x%02x is not windows-1252, which is declared", byte);
	d->at++;
	return 0;
}

static uint32_t utf16_unit(const struct decoder *d, bool big)
{
	const uint8_t *p = d->in.data + d->at;

	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static int next_utf16(struct decoder *d, bool big, uint32_t *ret)
{
	if (d->in.len - d->at < 2)
		return decoder_fail(d, "half a UTF-16 character at the end");
	uint32_t unit = utf16_unit(d, big);
	d->at += 2;
	if (unit < 0xd800 || unit > 0xdfff) {
		*ret = unit;
		return 0;
	}
	uint32_t low = unit < 0xdc00 && d->in.len - d->at >= 2 ? utf16_unit(d, big) : 0;
	if (low < 0xdc00 || low > 0xdfff)
		return decoder_fail(d, "UTF-16 surrogate 0x%04x without the other half of its pair",
		                    unit);
	d->at += 2;
	*ret = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

static int next_utf16le(struct decoder *d, uint32_t *ret)
{
	return next_utf16(d, false, ret);
}

static int next_utf16be(struct decoder *d, uint32_t *ret)
{
	return next_utf16(d, true, ret);
}

/* --- which encoding --- */

struct encoding {
	int (*next)(struct decoder *d, uint32_t *ret);
	bool is_utf8;         /* the bytes are UTF-8 already */
	const char *names[4]; /* in a declaration, any case (IANA's, and aliases in use) */
};

static const struct encoding utf8 = { next_utf8, true, { "UTF-8", "UTF8" } };
static const struct encoding utf16le = { next_utf16le, false, { 0 } };
static const struct encoding utf16be = { next_utf16be, false, { 0 } };
static const struct encoding others[] = {
	{ next_ascii, true, { "US-ASCII", "ASCII" } },
	{ next_latin1, false, { "ISO-8859-1", "ISO_8859-1", "latin1" } },
	{ next_windows1252, false, { "windows-1252", "cp1252" } },
};

#define ACCEPTED                                                                                   \
	"UTF-8, US-ASCII, ISO-8859-1, windows-1252, and UTF-16 with a byte order mark are accepted"

static bool has_name(const struct encoding *c, struct pp_span name)
{
	for (size_t i = 0; i < 4 && c->names[i]; i++)
		if (name.len == strlen(c->names[i]) &&
		    !strncasecmp((const char *)name.data, c->names[i], name.len))
			return true;
	return false;
}

static size_t skip_blanks(struct pp_span in, size_t at)
{
	while (at < in.len && in.data[at] && strchr(" \t\r\n", in.data[at]))
		at++;
	return at;
}

/*
 * The value of encoding= in an XML declaration of ASCII bytes (XML 1.0, 2.8); empty: none. Of a
 * broken declaration there is none: whoever parses it refuses it.
 */
static struct pp_span declared_encoding(struct pp_span in)
{
	static const char start[] = "<?xml", wanted[] = "encoding";
	const struct pp_span none = PP_SPAN(NULL, 0);
	size_t at = sizeof(start) - 1;

	if (!pp_span_starts(in, start) || skip_blanks(in, at) == at)
		return none;
	while ((at = skip_blanks(in, at)) < in.len) {
		size_t name = at;
		while (at < in.len && in.data[at] >= 'a' && in.data[at] <= 'z')
			at++;
		struct pp_span found = PP_SPAN(in.data + name, at - name);
		at = skip_blanks(in, at);
		if (!found.len || at == in.len || in.data[at] != '=')
			return none;
		at = skip_blanks(in, at + 1);
		if (at == in.len || (in.data[at] != '"' && in.data[at] != '\''))
			return none;
		const uint8_t *value = in.data + at + 1;
		const uint8_t *end = memchr(value, in.data[at], in.len - at - 1);
		if (!end)
			return none;
		if (pp_span_is(found, wanted))
			return PP_SPAN(value, end - value);
		at = (size_t)(end - in.data) + 1;
	}
	return none;
}

/* Without a mark. */
static int encoding_declared(const struct decoder *d, const struct encoding **ret)
{
	struct pp_span name = declared_encoding(d->in);
	char shown[24];

	*ret = &utf8;
	if (!name.data || has_name(&utf8, name))
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*ret = &others[i];
		if (has_name(*ret, name))
			return 0;
	}
	pp_text_clean_into(shown, sizeof(shown), name.data, name.len);
	if (!strncasecmp(shown, "UTF-16", 6))
		return decoder_fail(d, "encoding \"%s\" is declared, but this is 8-bit text",
		                    shown);
	return decoder_fail(d, "encoding \"%s\" is not known; " ACCEPTED, shown);
}

static int refuse_shape(const struct decoder *d)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *what;
	} shapes[] = {
		{ MARK_UTF16LE "\0", 4, "UTF-32" }, /* the literal's own NUL is the fourth */
		{ "\0\0" MARK_UTF16BE, 4, "UTF-32" },
		{ "<", 2, "UTF-16 without a byte order mark" },
		{ "\0<", 2, "UTF-16 without a byte order mark" },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (d->in.len >= shapes[i].len &&
		    !memcmp(d->in.data, shapes[i].bytes, shapes[i].len))
			return decoder_fail(d, "this is %s; " ACCEPTED, shapes[i].what);
	return 0;
}

/* Moves behind a byte order mark; NULL: there is none. */
static const struct encoding *take_mark(struct decoder *d)
{
	static const struct {
		const char *mark;
		const struct encoding *encoding;
	} marks[] = { { MARK_UTF8, &utf8 },
		      { MARK_UTF16LE, &utf16le },
		      { MARK_UTF16BE, &utf16be } };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i].mark);
		if (!pp_span_starts(d->in, marks[i].mark))
			continue;
		d->in = PP_SPAN(d->in.data + n, d->in.len - n);
		return marks[i].encoding;
	}
	return NULL;
}

static int find_encoding(struct decoder *d, const struct encoding **ret, bool *ret_marked)
{
	int r = refuse_shape(d);

	if (r)
		return r;
	*ret = take_mark(d);
	*ret_marked = *ret != NULL;
	if (!*ret)
		return encoding_declared(d, ret);
	return take_mark(d) ? decoder_fail(d, "a second byte order mark") : 0;
}

/* --- the document --- */

static size_t put_utf8(uint8_t *to, uint32_t code)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		to[i] = (uint8_t)(0x80 | (code & 0x3f));
	to[0] = (uint8_t)(lead[n] | code);
	return n;
}

/* Checks all of it. to: where it goes as UTF-8, or NULL. */
static int encoding_decode(struct decoder *d, const struct encoding *c, uint8_t *to,
                           size_t *ret_len)
{
	uint8_t scratch[4];
	size_t len = 0;

	for (d->at = 0, d->line = 1; d->at < d->in.len;) {
		uint32_t code;
		int r = c->next(d, &code);
		if (r)
			return r;
		if (!code)
			return decoder_fail(d, "a NUL character");
		len += put_utf8(to ? to + len : scratch, code);
		d->line += code == '\n';
	}
	*ret_len = len;
	return 0;
}

/* The declaration, if it names an encoding, comes to name the result's. */
static size_t redeclare(uint8_t *text, size_t len)
{
	struct pp_span name = declared_encoding(PP_SPAN(text, len));

	if (!name.data || has_name(&utf8, name))
		return len;
	size_t at = (size_t)(name.data - text), after = at + name.len;
	memmove(text + at + strlen(RESULT), text + after, len - after);
	memcpy(text + at, RESULT, strlen(RESULT));
	return len - name.len + strlen(RESULT);
}

static int convert(struct decoder *d, const struct encoding *c, size_t len, struct pp_arena *a,
                   struct pp_span *ret)
{
	uint8_t *text = PP_ARENA_ARRAY(a, len + strlen(RESULT), uint8_t);

	if (!text)
		return pp_fail_oom(d->e, d->object);
	int r = encoding_decode(d, c, text, &len);
	if (!r)
		*ret = PP_SPAN(text, redeclare(text, len));
	return r;
}

int pp_encoding_to_utf8(struct pp_span in, const char *object, size_t max_bytes, struct pp_arena *a,
                        struct pp_span *ret, struct pp_error *e)
{
	struct decoder d = { .in = in, .line = 1, .object = object, .e = e };
	const struct encoding *c;
	bool marked;
	size_t len;
	int r = find_encoding(&d, &c, &marked);

	if (!r)
		r = encoding_decode(&d, c, NULL, &len);
	if (r)
		return r;
	if (len > max_bytes)
		return pp_fail(e, E2BIG, "%s: %zu bytes%s, at most %zu are read", object, len,
		               c->is_utf8 ? "" : " as UTF-8", max_bytes);
	struct pp_span name = declared_encoding(d.in);
	if (!c->is_utf8 || (marked && name.data && !has_name(&utf8, name)))
		return convert(&d, c, len, a, ret);
	*ret = d.in;
	return 0;
}
