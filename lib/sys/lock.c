/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files: taking, releasing, and telling who holds one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/lock.h"

#define TRIES      16
#define NOTE_BYTES 96 /* "123\n" by itself, "123 456 update-grub\n" with a program at work */

static struct flock lock_whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static int lock_failed(const char *path, int code, struct pp_error *e)
{
	if (code == EROFS)
		return pp_fail(e, EROFS,
		               "%.300s: its file system is read-only, and nothing was done: mount "
		               "it writable, then try again",
		               path);
	return pp_fail(e, code, "%.300s: %s", path, strerror(code));
}

static int lock_busy(int fd, const char *path, const char *what, struct pp_error *e)
{
	char text[NOTE_BYTES + 1] = "", *rest = text;
	uint64_t pid, program;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	const char *first = strsep(&rest, " "), *second = strsep(&rest, " ");
	if (!pp_parse_dec(first, INT32_MAX, &pid))
		return pp_fail(e, EBUSY, "%.200s an unknown process (its lock: %.250s)", what,
		               path);
	/* Its starter may have been killed: then the program is what to wait for. */
	if (second && rest && pp_parse_dec(second, INT32_MAX, &program) &&
	    !kill((pid_t)program, 0)) {
		pp_text_clean_in_place(rest);
		return pp_fail(e, EBUSY,
		               "%.150s process %u, or %.40s (process %u) that it started (its "
		               "lock: %.200s)",
		               what, (unsigned int)pid, rest, (unsigned int)program, path);
	}
	return pp_fail(e, EBUSY,
	               "%.150s process %u, or a program that it started (its lock: %.200s)", what,
	               (unsigned int)pid, path);
}

/* Somebody else's file must never be cut and written to. */
static bool lock_is_ours(int fd, const struct stat *st)
{
	char first;

	return S_ISREG(st->st_mode) && st->st_nlink <= 1 && st->st_size <= NOTE_BYTES &&
	       (pread(fd, &first, 1, 0) != 1 || (first >= '0' && first <= '9'));
}

/* 1: another holder removed the file while we waited for it; 0 locked; else an errno. */
static int lock_try(int fd, const char *path, const char *what, struct pp_error *e)
{
	struct flock l = lock_whole_file();
	struct stat mine, there;

	if (fstat(fd, &mine))
		return lock_failed(path, errno, e);
	if (fcntl(fd, F_OFD_SETLK, &l))
		return errno == EAGAIN || errno == EACCES ? lock_busy(fd, path, what, e)
		                                          : lock_failed(path, errno, e);
	if (!lock_is_ours(fd, &mine))
		return pp_fail(e, EEXIST, "%.300s: exists and is not a lock file of pcipass", path);
	return lstat(path, &there) || there.st_ino != mine.st_ino || there.st_dev != mine.st_dev;
}

/* Locked, and still the file of that name: nobody else may remove or replace it. */
static bool lock_is_alone(int fd, const char *path)
{
	struct flock l = lock_whole_file();
	struct stat mine, there;

	return !fcntl(fd, F_OFD_SETLK, &l) && !fstat(fd, &mine) && !lstat(path, &there) &&
	       there.st_ino == mine.st_ino && there.st_dev == mine.st_dev;
}

void pp_lock_note(const struct pp_lock *l, int program, const char *name)
{
	char text[NOTE_BYTES];

	if (l->fd < 0)
		return;
	int len = program ? snprintf(text, sizeof(text), "%d %d %.40s\n", (int)getpid(), program,
	                             name)
	                  : snprintf(text, sizeof(text), "%d\n", (int)getpid());
	/* Over the old one: on a full disk there is room for this. */
	bool written = pwrite(l->fd, text, (size_t)len, 0) == len;
	if (ftruncate(l->fd, written ? len : 0))
		return;
}

static int lock_open(const char *path, enum pp_lock_how how)
{
	int fd = open(path,
	              O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	                      (how == PP_LOCK_IF_THERE ? 0 : O_CREAT),
	              0600);
	return fd < 0 ? -errno : fd;
}

int pp_lock_take(const char *path, const char *what, enum pp_lock_how how, struct pp_lock *ret,
                 struct pp_error *e)
{
	struct pp_lock l = { .remove = how == PP_LOCK_REMOVE };

	if (snprintf(l.path, sizeof(l.path), "%s", path) >= (int)sizeof(l.path))
		return lock_failed(path, ENAMETOOLONG, e);
	for (int i = 0; i < TRIES; i++) {
		l.fd = lock_open(path, how);
		if (how == PP_LOCK_IF_THERE &&
		    (l.fd == -ENOENT || l.fd == -EACCES || l.fd == -EROFS)) {
			*ret = PP_LOCK_NONE;
			return 0;
		}
		if (l.fd < 0)
			return lock_failed(path, -l.fd, e);
		int r = lock_try(l.fd, path, what, e);
		if (r == 0) {
			if (how != PP_LOCK_IF_THERE)
				pp_lock_note(&l, 0, NULL);
			*ret = l;
			return 0;
		}
		close(l.fd);
		if (r < 0)
			return r;
	}
	return pp_fail(e, EBUSY, "%.200s other processes in turn (their lock: %.250s)", what, path);
}

void pp_lock_release(struct pp_lock *l)
{
	if (l->fd < 0)
		return;
	int again = l->remove ? lock_open(l->path, PP_LOCK_IF_THERE) : -1;
	close(l->fd);
	l->fd = -1;
	/*
	 * With the lock taken anew: a program of ours that still runs keeps it, and the file. Who
	 * opened the file before it is removed finds out by its inode.
	 */
	if (again >= 0 && lock_is_alone(again, l->path))
		unlink(l->path);
	if (again >= 0)
		close(again);
}

int pp_lock_check(const char *path, const char *what, struct pp_error *e)
{
	struct flock l = lock_whole_file();
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return 0;
	int r = !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK ? lock_busy(fd, path, what, e)
	                                                           : 0;
	close(fd);
	return r;
}
