/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public view of a plan's steps, one accessor a fact. */
#include "plan/plan.h"

const struct pp_step *pp_plan_step_at(const struct pp_plan *p, unsigned int index)
{
	return index < p->nr_steps ? &p->steps[index] : NULL;
}

enum pp_step_kind pp_step_kind(const struct pp_step *s)
{
	return s->kind;
}

const char *pp_step_remedy(const struct pp_step *s)
{
	return s->remedy;
}

const char *pp_step_text(const struct pp_step *s)
{
	return s->text;
}

const char *pp_step_side_effect(const struct pp_step *s)
{
	return s->side_effect;
}

const char *pp_step_undo(const struct pp_step *s)
{
	return s->undo;
}
