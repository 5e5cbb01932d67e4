/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A lock file under Linux: open file description locks, which programs that are started share. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/lock-os.h"

#define LOCK_OPEN (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

int pp_lock_os_open(const char *path, bool make)
{
	int fd = open(path, O_RDWR | LOCK_OPEN | (make ? O_CREAT : 0), 0600);

	return fd < 0 ? -errno : fd;
}

static bool lock_set(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_SETLK, &whole);
}

static bool lock_has_name(const struct stat *mine, const char *path)
{
	struct stat there;

	return !lstat(path, &there) && there.st_ino == mine->st_ino && there.st_dev == mine->st_dev;
}

int pp_lock_os_try(int fd, const char *path)
{
	struct stat mine;
	char first;

	if (fstat(fd, &mine))
		return -errno;
	if (!lock_set(fd))
		return errno == EACCES ? -EAGAIN : -errno;
	if (!S_ISREG(mine.st_mode) || mine.st_nlink > 1 || mine.st_size > PP_LOCK_NOTE_BYTES ||
	    (pread(fd, &first, 1, 0) == 1 && (first < '0' || first > '9')))
		return -EEXIST;
	return !lock_has_name(&mine, path);
}

int pp_lock_os_find_held(const char *path)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDONLY | LOCK_OPEN);

	if (fd < 0 || (!fcntl(fd, F_OFD_GETLK, &whole) && whole.l_type != F_UNLCK))
		return fd;
	close(fd);
	return -1;
}

void pp_lock_os_read(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
}

/* Over the old one: on a full disk there is room for this. */
void pp_lock_os_write(int fd, const char *text, size_t len)
{
	bool written = pwrite(fd, text, len, 0) == (ssize_t)len;

	if (ftruncate(fd, written ? (off_t)len : 0))
		return;
}

void pp_lock_release(struct pp_lock *l)
{
	struct stat mine;

	if (l->fd < 0)
		return;
	int again = l->remove ? pp_lock_os_open(l->path, false) : -1;
	close(l->fd);
	l->fd = -1;
	/*
	 * With the lock taken anew: a program of ours that still runs keeps it, and the file. Who
	 * opened the file before it is removed finds out by its inode.
	 */
	if (again >= 0 && lock_set(again) && !fstat(again, &mine) && lock_has_name(&mine, l->path))
		unlink(l->path);
	if (again >= 0)
		close(again);
}
