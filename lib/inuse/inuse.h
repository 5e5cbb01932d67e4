/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host itself uses a device for: disks, network, console. */
#ifndef PP_INUSE_INUSE_H
#define PP_INUSE_INUSE_H

#include "sys/machine.h"
#include "host/host.h"

/*
 * What the host itself needs the device for: "sda1 below it is mounted on /". *ret is NULL where
 * nothing was found, else a sentence's end in a. What could decide and cannot be read is an error:
 * a device is only taken where it is known to be free.
 */
int pp_inuse_find(struct pp_sys *s, const struct pp_device *d, struct pp_arena *a, const char **ret,
                  struct pp_error *e);

#endif
