/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan that is being made. */
#include <string.h>

#include "remedy/step.h"

/* What a kernel can be told; no plan, whoever wrote it, tells it anything else. */
static const char *const arguments[] = {
	"intel_iommu=on",
	"intel_iommu=on,relax_rmrr",
	"iommu=pt",
};

bool pp_step_bind_is(const struct pp_step_bind *b, enum pp_bind_when when)
{
	return !b->when || b->when & when;
}

bool pp_argument_is_known(const char *argument)
{
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		if (!strcmp(arguments[i], argument))
			return true;
	return false;
}

int pp_steps_init(struct pp_steps *s, struct pp_arena *a, const char *store, struct pp_error *e)
{
	*s = (struct pp_steps){ .arena = a, .store = store };
	s->list = PP_ARENA_ARRAY(a, PP_PLAN_MAX_STEPS + 1, struct pp_step);
	return s->list ? 0 : pp_fail_oom(e, "plan");
}

/* A plan outlives what it was made from. */
static const char *step_copy(struct pp_steps *s, const char *text)
{
	const char *copy = text ? pp_arena_strdup(s->arena, text) : NULL;

	s->failed |= text && !copy;
	return copy;
}

struct pp_step *pp_steps_add(struct pp_steps *s, enum pp_step_kind kind, const char *remedy,
                             const char *side_effect)
{
	bool full = s->count == PP_PLAN_MAX_STEPS;
	struct pp_step *step = &s->list[s->count];

	s->failed |= full;
	s->count += !full;
	*step = (struct pp_step){
		.kind = kind,
		.remedy = step_copy(s, remedy),
		.side_effect = step_copy(s, side_effect),
	};
	return step;
}

void pp_steps_add_argument(struct pp_steps *s, const char *remedy, const char *argument,
                           const char *side_effect)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->list[i].kind == PP_STEP_ARGUMENT &&
		    !strcmp(s->list[i].argument.argument, argument))
			return;
	struct pp_step *step = pp_steps_add(s, PP_STEP_ARGUMENT, remedy, side_effect);
	step->argument.argument = step_copy(s, argument);
}

void pp_steps_add_like(struct pp_steps *s, const char *remedy, const struct pp_step *like,
                       uint32_t nr, const char *side_effect)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct pp_step *step = pp_steps_add(s, like[i].kind, remedy, side_effect);
		struct pp_step made = like[i];
		made.remedy = step->remedy;
		made.side_effect = step->side_effect;
		*step = made;
		side_effect = NULL;
	}
}

void pp_steps_add_instruction(struct pp_steps *s, const char *remedy, const char *text,
                              const char *side_effect, const char *undo, bool needs_reboot)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->list[i].kind == PP_STEP_INSTRUCTION && !strcmp(s->list[i].text, text))
			return;
	struct pp_step *step = pp_steps_add(s, PP_STEP_INSTRUCTION, remedy, side_effect);
	step->text = step_copy(s, text);
	step->undo = step_copy(s, undo);
	step->needs_reboot = needs_reboot;
}
