/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of a host that is made of texts: which text told a fact, and in which line. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/origin.h"
#include "source/origin.h"

/* As many as lib/import writes. */
#define ORIGINS_BYTES ((size_t)64 * 1024 * 1024)

struct origin_file {
	const char *path;
	size_t path_len;
	uint32_t text, line;
};

/* From the log's line first on, which counts from 0, those of a text. */
struct origin_piece {
	uint32_t text, line, first;
};

struct pp_origins {
	const char **texts;
	struct origin_file *files; /* by path */
	struct origin_piece *pieces;
	uint32_t nr_texts, nr_files, nr_pieces;
	struct pp_span log;
};

static int origin_compare(const void *x, const void *y)
{
	const struct origin_file *a = x, *b = y;
	size_t n = a->path_len < b->path_len ? a->path_len : b->path_len;
	int order = memcmp(a->path, b->path, n);

	if (!order)
		order = (a->path_len > b->path_len) - (a->path_len < b->path_len);
	/* What a later text told better comes first. */
	return order ? order : (b->text > a->text) - (b->text < a->text);
}

static bool origin_number(struct pp_span *rest, uint32_t *ret)
{
	struct pp_span word;
	char text[12];
	uint64_t v;

	if (!pp_text_word(rest, &word) || word.len >= sizeof(text))
		return false;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	if (!pp_parse_dec(text, UINT32_MAX, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* One line; what is of no kind is passed over. 0 or -ENOMEM. */
static int origin_line(struct pp_origins *o, struct pp_arena *a, struct pp_span line)
{
	struct pp_span rest = line, word;
	uint32_t text, number, first;

	if (!pp_text_word(&rest, &word))
		return 0;
	if (pp_span_is(word, "text")) {
		o->texts[o->nr_texts] = pp_text_clean(a, rest.data, rest.len);
		return o->texts[o->nr_texts++] ? 0 : -ENOMEM;
	}
	if (!origin_number(&rest, &text) || !origin_number(&rest, &number) || !text ||
	    text > o->nr_texts)
		return 0;
	if (pp_span_is(word, "log") && origin_number(&rest, &first))
		o->pieces[o->nr_pieces++] =
			(struct origin_piece){ .text = text, .line = number, .first = first };
	else if (pp_span_is(word, "at") && pp_text_word(&rest, &word))
		o->files[o->nr_files++] = (struct origin_file){
			.path = (const char *)word.data,
			.path_len = word.len,
			.text = text,
			.line = number,
		};
	return 0;
}

static uint32_t origin_count(struct pp_span all)
{
	struct pp_span line;
	uint32_t n = 0;

	while (pp_text_line(&all, &line))
		n++;
	return n;
}

static int origin_parse(struct pp_host *h, struct pp_span all, struct pp_span log)
{
	struct pp_origins *o = PP_ARENA_NEW(&h->arena, struct pp_origins);
	uint32_t n = origin_count(all);
	struct pp_span line;

	if (!o)
		return -ENOMEM;
	o->texts = PP_ARENA_ARRAY(&h->arena, n, const char *);
	o->files = PP_ARENA_ARRAY(&h->arena, n, struct origin_file);
	o->pieces = PP_ARENA_ARRAY(&h->arena, n, struct origin_piece);
	if (!o->texts || !o->files || !o->pieces)
		return -ENOMEM;
	while (pp_text_line(&all, &line))
		if (origin_line(o, &h->arena, line))
			return -ENOMEM;
	qsort(o->files, o->nr_files, sizeof(*o->files), origin_compare);
	o->log = log;
	h->origins = o;
	return 0;
}

int pp_build_origins(struct pp_host_build *b)
{
	struct pp_source *s = pp_source_aside(b->source);
	struct pp_span all;

	/* A host's own files are where facts come from otherwise. */
	if (pp_source_kind(s) != PP_SOURCE_ARCHIVE)
		return 0;
	int r = pp_source_read_all(s, PP_ORIGINS_PATH, ORIGINS_BYTES, &b->host->arena, &all);
	if (r)
		return r == -ENOMEM ? r : 0;
	struct pp_span log = PP_SPAN(NULL, 0);
	r = pp_source_kernel_log(s, &b->host->arena, &log);
	return r == -ENOMEM ? r : origin_parse(b->host, all, log);
}

static struct pp_origin origin_make(const struct pp_origins *o, uint32_t text, uint32_t line)
{
	return (struct pp_origin){ .text = o->texts[text - 1], .line = line };
}

struct pp_origin pp_origin_of(const struct pp_host *h, const char *path)
{
	const struct pp_origins *o = h->origins;
	struct origin_file wanted = { .path = path, .path_len = strlen(path), .text = UINT32_MAX };
	uint32_t low = 0, high = o ? o->nr_files : 0;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (origin_compare(&o->files[mid], &wanted) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (!o || low == o->nr_files)
		return (struct pp_origin){ 0 };
	const struct origin_file *f = &o->files[low];
	bool below = f->path_len > wanted.path_len && f->path[wanted.path_len] == '/';
	if (f->path_len < wanted.path_len || memcmp(f->path, path, wanted.path_len) ||
	    (f->path_len != wanted.path_len && !below))
		return (struct pp_origin){ 0 };
	return origin_make(o, f->text, f->line);
}

static struct pp_origin origin_of_log_line(const struct pp_origins *o, uint32_t number)
{
	for (uint32_t i = o->nr_pieces; i-- > 0;)
		if (o->pieces[i].first <= number)
			return origin_make(o, o->pieces[i].text,
			                   o->pieces[i].line + (number - o->pieces[i].first));
	return (struct pp_origin){ 0 };
}

struct pp_origin pp_origin_of_log(const struct pp_host *h, const char *words)
{
	const struct pp_origins *o = h->origins;
	const uint8_t *at = o && *words ? pp_span_find(o->log, words) : NULL;
	uint32_t number = 0;

	if (!at)
		return (struct pp_origin){ 0 };
	for (const uint8_t *c = o->log.data; c < at; c++)
		number += *c == '\n';
	return origin_of_log_line(o, number);
}

size_t pp_origin_log_bytes(const struct pp_host *h)
{
	return h->origins ? h->origins->log.len : 0;
}
