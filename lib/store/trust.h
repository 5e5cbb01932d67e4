/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_TRUST_H
#define PP_STORE_TRUST_H

#include <limits.h>
#include <sys/stat.h>

#include "base/error.h"

/*
 * Whether nobody but root and the caller can put another file in the place of path: the file and
 * every directory above it belong to root or the caller; the file can be written by its owner alone
 * (or root's group); no directory can be written by everybody, unless it is sticky, as /tmp is.
 * ret: the path with all links followed; *st: what is there. Both are set on -EACCES too.
 */
int pp_trust_check(const char *path, char ret[PATH_MAX], struct stat *st, struct pp_error *e);

#endif
