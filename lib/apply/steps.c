/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of how each kind of step is carried out. */
#include "apply/steps.h"

static const struct pp_step_ops *const steps[PP_STEP_KINDS] = {
#define PP_KIND(value, word) [PP_STEP_##value] = &pp_step_##word##_ops,
#include "plan/kinds.def"
#undef PP_KIND
};

const struct pp_step_ops *pp_step_ops_of(const struct pp_step *s)
{
	return steps[s->kind];
}
