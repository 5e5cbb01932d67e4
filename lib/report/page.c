/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report as one HTML page. The page itself, its style and its script are the files in
 * lib/report/page; what is put into it here are the JSON documents that the commands print as well,
 * from which the script draws everything, and the text of the survey for readers without scripts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "page-bytes.h"
#include "report/out.h"
#include "report/words.h"

/* A place in the page begins and ends so: "<!--pcipass:survey-->". */
#define PAGE_PLACE     "<!--pcipass:"
#define PAGE_PLACE_END "-->"

/* A sink that escapes what passes through it, and counts it. */
struct page_sink {
	struct pp_sink to;
	const char *(*escape)(char c); /* NULL: the character as it is */
	size_t written;
};

/* Inside a script element nothing but "<" can end it; in JSON it stands in strings alone. */
static const char *page_escape_json(char c)
{
	return c == '<' ? "\\u003c" : NULL;
}

static const char *page_escape_text(char c)
{
	return c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
}

static int page_write(void *ctx, const char *bytes, size_t len)
{
	struct page_sink *s = ctx;
	size_t from = 0;

	s->written += len;
	for (size_t i = 0; i < len; i++) {
		const char *instead = s->escape(bytes[i]);
		if (!instead)
			continue;
		if (s->to.write(s->to.ctx, bytes + from, i - from) ||
		    s->to.write(s->to.ctx, instead, strlen(instead)))
			return -1;
		from = i + 1;
	}
	return s->to.write(s->to.ctx, bytes + from, len - from);
}

struct page {
	const struct pp_survey *const *surveys;
	struct pp_style style;
	struct page_sink json, text;
};

static struct pp_sink page_sink_of(struct page_sink *s)
{
	return (struct pp_sink){ .write = page_write, .ctx = s };
}

static int page_put_words(struct page *p, const char *words, struct pp_error *e)
{
	if (page_write(&p->text, words, strlen(words)))
		return pp_fail(e, EIO, "the page could not be written");
	return 0;
}

static int page_put_title(struct page *p, struct pp_error *e)
{
	const char *product = p->surveys[0]->host->product.text;

	return page_put_words(p, product && *product ? product : "a host", e);
}

static int page_put_host(struct page *p, struct pp_error *e)
{
	char line[512];

	pp_words_host(p->surveys[0]->host, line, sizeof(line));
	return page_put_words(p, line, e);
}

static int page_put_iommu(struct page *p, struct pp_error *e)
{
	char line[512];

	pp_words_iommu(p->surveys[0]->host, line, sizeof(line));
	return page_put_words(p, line, e);
}

static int page_put_version(struct page *p, struct pp_error *e)
{
	return page_put_words(p, "pcipass " PCIPASS_VERSION, e);
}

static int page_put_survey(struct page *p, struct pp_error *e)
{
	return pp_report_targets(p->surveys, &p->style, page_sink_of(&p->json), e);
}

/* A document that cannot be made of this host leaves a null; the survey says what is missing. */
static int page_put_or_null(struct page *p, int r, size_t before, struct pp_error *e)
{
	if (!r || r == -EIO || r == -ENOMEM || p->json.written != before)
		return r;
	*e = (struct pp_error){ 0 };
	if (page_write(&p->json, "null", 4))
		return pp_fail(e, EIO, "the page could not be written");
	return 0;
}

static int page_put_reserved(struct page *p, struct pp_error *e)
{
	const size_t before = p->json.written;
	int r = pp_report_reserved(p->surveys[0]->host, NULL, &p->style, page_sink_of(&p->json), e);

	return page_put_or_null(p, r, before, e);
}

static int page_put_groups(struct page *p, struct pp_error *e)
{
	const size_t before = p->json.written;
	int r = pp_report_groups(p->surveys[0]->host, false, &p->style, page_sink_of(&p->json), e);

	return page_put_or_null(p, r, before, e);
}

static int page_put_text(struct page *p, struct pp_error *e)
{
	struct pp_style style = p->style;

	style.format = PP_FORMAT_TEXT;
	return pp_report_survey(p->surveys[0], &style, page_sink_of(&p->text), e);
}

static const struct {
	const char *name;
	int (*put)(struct page *p, struct pp_error *e);
} page_places[] = {
	{ "title", page_put_title },       { "host", page_put_host },
	{ "iommu", page_put_iommu },       { "version", page_put_version },
	{ "text", page_put_text },         { "survey", page_put_survey },
	{ "reserved", page_put_reserved }, { "groups", page_put_groups },
};

static int page_put(struct page *p, const char *name, size_t len, struct pp_error *e)
{
	for (size_t i = 0; i < sizeof(page_places) / sizeof(page_places[0]); i++)
		if (strlen(page_places[i].name) == len && !memcmp(page_places[i].name, name, len))
			return page_places[i].put(p, e);
	return pp_fail(e, EINVAL, "the page has a place that nothing is put into: %.*s", (int)len,
	               name);
}

/* The page up to its end, and at each place what belongs there. */
static int page_print(struct page *p, struct pp_sink sink, struct pp_error *e)
{
	const char *at = (const char *)page_bytes, *place;

	while ((place = strstr(at, PAGE_PLACE)) != NULL) {
		const char *name = place + strlen(PAGE_PLACE);
		const char *end = strstr(name, PAGE_PLACE_END);
		if (!end)
			break;
		if (sink.write(sink.ctx, at, (size_t)(place - at)))
			return pp_fail(e, EIO, "the page could not be written");
		int r = page_put(p, name, (size_t)(end - name), e);
		if (r)
			return r;
		at = end + strlen(PAGE_PLACE_END);
	}
	if (sink.write(sink.ctx, at, strlen(at)))
		return pp_fail(e, EIO, "the page could not be written");
	return 0;
}

int pp_report_page(const struct pp_survey *const surveys[PP_TARGET_COUNT],
                   const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	struct page p = {
		.surveys = surveys,
		.style = { .format = PP_FORMAT_JSON,
		           .name = style->name,
		           .class_name = style->class_name,
		           .name_ctx = style->name_ctx },
		.json = { .to = sink, .escape = page_escape_json },
		.text = { .to = sink, .escape = page_escape_text },
	};

	return page_print(&p, sink, e);
}
