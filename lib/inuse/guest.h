/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a guest uses a device: who holds its group's files open. */
#ifndef PP_INUSE_GUEST_H
#define PP_INUSE_GUEST_H

#include "base/arena.h"
#include "sys/machine.h"

/*
 * Whether a guest has the device, or another one of its group: *ret is NULL, or a sentence in the
 * arena that names the process.
 */
int pp_guest_find(struct pp_sys *s, const char *address, struct pp_arena *a, const char **ret,
                  struct pp_error *e);

#endif
