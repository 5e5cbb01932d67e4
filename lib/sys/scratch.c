/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Working directories for a program that is run: how they go; how they are made is each system's.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/path.h"
#include "sys/process.h"
#include "sys/scratch.h"

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
	char *end;

	if (strncmp(name, prefix, len) || name[len] != '-')
		return;
	long pid = strtol(name + len + 1, &end, 10);
	if (*end == '-' && pid > 0 && pid <= INT_MAX && !pp_process_is_alive((uint64_t)pid))
		pp_scratch_remove(path);
}

void pp_scratch_clean_up(const char *above, const char *prefix)
{
	scratch_each(above, scratch_remove_dead, (void *)(uintptr_t)prefix);
}
