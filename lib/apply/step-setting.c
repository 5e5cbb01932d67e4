/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A BIOS setting, through a store of settings. */
#include <string.h>

#include "apply/steps.h"
#include "txn/stage.h"

/* What was typed is never ignored: the plan names one store, the caller another. */
static int stage_check_store(const struct pp_apply *a, const struct pp_step_setting *set,
                             struct pp_error *e)
{
	const char *asked = a->options ? a->options->store : NULL;

	if (!set->store || !asked || !strcmp(set->store, asked))
		return 0;
	return pp_fail(e, EINVAL,
	               "the plan names %.300s for %.64s, so %.300s cannot be used; make a new plan",
	               set->store, set->section, asked);
}

static int step_setting_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	int r = stage_check_store(s->apply, &step->setting, e);

	return r ? r : pp_stage_setting(s, &step->setting, e);
}

const struct pp_step_ops pp_step_setting_ops = { .stage = step_setting_stage };
