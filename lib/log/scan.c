/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text in pieces: one pass of the automaton, and a closer look where it stops. */
#include <stdlib.h>
#include <string.h>

#include "log/log.h"

/* What a phrase may need around its anchor: kept before the scanned end, waited for behind it. */
#define BEFORE      700u
#define BEHIND      500u
#define BUFFER_SIZE ((size_t)256 * 1024)
/* Between two parts of one message: a comma, a line's end and "> " of quoting. */
#define SAME_MESSAGE 16u

int pp_log_new(struct pp_log **ret, struct pp_error *e)
{
	struct pp_log *l = calloc(1, sizeof(*l));

	if (!l)
		return pp_fail_oom(e, "log");
	l->buffer = malloc(BUFFER_SIZE);
	l->hits = calloc(PP_LOG_MAX_HITS, sizeof(*l->hits));
	if (!l->buffer || !l->hits || pp_log_automaton_init(&l->automaton, e)) {
		free(l->buffer);
		free(l->hits);
		free(l);
		return pp_fail_oom(e, "log");
	}
	*ret = l;
	return 0;
}

void pp_log_free(struct pp_log *l)
{
	if (!l)
		return;
	pp_log_automaton_fini(&l->automaton);
	free(l->buffer);
	free(l->hits);
	free(l);
}

void pp_log_restart(struct pp_log *l)
{
	struct pp_log fresh = { .automaton = l->automaton, .buffer = l->buffer, .hits = l->hits };

	*l = fresh;
}

uint64_t pp_log_known(const struct pp_log *l)
{
	return l->known;
}

static uint64_t scan_breaks(const uint8_t *s, size_t len)
{
	uint64_t n = 0;

	while (len) {
		const uint8_t *at = memchr(s, '\n', len);
		if (!at)
			break;
		n++;
		len -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	return n;
}

/* The number of the line that a place of the buffer is in, which is at most where `upto` is. */
static uint64_t scan_line(struct pp_log *l, size_t place, size_t upto)
{
	if (upto > l->counted) {
		l->lines += scan_breaks(l->buffer + l->counted, upto - l->counted);
		l->counted = upto;
	}
	return l->lines - scan_breaks(l->buffer + place, l->counted - place) + 1;
}

static bool scan_is(const struct pp_log_hit *a, const struct pp_log_hit *b)
{
	return a->phrase == b->phrase && a->has_device == b->has_device &&
	       a->has_group == b->has_group && a->group == b->group &&
	       pp_address_equal(a->device, b->device);
}

/* The row of a hit, a new one if need be; NULL: there are too many. */
static struct pp_log_hit *scan_row(struct pp_log *l, const struct pp_log_hit *hit, bool *ret_new)
{
	uint32_t size = sizeof(l->index) / sizeof(l->index[0]);
	uint32_t hash = (uint32_t)((uintptr_t)hit->phrase >> 3) * 31 + hit->group;

	hash = hash * 31 + (hit->device.domain << 16 | (uint32_t)hit->device.bus << 8 |
	                    (uint32_t)hit->device.device << 3 | hit->device.function);
	hash *= 2654435761u;
	*ret_new = false;
	for (uint32_t i = hash % size;; i = (i + 1) % size) {
		if (!l->index[i]) {
			if (l->nr_hits == PP_LOG_MAX_HITS)
				return NULL;
			l->hits[l->nr_hits] = *hit;
			l->index[i] = (uint16_t)++l->nr_hits;
			*ret_new = true;
			return &l->hits[l->nr_hits - 1];
		}
		if (scan_is(&l->hits[l->index[i] - 1], hit))
			return &l->hits[l->index[i] - 1];
	}
}

/* Whether the line was broken between a message's parts: behind a comma, and nowhere else. */
static bool scan_is_broken(const struct pp_log *l, uint64_t line, uint64_t start)
{
	return line == start && start > l->last_end && start - l->last_end <= SAME_MESSAGE &&
	       l->last_end >= l->buffer_at && l->buffer[l->last_end - l->buffer_at] == ',';
}

/*
 * Whether it is another part of the message before, which has a phrase of its own: both mean the
 * same, and stand in one line or did before it was broken.
 */
static bool scan_is_same_message(const struct pp_log *l, const struct pp_log_hit *hit,
                                 uint64_t line, uint64_t start)
{
	const struct pp_log_hit *last = &l->hits[l->last_hit];

	if (!l->last_end || l->last_hit >= l->nr_hits || start < l->last_end ||
	    (line > l->last_end && !scan_is_broken(l, line, start)))
		return false;
	if (hit->phrase == last->phrase || hit->phrase == l->last_also ||
	    strcmp(pp_phrase_means(hit->phrase), pp_phrase_means(last->phrase)) != 0)
		return false;
	return (!hit->has_device ||
	        (last->has_device && pp_address_equal(hit->device, last->device))) &&
	       (!hit->has_group || (last->has_group && hit->group == last->group));
}

/* Two phrases in one place: the longer counts. false: this one is part of the last. */
static bool scan_is_more(struct pp_log *l, uint64_t start, uint64_t end)
{
	if (start >= l->last_start && end <= l->last_end)
		return false;
	if (start <= l->last_start && end >= l->last_end && l->last_end) {
		l->known--;
		if (l->last_hit < l->nr_hits)
			l->hits[l->last_hit].count--;
		else
			l->beyond--;
	}
	l->last_start = start;
	l->last_end = end;
	return true;
}

static void scan_note(struct pp_log *l, const struct pp_log_window *w, const struct pp_phrase *p,
                      const struct pp_log_place *at, size_t from, size_t upto)
{
	struct pp_log_hit hit = { .phrase = p };
	uint64_t window = l->buffer_at + from;
	uint64_t start = window + w->at[at->start], end = window + w->at[at->end - 1] + 1;
	bool is_new;

	if (!p->once) {
		hit.has_device = pp_log_find_device(w, at, &hit.device);
		hit.has_group = pp_log_find_group(w, at, &hit.group);
	}
	if (scan_is_same_message(l, &hit, window + w->at[at->line_start], start)) {
		l->last_end = end;
		l->last_also = p;
		return;
	}
	if (!scan_is_more(l, start, end))
		return;
	l->last_also = NULL;
	struct pp_log_hit *row = scan_row(l, &hit, &is_new);
	l->known++;
	l->last_hit = row ? (uint32_t)(row - l->hits) : PP_LOG_MAX_HITS;
	if (!row) {
		l->beyond++;
		return;
	}
	/* One whose only line turned out to be part of a longer phrase has no line yet. */
	if (is_new || !row->count) {
		row->line = scan_line(l, from + w->at[at->start], upto);
		pp_log_quote(w, at, row->quote);
	}
	row->count++;
}

/* A state that ends anchors was reached; upto: behind the last byte read. */
static void scan_look(struct pp_log *l, uint16_t state, size_t upto)
{
	const struct pp_log_automaton *a = &l->automaton;
	size_t from = upto > BEFORE ? upto - BEFORE : 0;
	size_t to = l->len - upto > BEHIND ? upto + BEHIND : l->len;
	struct pp_log_window w;
	bool made = false;

	for (uint16_t i = a->anchor_of[state - a->first_accepting]; i; i = a->anchors[i].next) {
		const struct pp_log_pattern *p = &a->patterns[a->anchors[i].pattern];
		struct pp_log_place at;
		if (!made)
			pp_log_window_make(&w, PP_SPAN(l->buffer + from, to - from), upto - from);
		made = true;
		if (pp_log_match(&w, p, &a->anchors[i], &at))
			scan_note(l, &w, p->phrase, &at, from, upto);
	}
}

static void scan_upto(struct pp_log *l, size_t end)
{
	const struct pp_log_automaton *a = &l->automaton;
	const uint16_t *next = a->next;
	const uint8_t *class = a->class, *p = l->buffer + l->scanned, *last = l->buffer + end;
	uint32_t state = l->state;

	while (p < last) {
		state = next[state << PP_LOG_CLASS_BITS | class[*p++]];
		if (state >= a->first_accepting)
			scan_look(l, (uint16_t)state, (size_t)(p - l->buffer));
	}
	l->state = (uint16_t)state;
	if (l->scanned < end)
		l->scanned = end;
}

/* The buffer is full: all but its end is scanned, and makes room. */
static void scan_make_room(struct pp_log *l)
{
	if (l->len > BEHIND)
		scan_upto(l, l->len - BEHIND);
	size_t gone = l->scanned > BEFORE ? l->scanned - BEFORE : 0;
	if (gone > l->counted) {
		l->lines += scan_breaks(l->buffer + l->counted, gone - l->counted);
		l->counted = gone;
	}
	memmove(l->buffer, l->buffer + gone, l->len - gone);
	l->buffer_at += gone;
	l->len -= gone;
	l->scanned -= gone;
	l->counted -= gone;
}

static void scan_add(struct pp_log *l, const uint8_t *bytes, size_t len)
{
	while (len) {
		if (l->len == BUFFER_SIZE)
			scan_make_room(l);
		size_t n = BUFFER_SIZE - l->len < len ? BUFFER_SIZE - l->len : len;
		memcpy(l->buffer + l->len, bytes, n);
		l->len += n;
		bytes += n;
		len -= n;
	}
}

/* Windows PowerShell writes UTF-16; of it only what is ASCII can be part of a phrase. */
static void scan_add_utf16(struct pp_log *l, const uint8_t *bytes, size_t len)
{
	uint8_t piece[4096];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (!l->has_odd) {
			l->odd = bytes[i];
			l->has_odd = true;
			continue;
		}
		bool little = l->encoding == PP_LOG_UTF16_LE;
		uint8_t low = little ? l->odd : bytes[i], high = little ? bytes[i] : l->odd;
		piece[n++] = high ? '?' : low;
		l->has_odd = false;
		if (n == sizeof(piece)) {
			scan_add(l, piece, n);
			n = 0;
		}
	}
	scan_add(l, piece, n);
}

/* The first two bytes say how the text is written. */
static void scan_begin(struct pp_log *l, const uint8_t **bytes, size_t *len)
{
	uint8_t first = l->has_odd ? l->odd : **bytes;

	if (!l->has_odd) {
		l->odd = first;
		l->has_odd = true;
		++*bytes;
		--*len;
	}
	if (!*len)
		return;
	uint8_t second = **bytes;
	l->has_odd = false;
	l->encoding = first == 0xff && second == 0xfe   ? PP_LOG_UTF16_LE
	              : first == 0xfe && second == 0xff ? PP_LOG_UTF16_BE
	                                                : PP_LOG_BYTES;
	if (l->encoding == PP_LOG_BYTES) {
		scan_add(l, &first, 1);
		return;
	}
	++*bytes;
	--*len;
}

void pp_log_feed(struct pp_log *l, const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;

	if (len && l->encoding == PP_LOG_UNKNOWN)
		scan_begin(l, &bytes, &len);
	if (l->encoding == PP_LOG_BYTES)
		scan_add(l, bytes, len);
	else if (l->encoding != PP_LOG_UNKNOWN)
		scan_add_utf16(l, bytes, len);
}

void pp_log_end(struct pp_log *l)
{
	if (l->encoding == PP_LOG_UNKNOWN && l->has_odd)
		scan_add(l, &l->odd, 1);
	scan_upto(l, l->len);
	if (l->len > l->counted)
		l->lines += scan_breaks(l->buffer + l->counted, l->len - l->counted);
	l->counted = l->len;
}
