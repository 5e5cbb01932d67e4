/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with whole files in the same way on every system. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/os.h"
#include "sys/scratch.h"

/* Up to max bytes into a block of malloc's, which is *buf's in any case: the length. */
static ssize_t read_all_up_to(int fd, size_t max, uint8_t **buf)
{
	size_t len = 0, size = 0;

	for (;;) {
		int r = pp_read_room(buf, &size, len, max);
		if (r)
			return r;
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

int pp_file_failed(const char *path, int code, struct pp_error *e)
{
	return pp_fail(e, code, "%.300s: %s", path, strerror(code));
}

int pp_file_read(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                 struct pp_error *e)
{
	int fd = pp_file_open(path, e);

	if (fd < 0)
		return fd;
	int r = pp_fd_read_regular(fd, path, max, a, ret, e);
	close(fd);
	return r;
}

int pp_file_read_input(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                       struct pp_error *e)
{
	int fd = pp_file_open_input(path, e);

	if (fd < 0)
		return fd;
	int r = pp_fd_read_all(fd, max, a, ret);
	close(fd);
	if (r == -E2BIG)
		return pp_fail(e, E2BIG, "%.300s: more than %zu bytes", path, max);
	return r == -ENOMEM ? pp_fail_oom(e, path) : r ? pp_file_failed(path, -r, e) : 0;
}

int pp_file_put(const char *path, struct pp_span bytes, mode_t mode, bool overwrite,
                struct pp_error *e)
{
	struct pp_atomic f;
	int r = pp_atomic_open(path, mode, overwrite, &f, e);

	if (r < 0)
		return r;
	r = pp_fd_write(f.fd, bytes);
	if (r < 0) {
		pp_atomic_abort(&f);
		return pp_file_failed(path, -r, e);
	}
	return pp_atomic_commit(&f, e);
}

int pp_scratch_put(const char *path, struct pp_span bytes, struct pp_error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return pp_file_failed(path, errno, e);
	int r = pp_fd_write(fd, bytes);
	if (close(fd) && r == 0)
		r = -errno;
	return r < 0 ? pp_file_failed(path, -r, e) : 0;
}

bool pp_path_is_there(const char *path)
{
	struct pp_sys_info info;

	return !pp_path_info(path, false, &info);
}

/* What is neither a file nor a directory need not have a number. */
bool pp_path_is_same(const char *a, const char *b)
{
	struct pp_sys_info x, y;

	return !pp_path_info(a, true, &x) && !pp_path_info(b, true, &y) && x.volume == y.volume &&
	       x.number == y.number && x.number;
}
