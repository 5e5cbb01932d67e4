/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/store: where HP's packages put conrep and the driver that it needs, by system. */
#ifndef PP_STORE_HP_PLACES_H
#define PP_STORE_HP_PLACES_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"

/* What is said to who lacks the rights. */
extern const char pp_hp_rights[];
/* How to install it; and, where it says that it lacks its driver, where that comes from. */
extern const char pp_hp_package[], pp_hp_no_driver[];
/* Its names, NULL at the end. */
extern const char *const pp_hp_names[];
/* Of the driver that conrep needs; "": none. */
extern const char pp_hp_driver_name[];
/* Where that belongs, as a path of the machine; false: does not fit. */
bool pp_hp_driver_place(char ret[PATH_MAX]);
/* Directories, NULL at the end; they live in a. NULL: no memory. */
const char *const *pp_hp_places(struct pp_arena *a);

#endif
