/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the kernel log that are worth a closer look; see log-search.h. */
#include <string.h>

#include "base/text.h"
#include "host/log-search.h"

static const char *log_search_text(const struct pp_log_search *s, size_t i)
{
	return *(const char *const *)(const void *)((const char *)s->texts + i * s->stride);
}

/* The upper bits of a product are well mixed. */
static unsigned int log_search_pair(const uint8_t *p)
{
	return (p[0] | (uint32_t)p[1] << 8) * 0x9e3779b1u / (UINT32_MAX / PP_LOG_SEARCH_PAIRS + 1);
}

/* A window that ends with a pair of this text can be moved to where the text would have it. */
static void log_search_enter(struct pp_log_search *s, const uint8_t *text)
{
	for (size_t i = 0; i + 2 <= s->window; i++) {
		uint8_t *skip = &s->skip[log_search_pair(text + i)];
		size_t to_end = s->window - 2 - i;
		*skip = to_end < *skip ? (uint8_t)to_end : *skip;
	}
}

void pp_log_search_init(struct pp_log_search *s, struct pp_span log, const char *const *texts,
                        size_t stride, size_t nr)
{
	s->rest = log;
	s->texts = texts;
	s->stride = stride;
	s->nr = nr;
	s->window = UINT8_MAX;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(log_search_text(s, i));
		s->window = len < s->window ? len : s->window;
	}
	memset(s->skip, (int)s->window - 1, sizeof(s->skip));
	for (size_t i = 0; i < nr; i++)
		log_search_enter(s, (const uint8_t *)log_search_text(s, i));
}

static bool log_search_is(const struct pp_log_search *s, const uint8_t *at, size_t left)
{
	for (size_t i = 0; i < s->nr; i++) {
		const char *text = log_search_text(s, i);
		size_t len = strlen(text);
		if (len <= left && !memcmp(at, text, len))
			return true;
	}
	return false;
}

/* The first place in the rest where one of the texts stands; NULL: there is none. */
static const uint8_t *log_search_find(const struct pp_log_search *s)
{
	const uint8_t *at = s->rest.data;
	size_t left = s->rest.len;

	while (left >= s->window) {
		size_t skip = s->skip[log_search_pair(at + s->window - 2)];
		if (!skip && log_search_is(s, at, left))
			return at;
		skip = skip ? skip : 1;
		if (skip > left)
			break;
		at += skip;
		left -= skip;
	}
	return NULL;
}

static bool log_search_ends_line(uint8_t c)
{
	return c == '\n' || c == '\0';
}

bool pp_log_search_next(struct pp_log_search *s, struct pp_span *ret)
{
	const uint8_t *first = log_search_find(s);

	if (!first) {
		s->rest.len = 0;
		return false;
	}
	while (first > s->rest.data && !log_search_ends_line(first[-1]))
		first--;
	s->rest.len -= (size_t)(first - s->rest.data);
	s->rest.data = first;
	return pp_text_line(&s->rest, ret);
}
