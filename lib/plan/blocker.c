/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What blocks the devices of a plan, and what is to be done about all of it but regions. */
#include <string.h>

#include "plan/make.h"

/* What only comes along need not work for a guest; its regions hold the whole group. */
static bool matters(const struct pp_planning *p, uint32_t device, const struct pp_finding *f)
{
	return p->is_asked[device] || f->rule->scope != PP_SCOPE_OF_DEVICE ||
	       pp_finding_is_region(f);
}

/* Calls one for each finding of each device that is to be freed, until one returns non-zero. */
static int each_finding(struct pp_planning *p,
                        int (*one)(struct pp_planning *p, uint32_t device,
                                   const struct pp_finding *f, struct pp_error *e),
                        struct pp_error *e)
{
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		const struct pp_row *row = &p->s->rows[p->freed[i]];
		if (pp_device_is_bridge(row->device))
			continue;
		for (uint32_t k = 0; k < row->nr_findings; k++) {
			if (!matters(p, p->freed[i], row->findings[k]))
				continue;
			int r = one(p, p->freed[i], row->findings[k], e);
			if (r)
				return r;
		}
	}
	return 0;
}

/* Regions have ways of their own, which are tried later. */
static int refuse_incurable(struct pp_planning *p, uint32_t device, const struct pp_finding *f,
                            struct pp_error *e)
{
	if (f->effect != PP_BLOCKS || f->nr_remedies || pp_finding_is_region(f))
		return 0;
	return pp_fail(e, ENOTSUP, "%s: no remedy is known: %s", pp_planning_name(p, device),
	               f->text);
}

static int refuse_unknown(struct pp_planning *p, uint32_t device, const struct pp_finding *f,
                          struct pp_error *e)
{
	if (f->effect != PP_EFFECT_UNKNOWN || f->could != PP_BLOCKS)
		return 0;
	return pp_fail(e, ENODATA, "%s: cannot make a plan: %s", pp_planning_name(p, device),
	               f->text);
}

static int note_region(struct pp_planning *p, uint32_t device, const struct pp_finding *f,
                       struct pp_error *e)
{
	return f->effect == PP_BLOCKS && pp_finding_is_region(f);
}

int pp_plan_look(struct pp_planning *p, bool *regions, struct pp_error *e)
{
	int r = each_finding(p, refuse_incurable, e);

	if (!r)
		r = each_finding(p, refuse_unknown, e);
	if (!r)
		*regions = each_finding(p, note_region, e) != 0;
	return r;
}

/* Without an IOMMU the kernel makes no groups. */
static const char *blocker_side_effect(const struct pp_planning *p, const struct pp_remedy *r)
{
	if (r->side_effect || p->h->iommu_on == PP_YES)
		return r->side_effect;
	return "while the IOMMU is off, pcipass can only compute which devices share a group and "
	       "must be freed together: run this again when it is on";
}

static int blocker_remedy(struct pp_planning *p, uint32_t device, const struct pp_finding *f,
                          struct pp_error *e)
{
	if (f->effect != PP_BLOCKS || pp_finding_is_region(f))
		return 0;
	struct pp_remedy r = *pp_finding_choice(f, p->by);
	for (uint32_t i = 0; i < f->nr_remedies; i++)
		if (f->remedies[i].ops != r.ops || strcmp(f->remedies[i].text, r.text) != 0)
			pp_planning_alternative(p, true, f->remedies[i].ops->id,
			                        f->remedies[i].text, f->remedies[i].side_effect);
	r.side_effect = blocker_side_effect(p, &r);
	pp_planning_add_steps(p, NULL, &r);
	return 0;
}

static int blocker_of_host(struct pp_planning *p, uint32_t device, const struct pp_finding *f,
                           struct pp_error *e)
{
	return f->rule->scope == PP_SCOPE_OF_HOST ? blocker_remedy(p, device, f, e) : 0;
}

void pp_plan_host_blockers(struct pp_planning *p)
{
	(void)each_finding(p, blocker_of_host, NULL);
}

void pp_plan_own_blockers(struct pp_planning *p)
{
	(void)each_finding(p, blocker_remedy, NULL);
}
