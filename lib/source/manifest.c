/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manifest of a capture: what was looked for, absent, or not read. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "source/manifest.h"

struct parser {
	struct pp_arena *arena;
	struct pp_manifest *m;
	struct pp_error *e;
	unsigned int line;
	bool seen_tool, seen_root, seen_redacted;
};

#define BAD(p, ...) pp_fail((p)->e, EBADMSG, PP_MANIFEST_PATH " line " __VA_ARGS__)

enum form {
	PATH_FILE,
	PATH_DIRECTORY, /* "" is the root */
	PATH_WORDS,     /* "." and ".." too: links that lead nowhere leave such paths */
};

static bool is_form(const char *path, enum form form)
{
	if (form != PATH_WORDS)
		return pp_path_check(path, form == PATH_DIRECTORY) == 0;
	size_t len = strlen(path);
	return len <= PP_MAX_PATH && path[0] != '/' && !strstr(path, "//") &&
	       (!len || path[len - 1] != '/');
}

/* The path that in stands for, checked. */
static int take_path(struct parser *p, struct pp_span in, enum form form, const char **ret)
{
	char *path = pp_arena_alloc(p->arena, in.len + 1);
	size_t n = 0;

	if (!path)
		return pp_fail_oom(p->e, PP_MANIFEST_PATH);
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];
		if (c == '\\') {
			bool whole = in.len - i > 3;
			unsigned int high = whole ? pp_hex_digit_lower(in.data[i + 2]) : 16;
			unsigned int low = whole ? pp_hex_digit_lower(in.data[i + 3]) : 16;
			if (high > 15 || low > 15 || in.data[i + 1] != 'x' || !(high | low))
				return BAD(p, "%u: a backslash that begins no \\xHH", p->line);
			c = (uint8_t)(high << 4 | low);
			i += 3;
		}
		path[n++] = (char)c;
	}
	if (!is_form(path, form))
		return BAD(p, "%u: '%.*s' is not a path", p->line, (int)in.len,
		           (const char *)in.data);
	*ret = path;
	return 0;
}

static int take_tri(struct parser *p, struct pp_span value, bool *seen, enum pp_tri *ret)
{
	if (*seen)
		return BAD(p, "%u: said a second time", p->line);
	if (!pp_span_is(value, "yes") && !pp_span_is(value, "no"))
		return BAD(p, "%u: '%.*s' is neither yes nor no", p->line, (int)value.len,
		           (const char *)value.data);
	*seen = true;
	*ret = pp_tri(pp_span_is(value, "yes"));
	return 0;
}

static int take_tool(struct parser *p, struct pp_span value)
{
	if (p->seen_tool)
		return BAD(p, "%u: said a second time", p->line);
	p->seen_tool = true;
	p->m->info.tool = pp_text_clean(p->arena, value.data, value.len);
	return p->m->info.tool ? 0 : pp_fail_oom(p->e, PP_MANIFEST_PATH);
}

static int take_asked(struct parser *p, struct pp_span value)
{
	struct pp_manifest *m = p->m;

	if (value.len && value.data[value.len - 1] == '/')
		return take_path(p, PP_SPAN(value.data, value.len - 1), PATH_DIRECTORY,
		                 &m->listed[m->listed_count++]);
	return take_path(p, value, value.len ? PATH_WORDS : PATH_FILE, &m->asked[m->asked_count++]);
}

static int take_unread(struct parser *p, struct pp_span value)
{
	struct pp_unread *u = &p->m->unread[p->m->unread_count++];
	const uint8_t *blank = value.len ? memchr(value.data, ' ', value.len) : NULL;
	size_t len = blank ? (size_t)(blank - value.data) : value.len;

	u->line = p->line;
	u->error = pp_errno_parse(PP_SPAN(value.data, len));
	if (!blank || !u->error)
		return BAD(p, "%u: need an error and a path, found '%.*s'", p->line, (int)value.len,
		           (const char *)value.data);
	return take_path(p, PP_SPAN(blank + 1, value.len - len - 1), PATH_WORDS, &u->path);
}

static int take_named(struct parser *p, struct pp_span value)
{
	struct pp_unread *u = &p->m->named[p->m->named_count++];

	u->line = p->line;
	return take_path(p, value, PATH_FILE, &u->path);
}

/* Hex digits up to a byte that is none. */
static bool take_hex(struct pp_span *in, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < in->len && pp_hex_digit_lower(in->data[n]) <= 15; n++) {
		if (n == 15)
			return false; /* offsets stay below 2^60, so that end + 1 cannot wrap */
		v = v << 4 | pp_hex_digit_lower(in->data[n]);
	}
	*in = PP_SPAN(in->data + n, in->len - n);
	*ret = v;
	return n > 0;
}

static bool take_byte(struct pp_span *in, char c)
{
	if (!in->len || in->data[0] != (uint8_t)c)
		return false;
	*in = PP_SPAN(in->data + 1, in->len - 1);
	return true;
}

/* "0-3f,100-103,1000-": two ranges, and the file ends at 0x1000; "-": nothing of it. */
static bool take_ranges(struct pp_span in, struct pp_partial *ret)
{
	uint64_t behind = 0;

	if (pp_span_is(in, "-"))
		return true;
	do {
		uint64_t first, last;
		/* Ranges that touch would be one. */
		if (!take_hex(&in, &first) || !take_byte(&in, '-'))
			return false;
		if (!in.len) {
			ret->ends = true;
			ret->end = first;
			return first >= behind;
		}
		if (!take_hex(&in, &last) || last < first || (ret->count && first <= behind))
			return false;
		behind = last + 1;
		ret->ranges[ret->count++] = (struct pp_range){ first, behind };
	} while (take_byte(&in, ','));
	return !in.len;
}

static int take_partial(struct parser *p, struct pp_span value)
{
	struct pp_partial *part = &p->m->partial[p->m->partial_count++];
	size_t at = value.len, commas = 0;

	while (at && value.data[at - 1] != ' ')
		commas += value.data[--at] == ',';
	struct pp_span ranges = PP_SPAN(value.data + at, value.len - at);
	part->line = p->line;
	part->ranges = PP_ARENA_ARRAY(p->arena, commas + 1, struct pp_range);
	if (!part->ranges)
		return pp_fail_oom(p->e, PP_MANIFEST_PATH);
	if (!at || !take_ranges(ranges, part))
		return BAD(p, "%u: need a path and ascending ranges, found '%.*s'", p->line,
		           (int)value.len, (const char *)value.data);
	return take_path(p, PP_SPAN(value.data, at - 1), PATH_FILE, &part->path);
}

static int take_first(struct parser *p, struct pp_span word, struct pp_span value)
{
	char text[16];
	uint64_t version;

	pp_text_clean_into(text, sizeof(text), value.data, value.len);
	if (!pp_span_is(word, "pcipass-capture") || !pp_parse_dec(text, UINT32_MAX, &version))
		return BAD(p, "1: need 'pcipass-capture' and a version, found '%.*s'",
		           (int)word.len, (const char *)word.data);
	if (version != PP_MANIFEST_VERSION)
		return BAD(p, "1: version %s; this pcipass reads version %d", text,
		           PP_MANIFEST_VERSION);
	return 0;
}

static int manifest_take_line(struct parser *p, struct pp_span line)
{
	const uint8_t *blank = line.len ? memchr(line.data, ' ', line.len) : NULL;
	size_t len = blank ? (size_t)(blank - line.data) : line.len;
	struct pp_span word = PP_SPAN(line.data, len);
	struct pp_span value = blank ? PP_SPAN(blank + 1, line.len - len - 1) : PP_SPAN("", 0);

	if (p->line == 1)
		return take_first(p, word, value);
	if (pp_span_is(word, "tool"))
		return take_tool(p, value);
	if (pp_span_is(word, "root"))
		return take_tri(p, value, &p->seen_root, &p->m->info.as_root);
	if (pp_span_is(word, "redacted"))
		return take_tri(p, value, &p->seen_redacted, &p->m->info.redacted);
	if (pp_span_is(word, "asked"))
		return take_asked(p, value);
	if (pp_span_is(word, "unread"))
		return take_unread(p, value);
	if (pp_span_is(word, "named"))
		return take_named(p, value);
	if (pp_span_is(word, "partial"))
		return take_partial(p, value);
	return BAD(p, "%u: '%.*s' means nothing here", p->line, (int)word.len,
	           (const char *)word.data);
}

/* Room for as many lines of each kind as there are, counted by their first letters. */
static int manifest_make_room(struct pp_span text, struct parser *p)
{
	struct pp_manifest *m = p->m;
	struct pp_span line;
	size_t asked = 0, unread = 0, named = 0, partial = 0;

	while (pp_text_line(&text, &line)) {
		asked += pp_span_starts(line, "asked ");
		unread += pp_span_starts(line, "unread");
		named += pp_span_starts(line, "named");
		partial += pp_span_starts(line, "partial");
	}
	m->asked = PP_ARENA_ARRAY(p->arena, asked + 1, const char *);
	m->listed = PP_ARENA_ARRAY(p->arena, asked + 1, const char *);
	m->unread = PP_ARENA_ARRAY(p->arena, unread, struct pp_unread);
	m->named = PP_ARENA_ARRAY(p->arena, named, struct pp_unread);
	m->partial = PP_ARENA_ARRAY(p->arena, partial, struct pp_partial);
	if (!m->asked || !m->listed || !m->unread || !m->named || !m->partial)
		return pp_fail_oom(p->e, PP_MANIFEST_PATH);
	return 0;
}

static int manifest_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct pp_unread *)a)->path, ((const struct pp_unread *)b)->path);
}

int pp_manifest_parse(struct pp_span text, struct pp_arena *a, struct pp_manifest *ret,
                      struct pp_error *e)
{
	struct pp_manifest m = { 0 };
	struct parser p = { .arena = a, .m = &m, .e = e, .line = 1 };
	struct pp_span line;

	/* A missing last newline is a manifest that was cut off. */
	if (!text.len || text.data[text.len - 1] != '\n') {
		for (size_t i = 0; i < text.len; i++)
			p.line += text.data[i] == '\n';
		return BAD(&p, "%u: not ended by a newline", p.line);
	}
	int r = manifest_make_room(text, &p);
	for (; r == 0 && pp_text_line(&text, &line); p.line++)
		r = manifest_take_line(&p, line);
	if (r < 0)
		return r;
	qsort(m.asked, m.asked_count, sizeof(*m.asked), manifest_by_text);
	qsort(m.listed, m.listed_count, sizeof(*m.listed), manifest_by_text);
	qsort(m.unread, m.unread_count, sizeof(*m.unread), by_path);
	*ret = m;
	return 0;
}

const struct pp_unread *pp_manifest_unread(const struct pp_manifest *m, const char *path)
{
	struct pp_unread key = { .path = path };

	if (!m->unread_count)
		return NULL;
	return bsearch(&key, m->unread, m->unread_count, sizeof(*m->unread), by_path);
}

static bool manifest_has(const char **list, uint32_t count, const char *path)
{
	char pattern[PP_MAX_PATH + 1];

	if (!count)
		return false;
	if (bsearch(&path, list, count, sizeof(*list), manifest_by_text))
		return true;
	pp_manifest_pattern(path, pattern);
	const char *key = pattern;
	return bsearch(&key, list, count, sizeof(*list), manifest_by_text) != NULL;
}

bool pp_manifest_asked(const struct pp_manifest *m, const char *path)
{
	return manifest_has(m->asked, m->asked_count, path);
}

bool pp_manifest_listed(const struct pp_manifest *m, const char *path)
{
	return manifest_has(m->listed, m->listed_count, path);
}
