/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists a directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/directory.h"

#define FIRST_NAMES 64u

/* The names as they come, in a growing array. */
struct directory_names {
	const char **list;
	uint32_t count, size;
};

static int directory_add(struct directory_names *n, struct pp_arena *a, const char *name)
{
	if (n->count == PP_DIRECTORY_MAX_NAMES)
		return -E2BIG;
	if (n->count == n->size) {
		uint32_t size = n->size ? n->size * 2 : FIRST_NAMES;
		const char **list = reallocarray(n->list, size, sizeof(*list));
		if (!list)
			return -ENOMEM;
		n->list = list;
		n->size = size;
	}
	n->list[n->count] = pp_arena_strdup(a, name);
	return n->list[n->count++] ? 0 : -ENOMEM;
}

static bool directory_is_plain(const struct dirent *d)
{
	return d->d_type != DT_FIFO && d->d_type != DT_SOCK && d->d_type != DT_CHR &&
	       d->d_type != DT_BLK;
}

static int directory_read(DIR *dir, bool plain_only, struct pp_arena *a,
                          struct directory_names *ret)
{
	for (;;) {
		errno = 0;
		const struct dirent *d = readdir(dir);
		if (!d)
			return -errno;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    (plain_only && !directory_is_plain(d)))
			continue;
		int r = directory_add(ret, a, d->d_name);
		if (r < 0)
			return r;
	}
}

static int directory_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int pp_fd_list(int fd, bool plain_only, struct pp_arena *a, struct pp_names *ret)
{
	struct directory_names n = { 0 };
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;
		close(fd);
		return r;
	}
	int r = directory_read(dir, plain_only, a, &n);
	closedir(dir);
	const char **list = r < 0 ? NULL : PP_ARENA_ARRAY(a, n.count, const char *);
	if (list) {
		if (n.count) {
			memcpy(list, n.list, n.count * sizeof(*list));
			qsort(list, n.count, sizeof(*list), directory_compare);
		}
		*ret = (struct pp_names){ .names = list, .count = n.count };
	}
	free(n.list);
	return r < 0 ? r : list ? 0 : -ENOMEM;
}
