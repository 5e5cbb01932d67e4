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
	const struct pp_step_setting *set = &step->setting;
	struct pp_apply *a = s->apply;
	int r = stage_check_store(a, set, e);

	if (!r)
		r = a->settings->says(a, set, set->wanted, e);
	if (r)
		return r < 0 ? r : 0;
	r = a->settings->says(a, set, set->expected, e);
	if (r < 0)
		return r;
	if (!r)
		return pp_fail(e, EBUSY,
		               "%.100s does not say %.100s, which the plan expects: it was changed "
		               "meanwhile; make a new plan",
		               set->section, set->expected);
	const char *store = set->store;
	r = a->settings->check(a, set, &store, e);
	if (r)
		return r;
	struct pp_op *op = pp_stage_add(s, &pp_op_setting, e);
	if (!op)
		return -e->code;
	op->setting = *set;
	op->setting.store = store;
	return 0;
}

const struct pp_step_ops pp_step_setting_ops = { .stage = step_setting_stage };
