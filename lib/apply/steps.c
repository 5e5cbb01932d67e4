/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of how each kind of step is carried out, and what several of them share. */
#include "apply/steps.h"
#include "boot/initrd.h"

static const struct pp_step_ops *const steps[PP_STEP_KINDS] = {
#define PP_KIND(value, word) [PP_STEP_##value] = &pp_step_##word##_ops,
#include "plan/kinds.def"
#undef PP_KIND
};

const struct pp_step_ops *pp_step_ops_of(const struct pp_step *s)
{
	return steps[s->kind];
}

int pp_step_rebuild_initrd(struct pp_stage *s, const char *unknown, struct pp_error *e)
{
	struct pp_initrd_made_by by;
	struct pp_error ignored;

	if (!pp_initrd_find(s->apply, &by, &ignored) && by.rebuild)
		return pp_initrd_rebuild(s, &by, e);
	pp_apply_say(s->apply, "%s", unknown);
	return 0;
}
