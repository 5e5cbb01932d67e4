/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small whole files and directories, by their paths on this machine. Every error names the path. */
#ifndef PP_SYS_FILE_H
#define PP_SYS_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* The errno alone where there is no sentence to be made of it. */
int pp_file_failed(const char *path, int code, struct pp_error *e);

/* A regular file of at most max bytes; the bytes live in a. -EFBIG. */
int pp_file_read(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                 struct pp_error *e);

/*
 * The same of a file that is believed: no link, and as with pp_directory_private() nobody else's.
 * -EPERM where it is not so. -ENOENT has no text.
 */
int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e);

/* At most size bytes from fd on, a zero behind them; fewer where the file ends before. path: its
 * name. */
int pp_fd_read(int fd, const char *path, size_t size, struct pp_arena *a, struct pp_span *ret,
               struct pp_error *e);

/* All of it to fd; -errno without a text. */
int pp_fd_write(int fd, struct pp_span bytes);

/*
 * Puts a whole file in place at once and synced. Its mode is mode less the umask; if like is not
 * NULL, its permissions, and owner where that is allowed, are like's instead.
 */
int pp_file_put(const char *path, struct pp_span bytes, mode_t mode, const struct stat *like,
                bool overwrite, struct pp_error *e);

/* Unlinks, then syncs the directory. -ENOENT has no text. */
int pp_file_remove(const char *path, struct pp_error *e);

/* Syncs the directory that holds path; 0 where the file system cannot. -errno without a text. */
int pp_directory_sync(const char *path);

/*
 * A directory whose files are believed: it belongs to root or to the caller, nobody else may write
 * to it, and the last component is not a link. -EPERM where it is not so, with what was found.
 * make: the last component is made, with mode 0700, where it is missing. -ENOENT without make has
 * no text.
 */
int pp_directory_private(const char *path, bool make, struct pp_error *e);

#endif
