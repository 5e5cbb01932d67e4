/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The phrases as one automaton, which finds a part of each that no wrapping or quoting changes. */
#include <string.h>

#include "log/log.h"

#define MAX_STATES   16000
#define MAX_ANCHORS  2000
#define NR_CLASSES   (1u << PP_LOG_CLASS_BITS)
#define CLASS_OTHER  0
#define CLASS_BLANK  1
#define CLASS_QUOTE  2 /* '>', which mail puts at the start of a line */
#define ANCHOR_BYTES 14
#define ANCHOR_LEAST 4
/* A piece so long gets two anchors: a line break inside a word hides one of them. */
#define TWO_ANCHORS 32
#define ARENA_MAX   ((size_t)64 * 1024 * 1024)

struct anchor_trie {
	struct pp_log_automaton *a;
	uint16_t *fail, *link; /* link: the nearest state on the way of fail that ends an anchor */
	uint16_t *anchor;      /* by state: the first that ends there */
	uint8_t *last;         /* by state: the class of its last byte */
	uint32_t nr_states;
	uint32_t nr_classes;
};

static uint8_t anchor_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Lower case, one blank for many. */
static struct pp_span anchor_squeeze(struct pp_arena *arena, const char *text, size_t len)
{
	uint8_t *s = pp_arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; s && i < len; i++)
		if (text[i] != ' ' || !n || s[n - 1] != ' ')
			s[n++] = anchor_lower((uint8_t)text[i]);
	return PP_SPAN(s, n);
}

/* People quote the first sentence alone; so much of it is enough to tell what it is. */
#define SENTENCE_LEAST 30

/* Where the first of several sentences ends, else the text. */
static size_t anchor_first_sentence(const char *text)
{
	for (const char *at = text; (at = strstr(at, ". ")); at++) {
		const char *next = at + 1 + strspn(at + 1, " ");
		if (*next >= 'A' && *next <= 'Z' && at - text >= SENTENCE_LEAST)
			return (size_t)(at - text);
	}
	return strlen(text);
}

static bool anchor_cut(struct pp_arena *arena, const struct pp_phrase *p,
                       struct pp_log_pattern *ret)
{
	const char *s = p->text, *end = s + anchor_first_sentence(s);

	*ret = (struct pp_log_pattern){ .phrase = p };
	while (s < end && ret->nr_pieces < PP_LOG_MAX_PIECES) {
		const char *hole = memchr(s, '{', (size_t)(end - s));
		size_t len = (size_t)((hole ? hole : end) - s);
		struct pp_span piece = anchor_squeeze(arena, s, len);
		if (!piece.data)
			return false;
		if (piece.len)
			ret->pieces[ret->nr_pieces++] = piece;
		s += len;
		if (hole && ret->nr_pieces < PP_LOG_MAX_PIECES)
			ret->word_before[ret->nr_pieces] = s[1] == 'w';
		s += hole ? strcspn(s, "}") + 1 : 0;
	}
	return true;
}

/* Bytes that reach the automaton as they are, however the text was quoted. */
static bool anchor_takes(uint8_t c)
{
	return c > 0x20 ? c < 0x7f && !strchr("\"'<>&", c) : c == ' ';
}

/* The longest run of them in a piece, without blanks at its ends. */
static struct pp_span anchor_run(struct pp_span piece)
{
	struct pp_span best = PP_SPAN(piece.data, 0);

	for (size_t i = 0; i < piece.len; i++) {
		size_t n = 0;
		while (i + n < piece.len && anchor_takes(piece.data[i + n]))
			n++;
		struct pp_span run = PP_SPAN(piece.data + i, n);
		i += n;
		while (run.len && run.data[0] == ' ')
			run = PP_SPAN(run.data + 1, run.len - 1);
		while (run.len && run.data[run.len - 1] == ' ')
			run.len--;
		if (run.len > best.len)
			best = run;
	}
	return best;
}

static uint16_t *anchor_cell(struct anchor_trie *t, uint32_t state, uint8_t class)
{
	return &t->a->next[state << PP_LOG_CLASS_BITS | class];
}

static bool anchor_class(struct anchor_trie *t, uint8_t c)
{
	if (t->a->class[c] != CLASS_OTHER)
		return true;
	if (t->nr_classes == NR_CLASSES)
		return false;
	t->a->class[c] = (uint8_t)t->nr_classes++;
	if (c >= 'a' && c <= 'z')
		t->a->class[c - 'a' + 'A'] = t->a->class[c];
	return true;
}

/* false: more than the tables hold, which a test of the phrases would have shown. */
static bool anchor_insert(struct anchor_trie *t, struct pp_span s, uint32_t pattern, uint32_t piece)
{
	struct pp_log_automaton *a = t->a;
	uint32_t state = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!anchor_class(t, s.data[i]) || t->nr_states == MAX_STATES)
			return false;
		uint16_t *cell = anchor_cell(t, state, a->class[s.data[i]]);
		if (!*cell) {
			t->last[t->nr_states] = a->class[s.data[i]];
			*cell = (uint16_t)t->nr_states++;
		}
		state = *cell;
	}
	if (a->nr_anchors == MAX_ANCHORS)
		return false;
	struct pp_span whole = a->patterns[pattern].pieces[piece];
	a->anchors[a->nr_anchors] = (struct pp_log_anchor){
		.pattern = (uint16_t)pattern,
		.piece = (uint16_t)piece,
		.end = (uint16_t)(s.data + s.len - whole.data),
		.next = t->anchor[state],
	};
	t->anchor[state] = (uint16_t)a->nr_anchors++;
	return true;
}

static struct pp_span anchor_part(struct pp_span run, bool from_start)
{
	size_t n = run.len < ANCHOR_BYTES ? run.len : ANCHOR_BYTES;
	struct pp_span s = PP_SPAN(from_start ? run.data : run.data + run.len - n, n);

	while (s.len && s.data[0] == ' ')
		s = PP_SPAN(s.data + 1, s.len - 1);
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

static bool anchor_add_pattern(struct anchor_trie *t, uint32_t pattern)
{
	const struct pp_log_pattern *p = &t->a->patterns[pattern];
	struct pp_span best = PP_SPAN(NULL, 0);
	uint32_t piece = 0;

	for (uint32_t i = 0; i < p->nr_pieces; i++) {
		struct pp_span run = anchor_run(p->pieces[i]);
		if (run.len > best.len) {
			best = run;
			piece = i;
		}
	}
	if (best.len < ANCHOR_LEAST)
		return false;
	return anchor_insert(t, anchor_part(best, false), pattern, piece) &&
	       (best.len < TWO_ANCHORS ||
	        anchor_insert(t, anchor_part(best, true), pattern, piece));
}

/* Breadth first; a state whose last byte is a blank stays where more blanks or quotes come. */
static bool anchor_complete(struct anchor_trie *t)
{
	uint16_t *queue = PP_ARENA_ARRAY(&t->a->arena, t->nr_states, uint16_t);
	uint32_t head = 0, tail = 0;

	if (!queue)
		return false;
	for (uint32_t c = 0; c < t->nr_classes; c++)
		if (*anchor_cell(t, 0, c))
			queue[tail++] = *anchor_cell(t, 0, c);
	while (head < tail) {
		uint16_t s = queue[head++];
		uint16_t f = t->fail[s];
		t->link[s] = t->anchor[f] ? f : t->link[f];
		for (uint32_t c = 0; c < t->nr_classes; c++) {
			uint16_t *cell = anchor_cell(t, s, c);
			uint16_t other = *anchor_cell(t, f, c);
			if (*cell) {
				t->fail[*cell] = other;
				queue[tail++] = *cell;
			} else {
				*cell = other;
			}
		}
		if (t->last[s] == CLASS_BLANK) {
			*anchor_cell(t, s, CLASS_BLANK) = s;
			*anchor_cell(t, s, CLASS_QUOTE) = s;
		}
	}
	return true;
}

/* What ends in a state is its own anchors, then those of shorter states that end there too. */
static void anchor_join(struct anchor_trie *t)
{
	for (uint32_t s = 0; s < t->nr_states; s++) {
		uint16_t *end = &t->anchor[s];
		if (!*end || !t->link[s])
			continue;
		while (*end)
			end = &t->a->anchors[*end].next;
		*end = t->anchor[t->link[s]];
	}
	for (uint32_t s = 0; s < t->nr_states; s++)
		if (!t->anchor[s] && t->link[s])
			t->anchor[s] = t->anchor[t->link[s]];
}

/* States that end an anchor get the highest numbers, so that one comparison finds them. */
static bool anchor_renumber(struct anchor_trie *t)
{
	struct pp_log_automaton *a = t->a;
	uint16_t *number = PP_ARENA_ARRAY(&a->arena, t->nr_states, uint16_t);
	uint16_t *next =
		PP_ARENA_ARRAY(&a->arena, (size_t)t->nr_states << PP_LOG_CLASS_BITS, uint16_t);
	uint32_t plain = 0, ending = 0;

	for (uint32_t s = 0; s < t->nr_states; s++)
		ending += t->anchor[s] || t->link[s];
	a->anchor_of = PP_ARENA_ARRAY(&a->arena, ending + 1, uint16_t);
	if (!number || !next || !a->anchor_of)
		return false;
	a->first_accepting = (uint16_t)(t->nr_states - ending);
	ending = a->first_accepting;
	for (uint32_t s = 0; s < t->nr_states; s++) {
		bool ends = t->anchor[s] || t->link[s];
		number[s] = (uint16_t)(ends ? ending++ : plain++);
		if (ends)
			a->anchor_of[number[s] - a->first_accepting] = t->anchor[s];
	}
	for (uint32_t s = 0; s < t->nr_states; s++)
		for (uint32_t c = 0; c < NR_CLASSES; c++)
			next[(uint32_t)number[s] << PP_LOG_CLASS_BITS | c] =
				number[a->next[s << PP_LOG_CLASS_BITS | c]];
	a->next = next;
	return true;
}

static bool anchor_build(struct anchor_trie *t)
{
	struct pp_log_automaton *a = t->a;

	for (uint32_t i = 0; i < a->nr_patterns; i++)
		if (!anchor_add_pattern(t, i))
			return false;
	if (!anchor_complete(t))
		return false;
	anchor_join(t);
	return anchor_renumber(t);
}

int pp_log_automaton_init(struct pp_log_automaton *a, struct pp_error *e)
{
	struct anchor_trie t = { .a = a, .nr_states = 1, .nr_classes = 3 };
	bool ok = true;

	pp_arena_init(&a->arena, ARENA_MAX);
	memset(a->class, CLASS_OTHER, sizeof(a->class));
	a->class[' '] = a->class['\n'] = a->class['\r'] = a->class['\t'] = CLASS_BLANK;
	/* A blank that does not break, in UTF-8. */
	a->class[0xc2] = a->class[0xa0] = CLASS_BLANK;
	a->class['>'] = CLASS_QUOTE;
	while (pp_phrase_at(a->nr_patterns))
		a->nr_patterns++;
	a->patterns = PP_ARENA_ARRAY(&a->arena, a->nr_patterns, struct pp_log_pattern);
	a->anchors = PP_ARENA_ARRAY(&a->arena, MAX_ANCHORS, struct pp_log_anchor);
	a->next = PP_ARENA_ARRAY(&a->arena, MAX_STATES << PP_LOG_CLASS_BITS, uint16_t);
	t.fail = PP_ARENA_ARRAY(&a->arena, MAX_STATES, uint16_t);
	t.link = PP_ARENA_ARRAY(&a->arena, MAX_STATES, uint16_t);
	t.anchor = PP_ARENA_ARRAY(&a->arena, MAX_STATES, uint16_t);
	t.last = PP_ARENA_ARRAY(&a->arena, MAX_STATES, uint8_t);
	a->nr_anchors = 1;
	ok = a->patterns && a->anchors && a->next && t.fail && t.link && t.anchor && t.last;
	for (uint32_t i = 0; ok && i < a->nr_patterns; i++)
		ok = anchor_cut(&a->arena, pp_phrase_at(i), &a->patterns[i]);
	if (ok && anchor_build(&t))
		return 0;
	pp_log_automaton_fini(a);
	return pp_fail_oom(e, "log");
}

void pp_log_automaton_fini(struct pp_log_automaton *a)
{
	pp_arena_fini(&a->arena);
}
