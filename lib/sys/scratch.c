/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Working directories for a program that is run. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/path.h"
#include "sys/scratch.h"

int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e)
{
	if (snprintf(ret, PATH_MAX, "%s/%s-%d-XXXXXX", above, prefix, (int)getpid()) >= PATH_MAX)
		return pp_file_failed(above, ENAMETOOLONG, e);
	return mkdtemp(ret) ? 0 : pp_file_failed(ret, errno, e);
}

int pp_scratch_put(const char *path, struct pp_span bytes, struct pp_error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return pp_file_failed(path, errno, e);
	int r = pp_fd_write(fd, bytes);
	if (close(fd) && r == 0)
		r = -errno;
	return r < 0 ? pp_file_failed(path, -r, e) : 0;
}

/* Calls remove for each name in a directory. */
static void scratch_each(const char *path, void (*remove)(const char *path, void *ctx), void *ctx)
{
	struct pp_names names = { .count = 0 };
	struct pp_arena a;
	char inner[PATH_MAX];

	pp_arena_init(&a, 0);
	if (pp_path_list(path, &a, &names))
		names.count = 0;
	for (uint32_t i = 0; i < names.count; i++)
		if (snprintf(inner, sizeof(inner), "%s/%s", path, names.names[i]) < PATH_MAX)
			remove(inner, ctx);
	pp_arena_fini(&a);
}

static void scratch_remove_file(const char *path, void *ctx)
{
	unlink(path);
}

void pp_scratch_remove(const char *path)
{
	scratch_each(path, scratch_remove_file, NULL);
	rmdir(path);
}

static void scratch_remove_dead(const char *path, void *ctx)
{
	const char *prefix = ctx, *name = strrchr(path, '/') + 1;
	size_t len = strlen(prefix);

	if (strncmp(name, prefix, len) || name[len] != '-')
		return;
	long pid = strtol(name + len + 1, NULL, 10);
	if (pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) && errno == ESRCH)
		pp_scratch_remove(path);
}

void pp_scratch_clean_up(const char *above, const char *prefix)
{
	scratch_each(above, scratch_remove_dead, (void *)(uintptr_t)prefix);
}
