/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of temporary files beside the file that they become, on every system. */
#ifndef PP_SYS_TEMPORARY_H
#define PP_SYS_TEMPORARY_H

#include "sys/atomic.h"
#include "sys/path.h"

/*
 * ".pcipass-", eight digits that stand for the name, '-', sixteen random ones, ".tmp": short
 * whatever the name is, and whose it was can be told when it was left behind.
 */
#define PP_TEMPORARY_PREFIX_BYTES 18

void pp_temporary_prefix(const char *name, char ret[PP_TEMPORARY_PREFIX_BYTES + 1]);
/* A name that is new in all likelihood. -errno. */
int pp_temporary_name(const char *prefix, char ret[48]);
bool pp_temporary_is(const char *name, const char *prefix);

/* "PATH: why"; -code. */
int pp_atomic_failed(const struct pp_atomic *f, int code, struct pp_error *e);
/* Whether what is at the name may be replaced. -EEXIST, -EISDIR, -EBADMSG: as pp_atomic_open(). */
int pp_atomic_check_kind(const struct pp_atomic *f, enum pp_sys_kind kind, struct pp_error *e);

#endif
