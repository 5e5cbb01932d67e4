/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The remedy that a plan takes for reserved regions, and those that it does not take. */
#include <string.h>

#include "plan/make.h"

/* The best that can be planned, or the one asked for; NULL if there is none. */
static const struct pp_remedy *region_choose(const struct pp_remedy *all, uint32_t n,
                                             const char *asked)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct pp_remedy_ops *ops = all[i].ops;
		if (asked ? strcmp(ops->id, asked) != 0 : ops->flags & PP_REMEDY_ON_REQUEST)
			continue;
		if (!all[i].obstacle && !all[i].needs)
			return &all[i];
	}
	return NULL;
}

/* What was asked for may be another reason's remedy, and no answer to regions at all. */
static bool region_is_asked(const struct pp_planning *p)
{
	const struct pp_remedy_ops *ops = p->by ? pp_remedy_find(p->by) : NULL;

	if (!p->by || (ops && ops->flags & PP_REMEDY_FREES_REGIONS))
		return true;
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		const struct pp_row *row = &p->s->rows[p->freed[i]];
		for (uint32_t k = 0; k < row->nr_findings; k++)
			if (pp_planning_offers(row->findings[k], p->by))
				return false;
	}
	return true;
}

static void region_list_others(struct pp_planning *p, const struct pp_remedy *all, uint32_t n,
                               const struct pp_remedy *chosen)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct pp_remedy *r = &all[i];
		const char *text = r->text, *side_effect = r->side_effect;
		if (r == chosen)
			continue;
		if (r->obstacle || r->needs) {
			text = pp_planning_text(p, "%s: %s%s", r->text,
			                        r->obstacle ? "not here, " : "needs ",
			                        r->obstacle ? r->obstacle : r->needs);
			side_effect = NULL;
		} else if (r->ops->side_effect) {
			side_effect = r->ops->side_effect(&p->regions);
		}
		pp_planning_alternative(p, !r->obstacle && !r->needs, r->ops->id, text,
		                        side_effect);
	}
}

static const struct pp_alternative *region_alternative(const struct pp_planning *p, bool possible)
{
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (p->alternatives[i].possible == possible &&
		    (possible || !p->by || !strcmp(p->alternatives[i].remedy, p->by)))
			return &p->alternatives[i];
	return NULL;
}

/* " (bios-rmrds: …; table-override: …)": what stands against each; "" nothing is known. */
static const char *region_obstacles(struct pp_planning *p)
{
	const char *list = "";

	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (!p->alternatives[i].possible)
			list = pp_planning_text(p, "%s%s%s: %s", list, *list ? "; " : " (",
			                        p->alternatives[i].remedy, p->alternatives[i].text);
	return *list ? pp_planning_text(p, "%s)", list) : list;
}

/* Why nothing can be planned: what is missing, what stands against a remedy, and what there is. */
static int region_refuse(struct pp_planning *p, const struct pp_remedy *all, uint32_t n,
                         struct pp_error *e)
{
	const struct pp_alternative *not_here = region_alternative(p, false);

	for (uint32_t i = 0; i < n; i++)
		if (all[i].needs && (!p->by || !strcmp(p->by, all[i].ops->id)))
			return pp_fail(e, ENODATA, "%s: %s needs %s", p->plan->request,
			               all[i].ops->id, all[i].needs);
	if (p->by)
		return pp_fail(e, ENOTSUP, "%s: %s%s%s", p->by,
		               not_here ? not_here->text : "does not help here",
		               region_alternative(p, true) ? "; remedies here: " : "",
		               region_alternative(p, true) ? pp_planning_possible(p) : "");
	return pp_fail(e, ENOTSUP,
	               "%s: the firmware reserves memory for it, and no remedy is known here%s",
	               p->plan->request, region_obstacles(p));
}

/* Those that help the hypervisor that is asked for. */
static uint32_t region_answers(struct pp_planning *p, struct pp_remedy all[PP_REMEDY_MAX])
{
	uint32_t n = pp_remedy_answers(&p->regions, all), kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!all[i].ops->targets || all[i].ops->targets & PP_FOR(p->s->target))
			all[kept++] = all[i];
	return kept;
}

int pp_plan_regions(struct pp_planning *p, bool *keeps_device, struct pp_error *e)
{
	struct pp_remedy all[PP_REMEDY_MAX];

	pp_remedy_case_begin(&p->regions, &p->marks, p->freed, p->nr_freed, p->is_asked);
	p->regions.proved = true;
	pp_remedy_case_regions(&p->regions, &p->plan->regions, &p->plan->nr_regions);
	uint32_t n = region_answers(p, all);
	const struct pp_remedy *r = region_choose(all, n, region_is_asked(p) ? p->by : NULL);
	region_list_others(p, all, n, r);
	if (r)
		pp_planning_add_steps(p, &p->regions, r);
	pp_remedy_case_end(&p->regions);
	if (p->regions.failed)
		return pp_fail_oom(e, "plan");
	if (!r)
		return region_refuse(p, all, n, e);
	*keeps_device = r->ops->flags & PP_REMEDY_KEEPS_DEVICE;
	return 0;
}
