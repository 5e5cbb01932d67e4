/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the kernel log that are worth a closer look. */
#ifndef PP_HOST_LOG_SEARCH_H
#define PP_HOST_LOG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define PP_LOG_SEARCH_TEXTS 32

/*
 * Most lines hold nothing that is looked for, and looking for many texts in each of them costs more
 * than all else that a survey does. So each text is searched for in the whole log, which skips what
 * cannot match.
 */
struct pp_log_search {
	struct pp_span rest;
	const char *const *texts; /* the first; the next is stride bytes behind it */
	size_t stride, nr;
	const uint8_t *next[PP_LOG_SEARCH_TEXTS]; /* of each text in rest; NULL: no more */
};

/* The log and the texts are borrowed. */
void pp_log_search_init(struct pp_log_search *s, struct pp_span log, const char *const *texts,
                        size_t stride, size_t nr);
/* The next line that holds one of the texts; each line once, in order. false: no more. */
bool pp_log_search_next(struct pp_log_search *s, struct pp_span *ret);

#endif
