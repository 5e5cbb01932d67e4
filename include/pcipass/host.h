/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PCIPASS_HOST_H
#define PCIPASS_HOST_H

#include <stdbool.h>

#include <pcipass/error.h>
#include <pcipass/source.h>

/* A host decoded: its devices, groups, regions, slots, kernel and firmware. */
struct pp_host;

/*
 * Reads everything that a verdict needs from s, once. What cannot be read is kept as unread, with
 * the reason; only a source that holds no host at all is an error. A device's configuration space
 * is not touched while the device or a bridge above it sleeps. s may be freed afterwards.
 */
int pp_host_read(struct pp_source *s, struct pp_host **ret, struct pp_error *e);
void pp_host_free(struct pp_host *h);

/* Whether a firmware table is there but could not be decoded; *e then says where and why. */
bool pp_host_table_error(const struct pp_host *h, struct pp_error *e);

/* Whether a firmware table is there and the rights to read it are missing. */
bool pp_host_table_denied(const struct pp_host *h);

#endif
