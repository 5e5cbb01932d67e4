/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files: taking, and telling who holds one. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/lock-os.h"
#include "sys/process.h"

#define TRIES 16

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
	char text[PP_LOCK_NOTE_BYTES + 1], *rest = text;
	uint64_t pid, program;

	pp_lock_os_read(fd, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	const char *first = strsep(&rest, " "), *second = strsep(&rest, " ");
	if (!pp_parse_dec(first, INT32_MAX, &pid))
		return pp_fail(e, EBUSY, "%.200s an unknown process (its lock: %.250s)", what,
		               path);
	/* Its starter may have been killed: then the program is what to wait for. */
	if (second && rest && pp_parse_dec(second, INT32_MAX, &program) &&
	    pp_process_is_alive(program)) {
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

void pp_lock_note(const struct pp_lock *l, int program, const char *name)
{
	char text[PP_LOCK_NOTE_BYTES];

	if (l->fd < 0)
		return;
	int len = program ? snprintf(text, sizeof(text), "%d %d %.40s\n", (int)getpid(), program,
	                             name)
	                  : snprintf(text, sizeof(text), "%d\n", (int)getpid());
	pp_lock_os_write(l->fd, text, (size_t)len);
}

int pp_lock_take(const char *path, const char *what, enum pp_lock_how how, struct pp_lock *ret,
                 struct pp_error *e)
{
	struct pp_lock l = { .remove = how == PP_LOCK_REMOVE };

	if (snprintf(l.path, sizeof(l.path), "%s", path) >= (int)sizeof(l.path))
		return lock_failed(path, ENAMETOOLONG, e);
	for (int i = 0; i < TRIES; i++) {
		l.fd = pp_lock_os_open(path, how != PP_LOCK_IF_THERE);
		if (how == PP_LOCK_IF_THERE &&
		    (l.fd == -ENOENT || l.fd == -EACCES || l.fd == -EROFS)) {
			*ret = PP_LOCK_NONE;
			return 0;
		}
		if (l.fd < 0)
			return lock_failed(path, -l.fd, e);
		int r = pp_lock_os_try(l.fd, path);
		if (r == 0) {
			if (how != PP_LOCK_IF_THERE)
				pp_lock_note(&l, 0, NULL);
			*ret = l;
			return 0;
		}
		if (r == -EAGAIN)
			lock_busy(l.fd, path, what, e);
		close(l.fd);
		if (r == -EEXIST)
			return pp_fail(e, EEXIST,
			               "%.300s: exists and is not a lock file of pcipass", path);
		if (r < 0)
			return r == -EAGAIN ? -EBUSY : lock_failed(path, -r, e);
	}
	return pp_fail(e, EBUSY, "%.200s other processes in turn (their lock: %.250s)", what, path);
}

int pp_lock_check(const char *path, const char *what, struct pp_error *e)
{
	int fd = pp_lock_os_find_held(path);

	if (fd < 0)
		return 0;
	int r = lock_busy(fd, path, what, e);
	close(fd);
	return r;
}
