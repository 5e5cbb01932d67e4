/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a file is the owner's own: asked before root runs a program or believes a file. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/trust.h"

static bool trust_owner(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static int trust_folder(const char *path, struct pp_error *e)
{
	struct stat st;

	if (stat(path, &st))
		return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
	if (!trust_owner(&st))
		return pp_fail(e, EACCES, "%.300s: this directory belongs to user %u, not to root",
		               path, (unsigned int)st.st_uid);
	if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		return pp_fail(e, EACCES, "%.300s: everybody can write to this directory", path);
	return 0;
}

/* The path is absolute and has no links: cut at each slash, from its end. */
static int trust_folders(const char *path, struct pp_error *e)
{
	char folder[PATH_MAX];

	strcpy(folder, path);
	for (;;) {
		char *slash = strrchr(folder, '/');
		slash[slash == folder] = '\0';
		int r = trust_folder(folder, e);
		if (r || slash == folder)
			return r;
	}
}

int pp_trust_check(const char *path, char ret[PATH_MAX], struct stat *st, struct pp_error *e)
{
	if (!realpath(path, ret) || stat(ret, st))
		return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
	if (!trust_owner(st))
		return pp_fail(e, EACCES, "%.300s: belongs to user %u, not to root", path,
		               (unsigned int)st->st_uid);
	if (st->st_mode & S_IWOTH)
		return pp_fail(e, EACCES, "%.300s: everybody can write to it", path);
	if (st->st_mode & S_IWGRP && st->st_gid != 0)
		return pp_fail(e, EACCES, "%.300s: group %u can write to it", path,
		               (unsigned int)st->st_gid);
	return trust_folders(ret, e);
}
