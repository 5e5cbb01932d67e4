/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The driver that HP's conrep needs: where it is, and where its system looks for it. */
#ifndef PP_STORE_HP_DRIVER_H
#define PP_STORE_HP_DRIVER_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

struct pp_hp_driver {
	bool is_there;       /* where the system looks for it, or it needs none */
	char from[PATH_MAX]; /* in conrep's package; "": not in it */
	char to[PATH_MAX];   /* where it belongs, as a path of the machine (sys/machine.h) */
};

/* Of the conrep that a store names, "hp:PROGRAM"; NULL or "hp": the one that is found. -ENOENT:
 * there is none. */
int pp_hp_driver_find(const char *store, struct pp_hp_driver *ret, struct pp_error *e);
/* Its bytes, in a. -EACCES: others than administrators can replace the file. */
int pp_hp_driver_read(const struct pp_hp_driver *d, size_t max, struct pp_arena *a,
                      struct pp_span *ret, struct pp_error *e);

#endif
