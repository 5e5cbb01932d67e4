/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files below a root without leaving it by links. */
#define _GNU_SOURCE
#include <unistd.h>

#include "source/fsroot.h"

ssize_t pp_fd_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX)
		return -EINVAL;
	for (;;) {
		ssize_t n = pread(fd, buf, len, (off_t)offset);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}
