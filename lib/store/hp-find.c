/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds HP's conrep where its packages put it, and refuses what others can write. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/hp-find.h"
#include "store/trust.h"

#define OUR_NAME "pcipass-conrep"
/* HP's is far smaller. */
#define MAX_PROGRAM_BYTES (256l << 20)
#define PIECE_BYTES       16384

static const char *const usual_folders[] = {
	"/opt/hp/hp-scripting-tools/bin",
	"/opt/hp/hp-scripting-tools",
	"/opt/hpe/hpe-scripting-tools/bin",
	"/opt/hp/conrep",
	"/opt/hp/tools",
	"/usr/local/sbin",
	"/usr/local/bin",
	"/usr/sbin",
	"/usr/bin",
	"/sbin",
	"/bin",
	NULL,
};

/* A copy or a script that calls ours has its name inside; it would call itself without end. */
static bool find_our_name(const char *path, off_t size)
{
	char bytes[sizeof(OUR_NAME) + PIECE_BYTES];
	size_t kept = 0;
	bool found = false;
	ssize_t n;

	int fd = size > 0 && size <= MAX_PROGRAM_BYTES ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
	                                               : -1;
	while (fd >= 0 && !found && (n = read(fd, bytes + kept, PIECE_BYTES)) > 0) {
		size_t len = kept + (size_t)n;
		found = memmem(bytes, len, OUR_NAME, strlen(OUR_NAME)) != NULL;
		/* It may go on in the next piece. */
		kept = len < sizeof(OUR_NAME) ? len : sizeof(OUR_NAME);
		memmove(bytes, bytes + len - kept, kept);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* resolved: with all links followed. */
static bool find_is_ours(const char *resolved, const struct stat *st)
{
	const char *name = strrchr(resolved, '/') + 1;

	return !strncmp(name, "pcipass", 7) || find_our_name(resolved, st->st_size);
}

static bool find_is_program(const char *path)
{
	char resolved[PATH_MAX];
	struct stat st;

	/* Whether it may be trusted is asked later: one that may not is refused, not passed over.
	 */
	return realpath(path, resolved) && !stat(resolved, &st) && S_ISREG(st.st_mode) &&
	       !access(resolved, X_OK) && !find_is_ours(resolved, &st);
}

bool pp_hp_find(const char *const *directories, char ret[PATH_MAX])
{
	static const char *const names[] = { "conrep", "hp-conrep" };

	for (directories = directories ? directories : usual_folders; *directories; directories++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			int n = snprintf(ret, PATH_MAX, "%s/%s", *directories, names[i]);
			if (n > 0 && n < PATH_MAX && find_is_program(ret))
				return true;
		}
	return false;
}

int pp_hp_check(const char *path, struct pp_error *e)
{
	struct pp_error why = { 0 };
	char resolved[PATH_MAX];
	struct stat st;

	if (*path != '/')
		return pp_fail(e, EINVAL, "hp:%.300s: need an absolute path", path);
	if (!realpath(path, resolved) || stat(resolved, &st))
		return pp_fail(e, errno, "%.300s: %s%s", path, strerror(errno),
		               errno == ENOENT
		                       ? "; if HP's conrep has moved, put a symbolic link to it "
		                         "there"
		                       : "");
	if (!S_ISREG(st.st_mode) || access(resolved, X_OK))
		return pp_fail(e, EACCES, "%.300s: not a program that can be run", path);
	if (find_is_ours(resolved, &st))
		return pp_fail(e, EINVAL, "%.200s: this is pcipass's own conrep, not HP's", path);
	int r = pp_trust_check(path, resolved, &st, &why);
	return r ? pp_fail(e, -r, "not run with the rights to write firmware settings: %.400s",
	                   why.text)
	         : 0;
}
