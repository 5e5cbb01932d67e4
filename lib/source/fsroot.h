/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two sources that are files: this host, and a directory. */
#ifndef PP_SOURCE_FSROOT_H
#define PP_SOURCE_FSROOT_H

#include "source/source.h"
#include "sys/place.h"

int pp_live_new(struct pp_source **ret, struct pp_error *e);

/*
 * Windows: this host, with the files below a directory in place of its own answers where it has any
 * of that path. For tests: under wine there are no tables to read.
 */
extern const bool pp_live_takes_stand_ins;
int pp_live_with(const char *stand_in, struct pp_source **ret, struct pp_error *e);

int pp_directory_open(const struct pp_input *in, struct pp_source **ret, struct pp_error *e);
/* A directory to read from. Windows: -1, and it is found by its path. */
int pp_directory_input(const char *path);
/*
 * The same as it stands: where a host lies in a directory below, the other is looked at, and what
 * is in files is not. -ENOTSUP: not on Windows.
 */
int pp_directory_open_as_is(const char *path, struct pp_source **ret, struct pp_error *e);
/*
 * The first bytes of a regular file, at most max, in a block that is the caller's to free().
 * -EISDIR and others: it is none, or could not be read.
 */
int pp_file_read_start(const char *path, size_t max, uint8_t **ret, size_t *ret_len);

#endif
