/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, writes, replaces and removes whole files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/os.h"
#include "sys/scratch.h"

int pp_fd_read_regular(int fd, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret, struct pp_error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return pp_file_failed(path, errno, e);
	if (!S_ISREG(st.st_mode))
		return pp_fail(e, EBADMSG, "%.300s: not a regular file", path);
	if ((uintmax_t)st.st_size > max)
		return pp_fail(e, EFBIG, "%.300s: %jd bytes, at most %zu are taken", path,
		               (intmax_t)st.st_size, max);
	int r = pp_fd_read_all(fd, max, a, ret);
	return r == -ENOMEM ? pp_fail_oom(e, path) : r ? pp_file_failed(path, -r, e) : 0;
}

int pp_file_open(const char *path, struct pp_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? pp_file_failed(path, errno, e) : fd;
}

static bool file_is_input(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode);
}

/* A device is not even opened: opening one may do something. */
int pp_file_open_input(const char *path, struct pp_error *e)
{
	struct stat st;

	if (stat(path, &st))
		return pp_file_failed(path, errno, e);
	int fd = file_is_input(&st) ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	if (fd < 0 && file_is_input(&st))
		return pp_file_failed(path, errno, e);
	if (fd >= 0 && !fstat(fd, &st) && file_is_input(&st))
		return fd;
	if (fd >= 0)
		close(fd);
	return pp_fail(e, S_ISDIR(st.st_mode) ? EISDIR : EBADMSG,
	               "%.300s: neither a file nor a pipe", path);
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
static int file_make_like(int fd, const struct stat *like)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_uid != like->st_uid || st.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) && errno != EPERM)
		return -errno;
	return fchmod(fd, like->st_mode & 0777) ? -errno : 0;
}

int pp_file_replace(const char *path, struct pp_span bytes, mode_t mode, struct pp_error *e)
{
	struct stat like;
	struct pp_atomic f;

	if (lstat(path, &like) || !S_ISREG(like.st_mode))
		return pp_file_put(path, bytes, mode, true, e);
	/* Nobody else's until it has its owner. */
	int r = pp_atomic_open(path, 0600, true, &f, e);
	if (r < 0)
		return r;
	r = file_make_like(f.fd, &like);
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

int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e)
{
	if (snprintf(ret, PATH_MAX, "%s/%s-%d-XXXXXX", above, prefix, (int)getpid()) >= PATH_MAX)
		return pp_file_failed(above, ENAMETOOLONG, e);
	return mkdtemp(ret) ? 0 : pp_file_failed(ret, errno, e);
}

int pp_file_remove(const char *path, struct pp_error *e)
{
	if (unlink(path))
		return errno == ENOENT ? -ENOENT : pp_file_failed(path, errno, e);
	int r = pp_directory_sync(path);
	return r < 0 ? pp_file_failed(path, -r, e) : 0;
}
