/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/context.h"
#include "base/text.h"

int pp_apply_init(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                  struct pp_apply *ret, struct pp_error *e)
{
	const char *root = o && o->root ? o->root : "/";
	size_t len = strlen(root);

	*ret = (struct pp_apply){ .options = o, .lock = -1 };
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
	a->lock = -1;
	pp_arena_fini(&a->arena);
}

static int make_folder(const char *path, struct pp_error *e)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	return pp_fail(e, errno, "%.300s: cannot be made: %s", path, strerror(errno));
}

static int taken(int fd, const char *path, struct pp_error *e)
{
	char text[32] = "";
	uint64_t pid;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (pp_parse_dec(text, INT32_MAX, &pid))
		return pp_fail(e, EBUSY,
		               "another pcipass is at work: process %u, or a tool that it "
		               "started, holds %.300s",
		               (unsigned int)pid, path);
	return pp_fail(e, EBUSY, "another pcipass is at work: it holds %.300s", path);
}

int pp_apply_lock(struct pp_apply *a, struct pp_error *e)
{
	bool make = !a->options || !a->options->dry_run;
	const char *path = pp_arena_printf(&a->arena, "%s/apply.lock", a->state);
	char pid[32];

	if (!path)
		return pp_fail_oom(e, "apply");
	int r = make ? make_folder(a->state, e) : 0;
	if (r)
		return r;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
	if (fd < 0 && !make && (errno == ENOENT || errno == EACCES))
		return 0;
	if (fd < 0)
		return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
	/* flock: a tool that was started keeps it, too, when this process dies before it. */
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		r = errno == EWOULDBLOCK ? taken(fd, path, e)
		                         : pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
		close(fd);
		return r;
	}
	int len = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (make && (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)len, 0) != len)) {
		r = pp_fail(e, errno ? errno : EIO, "%.300s: cannot be written: %s", path,
		            strerror(errno));
		close(fd);
		return r;
	}
	a->lock = fd;
	return 0;
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
