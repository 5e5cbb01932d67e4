/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture in memory as bytes that another process can make the same capture of. */
#ifndef PP_SOURCE_PACKED_H
#define PP_SOURCE_PACKED_H

#include "source/stored.h"

/* Sends all of the bytes; 0 or a negative errno. */
typedef int (*pp_packed_send)(void *ctx, const void *bytes, size_t len);
/* Fills all of buf; 0 or a negative errno, -EPIPE where the bytes end before. */
typedef int (*pp_packed_receive)(void *ctx, void *buf, size_t len);

/* 0, -ENOMEM or what send returns. */
int pp_packed_put(const struct pp_stored *s, pp_packed_send send, void *ctx);

/*
 * Makes a capture of such bytes, which are hostile: whoever sends them may have been taken over by
 * what it read. Every count, length, name and place is checked. -EPROTO, with what is wrong:
 * pp_packed_put() sends no such thing; -EPIPE: they end too early; -ENOMEM.
 */
int pp_packed_take(pp_packed_receive receive, void *ctx, struct pp_source **ret,
                   struct pp_error *e);

#endif
