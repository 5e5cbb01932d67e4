/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CHANGE_PLACE_H
#define PP_CHANGE_PLACE_H

#include <sys/types.h>

#include "change/context.h"

/*
 * Files below the root. Paths as in source.h, without the leading slash; messages have it. With a
 * root of its own no folder on the way may be a link: it could lead out.
 */

/* A file's whole content, or that there is none. */
struct pp_content {
	bool exists;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	struct pp_span bytes;
};

#define PP_PLACE_MAX_BYTES (16u << 20)

/* Absent is no error. -EBADMSG: a link or no regular file. The bytes live in the arena. */
int pp_place_read(struct pp_apply *a, const char *path, struct pp_content *ret, struct pp_error *e);
/* Same content, mode and owner. */
bool pp_content_same(const struct pp_content *a, const struct pp_content *b);

/* Makes it so, whole or not at all, synced; or removes it. */
int pp_place_put(struct pp_apply *a, const char *path, const struct pp_content *c,
                 struct pp_error *e);

/* Removes what a process that was killed left beside path; with the lock held only. */
void pp_place_sweep(struct pp_apply *a, const char *path);

bool pp_place_has(const struct pp_apply *a, const char *path);
bool pp_place_has_folder(const struct pp_apply *a, const char *path);
int pp_place_mkdir(struct pp_apply *a, const char *path, struct pp_error *e);
/* What is not empty stays, without an error. */
int pp_place_rmdir(struct pp_apply *a, const char *path, struct pp_error *e);

/* The first line of a small file that the kernel makes, without its newline. -errno. */
int pp_place_text(const struct pp_apply *a, const char *path, char *buf, size_t size);
/* The last component of a link. -errno. */
int pp_place_link(const struct pp_apply *a, const char *path, char *buf, size_t size);
/* One write of the whole text, to a file that the kernel makes. -errno. */
int pp_place_tell(const struct pp_apply *a, const char *path, const char *text);

/* Names in a folder, sorted; NULL at the end. Absent is empty; NULL: no memory. */
const char *const *pp_place_list(struct pp_apply *a, const char *path);

/*
 * Whether so many bytes and files more can be put beside path. -EROFS, -ENOSPC with numbers,
 * -EACCES.
 */
int pp_place_room(const struct pp_apply *a, const char *path, uint64_t bytes, uint64_t files,
                  struct pp_error *e);

/* The path as the machine has it; NULL: too long, or no memory. */
char *pp_place_path(struct pp_arena *arena, const struct pp_apply *a, const char *path);

#endif
