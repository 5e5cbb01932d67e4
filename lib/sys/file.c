/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, writes, replaces and removes whole files, and makes directories. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "sys/atomic.h"
#include "sys/file.h"

int pp_file_failed(const char *path, int code, struct pp_error *e)
{
	return pp_fail(e, code, "%.300s: %s", path, strerror(code));
}

int pp_fd_read(int fd, const char *path, size_t size, struct pp_arena *a, struct pp_span *ret,
               struct pp_error *e)
{
	uint8_t *data = PP_ARENA_ARRAY(a, size + 1, uint8_t);
	size_t len = 0;

	if (!data)
		return pp_fail_oom(e, path);
	while (len < size) {
		ssize_t n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pp_file_failed(path, errno, e);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret = PP_SPAN(data, len);
	return 0;
}

/* Whether nobody but root and the caller can have written what is in it. */
static int file_check_owner(const struct stat *st, const char *path, struct pp_error *e)
{
	if ((!st->st_uid || st->st_uid == geteuid()) && !(st->st_mode & 022))
		return 0;
	return pp_fail(
		e, EPERM,
		"%.300s: belongs to user %u and has mode %04o; it must belong to user %u, and "
		"nobody else may write to it",
		path, (unsigned int)st->st_uid, (unsigned int)st->st_mode & 07777,
		(unsigned int)geteuid());
}

static int file_read_open(int fd, const char *path, bool private, size_t max, struct pp_arena *a,
                          struct pp_span *ret, struct pp_error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return pp_file_failed(path, errno, e);
	if (!S_ISREG(st.st_mode))
		return pp_fail(e, EBADMSG, "%.300s: not a regular file", path);
	int r = private ? file_check_owner(&st, path, e) : 0;
	if (r)
		return r;
	if ((uintmax_t)st.st_size > max)
		return pp_fail(e, EFBIG, "%.300s: %jd bytes, at most %zu are taken", path,
		               (intmax_t)st.st_size, max);
	return pp_fd_read(fd, path, (size_t)st.st_size, a, ret, e);
}

int pp_file_read(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                 struct pp_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return pp_file_failed(path, errno, e);
	int r = file_read_open(fd, path, false, max, a, ret, e);
	close(fd);
	return r;
}

int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : pp_file_failed(path, errno, e);
	int r = file_read_open(fd, path, true, max, a, ret, e);
	close(fd);
	return r;
}

int pp_fd_write(int fd, struct pp_span bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/* Permissions only: what is set-user-ID is not a file of ours, and never becomes one. */
static int make_like(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) && errno != EPERM)
		return -errno;
	return fchmod(fd, like->st_mode & 0777) ? -errno : 0;
}

int pp_file_put(const char *path, struct pp_span bytes, mode_t mode, const struct stat *like,
                bool overwrite, struct pp_error *e)
{
	struct pp_atomic f;
	/* Nobody else's until it has its owner. */
	int r = pp_atomic_open(path, like ? 0600 : mode, overwrite, &f, e);

	if (r < 0)
		return r;
	r = like ? make_like(f.fd, like) : 0;
	if (r == 0)
		r = pp_fd_write(f.fd, bytes);
	if (r < 0) {
		pp_atomic_abort(&f);
		return pp_file_failed(path, -r, e);
	}
	return pp_atomic_commit(&f, e);
}

int pp_directory_sync(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;

	if (len >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, len);
	memcpy(directory + len, len ? "" : ".", len ? 1 : 2);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return r;
}

int pp_file_remove(const char *path, struct pp_error *e)
{
	if (unlink(path))
		return errno == ENOENT ? -ENOENT : pp_file_failed(path, errno, e);
	int r = pp_directory_sync(path);
	return r < 0 ? pp_file_failed(path, -r, e) : 0;
}

int pp_directory_private(const char *path, bool make, struct pp_error *e)
{
	if (make && mkdir(path, 0700) && errno != EEXIST)
		return pp_file_failed(path, errno, e);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -ENOENT;
	/* Linux says ENOTDIR of a link, too, where a directory is wanted. */
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return pp_fail(e, EPERM, "%.300s: must be a directory, and not a link to one",
		               path);
	if (fd < 0)
		return pp_file_failed(path, errno, e);
	struct stat st;
	int r = fstat(fd, &st) ? pp_file_failed(path, errno, e) : file_check_owner(&st, path, e);
	close(fd);
	return r;
}
