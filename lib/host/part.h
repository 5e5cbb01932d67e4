/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of a host only what decides about one device; not the whole of it. */
#ifndef PP_HOST_PART_H
#define PP_HOST_PART_H

#include "host/host.h"
#include "source/source.h"

/*
 * The host with one device, all of its group and their buses, and the bridges above, so that a
 * question about one of thousands does not read them all. Only the verdict of that device, its
 * findings that do more than inform, and what follows from them is as it would be of the whole
 * host; and that only until pp_host_is_short(), which is to be asked last of all. least: a host
 * with fewer devices is not worth it.
 *
 * 1, and *ret untouched: the host has to be read whole. -ENOMEM is the only failure.
 */
int pp_host_read_part(struct pp_source *s, const char *device, uint32_t least, struct pp_host **ret,
                      struct pp_error *e);

/* Whether an answer came up that depends on more than was read: then none of them counts. */
bool pp_host_is_short(const struct pp_host *h);

#endif
