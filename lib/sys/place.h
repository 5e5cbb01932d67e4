/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files and directories for reading, as this machine has them or below a directory of it: the
 * one place that lib/sys and the sources of lib/source read through. */
#ifndef PP_SYS_PLACE_H
#define PP_SYS_PLACE_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>

/* Every open is without waiting, without becoming a terminal's owner and for reading only. */
#define PP_OPEN_READ      (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define PP_OPEN_PLACE     (O_PATH | O_CLOEXEC)
#define PP_OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)

/* "" is dir itself. Links are the kernel's to follow. A descriptor, or -errno. */
int pp_place_open(int dir, const char *path, int flags);
/*
 * The same, never out of root: links in it may be absolute and mean a place in it. -ENOSYS, -EPERM:
 * that needs openat2, Linux 5.6.
 */
int pp_place_open_below(int root, const char *path, int flags);
/* A link's text without a NUL, or -errno. name "": dir is the link. -EINVAL: not a link. */
ssize_t pp_place_link(int dir, const char *name, char *buf, size_t size);
/*
 * A regular file of this machine, for pp_place_read(). It is looked at before it is opened: opening
 * alone can do something to a device. -EISDIR: a directory; -EINVAL: neither.
 */
int pp_place_open_file(const char *path);
ssize_t pp_place_read(int fd, void *buf, size_t len, uint64_t offset);
void pp_place_close(int fd);

#endif
