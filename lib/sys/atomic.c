/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new file in the place of an old one: temporary name, sync, rename, sync of the directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/temporary.h"

#define TRIES 16

static int open_directory(const char *path, const char *name)
{
	char directory[4096];
	size_t len = (size_t)(name - path);

	if (!len)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (len >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(directory, path, len);
	directory[len] = '\0';
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What is at the name already: 0 if it may become ours. */
static int check_old(const struct pp_atomic *f, struct pp_error *e)
{
	struct stat st;

	if (fstatat(f->dir, f->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : pp_atomic_failed(f, errno, e);
	return pp_atomic_check_kind(f,
	                            S_ISREG(st.st_mode)   ? PP_SYS_FILE
	                            : S_ISDIR(st.st_mode) ? PP_SYS_DIRECTORY
	                                                  : PP_SYS_OTHER,
	                            e);
}

/*
 * Its writer holds it locked as long as it lives. -ESTALE: somebody took it for a dead one's,
 * before it was locked.
 */
static int hold_temporary(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	/* Where a file system knows no locks, nobody sweeps without being sure in another way. */
	if (fcntl(fd, F_OFD_SETLK, &l) && errno == EAGAIN)
		return -ESTALE;
	return fstat(fd, &st) ? -errno : st.st_nlink ? 0 : -ESTALE;
}

static int open_temporary(struct pp_atomic *f, mode_t mode)
{
	char prefix[PP_TEMPORARY_PREFIX_BYTES + 1];

	pp_temporary_prefix(f->name, prefix);
	for (int i = 0; i < TRIES; i++) {
		int made = pp_temporary_name(prefix, f->temporary);
		if (made)
			return made;
		f->fd = openat(f->dir, f->temporary,
		               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		int r = f->fd < 0 ? -errno : hold_temporary(f->fd);
		if (!r)
			return 0;
		if (f->fd >= 0) {
			unlinkat(f->dir, f->temporary, 0);
			close(f->fd);
		}
		if (r != -EEXIST && r != -ESTALE)
			return r;
	}
	return -EEXIST;
}

/* sure: the caller knows that no writer is alive; else a lock that can be had must say so. */
static void clean_up_one(int directory, const char *name, bool sure)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	bool dead = !fcntl(fd, F_OFD_SETLK, &l) || (sure && errno != EAGAIN);
	if (dead)
		unlinkat(directory, name, 0);
	close(fd);
}

/* fd: the directory, which is closed. */
static void clean_up_directory(int fd, const char *name, bool sure)
{
	char prefix[PP_TEMPORARY_PREFIX_BYTES + 1];
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	pp_temporary_prefix(name, prefix);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (pp_temporary_is(entry->d_name, prefix))
			clean_up_one(dirfd(dir), entry->d_name, sure);
	closedir(dir);
}

int pp_atomic_open(const char *path, mode_t mode, bool overwrite, struct pp_atomic *ret,
                   struct pp_error *e)
{
	struct pp_atomic f = { .fd = -1, .path = path, .overwrite = overwrite };
	const char *slash = strrchr(path, '/');

	f.name = slash ? slash + 1 : path;
	if (!*f.name)
		return pp_atomic_failed(&f, EISDIR, e);
	f.dir = open_directory(path, f.name);
	if (f.dir < 0)
		return pp_atomic_failed(&f, errno, e);
	int r = check_old(&f, e);
	if (r == 0) {
		/* What writers of the same file left when they were killed. */
		clean_up_directory(openat(f.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), f.name,
		                   false);
		r = open_temporary(&f, mode);
		if (r < 0)
			pp_atomic_failed(&f, -r, e);
	}
	if (r < 0) {
		close(f.dir);
		return r;
	}
	*ret = f;
	return 0;
}

void pp_atomic_abort(struct pp_atomic *f)
{
	if (f->fd >= 0)
		close(f->fd);
	unlinkat(f->dir, f->temporary, 0);
	close(f->dir);
}

static int put_in_place(const struct pp_atomic *f)
{
	if (f->overwrite)
		return renameat(f->dir, f->temporary, f->dir, f->name) ? -errno : 0;
	if (!renameat2(f->dir, f->temporary, f->dir, f->name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* A file system that cannot: a second name never replaces a first. */
	if (linkat(f->dir, f->temporary, f->dir, f->name, 0))
		return -errno;
	unlinkat(f->dir, f->temporary, 0);
	return 0;
}

int pp_atomic_commit(struct pp_atomic *f, struct pp_error *e)
{
	int r = fsync(f->fd) ? -errno : 0;
	/* The file stays locked until it has its name. */
	int held = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);

	if (close(f->fd) && r == 0)
		r = -errno;
	f->fd = -1;
	if (r == 0)
		r = put_in_place(f);
	if (held >= 0)
		close(held);
	if (r < 0) {
		pp_atomic_failed(f, -r, e);
		pp_atomic_abort(f);
		return r;
	}
	/* Some file systems cannot sync a directory; the file is in place all the same. */
	if (fsync(f->dir) && errno != EINVAL)
		r = pp_atomic_failed(f, errno, e);
	close(f->dir);
	return r;
}

void pp_atomic_clean_up(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	clean_up_directory(open_directory(path, name), name, true);
}
