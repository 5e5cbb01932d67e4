/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All remedies in the order in which they are taken, and their answers. */
#include <string.h>

#include "remedy/remedy.h"

static const struct pp_remedy_ops *const remedies[] = {
#define PP_REMEDY(name) &pp_remedy_##name,
#include "remedy/rows.def"
#undef PP_REMEDY
};
#define NR_REMEDIES (sizeof(remedies) / sizeof(remedies[0]))

_Static_assert(NR_REMEDIES <= PP_REMEDY_MAX, "more remedies than an answer has room for");

const struct pp_remedy_ops *pp_remedy_at(size_t index)
{
	return index < NR_REMEDIES ? remedies[index] : NULL;
}

const struct pp_remedy_ops *pp_remedy_find(const char *id)
{
	for (size_t i = 0; i < NR_REMEDIES; i++)
		if (!strcmp(remedies[i]->id, id))
			return remedies[i];
	return NULL;
}

uint32_t pp_remedy_answers(struct pp_remedy_case *c, struct pp_remedy ret[PP_REMEDY_MAX])
{
	uint32_t n = 0;

	for (size_t i = 0; i < NR_REMEDIES && c->nr_held; i++) {
		const struct pp_remedy_ops *ops = remedies[i];
		ret[n] = (struct pp_remedy){ .ops = ops };
		n += ops->flags & PP_REMEDY_FREES_REGIONS &&
		     (!ops->kinds || ops->kinds & PP_ON(c->host->kind)) && ops->answer(c, &ret[n]);
	}
	return n;
}

/* A step for each of them. */
static void remedy_add_arguments(const struct pp_remedy *r, const char *side_effect,
                                 struct pp_steps *steps)
{
	for (const char *s = r->argument; *s;) {
		size_t n = strcspn(s, " ");
		const char *one = pp_arena_strndup(steps->arena, s, n);
		steps->failed |= !one;
		if (one)
			pp_steps_add_argument(steps, r->ops->id, one, side_effect);
		s += n + (s[n] == ' ');
	}
}

void pp_remedy_add_steps(struct pp_remedy_case *c, const struct pp_remedy *r,
                         struct pp_steps *steps)
{
	const struct pp_remedy_ops *ops = r->ops;
	/* In a rule's own words a remedy is no longer about regions. */
	bool answered = c && ops->answer;
	const char *side_effect =
		answered && ops->side_effect ? ops->side_effect(c) : r->side_effect;

	if (answered && ops->add_steps)
		ops->add_steps(c, r, steps);
	else if (r->nr_steps)
		pp_steps_add_like(steps, ops->id, r->steps, r->nr_steps, side_effect);
	else if (r->argument)
		remedy_add_arguments(r, side_effect, steps);
	else
		pp_steps_add_instruction(steps, ops->id, r->text, side_effect, ops->undo,
		                         !(ops->flags & PP_REMEDY_NO_REBOOT));
}
