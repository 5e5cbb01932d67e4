/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of modprobe's configuration, from all of its directories, in the order of modprobe. */
#ifndef PP_HOST_MODPROBE_H
#define PP_HOST_MODPROBE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"

struct pp_modprobe_line {
	struct pp_span text; /* without its newline; what goes on behind a backslash is joined */
	const char *path;    /* "etc/modprobe.d/vfio.conf" */
};

struct pp_modprobe {
	const struct pp_modprobe_line *lines;
	uint32_t nr_lines;
	int error; /* errno of a directory or file that was not read, so that lines may be missing
	            */
};

/* A file's text with the lines joined that go on behind a backslash; NULL: no memory. */
char *pp_modprobe_join(struct pp_span text, struct pp_arena *a);
/* Whether a path is that of a file in one of modprobe's directories. */
bool pp_modprobe_is_file(const char *path);
/* Of the files in them, modprobe reads those that are named so. */
bool pp_modprobe_is_conf(const char *name);
/* The directories, "etc/modprobe.d" first; NULL behind the last. */
const char *pp_modprobe_directory(size_t i);

#endif
