/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists a directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/name-list.h"

static bool directory_is_plain(const struct dirent *d)
{
	return d->d_type != DT_FIFO && d->d_type != DT_SOCK && d->d_type != DT_CHR &&
	       d->d_type != DT_BLK;
}

static int directory_read(DIR *dir, bool plain_only, struct pp_arena *a, struct pp_name_list *ret)
{
	for (;;) {
		errno = 0;
		const struct dirent *d = readdir(dir);
		if (!d)
			return -errno;
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    (plain_only && !directory_is_plain(d)))
			continue;
		int r = pp_name_list_add(ret, a, d->d_name);
		if (r < 0)
			return r;
	}
}

int pp_fd_list(int fd, bool plain_only, struct pp_arena *a, struct pp_names *ret)
{
	struct pp_name_list n = { 0 };
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;
		close(fd);
		return r;
	}
	int r = directory_read(dir, plain_only, a, &n);
	closedir(dir);
	return pp_name_list_end(&n, r, a, ret);
}
