/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which stores a plan may name. A plan may come from somebody else and is carried out by root, so a
 * path in it is HP's program and nothing that only needs to be started with two file names.
 */
#include <string.h>

#include "plan/plan.h"

#define MAX_NAME_BYTES 64
#define MAX_PATH_BYTES 200
#define HP             "hp:"
#define PROGRAM        "conrep"

static const char word_chars[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

static bool store_is_kind(const char *store)
{
	size_t len = strlen(store);

	return len && len <= MAX_NAME_BYTES && *store != '.' && strspn(store, word_chars) == len;
}

/*
 * "C:\\Program Files\\HP\\conrep.exe", with either slash: no part is empty, begins or ends with a
 * dot, or has what no name may have there; a colon in one would name another stream.
 */
static bool store_is_windows_program(const char *path)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strlen(path);
	const char *name = path;

	if (len < 8 || len > MAX_PATH_BYTES || !strchr(letters, *path) || path[1] != ':' ||
	    !strchr("/\\", path[2]))
		return false;
	for (path += 2; *path;) {
		name = ++path;
		path += strcspn(path, "/\\");
		if (path == name || *name == '.' || *name == ' ' || path[-1] == '.' ||
		    path[-1] == ' ')
			return false;
		for (const char *c = name; c < path; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f || strchr(":*?\"<>|", *c))
				return false;
	}
	return strstr(name, PROGRAM) && path - name > 4 && !strcmp(path - 4, ".exe");
}

/* "/sbin/conrep": no part is empty or begins with a dot. */
static bool store_is_program(const char *path)
{
	const char *name = strrchr(path, '/');

	if (*path != '/' || strlen(path) > MAX_PATH_BYTES || !strstr(name, PROGRAM))
		return false;
	while (*path) {
		size_t n = strspn(++path, word_chars);
		if (!n || *path == '.' || (path[n] && path[n] != '/'))
			return false;
		path += n;
	}
	return true;
}

bool pp_plan_store_is_valid(const char *store)
{
	if (strncmp(store, HP, strlen(HP)))
		return store_is_kind(store);
	return store_is_program(store + strlen(HP)) || store_is_windows_program(store + strlen(HP));
}
