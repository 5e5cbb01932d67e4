/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replaces a file at once. */
#ifndef PP_SYS_ATOMIC_H
#define PP_SYS_ATOMIC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * A file that is there wholly or not at all, whenever the machine stops: written under a temporary
 * name beside it, synced, renamed, the directory synced. End with commit or abort.
 */
struct pp_atomic {
	int fd;  /* to write to */
	int dir; /* the directory of both names */
	bool overwrite;
	const char *path; /* borrowed, for messages */
	const char *name; /* the last component, in path */
	char temporary[48];
};

/* -EEXIST: path exists and overwrite is false. -EISDIR, -EBADMSG: it exists and is no regular file.
 */
int pp_atomic_open(const char *path, mode_t mode, bool overwrite, struct pp_atomic *ret,
                   struct pp_error *e);
/* Closes in any case; on failure nothing is left behind. */
int pp_atomic_commit(struct pp_atomic *f, struct pp_error *e);
void pp_atomic_abort(struct pp_atomic *f);

/*
 * Removes the temporary files that writers of this path left when they were killed. Whoever writes
 * the path again does so by itself, as far as the file system has locks to tell by. What cannot be
 * removed stays; it does no harm.
 */
void pp_atomic_clean_up(const char *path);

#endif
