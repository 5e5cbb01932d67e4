/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which remedies a region has, which one a plan takes, and whether the program carries it out. */
#include <string.h>

#include "host/isolation.h"
#include "judge/rules.h"

/* Remedies that cannot be done here, which are told where there is no other. */
#define MAX_OBSTACLES 4

/* The answers for all devices of one group. */
struct group_remedies {
	bool known;
	struct pp_remedy list[PP_MAX_REMEDIES], obstacles[MAX_OBSTACLES];
	uint32_t count, nr_obstacles;
};

/*
 * By group: the kernel's or, where it has made none because the IOMMU is off, as it would make
 * them. Worked out when the first region is found.
 */
struct pp_region_remedies {
	struct pp_remedy_marks marks;
	struct group_remedies *groups;
	const struct pp_isolated *predicted; /* by device; NULL: the kernel's groups count */
	uint32_t *members;                   /* of predicted groups, group by group */
	uint32_t *first;                     /* in members, by predicted group and one behind */
};

static int choice_predict(struct pp_judging *j, struct pp_region_remedies *r, uint32_t *nr_groups)
{
	const struct pp_host *h = j->host;
	struct pp_isolation isolation;
	struct pp_error e = { 0 };

	if (pp_isolation_compute(h, j->arena, &isolation, &e))
		return -ENOMEM;
	r->members = PP_ARENA_ARRAY(j->arena, h->nr_devices, uint32_t);
	r->first = PP_ARENA_ARRAY(j->arena, (size_t)isolation.nr_groups + 2, uint32_t);
	if (!r->members || !r->first)
		return -ENOMEM;
	/* Counted, summed up, and filled in from the front: each group's start ends up right. */
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (isolation.devices[i].group != PP_NO_GROUP)
			r->first[isolation.devices[i].group + 2]++;
	for (uint32_t g = 2; g < isolation.nr_groups + 2; g++)
		r->first[g] += r->first[g - 1];
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (isolation.devices[i].group != PP_NO_GROUP)
			r->members[r->first[isolation.devices[i].group + 1]++] = i;
	r->predicted = isolation.devices;
	*nr_groups = isolation.nr_groups;
	return 0;
}

static struct pp_region_remedies *choice_prepare(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct pp_region_remedies *r = PP_ARENA_NEW(j->arena, struct pp_region_remedies);
	uint32_t nr_groups = h->nr_groups;
	struct pp_error e = { 0 };

	if (!r || pp_remedy_marks_init(&r->marks, h, j->arena, &e))
		return NULL;
	r->marks.every_region = j->survey->target != PP_TARGET_KVM;
	if (h->iommu_on == PP_NO && !h->nr_groups && choice_predict(j, r, &nr_groups))
		return NULL;
	r->groups = PP_ARENA_ARRAY(j->arena, nr_groups, struct group_remedies);
	return r->groups ? r : NULL;
}

static bool choice_helps(const struct pp_judging *j, const struct pp_remedy_ops *ops)
{
	return !ops->targets || ops->targets & PP_FOR(j->survey->target);
}

static void choice_answer(struct pp_judging *j, const uint32_t *devices, uint32_t nr_devices,
                          struct group_remedies *ret)
{
	struct pp_remedy answers[PP_REMEDY_MAX];
	struct pp_remedy_case c;

	pp_remedy_case_begin(&c, &j->region_remedies->marks, devices, nr_devices, NULL);
	uint32_t n = pp_remedy_answers(&c, answers);
	pp_remedy_case_end(&c);
	for (uint32_t i = 0; i < n && ret->nr_obstacles < MAX_OBSTACLES; i++)
		if (answers[i].obstacle && choice_helps(j, answers[i].ops))
			ret->obstacles[ret->nr_obstacles++] = answers[i];
	for (uint32_t i = 0; i < n && ret->count < PP_MAX_REMEDIES; i++)
		if (!answers[i].obstacle && !(answers[i].ops->flags & PP_REMEDY_ON_REQUEST) &&
		    choice_helps(j, answers[i].ops)) {
			answers[i].automatic &= pp_survey_is_acted_on(j->survey);
			ret->list[ret->count++] = answers[i];
		}
	ret->known = true;
	j->failed |= c.failed;
}

void pp_add_region_remedies(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	uint32_t self = (uint32_t)(d - h->devices), group = d->group, n = 1;
	struct group_remedies alone = { 0 }, *g = &alone;
	const uint32_t *devices = &self;

	if (!j->region_remedies)
		j->region_remedies = choice_prepare(j);
	struct pp_region_remedies *r = j->region_remedies;
	if (!r) {
		j->failed = true;
		return;
	}
	if (r->predicted)
		group = r->predicted[self].group;
	/* Windows knows no groups: each device goes alone. */
	if (group != PP_NO_GROUP && j->survey->target != PP_TARGET_HYPERV) {
		g = &r->groups[group];
		devices = r->predicted ? r->members + r->first[group] : h->groups[group].devices;
		n = r->predicted ? r->first[group + 1] - r->first[group]
		                 : h->groups[group].nr_devices;
	}
	if (!g->known)
		choice_answer(j, devices, n, g);
	for (uint32_t i = 0; i < g->count; i++)
		pp_add_remedy(f, &g->list[i]);
	/* Where nothing can be done, why not. */
	for (uint32_t i = 0; !g->count && i < g->nr_obstacles; i++)
		pp_evidence(j, f, "remedy [%s] does not apply: %s", g->obstacles[i].ops->id,
		            g->obstacles[i].obstacle);
}

bool pp_finding_is_region(const struct pp_finding *f)
{
	return f->rule->about_regions;
}

static const struct pp_remedy *choice_among(const struct pp_remedy *list, uint32_t n,
                                            const char *id)
{
	const struct pp_remedy *first = NULL, *best = NULL;

	for (uint32_t i = 0; i < n; i++) {
		if (list[i].needs)
			continue;
		if (id && !strcmp(list[i].ops->id, id))
			return &list[i];
		if (!first)
			first = &list[i];
		if (!best && !(list[i].ops->flags & PP_REMEDY_KEEPS_DEVICE))
			best = &list[i];
	}
	return best ? best : first;
}

const struct pp_remedy *pp_finding_choice(const struct pp_finding *f, const char *id)
{
	return choice_among(f->remedies, f->nr_remedies, id);
}

/* While the IOMMU is off no finding speaks of a group: a device that will share one is not told. */
static bool choice_of_predicted(const struct pp_region_remedies *r, uint32_t device)
{
	uint32_t group = r && r->predicted ? r->predicted[device].group : PP_NO_GROUP;

	if (group == PP_NO_GROUP || !r->groups[group].known)
		return true;
	const struct pp_remedy *choice =
		choice_among(r->groups[group].list, r->groups[group].count, NULL);
	return choice && choice->automatic;
}

static bool choice_row_by_free(const struct pp_judging *j, const struct pp_row *row)
{
	if (row->verdict != PP_VERDICT_BLOCKED_FIXABLE)
		return false;
	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_finding *f = row->findings[i];
		const struct pp_remedy *r = pp_finding_choice(f, NULL);
		if (f->effect == PP_BLOCKS && (!r || !r->automatic))
			return false;
		/* No plan is made while what may block is not known. */
		if (f->effect == PP_EFFECT_UNKNOWN && f->could == PP_BLOCKS)
			return false;
	}
	/* What is to be typed names the slot, if all that is in it becomes free. */
	if (pp_slot_is_named(&row->device->slot))
		pp_host_needs_all(j->host);
	return choice_of_predicted(j->region_remedies, (uint32_t)(row->device - j->host->devices));
}

void pp_choose_remedies(struct pp_judging *j, struct pp_row *rows)
{
	for (uint32_t i = 0; i < j->host->nr_devices; i++)
		rows[i].by_free = choice_row_by_free(j, &rows[i]);
}
