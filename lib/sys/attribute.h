/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/sys: the extended attributes of a file that is replaced: labels, access control lists,
 * users' own. */
#ifndef PP_SYS_ATTRIBUTE_H
#define PP_SYS_ATTRIBUTE_H

#include "sys/machine.h"

/*
 * Into c, in the arena. A file system without attributes has none. What the kernel makes of the
 * bytes by itself (security.ima, security.evm) is left out. -E2BIG: more than
 * PP_CONTENT_MAX_ATTRIBUTES.
 */
int pp_attributes_read(int fd, struct pp_arena *arena, struct pp_content *c);
/* To a new file those of the file that it will replace, or, without one, those of c. -errno. */
int pp_attributes_keep(int fd, const char *replaced, const struct pp_content *c);

#endif
