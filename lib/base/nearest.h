/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that somebody meant who typed another one. */
#ifndef PP_BASE_NEAREST_H
#define PP_BASE_NEAREST_H

#include <pcipass/nearest.h>

/* Longer names are not compared, so that the work is bounded. */
#define PP_NEAREST_MAX_NAME 64

/* The best name so far. found is one of the names that were offered, borrowed; NULL: none is near.
 */
struct pp_nearest {
	const char *wanted;
	const char *found;
	unsigned int distance; /* of found; before that one more than is near */
};

/* wanted is borrowed. */
void pp_nearest_init(struct pp_nearest *n, const char *wanted);
void pp_nearest_offer(struct pp_nearest *n, const char *name);

#endif
