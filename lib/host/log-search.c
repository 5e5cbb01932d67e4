/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the kernel log that are worth a closer look; see log-search.h. */
#include "base/text.h"
#include "host/log-search.h"

static const char *log_search_text(const struct pp_log_search *s, size_t i)
{
	return *(const char *const *)(const void *)((const char *)s->texts + i * s->stride);
}

void pp_log_search_init(struct pp_log_search *s, struct pp_span log, const char *const *texts,
                        size_t stride, size_t nr)
{
	*s = (struct pp_log_search){ .rest = log, .texts = texts, .stride = stride, .nr = nr };
	for (size_t i = 0; i < nr; i++)
		s->next[i] = pp_span_find(log, log_search_text(s, i));
}

/* What was found in the line that was given is behind us. */
static void log_search_advance(struct pp_log_search *s)
{
	for (size_t i = 0; i < s->nr; i++)
		if (s->next[i] && s->next[i] < s->rest.data)
			s->next[i] = pp_span_find(s->rest, log_search_text(s, i));
}

static bool log_search_ends_line(uint8_t c)
{
	return c == '\n' || c == '\0';
}

bool pp_log_search_next(struct pp_log_search *s, struct pp_span *ret)
{
	const uint8_t *first = NULL;

	for (size_t i = 0; i < s->nr; i++)
		if (s->next[i] && (!first || s->next[i] < first))
			first = s->next[i];
	if (!first)
		return false;
	while (first > s->rest.data && !log_search_ends_line(first[-1]))
		first--;
	s->rest.len -= (size_t)(first - s->rest.data);
	s->rest.data = first;
	if (!pp_text_line(&s->rest, ret))
		return false;
	log_search_advance(s);
	return true;
}
