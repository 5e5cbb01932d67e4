/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names in a directory. */
#ifndef PP_SYS_DIRECTORY_H
#define PP_SYS_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define PP_DIRECTORY_MAX_NAMES 600000u

/* Sorted by bytes, in the caller's arena. */
struct pp_names {
	const char *const *names;
	uint32_t count;
};

/*
 * The names in the directory fd, which is closed. plain_only: without sockets, pipes and devices.
 * -E2BIG: more than PP_DIRECTORY_MAX_NAMES.
 */
int pp_fd_list(int fd, bool plain_only, struct pp_arena *a, struct pp_names *ret);

#endif
