/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a directory, collected and sorted: the same on every system. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/name-list.h"

#define FIRST_NAMES 64u

int pp_name_list_add(struct pp_name_list *n, struct pp_arena *a, const char *name)
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

static int name_list_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int pp_name_list_end(struct pp_name_list *n, int err, struct pp_arena *a, struct pp_names *ret)
{
	const char **list = err ? NULL : PP_ARENA_ARRAY(a, n->count, const char *);

	if (list) {
		if (n->count) {
			memcpy(list, n->list, n->count * sizeof(*list));
			qsort(list, n->count, sizeof(*list), name_list_compare);
		}
		*ret = (struct pp_names){ .names = list, .count = n->count };
	}
	free(n->list);
	return err ? err : list ? 0 : -ENOMEM;
}
