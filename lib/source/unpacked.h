/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture that was unpacked into a directory. */
#ifndef PP_SOURCE_UNPACKED_H
#define PP_SOURCE_UNPACKED_H

#include "source/source.h"

/*
 * A capture of ours that was unpacked into a directory. It holds little more than what will be
 * asked, so it is read into memory as the archive would be, and means exactly the same.
 */
bool pp_unpacked_is(int fd);
int pp_unpacked_new(int fd, struct pp_source **ret, struct pp_error *e);

#endif
