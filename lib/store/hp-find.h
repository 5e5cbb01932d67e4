/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds HP's conrep where its packages put it, and refuses what others can write. */
#ifndef PP_STORE_HP_FIND_H
#define PP_STORE_HP_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * The first file in directories (NULL at the end) that is called conrep or hp-conrep, can be run
 * and is not our own pcipass-conrep, whatever name that was given. directories NULL: where HP's
 * packages and administrators put it. Neither the caller's PATH nor the current
 * directory is searched; under Windows, the PATH that administrators set for everybody is.
 */
bool pp_hp_find(const char *const *directories, char ret[PATH_MAX]);

/*
 * Whether the program may be run: an absolute path to a regular executable file that is not our own
 * and in whose place nobody but root or the caller can put another. -EINVAL, -EACCES or the error
 * of finding it.
 */
int pp_hp_check(const char *path, struct pp_error *e);

#endif
