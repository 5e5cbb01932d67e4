/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small whole files, by their paths on this machine. Every error names the path. */
#ifndef PP_SYS_FILE_H
#define PP_SYS_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* The errno alone where there is no sentence to be made of it. */
int pp_file_failed(const char *path, int code, struct pp_error *e);

/* A regular file of at most max bytes; the bytes live in a. -EFBIG. */
int pp_file_read(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                 struct pp_error *e);

/* The whole of a regular file, or what a pipe gives until its end; nothing else is opened. -E2BIG.
 */
int pp_file_read_input(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                       struct pp_error *e);

/* All of it to fd; -errno without a text. */
int pp_fd_write(int fd, struct pp_span bytes);

/* Puts a whole file in place at once and synced. Its mode is mode less the umask. */
int pp_file_put(const char *path, struct pp_span bytes, mode_t mode, bool overwrite,
                struct pp_error *e);
/*
 * The same over a file that is there, whose permissions stay, and whose owner where that is
 * allowed; mode is for one that is not there.
 */
int pp_file_replace(const char *path, struct pp_span bytes, mode_t mode, struct pp_error *e);

/* Unlinks, then syncs the directory. -ENOENT has no text. */
int pp_file_remove(const char *path, struct pp_error *e);

/* Syncs the directory that holds path; 0 where the file system cannot. -errno without a text. */
int pp_directory_sync(const char *path);

#endif
