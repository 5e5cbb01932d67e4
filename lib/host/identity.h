/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who the machine is, as conrep's schemas and data files name it. */
#ifndef PP_HOST_IDENTITY_H
#define PP_HOST_IDENTITY_H

#include "conrep/match.h"
#include "source/source.h"

/*
 * Who the machine is, without reading the rest of the host: SMBIOS types 0, 1 and 4, else the
 * kernel's copies of them and /proc/cpuinfo, which everybody may read. What nobody tells stays
 * NULL. *ret's strings live in a. -ENOMEM only.
 */
int pp_host_identity(struct pp_source *s, struct pp_arena *a, struct pp_machine *ret,
                     struct pp_error *e);

#endif
