/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a plan from a survey and what is asked for. */
#include <string.h>

#include "base/nearest.h"
#include "host/isolation.h"
#include "host/place.h"
#include "judge/select.h"
#include "plan/kind.h"
#include "plan/make.h"

const char *pp_planning_text(struct pp_planning *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *s = pp_arena_vprintf(p->a, fmt, ap);
	va_end(ap);
	p->failed |= !s;
	return s ? s : "";
}

const char *pp_planning_name(struct pp_planning *p, uint32_t device)
{
	return pp_planning_text(p, "%s", PP_ADDRESS_SHORT(p->h->devices[device].address));
}

/* A plan outlives the survey that it was made from. */
static const char *plan_make_copy(struct pp_planning *p, const char *text)
{
	return text ? pp_planning_text(p, "%s", text) : NULL;
}

void pp_planning_alternative(struct pp_planning *p, bool possible, const char *remedy,
                             const char *text, const char *side_effect)
{
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (!strcmp(p->alternatives[i].remedy, remedy))
			return;
	if (p->nr_alternatives < PP_PLAN_MAX_ALTERNATIVES)
		p->alternatives[p->nr_alternatives++] =
			(struct pp_alternative){ plan_make_copy(p, remedy), plan_make_copy(p, text),
			                         plan_make_copy(p, side_effect), possible };
}

bool pp_planning_offers(const struct pp_finding *f, const char *id)
{
	for (uint32_t i = 0; f->effect == PP_BLOCKS && i < f->nr_remedies; i++)
		if (!strcmp(f->remedies[i].ops->id, id))
			return true;
	return false;
}

/* What a step does, its text says; but for the entries of a table, which it only counts. */
static bool make_is_same(const struct pp_step *a, const struct pp_step *b)
{
	if (a->kind != b->kind || strcmp(a->text, b->text) != 0)
		return false;
	if (a->kind != PP_STEP_OVERRIDE)
		return true;
	const struct pp_step_override *x = &a->override, *y = &b->override;
	/* Equal texts have equal numbers of them. */
	return (!x->nr_scopes ||
	        !memcmp(x->scopes, y->scopes, x->nr_scopes * sizeof(*x->scopes))) &&
	       (!x->nr_devids || !memcmp(x->devids, y->devids, x->nr_devids * sizeof(*x->devids)));
}

static bool make_is_planned(const struct pp_steps *s, uint32_t nr, const struct pp_step *step)
{
	for (uint32_t i = 0; i < nr; i++)
		if (make_is_same(&s->list[i], step))
			return true;
	return false;
}

void pp_planning_add_steps(struct pp_planning *p, struct pp_remedy_case *c,
                           const struct pp_remedy *r)
{
	uint32_t n = p->steps.count;

	pp_remedy_add_steps(c, r, &p->steps);
	for (uint32_t i = n; i < p->steps.count; i++) {
		struct pp_step *step = &p->steps.list[i];
		if (!pp_step_complete(p->a, step)) {
			p->failed = true;
			break;
		}
		if (!make_is_planned(&p->steps, n, step))
			p->steps.list[n++] = *step;
	}
	p->steps.count = n;
}

/* Its virtual functions go when it goes: they are not asked for beside it. */
static void drop_vfs(struct pp_planning *p)
{
	for (uint32_t i = 0; i < p->h->nr_devices; i++) {
		uint32_t pf = p->h->devices[i].physfn;
		p->is_asked[i] &= pf == PP_NO_DEVICE || !p->is_asked[pf];
	}
}

/* No plan ends well that gives away what the host runs from. */
static int make_refuse_host_disk(const struct pp_device *d, struct pp_error *e)
{
	if (!d->host_runs_from)
		return 0;
	const char *address = PP_ADDRESS_TEXT(d->address);
	return pp_fail(e, ENOTSUP,
	               "%s: the host runs from it (%s): move that to another disk first", address,
	               d->host_use);
}

/* Marks what was named and can be given away at all. */
static int mark_asked(struct pp_planning *p, const char *request, struct pp_arena *scratch,
                      struct pp_error *e)
{
	struct pp_selection chosen;
	bool any = false;
	int r = pp_select(p->h, request, scratch, &chosen, e);

	for (uint32_t i = 0; !r && i < chosen.count; i++) {
		bool bridge = pp_device_is_bridge(&p->h->devices[chosen.devices[i]]);
		p->is_asked[chosen.devices[i]] = !bridge;
		if (strcmp(request, "all-slots") != 0)
			r = make_refuse_host_disk(&p->h->devices[chosen.devices[i]], e);
		any |= !bridge;
	}
	drop_vfs(p);
	if (!r && !any)
		return pp_fail(e, ENOTSUP, "%s: only bridges, which stay with the host", request);
	return r;
}

/* The group of each device: the kernel's or, where it has made none, as it is computed. */
static const uint32_t *learn_groups(const struct pp_planning *p, struct pp_arena *scratch,
                                    uint32_t *nr, struct pp_error *e)
{
	const struct pp_host *h = p->h;
	uint32_t *groups = PP_ARENA_ARRAY(scratch, h->nr_devices, uint32_t);
	bool computed = h->iommu_on == PP_NO && !h->nr_groups;
	struct pp_isolation isolation;

	if (!groups) {
		pp_fail_oom(e, "plan");
		return NULL;
	}
	if (computed && pp_isolation_compute(h, scratch, &isolation, e))
		return NULL;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		groups[i] = computed ? isolation.devices[i].group : h->devices[i].group;
	*nr = computed ? isolation.nr_groups : h->nr_groups;
	return groups;
}

static bool comes_along(const struct pp_planning *p, const bool *group_asked, uint32_t group,
                        uint32_t i)
{
	const struct pp_device *d = &p->h->devices[i];

	if (d->physfn != PP_NO_DEVICE && p->is_asked[d->physfn])
		return false;
	return p->is_asked[i] || (group != PP_NO_GROUP && group_asked[group]);
}

/* As it is typed: "slot2", "mezz2"; NULL: it has none. */
static const char *place_name(struct pp_planning *p, const struct pp_slot_ref *s)
{
	return pp_slot_is_named(s) ? pp_planning_text(p, "%s%s", pp_place_word(s->kind), s->number)
	                           : NULL;
}

/* All that shares a group with what was named, bridges for the regions' sake. */
static int make_gather(struct pp_planning *p, struct pp_arena *scratch, struct pp_error *e)
{
	const struct pp_host *h = p->h;
	uint32_t nr_groups;
	const uint32_t *groups = learn_groups(p, scratch, &nr_groups, e);
	if (!groups)
		return -ENOMEM;
	bool *group_asked = PP_ARENA_ARRAY(scratch, nr_groups, bool);
	struct pp_plan_device *devices = PP_ARENA_ARRAY(p->a, h->nr_devices, struct pp_plan_device);
	uint32_t n = 0;

	if (!group_asked || !devices)
		return pp_fail_oom(e, "plan");
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (p->is_asked[i] && groups[i] != PP_NO_GROUP)
			group_asked[groups[i]] = true;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (!comes_along(p, group_asked, groups[i], i))
			continue;
		p->freed[p->nr_freed++] = i;
		if (!pp_counts_in_group(d) && !(p->is_asked[i] && pp_is_behind_vmd(d)))
			continue;
		devices[n++] = (struct pp_plan_device){
			.address = d->address,
			.vendor = d->vendor,
			.device = d->device,
			.slot = plan_make_copy(p, pp_slot_number(&d->slot)),
			.place = place_name(p, &d->slot),
			.asked = p->is_asked[i],
		};
	}
	if (n > PP_PLAN_MAX_ITEMS)
		return pp_fail(e, E2BIG, "plan: %u devices are too many at once", n);
	p->plan->devices = devices;
	p->plan->nr_devices = n;
	return 0;
}

static int make_choose_devices(struct pp_planning *p, const char *request, struct pp_error *e)
{
	uint32_t n = p->h->nr_devices;
	struct pp_arena scratch;

	p->freed = PP_ARENA_ARRAY(p->a, n, uint32_t);
	p->is_asked = PP_ARENA_ARRAY(p->a, n, bool);
	if (!p->freed || !p->is_asked || pp_remedy_marks_init(&p->marks, p->h, p->a, e))
		return pp_fail_oom(e, "plan");
	p->marks.every_region = p->s->target != PP_TARGET_KVM;
	pp_arena_init(&scratch, 0);
	int r = mark_asked(p, request, &scratch, e);
	if (!r)
		r = make_gather(p, &scratch, e);
	pp_arena_fini(&scratch);
	return r;
}

/* intel_iommu=on alone says nothing beside intel_iommu=on,relax_rmrr. */
static void drop_weaker_argument(struct pp_planning *p)
{
	bool stronger = false;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->steps.count; i++)
		stronger |=
			p->steps.list[i].kind == PP_STEP_ARGUMENT &&
			!strcmp(p->steps.list[i].argument.argument, "intel_iommu=on,relax_rmrr");
	for (uint32_t i = 0; i < p->steps.count; i++)
		if (!stronger || p->steps.list[i].kind != PP_STEP_ARGUMENT ||
		    strcmp(p->steps.list[i].argument.argument, "intel_iommu=on") != 0)
			p->steps.list[n++] = p->steps.list[i];
	p->steps.count = n;
}

const char *pp_planning_possible(struct pp_planning *p)
{
	const char *list = "";

	for (uint32_t i = 0; i < p->steps.count; i++)
		list = pp_planning_text(p, "%s%s%s", list, *list ? ", " : "",
		                        p->steps.list[i].remedy);
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (p->alternatives[i].possible)
			list = pp_planning_text(p, "%s%s%s", list, *list ? ", " : "",
			                        p->alternatives[i].remedy);
	return list;
}

static int check_taken(struct pp_planning *p, struct pp_error *e)
{
	if (!p->by || !p->steps.count)
		return 0;
	for (uint32_t i = 0; i < p->steps.count; i++)
		if (!strcmp(p->steps.list[i].remedy, p->by))
			return 0;
	return pp_fail(e, ENOTSUP, "%s does not help here; remedies here: %s", p->by,
	               pp_planning_possible(p));
}

static int make_steps(struct pp_planning *p, struct pp_error *e)
{
	bool regions = false, keeps_device = false;
	int r = pp_plan_look(p, &regions, e);

	if (r)
		return r;
	pp_plan_host_blockers(p);
	if (regions)
		r = pp_plan_regions(p, &keeps_device, e);
	if (r)
		return r;
	/* A virtual function needs an IOMMU too, and nothing else of what its device needs. */
	if (!keeps_device)
		pp_plan_own_blockers(p);
	drop_weaker_argument(p);
	r = check_taken(p, e);
	p->plan->steps = p->steps.list;
	p->plan->nr_steps = p->steps.count;
	p->plan->alternatives = p->alternatives;
	p->plan->nr_alternatives = p->nr_alternatives;
	return r;
}

static bool make_knows_isolation(const struct pp_plan_isolation *list, uint32_t n, const char *text)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(list[i].text, text))
			return true;
	return false;
}

/* What the survey says of the groups of what was asked for, each once. */
static int make_isolation(struct pp_planning *p, struct pp_error *e)
{
	struct pp_plan_isolation *list =
		PP_ARENA_ARRAY(p->a, PP_PLAN_MAX_ISOLATION, struct pp_plan_isolation);
	uint32_t n = 0;

	if (!list)
		return pp_fail_oom(e, "plan");
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		const struct pp_row *row = &p->s->rows[p->freed[i]];
		for (uint32_t k = 0; p->is_asked[p->freed[i]] && k < row->nr_findings; k++) {
			const struct pp_finding *f = row->findings[k];
			if (!f->rule->about_isolation || n == PP_PLAN_MAX_ISOLATION ||
			    make_knows_isolation(list, n, f->text))
				continue;
			list[n++] = (struct pp_plan_isolation){
				plan_make_copy(p, f->rule->id), plan_make_copy(p, f->text),
				plan_make_copy(p, f->nr_remedies ? f->remedies[0].text : NULL)
			};
		}
	}
	p->plan->isolation = list;
	p->plan->nr_isolation = n;
	return 0;
}

/* QEMU calls a group not viable of which one device has a driver of the host's. */
static int make_binding(struct pp_planning *p, struct pp_error *e)
{
	const struct pp_host *h = p->h;
	uint32_t *groups = PP_ARENA_ARRAY(p->a, h->nr_groups, uint32_t), n = 0;
	bool bound = true;

	if (!groups)
		return pp_fail_oom(e, "plan");
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		const struct pp_device *d = &h->devices[p->freed[i]];
		const char *driver = d->driver.text ? d->driver.text : "";
		if (!pp_counts_in_group(d))
			continue;
		if (p->is_asked[p->freed[i]]) {
			bound &= strstr(driver, "vfio") != NULL;
			continue;
		}
		bound &= pp_driver_leaves_dma_alone(driver);
		uint32_t k = 0;
		while (k < n && d->group != PP_NO_GROUP && groups[k] != h->groups[d->group].number)
			k++;
		if (k == n && d->group != PP_NO_GROUP)
			groups[n++] = h->groups[d->group].number;
	}
	p->plan->bound = bound;
	p->plan->bind_groups = groups;
	p->plan->nr_bind_groups = n;
	return 0;
}

static int plan_make(struct pp_planning *p, const char *request, struct pp_error *e)
{
	struct pp_plan *plan = p->plan;

	p->alternatives = PP_ARENA_ARRAY(p->a, PP_PLAN_MAX_ALTERNATIVES, struct pp_alternative);
	if (!p->alternatives)
		return pp_fail_oom(e, "plan");
	plan->request = pp_planning_text(p, "%s", request);
	plan->by = plan_make_copy(p, p->by);
	plan->store = plan_make_copy(p, p->store);
	int r = pp_plan_take_host(&plan->host, p->h, p->a, e);
	if (!r)
		r = make_choose_devices(p, request, e);
	if (!r)
		r = make_binding(p, e);
	if (!r)
		r = make_isolation(p, e);
	if (!r)
		r = make_steps(p, e);
	if (!r && (p->failed || p->steps.failed))
		r = pp_fail(e, E2BIG, "%s: a plan for that many devices has more than %d steps",
		            request, PP_PLAN_MAX_STEPS);
	return r;
}

/* The remedy that was meant, or those that free the devices here. */
static int make_fail_unknown(struct pp_planning *p, const char *remedy, struct pp_error *e)
{
	const struct pp_remedy_ops *ops;
	struct pp_nearest nearest;

	pp_nearest_init(&nearest, remedy);
	for (size_t i = 0; (ops = pp_remedy_at(i)); i++)
		pp_nearest_offer(&nearest, ops->id);
	if (nearest.found)
		return pp_fail(e, EINVAL, "unknown remedy '%.80s', did you mean '%s'?", remedy,
		               nearest.found);
	const char *here = pp_planning_possible(p);
	return pp_fail(e, EINVAL, "unknown remedy '%.80s'; remedies here: %s", remedy,
	               *here ? here : "none");
}

int pp_plan_new(const struct pp_survey *s, const char *request, const struct pp_plan_options *o,
                struct pp_plan **ret, struct pp_error *e)
{
	if (o && o->store && !pp_plan_store_is_valid(o->store))
		return pp_fail(
			e, EINVAL,
			"%.200s: expected efivars, hp or hp:PROGRAM, with the absolute path of "
			"HP's conrep",
			o->store);
	struct pp_plan *plan = pp_plan_alloc();
	if (!plan)
		return pp_fail_oom(e, "plan");
	bool known = !o || !o->remedy || pp_remedy_find(o->remedy);
	struct pp_planning p = {
		.s = s,
		.h = s->host,
		.by = known && o ? o->remedy : NULL,
		.store = o ? o->store : NULL,
		.plan = plan,
		.a = &plan->arena,
	};
	int r = pp_steps_init(&p.steps, p.a, o ? o->store : NULL, e);
	if (!r)
		r = plan_make(&p, request, e);
	if (!r && !known)
		r = make_fail_unknown(&p, o->remedy, e);
	if (r) {
		pp_plan_free(plan);
		return r;
	}
	*ret = plan;
	return 0;
}

uint32_t pp_plan_frees(const struct pp_survey *s, const char *request)
{
	struct pp_error ignored;
	struct pp_plan *plan;

	if (pp_plan_new(s, request, NULL, &plan, &ignored))
		return 0;
	uint32_t steps = pp_plan_instructions(plan) ? 0 : plan->nr_steps;
	pp_plan_free(plan);
	return steps;
}
