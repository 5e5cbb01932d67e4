/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The override table that a plan's step comes to; not its installation. */
#ifndef PP_APPLY_OVERRIDE_H
#define PP_APPLY_OVERRIDE_H

#include "txn/context.h"

/* The table without what the step takes out of base. */
int pp_override_make(struct pp_arena *arena, const struct pp_step_override *o, struct pp_span base,
                     struct pp_span *ret, struct pp_error *e);

#endif
