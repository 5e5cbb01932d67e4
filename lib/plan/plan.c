/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan in memory. */
#include <stdlib.h>
#include <string.h>

#include "plan/kind.h"
#include "plan/plan.h"

#define PLAN_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct pp_plan *pp_plan_alloc(void)
{
	struct pp_plan *p = calloc(1, sizeof(*p));

	if (p)
		pp_arena_init(&p->arena, PLAN_MAX_BYTES);
	return p;
}

void pp_plan_free(struct pp_plan *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->nr_earlier; i++)
		pp_plan_free(p->earlier[i]);
	pp_arena_fini(&p->arena);
	free(p);
}

unsigned int pp_plan_instructions(const struct pp_plan *p)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < p->nr_steps; i++)
		n += !pp_step_is_automatic(&p->steps[i]);
	return n;
}

bool pp_plan_does(const struct pp_plan *p, unsigned int flags)
{
	for (uint32_t i = 0; i < p->nr_steps; i++) {
		const struct pp_remedy_ops *ops = pp_remedy_find(p->steps[i].remedy);
		if (ops && ops->flags & flags)
			return true;
	}
	return false;
}

unsigned int pp_plan_steps(const struct pp_plan *p)
{
	return p->nr_steps - pp_plan_instructions(p);
}

bool pp_plan_needs_reboot(const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].needs_reboot)
			return true;
	return false;
}
