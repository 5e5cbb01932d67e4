/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that a file descriptor gives, up to a limit: the same on every system. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/os.h"

#define FIRST_BYTES ((size_t)4096)

/* Up to max bytes into a block of malloc's, which is *buf's in any case: the length. */
static ssize_t read_all_up_to(int fd, size_t max, uint8_t **buf)
{
	size_t len = 0, size = 0;

	for (;;) {
		if (len == size) {
			/* One byte more than allowed tells a full file from a larger one. */
			size_t want = size ? size * 2 : FIRST_BYTES;
			size = want > max ? max + 1 : want;
			if (len == size)
				return -E2BIG;
			uint8_t *more = realloc(*buf, size);
			if (!more)
				return -ENOMEM;
			*buf = more;
		}
		/* Windows takes no more at once. */
		size_t piece = size - len > INT_MAX ? INT_MAX : size - len;
		ssize_t n = read(fd, *buf + len, (unsigned int)piece);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return len > max ? -E2BIG : (ssize_t)len;
		len += n > 0 ? (size_t)n : 0;
	}
}

int pp_fd_read_all(int fd, size_t max, struct pp_arena *a, struct pp_span *ret)
{
	PP_CLEANUP(pp_cleanup_free) uint8_t *buf = NULL;
	ssize_t len = read_all_up_to(fd, max, &buf);

	if (len < 0)
		return (int)len;
	/* A zero behind it, for those who read text. */
	uint8_t *copy = PP_ARENA_ARRAY(a, (size_t)len + 1, uint8_t);
	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, buf, (size_t)len);
	*ret = PP_SPAN(copy, (size_t)len);
	return 0;
}
