/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two sources that are files: this host, and a directory. */
#ifndef PP_SOURCE_FSROOT_H
#define PP_SOURCE_FSROOT_H

#include "source/source.h"
#include "sys/place.h"

int pp_live_new(struct pp_source **ret, struct pp_error *e);

int pp_directory_open(const char *path, struct pp_source **ret, struct pp_error *e);

#endif
