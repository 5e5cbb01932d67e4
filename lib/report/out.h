/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text output: buffer, colour, wrapping, names. */
#ifndef PP_REPORT_OUT_H
#define PP_REPORT_OUT_H

/* Of this module, and of those above that have a report of their own: a report on its way out. */

#include <jansson.h>
#include <pcipass/report.h>

#include "base/buffer.h"
#include "judge/judge.h"
#include "judge/origin.h"

struct pp_out {
	const struct pp_style *style;
	struct pp_sink sink;
	struct pp_buffer buffer; /* not handed to the sink yet */
	unsigned int width;
	struct pp_evidence_log evidence_log;
	bool failed;
};

void pp_out_init(struct pp_out *o, const struct pp_style *style, struct pp_sink sink);
/* Hands the rest over and frees. 0 or -EIO, -ENOMEM. */
int pp_out_fini(struct pp_out *o, struct pp_error *e);

/* Hands over what has come together, once that is worth a call. */
void pp_out_hand_over(struct pp_out *o);
void pp_out(struct pp_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Words wrapped to the width; the first line begins with first, which may have
 * colors, the others with rest. */
void pp_out_wrapped(struct pp_out *o, const char *first, const char *rest, const char *text);
/* Starts or ends a colour; nothing where there is none. */
enum pp_color { PP_COLOR_NONE, PP_RED, PP_YELLOW, PP_GREEN, PP_BOLD, PP_DIM };
const char *pp_out_color(const struct pp_out *o, enum pp_color c);
enum pp_color pp_verdict_color(enum pp_verdict v);

/* One JSON value; steals it. NULL counts as out of memory. */
void pp_out_json(struct pp_out *o, json_t *value);

/* "Intel Corporation 82599ES …", or "8086:10fb" where no name is known. */
void pp_out_name(const struct pp_out *o, const struct pp_device *d, char *buf, size_t size);
/* The same for a narrow column: without "Corporation" and the like. */
void pp_out_short_name(const struct pp_out *o, const struct pp_device *d, char *buf, size_t size);

/* Takes that out of a name. */
void pp_out_shorten_name(char *buf);

/* How many columns a text takes. */
unsigned int pp_out_columns(const char *text);
/* How many of its bytes fit into that many, without blanks at the end. */
size_t pp_out_fitting(const char *text, unsigned int columns);
/* Cuts a text to that many where lines are to fit a terminal; elsewhere nothing is cut. */
void pp_out_fit(const struct pp_out *o, char *text, size_t size, int columns);
/* Stands where something was cut. */
#define PP_OUT_MORE "…"

/* Values that are null where a fact is missing. */
json_t *pp_json_tri(enum pp_tri t);
json_t *pp_json_hex(uint64_t v);
json_t *pp_json_address(struct pp_address a);
/* "not permitted", "not in the capture" …: why a fact is missing. */
const char *pp_unread_reason(int error);

#endif
