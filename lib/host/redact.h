/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture leaves out of the files that it holds. */
#ifndef PP_HOST_REDACT_H
#define PP_HOST_REDACT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Leaves out of a file what names a machine, a person or a network and decides nothing. By path;
 * files that hold no such thing stay as they are. Fits pp_record_filter.
 */
int pp_redact(void *ctx, const char *path, struct pp_span *content, struct pp_arena *a,
              struct pp_error *e);

#endif
