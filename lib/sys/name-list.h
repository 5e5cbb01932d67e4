/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a directory as they come, in a growing array; then sorted, in an arena. */
#ifndef PP_SYS_NAME_LIST_H
#define PP_SYS_NAME_LIST_H

#include "sys/directory.h"

struct pp_name_list {
	const char **list;
	uint32_t count, size;
};

/* A copy of name, in a. -E2BIG: more than PP_DIRECTORY_MAX_NAMES; -ENOMEM. */
int pp_name_list_add(struct pp_name_list *n, struct pp_arena *a, const char *name);
/* Ends the list: on success (err 0) its names sorted, in a. err or -ENOMEM. */
int pp_name_list_end(struct pp_name_list *n, int err, struct pp_arena *a, struct pp_names *ret);

#endif
