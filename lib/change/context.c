/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "change/context.h"
#include "base/text.h"

#define NOTE_BYTES 96

int pp_apply_init(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                  struct pp_apply *ret, struct pp_error *e)
{
	const char *root = o && o->root ? o->root : "/";
	size_t len = strlen(root);

	*ret = (struct pp_apply){ .options = o, .lock = -1, .attach_lock = -1 };
	ret->settings = settings ? settings : &pp_apply_machine_settings;
	pp_arena_init(&ret->arena, 0);
	while (len && root[len - 1] == '/')
		len--;
	ret->root = pp_arena_strndup(&ret->arena, root, len);
	if (ret->root)
		ret->state = o && o->state ? pp_arena_strdup(&ret->arena, o->state)
		                           : pp_arena_printf(&ret->arena, "%s/" PP_APPLY_STATE,
		                                             ret->root);
	if (ret->state)
		return 0;
	pp_arena_fini(&ret->arena);
	return pp_fail_oom(e, "apply");
}

void pp_apply_fini(struct pp_apply *a)
{
	if (a->lock >= 0)
		close(a->lock);
	if (a->attach_lock >= 0)
		close(a->attach_lock);
	a->lock = a->attach_lock = -1;
	pp_arena_fini(&a->arena);
}

/* "123\n" by itself, "123 456 update-grub\n" with a tool at work. */
static int taken(int fd, const char *path, struct pp_error *e)
{
	char text[NOTE_BYTES] = "", *rest = text;
	uint64_t pid, tool;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	const char *first = strsep(&rest, " "), *second = strsep(&rest, " ");
	if (!pp_parse_dec(first, INT32_MAX, &pid))
		return pp_fail(e, EBUSY, "another pcipass is at work: it holds %.300s", path);
	/* The starter may have been killed: then it is the tool that is to be waited for. */
	if (second && rest && pp_parse_dec(second, INT32_MAX, &tool) && !kill((pid_t)tool, 0))
		return pp_fail(e, EBUSY,
		               "another pcipass is at work: process %u, or %.40s (process %u) that "
		               "it started, holds %.300s",
		               (unsigned int)pid, rest, (unsigned int)tool, path);
	return pp_fail(e, EBUSY,
	               "another pcipass is at work: process %u, or a tool that it "
	               "started, holds %.300s",
	               (unsigned int)pid, path);
}

void pp_apply_lock_note(const struct pp_apply *a, pid_t tool, const char *name)
{
	char text[NOTE_BYTES];

	if (a->lock < 0 || (a->options && a->options->dry_run))
		return;
	int len =
		tool ? snprintf(text, sizeof(text), "%d %d %.40s\n", (int)getpid(), (int)tool, name)
		     : snprintf(text, sizeof(text), "%d\n", (int)getpid());
	/* Over the old one: on a full disk there is room for this. */
	bool written = pwrite(a->lock, text, (size_t)len, 0) == len;
	if (ftruncate(a->lock, written ? len : 0))
		return;
}

static int cannot_open(const char *path, int code, struct pp_error *e)
{
	if (code == EROFS)
		return pp_fail(e, EROFS,
		               "%.300s: its file system is read-only, and nothing was done: mount "
		               "it writable, then try again",
		               path);
	return pp_fail(e, code, "%.300s: cannot be made: %s", path, strerror(code));
}

static int make_folder(const char *path, struct pp_error *e)
{
	return !mkdir(path, 0700) || errno == EEXIST ? 0 : cannot_open(path, errno, e);
}

int pp_apply_lock(struct pp_apply *a, struct pp_error *e)
{
	bool make = !a->options || !a->options->dry_run;
	const char *path = pp_arena_printf(&a->arena, "%s/apply.lock", a->state);

	if (!path)
		return pp_fail_oom(e, "apply");
	int r = make ? make_folder(a->state, e) : 0;
	if (r)
		return r;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
	if (fd < 0 && !make && (errno == ENOENT || errno == EACCES || errno == EROFS))
		return 0;
	if (fd < 0)
		return cannot_open(path, errno, e);
	/* flock: a tool that was started keeps it, too, when this process dies before it. */
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		r = errno == EWOULDBLOCK ? taken(fd, path, e)
		                         : pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
		close(fd);
		return r;
	}
	a->lock = fd;
	pp_apply_lock_note(a, 0, NULL);
	return 0;
}

bool pp_is_driver_name(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '/')
			return false;
	return len && len < 128 && *s != '.';
}

void pp_apply_say(const struct pp_apply *a, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!a->options || !a->options->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	a->options->say(a->options->ctx, line);
}
