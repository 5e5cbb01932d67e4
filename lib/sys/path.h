/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is at a path of this machine: looked at, and never changed. */
#ifndef PP_SYS_PATH_H
#define PP_SYS_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "sys/directory.h"

enum pp_sys_kind { PP_SYS_FILE, PP_SYS_DIRECTORY, PP_SYS_OTHER };

struct pp_sys_info {
	enum pp_sys_kind kind;
	uint64_t bytes;
	uint64_t volume, number; /* two paths with the same two are one file */
};

/* -errno. follow: of a link what it leads to; otherwise a link is PP_SYS_OTHER. */
int pp_path_info(const char *path, bool follow, struct pp_sys_info *ret);
/* A path that does not depend on where the caller is. */
bool pp_path_is_absolute(const char *path);
/* Something has this name, be it a link that leads nowhere. */
bool pp_path_is_there(const char *path);
/* Both lead to one file. */
bool pp_path_is_same(const char *a, const char *b);
/* A regular file that the caller may run. */
bool pp_path_is_program(const char *path);
/* -errno unless the caller, with the rights it has now, may write there. */
int pp_path_check_writable(const char *path);

/* The path with all links followed. */
int pp_path_resolve(const char *path, char ret[PATH_MAX], struct pp_error *e);

/* Whether the text is in a file of at most max bytes; an unreadable or longer one holds nothing. */
bool pp_file_contains(const char *path, uint64_t max, const char *text);

/* The names in a directory. -errno. */
int pp_path_list(const char *path, struct pp_arena *a, struct pp_names *ret);

#endif
