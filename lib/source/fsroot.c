/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/fsroot.h"

#define FIRST_NAMES 64u

ssize_t pp_fd_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX)
		return -EINVAL;
	for (;;) {
		ssize_t n = pread(fd, buf, len, (off_t)offset);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

/* The names as they come, in a growing array. */
struct names {
	const char **list;
	uint32_t count, size;
};

static int add_name(struct names *n, struct pp_arena *a, const char *name)
{
	if (n->count == PP_MAX_ENTRIES)
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

static bool is_plain(const struct dirent *d)
{
	return d->d_type != DT_FIFO && d->d_type != DT_SOCK && d->d_type != DT_CHR &&
	       d->d_type != DT_BLK;
}

static int read_names(DIR *dir, bool plain_only, struct pp_arena *a, struct names *ret)
{
	for (;;) {
		errno = 0;
		const struct dirent *d = readdir(dir);
		if (!d)
			return -errno;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    (plain_only && !is_plain(d)))
			continue;
		int r = add_name(ret, a, d->d_name);
		if (r < 0)
			return r;
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int pp_fd_list(int fd, bool plain_only, struct pp_arena *a, struct pp_names *ret)
{
	struct names n = { 0 };
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;
		close(fd);
		return r;
	}
	int r = read_names(dir, plain_only, a, &n);
	closedir(dir);
	const char **list = r < 0 ? NULL : PP_ARENA_ARRAY(a, n.count, const char *);
	if (list) {
		if (n.count) {
			memcpy(list, n.list, n.count * sizeof(*list));
			qsort(list, n.count, sizeof(*list), by_text);
		}
		*ret = (struct pp_names){ .names = list, .count = n.count };
	}
	free(n.list);
	return r < 0 ? r : list ? 0 : -ENOMEM;
}
