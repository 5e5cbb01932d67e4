/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_SOURCE_FSROOT_H
#define PP_SOURCE_FSROOT_H

#include "source/source.h"
#include "sys/directory.h"

/*
 * What the live host and a directory share: descriptors. Every open is without waiting, without
 * becoming a terminal's owner and for reading only.
 */
#define PP_OPEN_READ   (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define PP_OPEN_PLACE  (O_PATH | O_CLOEXEC)
#define PP_OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)

int pp_live_new(struct pp_source **ret, struct pp_error *e);

/* fd: the directory, taken over in any case. */
int pp_directory_new(int fd, struct pp_source **ret, struct pp_error *e);

ssize_t pp_fd_pread(int fd, void *buf, size_t len, uint64_t offset);

#endif
