/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of a host that is made of texts: which line of which text shows a piece of evidence. */
#ifndef PP_JUDGE_ORIGIN_H
#define PP_JUDGE_ORIGIN_H

#include "host/origin.h"

#define PP_EVIDENCE_ANSWERS 16u

/* What was looked for in the log, so that a thousand devices with one reason cost one search. */
struct pp_evidence_log {
	struct {
		const char *words;
		struct pp_origin answer;
	} answers[PP_EVIDENCE_ANSWERS];
	unsigned int nr;
	uint64_t searched; /* bytes */
};

/*
 * l: what was found so far, all zeros before the first. d: the device that the finding is about;
 * NULL: the host. .text NULL: no text that is known.
 */
struct pp_origin pp_evidence_origin(struct pp_evidence_log *l, const struct pp_host *h,
                                    const struct pp_device *d, const char *evidence);

#endif
