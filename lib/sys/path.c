/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at what is at a path of this machine. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/os.h"
#include "sys/path.h"

#define PIECE_BYTES      16384
#define MAX_SEARCH_BYTES 256

void pp_stat_info(const struct stat *st, struct pp_sys_info *ret)
{
	*ret = (struct pp_sys_info){ .kind = S_ISREG(st->st_mode)   ? PP_SYS_FILE
		                             : S_ISDIR(st->st_mode) ? PP_SYS_DIRECTORY
		                                                    : PP_SYS_OTHER,
		                     .bytes = (uint64_t)st->st_size,
		                     .volume = st->st_dev,
		                     .number = st->st_ino };
}

int pp_path_info(const char *path, bool follow, struct pp_sys_info *ret)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW))
		return -errno;
	pp_stat_info(&st, ret);
	return 0;
}

bool pp_path_is_program(const char *path)
{
	struct pp_sys_info info;

	return !pp_path_info(path, true, &info) && info.kind == PP_SYS_FILE && !access(path, X_OK);
}

int pp_path_check_writable(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) ? -errno : 0;
}

int pp_path_resolve(const char *path, char ret[PATH_MAX], struct pp_error *e)
{
	return realpath(path, ret) ? 0 : pp_file_failed(path, errno, e);
}

/* What was read last stays in front: the text may begin in it. */
static bool path_search(int fd, const char *text, size_t len)
{
	char bytes[MAX_SEARCH_BYTES + PIECE_BYTES];
	size_t kept = 0;
	ssize_t n;

	while ((n = read(fd, bytes + kept, PIECE_BYTES)) > 0) {
		size_t have = kept + (size_t)n;
		if (memmem(bytes, have, text, len))
			return true;
		kept = have < len ? have : len;
		memmove(bytes, bytes + have - kept, kept);
	}
	return false;
}

bool pp_file_contains(const char *path, uint64_t max, const char *text)
{
	size_t len = strlen(text);
	struct pp_sys_info info;
	int fd = len > MAX_SEARCH_BYTES || pp_path_info(path, true, &info) ||
	                         info.kind != PP_SYS_FILE || info.bytes > max
	                 ? -1
	                 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool found = fd >= 0 && path_search(fd, text, len);

	if (fd >= 0)
		close(fd);
	return found;
}

int pp_path_list(const char *path, struct pp_arena *a, struct pp_names *ret)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : pp_fd_list(fd, false, a, ret);
}

bool pp_path_is_absolute(const char *path)
{
	return *path == '/';
}
