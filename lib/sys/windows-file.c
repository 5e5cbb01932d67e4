/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads, writes, replaces and removes whole files, for Windows. */
#include <windows.h>

#include "base/compat.h"
#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/os.h"
#include "sys/wide.h"

/* A file on a disk, or what a pipe gives; nothing else is opened for its content. */
static int file_open(const char *path, int code, const char *what, struct pp_error *e)
{
	struct pp_sys_info info;
	int r = pp_path_info(path, true, &info);

	if (r)
		return pp_file_failed(path, -r, e);
	if (info.kind != PP_SYS_FILE)
		return pp_fail(e, info.kind == PP_SYS_DIRECTORY ? code : EBADMSG, "%.300s: %s",
		               path, what);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? pp_file_failed(path, errno, e) : fd;
}

int pp_file_open(const char *path, struct pp_error *e)
{
	return file_open(path, EBADMSG, "not a regular file", e);
}

int pp_file_open_input(const char *path, struct pp_error *e)
{
	return file_open(path, EISDIR, "neither a file nor a pipe", e);
}

int pp_fd_read_regular(int fd, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret, struct pp_error *e)
{
	int64_t size = _filelengthi64(fd);

	if (size < 0)
		return pp_file_failed(path, errno, e);
	if ((uint64_t)size > max)
		return pp_fail(e, EFBIG, "%.300s: %lld bytes, at most %zu are taken", path,
		               (long long)size, max);
	int r = pp_fd_read_all(fd, max, a, ret);
	return r == -ENOMEM ? pp_fail_oom(e, path) : r ? pp_file_failed(path, -r, e) : 0;
}

int pp_fd_write(int fd, struct pp_span bytes)
{
	while (bytes.len) {
		size_t piece = bytes.len > INT_MAX ? INT_MAX : bytes.len;
		int n = write(fd, bytes.data, (unsigned int)piece);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/* Who may use the new file is what its directory hands down, as it was for the old one. */
int pp_file_replace(const char *path, struct pp_span bytes, mode_t mode, struct pp_error *e)
{
	return pp_file_put(path, bytes, mode, true, e);
}

/* NTFS keeps names in a journal of its own, and has no call to write it out. */
int pp_directory_sync(const char *path)
{
	return 0;
}

int pp_file_remove(const char *path, struct pp_error *e)
{
	if (!unlink(path))
		return 0;
	return errno == ENOENT ? -ENOENT : pp_file_failed(path, errno, e);
}
