/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the module, and for reports: a text that is searched for the phrases of other programs. */
#ifndef PP_LOG_LOG_H
#define PP_LOG_LOG_H

#include <pcipass/log.h>

#include "base/arena.h"
#include "judge/phrase.h"
#include "pci/address.h"

#define PP_LOG_QUOTE_BYTES 256

/* A phrase with the device and group that it is about: one row of the report. */
struct pp_log_hit {
	const struct pp_phrase *phrase;
	bool has_device, has_group;
	struct pp_address device;
	uint32_t group;
	uint64_t line;  /* the first, counted from 1 */
	uint64_t count; /* how often */
	char quote[PP_LOG_QUOTE_BYTES];
};

/* Of more than this many, only the number is kept. */
#define PP_LOG_MAX_HITS 512

/* The automaton: every anchor of every phrase in one pass over the bytes (anchor.c). */
#define PP_LOG_CLASS_BITS 6
struct pp_log_anchor {
	uint16_t pattern, piece; /* the phrase, and which of its pieces */
	uint16_t end;            /* bytes of the piece up to the anchor's end */
	uint16_t next;           /* another anchor that ends in the same state; 0: none */
};

/* A phrase's text, cut where "{}" or "{w}" stands, in lower case, with one blank for any run of
 * them. */
#define PP_LOG_MAX_PIECES 5
struct pp_log_pattern {
	const struct pp_phrase *phrase;
	struct pp_span pieces[PP_LOG_MAX_PIECES];
	bool word_before[PP_LOG_MAX_PIECES]; /* "{w}" stands before the piece: no blank in it */
	uint32_t nr_pieces;
};

struct pp_log_automaton {
	struct pp_arena arena;
	struct pp_log_pattern *patterns;
	uint32_t nr_patterns;
	uint8_t class[256];
	uint16_t *next;                /* state << PP_LOG_CLASS_BITS | class */
	uint16_t first_accepting;      /* states from here on end an anchor */
	uint16_t *anchor_of;           /* by state - first_accepting: index into anchors */
	struct pp_log_anchor *anchors; /* the first is none */
	uint32_t nr_anchors;
};

int pp_log_automaton_init(struct pp_log_automaton *a, struct pp_error *e);
void pp_log_automaton_fini(struct pp_log_automaton *a);

/* A piece of the text around an anchor, without what mail, web pages and terminals add (match.c).
 */
#define PP_LOG_WINDOW 1200
struct pp_log_window {
	uint8_t text[PP_LOG_WINDOW]; /* blanks are one each; '\n' where a line ends */
	uint16_t at[PP_LOG_WINDOW];  /* where that byte stood, from the window's start */
	uint32_t len;
	uint32_t mark; /* the first byte behind the anchor */
};

/* Where a phrase stands in a window. */
struct pp_log_place {
	uint32_t start, end;           /* the phrase */
	uint32_t line_start, line_end; /* the lines that it is in */
};

/* Of bytes, of which the anchor's last is before mark. */
void pp_log_window_make(struct pp_log_window *w, struct pp_span bytes, size_t mark);
bool pp_log_match(const struct pp_log_window *w, const struct pp_log_pattern *p,
                  const struct pp_log_anchor *anchor, struct pp_log_place *ret);
/* The device that the line is about: before the phrase the last named, else behind it the first. */
bool pp_log_find_device(const struct pp_log_window *w, const struct pp_log_place *at,
                        struct pp_address *ret);
bool pp_log_find_group(const struct pp_log_window *w, const struct pp_log_place *at, uint32_t *ret);
/* The line, cleaned; cut at its start where it is too long. */
void pp_log_quote(const struct pp_log_window *w, const struct pp_log_place *at,
                  char ret[PP_LOG_QUOTE_BYTES]);

/* Ready for another text, with the same automaton. */
void pp_log_restart(struct pp_log *l);

struct pp_log {
	struct pp_log_automaton automaton;
	uint8_t *buffer; /* what was fed, with some before it; see scan.c */
	size_t len, scanned;
	uint64_t buffer_at; /* how many bytes of the text were before the buffer */
	uint16_t state;
	uint64_t lines; /* line breaks before counted */
	size_t counted;
	enum { PP_LOG_UNKNOWN, PP_LOG_BYTES, PP_LOG_UTF16_LE, PP_LOG_UTF16_BE } encoding;
	uint8_t odd; /* UTF-16: the half of a unit that has come */
	bool has_odd;
	struct pp_log_hit *hits;
	uint32_t nr_hits;
	uint16_t index[4 * PP_LOG_MAX_HITS]; /* of hits, by hash, plus one; 0: free */
	uint64_t known, beyond; /* lines that were recognised; those without a hit of their own */
	uint64_t last_start, last_end; /* of the last phrase, in bytes of the text */
	uint32_t last_hit;
	const struct pp_phrase *last_also; /* another part of the same message */
};

#endif
