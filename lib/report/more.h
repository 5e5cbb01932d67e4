/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What decides and is in none of the texts that a host is made of, and what to type for it there.
 */
#ifndef PP_REPORT_MORE_H
#define PP_REPORT_MORE_H

#include "report/out.h"

/* One command, typed on that host, and what is typed here afterwards. */
struct pp_more {
	unsigned int wants; /* of what: a bit for each row of the table; 0: nothing would help */
	bool has_groups;    /* the groups are known, if not all of the devices */
	char there[400], here[1400];
};

/*
 * For these rows of the survey; NULL: for all. false: the host is not one of texts, or nothing of
 * the rows is unknown.
 */
bool pp_more_find(const struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                  uint32_t nr_only, struct pp_more *ret);
/* The name of the nth thing that is missing; NULL: there are no more. */
const char *pp_more_missing(const struct pp_more *m, unsigned int n);
/* "To know more, on that host: …". false: there is nothing to say. */
bool pp_more_print(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                   uint32_t nr_only);

#endif
