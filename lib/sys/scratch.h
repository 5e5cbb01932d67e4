/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Working directories for a program that is run: private, and removed when they are no longer
 * needed. */
#ifndef PP_SYS_SCRATCH_H
#define PP_SYS_SCRATCH_H

#include <limits.h>

#include "base/error.h"
#include "base/span.h"

/* Makes above/PREFIX-PROCESS-RANDOM, mode 0700. */
int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e);
/* A new file in it, mode 0600; not synced. */
int pp_scratch_put(const char *path, struct pp_span bytes, struct pp_error *e);
/* Removes it with the files in it; what cannot be removed stays. */
void pp_scratch_remove(const char *path);
/* Removes those whose makers are no more. */
void pp_scratch_clean_up(const char *above, const char *prefix);

#endif
