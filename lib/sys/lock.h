/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A lock file: one process at a time, and the programs that it starts. */
#ifndef PP_SYS_LOCK_H
#define PP_SYS_LOCK_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * An open file description lock on the whole file: it is gone with its last holder, and a program
 * that was started with it (struct pp_process) is one. The file has a line for people and for the
 * next who wants it: our process number, and the number and name of the program that runs for us.
 */
struct pp_lock {
	int fd;      /* -1: not held */
	bool remove; /* the file is removed at the end */
	char path[PATH_MAX];
};

#define PP_LOCK_NONE ((struct pp_lock){ .fd = -1 })

enum pp_lock_how {
	PP_LOCK_KEEP,     /* the file is made where there is none, and stays at the end */
	PP_LOCK_REMOVE,   /* made, and removed at the end */
	PP_LOCK_IF_THERE, /* nothing is made or written; without a file that we may use: not held */
};

/*
 * Nobody else has it from here on to pp_lock_release(). what begins the sentence of a refusal,
 * which goes on with "process 123": "efivars: in use by". -EBUSY: somebody holds it, and who.
 * -EEXIST: the path is something else than a lock file. -ELOOP: a symbolic link.
 */
int pp_lock_take(const char *path, const char *what, enum pp_lock_how how, struct pp_lock *ret,
                 struct pp_error *e);
void pp_lock_release(struct pp_lock *l);

/* -EBUSY, with the same sentence, if somebody holds it; it is not taken. */
int pp_lock_check(const char *path, const char *what, struct pp_error *e);

/*
 * Notes the program that runs for us; 0: none. What cannot be written is left out: only the lock
 * itself counts.
 */
void pp_lock_note(const struct pp_lock *l, int program, const char *name);

#endif
