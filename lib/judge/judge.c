/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs every rule over a host and makes a verdict of what they find. */
#include <stdlib.h>
#include <string.h>

#include "judge/rules.h"
#include "sys/pages.h"

#define SURVEY_MAX_BYTES ((size_t)1024 * 1024 * 1024)

static const struct pp_rule_table *const tables[] = {
	&pp_rules_iommu,        &pp_rules_iommu_off, &pp_rules_interrupts, &pp_rules_region,
	&pp_rules_firmware_odd, &pp_rules_group,     &pp_rules_isolation,  &pp_rules_power,
	&pp_rules_device,       &pp_rules_reset,     &pp_rules_smmu,       &pp_rules_storage,
	&pp_rules_address,      &pp_rules_hyperv,    &pp_rules_xen,        &pp_rules_vfio,
	&pp_rules_argument,     &pp_rules_disk,      &pp_rules_claim,      &pp_rules_windows,
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

const char *pp_verdict_name(enum pp_verdict v)
{
	static const char *const names[PP_VERDICT_COUNT] = {
		[PP_VERDICT_ASSIGNABLE] = "assignable",           [PP_VERDICT_CARE] = "care",
		[PP_VERDICT_BLOCKED_FIXABLE] = "blocked-fixable", [PP_VERDICT_BLOCKED] = "blocked",
		[PP_VERDICT_NOT_ENDPOINT] = "not-endpoint",       [PP_VERDICT_UNKNOWN] = "unknown",
	};
	return v < PP_VERDICT_COUNT ? names[v] : "";
}

const struct pp_rule *pp_rule_at(size_t index)
{
	for (size_t t = 0; t < NR_TABLES; t++) {
		if (index < tables[t]->count)
			return &tables[t]->rules[index];
		index -= tables[t]->count;
	}
	return NULL;
}

static bool judge_speaks_for(const struct pp_judging *j, const struct pp_rule *rule)
{
	unsigned int targets = rule->targets ? rule->targets : PP_FOR_KVM;

	return targets & PP_FOR(j->survey->target);
}

/* Once a survey: of a hundred rules most devices are asked about the same. */
static void judge_choose_rules(struct pp_judging *j)
{
	size_t all = 0;

	for (size_t t = 0; t < NR_TABLES; t++)
		all += tables[t]->count;
	for (int scope = 0; scope < PP_NR_SCOPES; scope++) {
		j->rules[scope] = PP_ARENA_ARRAY(j->arena, all, const struct pp_rule *);
		j->failed |= !j->rules[scope];
	}
	for (size_t i = 0; !j->failed && i < all; i++) {
		const struct pp_rule *rule = pp_rule_at(i);
		if (judge_speaks_for(j, rule) &&
		    (!rule->kinds || rule->kinds & PP_ON(j->host->kind)))
			j->rules[rule->scope][j->nr_rules[rule->scope]++] = rule;
	}
}

static void run_rules(struct pp_judging *j, enum pp_scope scope, const struct pp_group *g,
                      const struct pp_device *d)
{
	for (uint32_t i = 0; i < j->nr_rules[scope]; i++) {
		j->rule = j->rules[scope][i];
		if (scope == PP_SCOPE_OF_HOST)
			j->rule->on_host(j);
		else if (scope == PP_SCOPE_OF_GROUP)
			j->rule->on_group(j, g);
		else
			j->rule->on_device(j, d);
	}
}

static void learn_companion(struct pp_group_facts *f, uint32_t index, const struct pp_device *d)
{
	if (pp_is_behind_vmd(d) && !pp_device_is_bridge(d)) {
		if (f->nr_behind_vmd < PP_COMPANIONS_NAMED)
			f->behind_vmd[f->nr_behind_vmd] = index;
		f->nr_behind_vmd++;
	}
	if (!pp_counts_in_group(d))
		return;
	if (f->nr_companions < PP_COMPANIONS_NAMED)
		f->companions[f->nr_companions] = index;
	f->nr_companions++;
	f->nr_driven += !pp_leaves_dma_alone(d);
}

static void learn_group(struct pp_judging *j, uint32_t index)
{
	const struct pp_host *h = j->host;
	const struct pp_group *g = &h->groups[index];
	struct pp_group_facts *f = &j->groups[index];

	f->regions_read = !g->regions_error &&
	                  pp_kernel_shows(&h->kernel, PP_KERNEL_TELLS_RELAXABLE) != PP_NO;
	f->first_held = f->refused = PP_NO_DEVICE;
	for (uint32_t i = 0; f->regions_read && i < g->nr_regions; i++)
		f->kernel_direct |= g->regions[i].kind == PP_REGION_DIRECT;
	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		learn_companion(f, g->devices[i], d);
		if (pp_nr_hard_mappings(j, d)) {
			if (!f->nr_held++)
				f->first_held = g->devices[i];
		}
		if (f->refused == PP_NO_DEVICE && pp_device_line(h, d, PP_LINE_DIRECT))
			f->refused = g->devices[i];
	}
}

#define LAST_RANK 5

/* Order in which a person wants to read them. */
static int judge_rank(const struct pp_finding *f)
{
	switch (f->effect) {
	case PP_BLOCKS:
		/* What has no remedy decides, and is to be read first. */
		return f->nr_remedies ? 1 : 0;
	case PP_EFFECT_UNKNOWN:
		return f->could == PP_BLOCKS ? 2 : 4;
	case PP_DEGRADES:
		return 3;
	case PP_INFORMS:
		break;
	}
	return LAST_RANK;
}

/* The three lists as one, ranked; within a rank in the order of the rules. */
static void judge_merge(struct pp_judging *j, const struct finding_list *lists, size_t nr_lists,
                        struct pp_row *row)
{
	uint32_t total = 0;

	for (size_t l = 0; l < nr_lists; l++)
		total += lists[l].count;
	const struct pp_finding **all = PP_ARENA_ARRAY(j->arena, total, const struct pp_finding *);
	if (!all) {
		j->failed = true;
		return;
	}
	for (int r = 0; r <= LAST_RANK; r++)
		for (size_t l = 0; l < nr_lists; l++)
			for (uint32_t i = 0; i < lists[l].count; i++)
				if (judge_rank(lists[l].list[i]) == r)
					all[row->nr_findings++] = lists[l].list[i];
	row->findings = all;
}

static enum pp_verdict verdict_of(const struct pp_row *row)
{
	enum pp_verdict v = PP_VERDICT_ASSIGNABLE;

	if (pp_device_is_bridge(row->device))
		return PP_VERDICT_NOT_ENDPOINT;
	/* It may be a bridge, whatever its group is told of. */
	if (!pp_device_class_known(row->device))
		return PP_VERDICT_UNKNOWN;
	/* Ranked: what blocks comes first, so that nothing after it can make it better. */
	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_finding *f = row->findings[i];
		if (f->effect == PP_BLOCKS && !f->nr_remedies)
			return PP_VERDICT_BLOCKED;
		if (f->effect == PP_BLOCKS)
			v = PP_VERDICT_BLOCKED_FIXABLE;
		else if (v == PP_VERDICT_ASSIGNABLE && judge_rank(f) == 2)
			v = PP_VERDICT_UNKNOWN;
		else if (v == PP_VERDICT_ASSIGNABLE && judge_rank(f) < LAST_RANK)
			v = PP_VERDICT_CARE;
	}
	return v;
}

/* A host's finding speaks of every device unless it only informs. */
static void split_host_findings(struct pp_judging *j, const struct finding_list *host,
                                struct finding_list *for_devices, struct finding_list *rest)
{
	const struct pp_finding **a =
		PP_ARENA_ARRAY(j->arena, host->count, const struct pp_finding *);
	const struct pp_finding **b =
		PP_ARENA_ARRAY(j->arena, host->count, const struct pp_finding *);

	*for_devices = (struct finding_list){ .list = a };
	*rest = (struct finding_list){ .list = b };
	if (!a || !b) {
		j->failed = true;
		return;
	}
	for (uint32_t i = 0; i < host->count; i++) {
		if (host->list[i]->effect == PP_INFORMS)
			b[rest->count++] = host->list[i];
		else
			a[for_devices->count++] = host->list[i];
	}
}

/* Of a part what else was read is there for one device's sake. */
static bool judge_is_asked(const struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_part *part = j->host->part;

	return !part || pp_address_equal(d->address, part->device);
}

static bool judge_is_asked_of(const struct pp_judging *j, const struct pp_group *g)
{
	bool asked = !j->host->part;

	for (uint32_t i = 0; !asked && i < g->nr_devices; i++)
		asked = judge_is_asked(j, &j->host->devices[g->devices[i]]);
	return asked;
}

static void judge_devices(struct pp_judging *j, const struct finding_list *host,
                          const struct finding_list *groups)
{
	const struct pp_host *h = j->host;
	struct pp_row *rows = PP_ARENA_ARRAY(j->arena, h->nr_devices, struct pp_row);
	struct finding_list own = { 0 };

	if (!rows) {
		j->failed = true;
		return;
	}
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		rows[i].device = d;
		rows[i].verdict = PP_VERDICT_UNKNOWN;
		if (!judge_is_asked(j, d))
			continue;
		own.count = 0; /* its room is used again: the findings themselves stay */
		j->into = &own;
		run_rules(j, PP_SCOPE_OF_DEVICE, NULL, d);
		struct finding_list lists[3] = { { 0 } };
		bool bridge = pp_device_is_bridge(d);
		/* What blocks a host or a group is no news of a bridge. */
		if (!bridge)
			lists[0] = *host;
		uint32_t group = d->group != PP_NO_GROUP ? d->group : pp_group_to_join(j, d);
		if (!bridge && group != PP_NO_GROUP)
			lists[2] = groups[group];
		lists[1] = own;
		judge_merge(j, lists, 3, &rows[i]);
		rows[i].verdict = verdict_of(&rows[i]);
		j->survey->counts[rows[i].verdict]++;
	}
	pp_choose_remedies(j, rows);
	j->survey->rows = rows;
	j->survey->nr_rows = h->nr_devices;
}

static void judge_judge(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct finding_list host = { 0 }, for_devices, rest;
	struct finding_list *groups = PP_ARENA_ARRAY(j->arena, h->nr_groups, struct finding_list);

	j->groups = PP_ARENA_ARRAY(j->arena, h->nr_groups, struct pp_group_facts);
	j->hard = PP_ARENA_ARRAY(j->arena, h->nr_devices, uint32_t);
	judge_choose_rules(j);
	if (j->failed || !groups || !j->groups || !j->hard) {
		j->failed = true;
		return;
	}
	for (uint32_t i = 0; i < h->nr_mappings; i++)
		j->hard[h->mappings[i].device] += pp_mapping_is_hard(h, &h->mappings[i]);
	for (uint32_t i = 0; i < h->nr_groups; i++)
		learn_group(j, i);
	j->scope_unread = pp_regions_lead_nowhere(h);
	pp_predict_groups(j);
	if (j->failed)
		return;
	j->into = &host;
	run_rules(j, PP_SCOPE_OF_HOST, NULL, NULL);
	split_host_findings(j, &host, &for_devices, &rest);
	for (uint32_t i = 0; i < h->nr_groups; i++) {
		j->into = &groups[i];
		if (judge_is_asked_of(j, &h->groups[i]))
			run_rules(j, PP_SCOPE_OF_GROUP, &h->groups[i], NULL);
	}
	judge_devices(j, &for_devices, groups);
	j->survey->common_findings = for_devices.list;
	j->survey->nr_common_findings = for_devices.count;
	j->survey->host_findings = rest.list;
	j->survey->nr_host_findings = rest.count;
}

int pp_survey_new(const struct pp_host *host, enum pp_target target, struct pp_survey **ret,
                  struct pp_error *e)
{
	if ((unsigned int)target >= PP_TARGET_COUNT)
		return pp_fail(e, EINVAL, "judge: no such target: %d", (int)target);
	struct pp_survey *s = calloc(1, sizeof(*s));
	if (!s)
		return pp_fail_oom(e, "survey");
	pp_pages_arena_init(&s->arena, SURVEY_MAX_BYTES);
	s->host = host;
	s->target = target;
	struct pp_judging j = { .host = host, .survey = s, .arena = &s->arena };
	judge_judge(&j);
	if (j.failed) {
		pp_survey_free(s);
		return pp_fail_oom(e, "survey");
	}
	*ret = s;
	return 0;
}

void pp_survey_free(struct pp_survey *s)
{
	if (!s)
		return;
	pp_arena_fini(&s->arena);
	free(s);
}

unsigned int pp_survey_count(const struct pp_survey *s, enum pp_verdict v)
{
	return v < PP_VERDICT_COUNT ? s->counts[v] : 0;
}
