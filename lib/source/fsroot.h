/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two sources that are files: this host, and a directory. */
#ifndef PP_SOURCE_FSROOT_H
#define PP_SOURCE_FSROOT_H

#include "source/source.h"
#include "sys/place.h"

int pp_live_new(struct pp_source **ret, struct pp_error *e);

/* fd: the directory, taken over in any case. */
int pp_directory_new(int fd, struct pp_source **ret, struct pp_error *e);

#endif
