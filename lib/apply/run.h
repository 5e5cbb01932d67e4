/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apply, resume and undo on a machine that the caller brings along, as tests do. */
#ifndef PP_APPLY_RUN_H
#define PP_APPLY_RUN_H

#include "txn/context.h"

/* The public calls on a machine of a test's own. */
int pp_apply_run_with(const struct pp_plan *p, const struct pp_apply_options *o, struct pp_sys *sys,
                      struct pp_error *e);
int pp_apply_resume_with(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_error *e);
int pp_apply_undo_with(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_error *e);

#endif
