/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of the kinds of steps, and what holds for all of them. */
#include "plan/kind.h"

/* The words of a step that a person carries out are all that it has. */
static bool kind_instruction_needs_reboot(const struct pp_step *s)
{
	return s->needs_reboot;
}

static const struct pp_step_kind_ops kind_instruction = {
	.name = "instruction",
	.summary = "something that only a person can do",
	.needs_reboot = kind_instruction_needs_reboot,
};

static const struct pp_step_kind_ops *const kinds[PP_STEP_KINDS] = {
#define PP_KIND(value, word) [PP_STEP_##value] = &pp_step_kind_##word,
#include "plan/kinds.def"
#undef PP_KIND
	[PP_STEP_INSTRUCTION] = &kind_instruction,
};

#define PP_KIND(value, word) +1
_Static_assert(1
#include "plan/kinds.def"
                       == PP_STEP_KINDS,
               "a kind of enum pp_step_kind has no line in kinds.def");
#undef PP_KIND

const struct pp_step_kind_ops *pp_step_kind_of(enum pp_step_kind kind)
{
	return kinds[kind];
}

const char *pp_step_kind_name(enum pp_step_kind kind)
{
	return kind < PP_STEP_KINDS ? kinds[kind]->name : "";
}

bool pp_step_needs_reboot(const struct pp_step *s)
{
	const struct pp_step_kind_ops *ops = pp_step_kind_of(s->kind);

	return !ops->needs_reboot || ops->needs_reboot(s);
}

bool pp_step_complete(struct pp_arena *a, struct pp_step *s)
{
	const struct pp_step_kind_ops *ops = pp_step_kind_of(s->kind);

	if (ops->rows && !pp_json_copy(ops->rows, a, s))
		return false;
	if (ops->describe) {
		s->text = s->undo = NULL;
		ops->describe(a, s);
	}
	s->needs_reboot = pp_step_needs_reboot(s);
	return s->text && s->undo;
}
