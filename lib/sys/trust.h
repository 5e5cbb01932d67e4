/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a file or directory is root's or the caller's own: asked before what is in it is believed
 * or run. */
#ifndef PP_SYS_TRUST_H
#define PP_SYS_TRUST_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* 0: this user may change the host; -EPERM: not, and who may. */
int pp_trust_rights(struct pp_error *e);

/*
 * Whether nobody but root and the caller can put another file in the place of path: the file and
 * every directory above it belong to root or the caller; the file can be written by its owner alone
 * (or root's group); no directory can be written by everybody, unless it is sticky, as /tmp is.
 * ret: the path with all links followed, set on -EACCES too.
 */
int pp_trust_check(const char *path, char ret[PATH_MAX], struct pp_error *e);

/*
 * pp_file_read() of a file that is believed: not a link, and as with pp_directory_private() nobody
 * else's. -EPERM where it is not so. -ENOENT has no text.
 */
int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e);

/*
 * A directory whose files are believed: it belongs to root or to the caller, nobody else may write
 * to it, and the last component is not a link. -EPERM where it is not so, with what was found.
 * make: the last component is made, with mode 0700, where it is missing. -ENOENT without make has
 * no text.
 */
int pp_directory_private(const char *path, bool make, struct pp_error *e);

#endif
