/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a capture that was written as a text, out of what it was pasted into. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/hex.h"
#include "base/text.h"
#include "lazy/library.h"
#include "source/archive-read.h"
#include "source/stored.h"
#include "source/text.h"

/* Where the reader is in the text that holds the capture. */
struct text_reader {
	const char *name;
	struct pp_span rest;
	unsigned int line;      /* number of the last one, from 1 */
	struct pp_buffer bytes; /* what base64 stands for */
	uint32_t bits;
	unsigned int nr_bits;
	bool padded;
	struct pp_error *e;
};

/* Entities by which web pages write what base64 has besides letters and digits. */
static const struct {
	const char *entity;
	char is;
} text_entities[] = {
	{ "&#43;", '+' }, { "&#x2B;", '+' }, { "&plus;", '+' }, { "&#47;", '/' }, { "&#x2F;", '/' },
	{ "&sol;", '/' }, { "&#61;", '=' },  { "&#x3D;", '=' }, { "&gt;", '>' },  { "&nbsp;", ' ' },
};

static size_t text_entity(struct pp_span s, char *ret)
{
	for (size_t i = 0; i < sizeof(text_entities) / sizeof(text_entities[0]); i++)
		if (pp_span_starts(s, text_entities[i].entity)) {
			*ret = text_entities[i].is;
			return strlen(text_entities[i].entity);
		}
	return 0;
}

static int text_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int text_take(struct text_reader *t, char c)
{
	int digit = text_digit(c);

	/* Of a mail's quotation, or of how the text was laid out. */
	if (c == '>' || c == '|' || c == ' ' || c == '\t' || c == '\r')
		return 0;
	if (c == '=') {
		t->padded = true;
		return 0;
	}
	if (digit < 0 || t->padded)
		return pp_fail(t->e, EBADMSG,
		               "%.300s: line %u: '%c' does not belong into a capture's text",
		               t->name, t->line, c > ' ' && c < 0x7f ? c : '?');
	t->bits = t->bits << 6 | (uint32_t)digit;
	t->nr_bits += 6;
	if (t->nr_bits >= 8) {
		t->nr_bits -= 8;
		uint8_t byte = (uint8_t)(t->bits >> t->nr_bits);
		pp_buffer_append(&t->bytes, &byte, 1);
	}
	return 0;
}

static int text_take_line(struct text_reader *t, struct pp_span line)
{
	while (line.len) {
		char c = (char)line.data[0];
		size_t n = c == '&' ? text_entity(line, &c) : 0;
		/* A blank that does not break, in UTF-8. */
		if (line.len > 1 && line.data[0] == 0xc2 && line.data[1] == 0xa0) {
			c = ' ';
			n = 2;
		}
		int r = text_take(t, c);
		if (r)
			return r;
		n = n ? n : 1;
		line = PP_SPAN(line.data + n, line.len - n);
	}
	return t->bytes.failed ? pp_fail(t->e, E2BIG, "%.300s: line %u: more than %zu MiB", t->name,
	                                 t->line, PP_TEXT_MAX >> 20)
	                       : 0;
}

/* "-----END PCIPASS CAPTURE 8012 4f2a9c11-----" */
static int text_check(struct text_reader *t, struct pp_span line)
{
	const uint8_t *at = pp_span_find(line, PP_TEXT_END);
	struct pp_span rest = PP_SPAN(at + sizeof(PP_TEXT_END) - 1, 0), word;
	char number[24], sum[24];
	uint64_t len, crc;

	rest.len = (size_t)(line.data + line.len - rest.data);
	*number = *sum = '\0';
	if (pp_text_word(&rest, &word))
		pp_text_clean_into(number, sizeof(number), word.data, word.len);
	if (pp_text_word(&rest, &word))
		pp_text_clean_into(sum, sizeof(sum), word.data, word.len < 8 ? word.len : 8);
	if (!pp_parse_dec(number, PP_TEXT_MAX, &len) || !pp_parse_hex(sum, UINT32_MAX, &crc))
		return pp_fail(t->e, EBADMSG,
		               "%.300s: line %u: need a length and a checksum at the capture's end",
		               t->name, t->line);
	if (len != t->bytes.len)
		return pp_fail(
			t->e, EBADMSG,
			"%.300s: line %u: the capture has %llu bytes, found %zu: a part of its "
			"text is missing",
			t->name, t->line, (unsigned long long)len, t->bytes.len);
	if (crc != pp_span_crc32(PP_SPAN(t->bytes.data, t->bytes.len)))
		return pp_fail(t->e, EBADMSG, "%.300s: line %u: the capture's text was changed",
		               t->name, t->line);
	return 0;
}

/* From behind the line that begins it to the line that ends it. */
static int text_decode(struct text_reader *t)
{
	struct pp_span line;
	bool open = false;

	while (pp_text_line(&t->rest, &line)) {
		t->line++;
		if (pp_span_find(line, PP_TEXT_BEGIN)) {
			if (open)
				return pp_fail(t->e, EBADMSG,
				               "%.300s: line %u: a second capture begins here",
				               t->name, t->line);
			open = true;
		} else if (open && pp_span_find(line, PP_TEXT_END)) {
			return text_check(t, line);
		} else if (open) {
			int r = text_take_line(t, line);
			if (r)
				return r;
		}
	}
	return pp_fail(t->e, EBADMSG,
	               "%.300s: line %u: the text ends before the capture in it does", t->name,
	               t->line);
}

static int text_read_all(struct archive *a, struct pp_buffer *ret)
{
	char piece[16384];
	la_ssize_t n;

	while ((n = archive_read_data(a, piece, sizeof(piece))) > 0) {
		pp_buffer_append(ret, piece, (size_t)n);
		if (ret->failed)
			return -E2BIG;
	}
	return n < 0 ? -EBADMSG : 0;
}

static int text_inflate(const struct text_reader *t, struct pp_buffer *ret)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int r = a ? -EBADMSG : -ENOMEM;

	if (a && archive_read_support_format_raw(a) == ARCHIVE_OK &&
	    pp_archive_add_filter(a, PP_SPAN(t->bytes.data, t->bytes.len)) &&
	    archive_read_open_memory(a, t->bytes.data, t->bytes.len) == ARCHIVE_OK &&
	    archive_read_next_header(a, &entry) == ARCHIVE_OK)
		r = text_read_all(a, ret);
	archive_read_free(a);
	if (r == -ENOMEM)
		return pp_fail_oom(t->e, t->name);
	return r ? pp_fail(t->e, -r, "%.300s: the capture in it is %s", t->name,
	                   r == -E2BIG ? "too large" : "damaged")
	         : 0;
}

/* A path as the manifest writes it. */
static bool text_path(struct pp_span in, char ret[PP_MAX_PATH + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < in.len && n < PP_MAX_PATH; i++) {
		uint8_t c = in.data[i];
		if (c == '\\') {
			if (in.len - i < 4 || in.data[i + 1] != 'x')
				return false;
			unsigned int high = pp_hex_digit_lower(in.data[i + 2]);
			unsigned int low = pp_hex_digit_lower(in.data[i + 3]);
			if (high > 15 || low > 15 || !(high | low))
				return false;
			c = (uint8_t)(high << 4 | low);
			i += 3;
		}
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return n && pp_path_check(ret, false) == 0;
}

/* "f 12 proc/cmdline" and what follows it. */
static int text_entry(struct pp_stored *s, struct pp_span *rest, const char *name,
                      struct pp_error *e)
{
	char path[PP_MAX_PATH + 1], number[24];
	struct pp_span line, word;
	uint64_t len = 0;
	uint32_t node;

	if (!pp_text_line(rest, &line) || line.len < 4 || line.data[1] != ' ' ||
	    !strchr("fld", line.data[0]))
		return pp_fail(e, EBADMSG,
		               "%.300s: the capture in it has no entry where one begins", name);
	char kind = (char)line.data[0];
	line = PP_SPAN(line.data + 2, line.len - 2);
	bool ok = pp_text_word(&line, &word) && word.len < sizeof(number);
	if (ok)
		pp_text_clean_into(number, sizeof(number), word.data, word.len);
	ok = ok && pp_parse_dec(number, PP_MAX_FILE_BYTES, &len) && line.len > 1 &&
	     text_path(PP_SPAN(line.data + 1, line.len - 1), path);
	if (!ok || len >= rest->len || rest->data[len] != '\n' ||
	    (kind == 'l' && (!len || len > PP_MAX_LINK)))
		return pp_fail(e, EBADMSG, "%.300s: the capture in it has a broken entry '%.*s'",
		               name, (int)(line.len < 200 ? line.len : 200),
		               (const char *)line.data);
	int r = pp_stored_add(s, path, "entry", &node, e);
	if (r)
		return r;
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind != PP_TREE_NOTHING && !(n->kind == PP_TREE_DIRECTORY && kind == 'd'))
		return pp_fail(e, EBADMSG, "%.300s: the capture in it has '%.200s' twice", name,
		               path);
	char *copy = pp_arena_alloc(&s->arena, len ? (size_t)len : 1);
	if (!copy)
		return pp_fail_oom(e, name);
	if (len)
		memcpy(copy, rest->data, (size_t)len);
	n->kind = kind == 'f' ? PP_TREE_FILE : kind == 'l' ? PP_TREE_LINK : PP_TREE_DIRECTORY;
	n->data = PP_SPAN(copy, (size_t)len);
	*rest = PP_SPAN(rest->data + len + 1, rest->len - len - 1);
	return 0;
}

static int text_unpack(const struct text_reader *t, struct pp_span entries, struct pp_source **ret)
{
	struct pp_stored *s;
	int r = pp_stored_new(PP_SOURCE_ARCHIVE, &s, t->e);

	if (r)
		return r;
	while (!r && entries.len)
		r = text_entry(s, &entries, t->name, t->e);
	if (!r)
		r = pp_stored_finish(s, t->e);
	if (!r && !s->base.capture)
		r = pp_fail(t->e, EBADMSG, "%.300s: the capture in it has no manifest", t->name);
	if (r)
		pp_source_free(&s->base);
	else
		*ret = &s->base;
	return r;
}

int pp_source_open_text(const char *name, const char *bytes, size_t len, struct pp_source **ret,
                        struct pp_error *e)
{
	struct text_reader t = { .name = name, .rest = PP_SPAN(bytes, len), .e = e };
	struct pp_buffer entries;

	if (!pp_span_find(t.rest, PP_TEXT_BEGIN))
		return -ENOEXEC;
	pp_buffer_init(&t.bytes, PP_TEXT_MAX);
	pp_buffer_init(&entries, PP_TEXT_MAX_OPEN);
	int r = text_decode(&t);
	if (!r)
		r = pp_lazy_archive(e);
	if (!r)
		r = text_inflate(&t, &entries);
	if (!r)
		r = text_unpack(&t, PP_SPAN(entries.data, entries.len), ret);
	pp_buffer_fini(&t.bytes);
	pp_buffer_fini(&entries);
	return r;
}
