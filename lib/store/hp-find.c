/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds HP's conrep where its packages put it, and refuses what others can write. */
#include <stdio.h>
#include <string.h>

#include "store/hp-find.h"
#include "store/hp-places.h"
#include "sys/path.h"
#include "sys/trust.h"

#define OUR_NAME "pcipass-conrep"
/* HP's is far smaller. */
#define MAX_PROGRAM_BYTES (256u << 20)

/*
 * A copy or a script that calls ours has its name inside; it would call itself without end.
 * resolved: with all links followed.
 */
static bool find_is_ours(const char *resolved)
{
	const char *slash = strrchr(resolved, '/'), *other = strrchr(resolved, '\\');
	const char *last = other > slash ? other : slash;

	return !strncmp(last ? last + 1 : resolved, "pcipass", 7) ||
	       pp_file_contains(resolved, MAX_PROGRAM_BYTES, OUR_NAME);
}

/* Whether it may be trusted is asked later: one that may not is refused, not passed over. */
static bool find_is_program(const char *path)
{
	char resolved[PATH_MAX];

	return !pp_path_resolve(path, resolved, NULL) && pp_path_is_program(resolved) &&
	       !find_is_ours(resolved);
}

bool pp_hp_find(const char *const *directories, char ret[PATH_MAX])
{
	struct pp_arena a;
	bool found = false;

	pp_arena_init(&a, 0);
	directories = directories ? directories : pp_hp_places(&a);
	for (; directories && *directories && !found; directories++)
		for (const char *const *name = pp_hp_names; *name && !found; name++) {
			int n = snprintf(ret, PATH_MAX, "%s/%s", *directories, *name);
			found = n > 0 && n < PATH_MAX && find_is_program(ret);
		}
	pp_arena_fini(&a);
	return found;
}

int pp_hp_check(const char *path, struct pp_error *e)
{
	struct pp_error why = { 0 };
	char resolved[PATH_MAX];

	if (!pp_path_is_absolute(path))
		return pp_fail(e, EINVAL, "hp:%.300s: need an absolute path", path);
	int r = pp_path_resolve(path, resolved, e);
	if (r)
		return pp_fail(e, -r, "%.300s: %s%s", path, strerror(-r),
		               r == -ENOENT ? "; if HP's conrep has moved, put a symbolic link to "
		                              "it there"
		                            : "");
	if (!pp_path_is_program(resolved))
		return pp_fail(e, EACCES, "%.300s: not a program that can be run", path);
	if (find_is_ours(resolved))
		return pp_fail(e, EINVAL, "%.200s: this is pcipass's own conrep, not HP's", path);
	r = pp_trust_check(path, resolved, &why);
	return r ? pp_fail(e, -r, "not run with the rights to write firmware settings: %.400s",
	                   why.text)
	         : 0;
}
