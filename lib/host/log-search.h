/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of the kernel log that are worth a closer look. */
#ifndef PP_HOST_LOG_SEARCH_H
#define PP_HOST_LOG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define PP_LOG_SEARCH_TEXTS 32

/* Pairs of bytes are told apart by so many bits of a hash. */
#define PP_LOG_SEARCH_PAIRS 4096

/*
 * Most lines hold nothing that is looked for, and looking for many texts in each of them costs more
 * than all else that a survey does. So the whole log is searched for all texts at once, and what
 * cannot match is skipped: by Wu and Manber's method, from the last pair of bytes of a window that
 * is as long as the shortest text.
 */
struct pp_log_search {
	struct pp_span rest;
	const char *const *texts; /* the first; the next is stride bytes behind it */
	size_t stride, nr;
	size_t window;                     /* bytes */
	uint8_t skip[PP_LOG_SEARCH_PAIRS]; /* how far a window that ends with the pair is moved */
};

/* The log and the texts are borrowed. Each text has two bytes or more. */
void pp_log_search_init(struct pp_log_search *s, struct pp_span log, const char *const *texts,
                        size_t stride, size_t nr);
/* The next line that holds one of the texts; each line once, in order. false: no more. */
bool pp_log_search_next(struct pp_log_search *s, struct pp_span *ret);

#endif
