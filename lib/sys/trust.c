/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a file or directory is root's or the caller's own. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/os.h"
#include "sys/path.h"
#include "sys/trust.h"

static bool trust_owner(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

int pp_trust_rights(struct pp_error *e)
{
	if (!geteuid())
		return 0;
	return pp_fail(e, EPERM,
	               "only root can change this host, and you are user %u: run it as root",
	               (unsigned int)geteuid());
}

static int trust_directory(const char *path, struct pp_error *e)
{
	struct stat st;

	if (stat(path, &st))
		return pp_file_failed(path, errno, e);
	if (!trust_owner(&st))
		return pp_fail(e, EACCES, "%.300s: this directory belongs to user %u, not to root",
		               path, (unsigned int)st.st_uid);
	if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		return pp_fail(e, EACCES, "%.300s: everybody can write to this directory", path);
	return 0;
}

/* The path is absolute and has no links: cut at each slash, from its end. */
static int trust_directories(const char *path, struct pp_error *e)
{
	char directory[PATH_MAX];

	strcpy(directory, path);
	for (;;) {
		char *slash = strrchr(directory, '/');
		slash[slash == directory] = '\0';
		int r = trust_directory(directory, e);
		if (r || slash == directory)
			return r;
	}
}

int pp_trust_check(const char *path, char ret[PATH_MAX], struct pp_error *e)
{
	struct stat st;
	int r = pp_path_resolve(path, ret, e);

	if (r)
		return r;
	if (stat(ret, &st))
		return pp_file_failed(path, errno, e);
	if (!trust_owner(&st))
		return pp_fail(e, EACCES, "%.300s: belongs to user %u, not to root", path,
		               (unsigned int)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return pp_fail(e, EACCES, "%.300s: everybody can write to it", path);
	if (st.st_mode & S_IWGRP && st.st_gid != 0)
		return pp_fail(e, EACCES, "%.300s: group %u can write to it", path,
		               (unsigned int)st.st_gid);
	return trust_directories(ret, e);
}

/* Whether nobody but root and the caller can have written what is in it. */
static int trust_open(int fd, const char *path, struct pp_error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return pp_file_failed(path, errno, e);
	if (trust_owner(&st) && !(st.st_mode & 022))
		return 0;
	return pp_fail(
		e, EPERM,
		"%.300s: belongs to user %u and has mode %04o; it must belong to user %u, and "
		"nobody else may write to it",
		path, (unsigned int)st.st_uid, (unsigned int)st.st_mode & 07777,
		(unsigned int)geteuid());
}

int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : pp_file_failed(path, errno, e);
	int r = trust_open(fd, path, e);
	if (!r)
		r = pp_fd_read_regular(fd, path, max, a, ret, e);
	close(fd);
	return r;
}

int pp_directory_private(const char *path, bool make, struct pp_error *e)
{
	if (make && !mkdir(path, 0700)) {
		/* What is written into it is of no use if the directory itself is lost. */
		int synced = pp_directory_sync(path);
		if (synced)
			return pp_file_failed(path, -synced, e);
	} else if (make && errno != EEXIST) {
		return pp_file_failed(path, errno, e);
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && !make)
		return -ENOENT;
	/* Linux says ENOTDIR of a link, too, where a directory is wanted. */
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return pp_fail(e, EPERM, "%.300s: must be a directory, and not a link to one",
		               path);
	if (fd < 0)
		return pp_file_failed(path, errno, e);
	int r = trust_open(fd, path, e);
	close(fd);
	return r;
}
