/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_APPLY_STEPS_H
#define PP_APPLY_STEPS_H

#include "txn/stage.h"

/* The kinds of steps: a file and a row each. */
struct pp_step_ops {
	int (*stage)(struct pp_stage *s, const struct pp_step *step, struct pp_error *e);
	/* After all operations: it is as wanted. May be NULL. */
	int (*verify)(struct pp_apply *a, const struct pp_step *step, struct pp_error *e);
};
extern const struct pp_step_ops pp_step_setting_ops, pp_step_override_ops, pp_step_argument_ops,
	pp_step_bind_ops, pp_step_unbind_ops;

/*
 * -EBUSY unless the plan was made for this host: product and BIOS version where both are known, and
 * every device of the plan at its address. A host that shows neither is refused.
 */
int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e);

#endif
