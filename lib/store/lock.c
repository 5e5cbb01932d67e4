/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/files.h"
#include "store/store.h"

#define TRIES    16
#define MAX_NOTE 32 /* the file holds "PID\n" and nothing else */

static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static int busy(const struct pp_store *s, int fd, struct pp_error *e)
{
	char text[MAX_NOTE];
	uint64_t pid;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (pp_parse_dec(text, INT32_MAX, &pid))
		return pp_fail(e, EBUSY, "%.300s: in use by process %u", s->where,
		               (unsigned int)pid);
	return pp_fail(e, EBUSY, "%.300s: in use by another process, which holds %.150s", s->where,
	               s->lock);
}

/* Somebody else's file must never be cut and written to. */
static bool is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink <= 1 && st->st_size <= MAX_NOTE;
}

/* 1: another holder removed the file while we waited for it; 0 locked; else an errno. */
static int try_lock(const struct pp_store *s, int fd, struct pp_error *e)
{
	struct flock l = whole_file();
	struct stat mine, there;

	if (fstat(fd, &mine))
		return pp_file_failed(s->lock, errno, e);
	if (!is_ours(&mine))
		return pp_fail(e, EEXIST, "%.300s: is there and no lock file of ours", s->lock);
	if (fcntl(fd, F_OFD_SETLK, &l))
		return errno == EAGAIN || errno == EACCES ? busy(s, fd, e)
		                                          : pp_file_failed(s->lock, errno, e);
	return stat(s->lock, &there) || there.st_ino != mine.st_ino || there.st_dev != mine.st_dev;
}

/* For people only: that it cannot be written does no harm. */
static void leave_note(int fd)
{
	char text[MAX_NOTE];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len)
		return;
}

int pp_store_lock(struct pp_store *s, struct pp_error *e)
{
	int r = s->state ? pp_folder_make(s->state, e) : 0;

	if (r < 0)
		return r;
	for (int i = 0; i < TRIES; i++) {
		int fd = open(s->lock,
		              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		              0600);
		if (fd < 0)
			return pp_file_failed(s->lock, errno, e);
		r = try_lock(s, fd, e);
		if (r == 0) {
			leave_note(fd);
			s->lock_fd = fd;
			return 0;
		}
		close(fd);
		if (r < 0)
			return r;
	}
	return pp_fail(e, EBUSY, "%.300s: in use by other processes in turn", s->where);
}

void pp_store_unlock(struct pp_store *s)
{
	if (s->lock_fd < 0)
		return;
	/* While it is still ours; who opened it before finds out by its inode. */
	unlink(s->lock);
	close(s->lock_fd);
	s->lock_fd = -1;
}

int pp_store_busy(const struct pp_store *s, struct pp_error *e)
{
	struct flock l = whole_file();
	int fd = open(s->lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return 0;
	int r = !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK ? busy(s, fd, e) : 0;
	close(fd);
	return r;
}
