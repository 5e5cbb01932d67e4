/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways out of a reserved region, best first. */
#include <string.h>

#include "base/text.h"
#include "plan/make.h"

#define RMRDS_SCHEMA   "rmrds.xml"
#define RMRDS_INCLUDED "Endpoints_Included"
#define RMRDS_EXCLUDED "Endpoints_Excluded"

/* A way is a row. */
struct way {
	const char *cure;
	bool (*is_here)(struct pp_planning *p);         /* worth a word on this host */
	const char *(*obstacle)(struct pp_planning *p); /* NULL: it can be gone */
	const char *(*text)(struct pp_planning *p);
	const char *(*risk)(struct pp_planning *p);
	void (*go)(struct pp_planning *p);
	bool asked_only; /* a gamble: never taken unless it is asked for */
};

/* The first cure of that id among those of the held devices. */
static const struct pp_cure *any_cure(const struct pp_planning *p, const char *id)
{
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		const struct pp_cure *c = pp_planning_cure(p, p->freed[i], id);
		if (c)
			return c;
	}
	return NULL;
}

/* The first held device that has no cure of that id; PP_NO_DEVICE if all have it. */
static uint32_t without_cure(const struct pp_planning *p, const char *id)
{
	for (uint32_t i = 0; i < p->nr_held; i++)
		if (!pp_planning_cure(p, p->held[i], id))
			return p->held[i];
	return PP_NO_DEVICE;
}

static bool rmrds_is_here(struct pp_planning *p)
{
	return any_cure(p, "bios-rmrds") != NULL;
}

/* The slots of the held devices, each once, as a set of bits from 1 on. */
static uint32_t held_slots(const struct pp_planning *p)
{
	uint32_t slots = 0;
	uint64_t number;

	for (uint32_t i = 0; i < p->nr_held; i++) {
		const struct pp_slot_ref *s = &p->h->devices[p->held[i]].slot;
		if (s->name && pp_parse_dec(s->name, 16, &number))
			slots |= 1u << number;
	}
	return slots;
}

static const char *rmrds_obstacle(struct pp_planning *p)
{
	uint32_t other = without_cure(p, "bios-rmrds");

	if (!p->held_by_table && p->nr_held > 1)
		return "which device of the group is held shows only the firmware's table, which "
		       "was not read";
	return other == PP_NO_DEVICE
	               ? NULL
	               : pp_planning_text(p,
	                                  "%s shares the group, is held too and sits in no slot "
	                                  "that has such a setting",
	                                  pp_planning_name(p, other));
}

static const char *rmrds_text(struct pp_planning *p)
{
	return "set the hidden BIOS setting of the slot to " RMRDS_EXCLUDED;
}

static const char *rmrds_risk(struct pp_planning *p)
{
	const struct pp_cure *c = any_cure(p, "bios-rmrds");
	return c ? c->risk : NULL;
}

static const char *rmrds_doubt(struct pp_planning *p, uint32_t slot)
{
	uint64_t number;

	for (uint32_t i = 0; i < p->nr_held; i++) {
		const struct pp_slot_ref *s = &p->h->devices[p->held[i]].slot;
		if (s->other_name && pp_parse_dec(s->name, 16, &number) && number == slot)
			return pp_planning_text(p,
			                        "%s; another source says that it is slot %s: look "
			                        "at the board first",
			                        rmrds_risk(p), s->other_name);
	}
	return rmrds_risk(p);
}

static void rmrds_go(struct pp_planning *p)
{
	uint32_t slots = held_slots(p);

	for (uint32_t slot = 1; slot <= 16; slot++) {
		if (!(slots & 1u << slot))
			continue;
		struct pp_step *s =
			pp_planning_step(p, PP_STEP_SETTING, "bios-rmrds", rmrds_doubt(p, slot));
		s->setting = (struct pp_step_setting){
			.schema = RMRDS_SCHEMA,
			.section = pp_planning_text(p, "RMRDS_Slot%u", slot),
			.expected = RMRDS_INCLUDED,
			.wanted = RMRDS_EXCLUDED,
			.store = p->store ? pp_planning_text(p, "%s", p->store) : NULL,
		};
	}
}

static bool shared_memory_is_here(struct pp_planning *p)
{
	return any_cure(p, "bios-shared-memory") != NULL;
}

static const char *shared_memory_obstacle(struct pp_planning *p)
{
	uint32_t other = without_cure(p, "bios-shared-memory");

	return other == PP_NO_DEVICE ? NULL
	                             : pp_planning_text(p, "%s is held too and has no such entry",
	                                                pp_planning_name(p, other));
}

static const char *shared_memory_text(struct pp_planning *p)
{
	return any_cure(p, "bios-shared-memory")->text;
}

static const char *shared_memory_risk(struct pp_planning *p)
{
	return any_cure(p, "bios-shared-memory")->risk;
}

static void shared_memory_go(struct pp_planning *p)
{
	pp_planning_instruct(p, "bios-shared-memory", shared_memory_text(p), shared_memory_risk(p));
}

static bool preboot_dma_is_here(struct pp_planning *p)
{
	return any_cure(p, "bios-preboot-dma") != NULL;
}

static const char *preboot_dma_text(struct pp_planning *p)
{
	return any_cure(p, "bios-preboot-dma")->text;
}

static const char *preboot_dma_risk(struct pp_planning *p)
{
	return any_cure(p, "bios-preboot-dma")->risk;
}

static void preboot_dma_go(struct pp_planning *p)
{
	pp_planning_instruct(p, "bios-preboot-dma", preboot_dma_text(p), preboot_dma_risk(p));
}

static const char *no_obstacle(struct pp_planning *p)
{
	return NULL;
}

static bool relax_is_here(struct pp_planning *p)
{
	return any_cure(p, "relax-rmrr") != NULL;
}

static const char *relax_text(struct pp_planning *p)
{
	return "add intel_iommu=on,relax_rmrr to the kernel's command line: it lets every device "
	       "of the host go";
}

static const char *relax_risk(struct pp_planning *p)
{
	return pp_planning_text(p, "it is for every device of the host at once; %s",
	                        pp_plan_region_risk(p));
}

static void relax_go(struct pp_planning *p)
{
	pp_planning_argue(p, "relax-rmrr", "intel_iommu=on,relax_rmrr", relax_risk(p));
}

static bool override_is_here(struct pp_planning *p)
{
	return p->h->iommu == PP_IOMMU_INTEL || p->h->iommu == PP_IOMMU_AMD;
}

static const char *override_obstacle(struct pp_planning *p)
{
	pp_plan_table(p);
	return p->table.obstacle;
}

static const char *override_text(struct pp_planning *p)
{
	return p->h->iommu == PP_IOMMU_AMD
	               ? "give the kernel the firmware's IVRS table without these devices"
	               : "give the kernel the firmware's DMAR table without these devices' entries";
}

static const char *override_risk(struct pp_planning *p)
{
	const char *others = pp_plan_bridge_risk(p);

	return pp_planning_text(p, "%s%s%s", others ? others : "", others ? "; " : "",
	                        pp_plan_region_risk(p));
}

static void override_go(struct pp_planning *p)
{
	struct pp_step *s =
		pp_planning_step(p, PP_STEP_OVERRIDE, "table-override", override_risk(p));

	s->override = p->table.step;
}

/* A virtual function of the device that nothing holds; PP_NO_DEVICE if there is none. */
static uint32_t free_vf(const struct pp_planning *p, uint32_t device)
{
	for (uint32_t i = device + 1; i < p->h->nr_devices; i++)
		if (p->h->devices[i].physfn == device && p->s->rows[i].verdict <= PP_VERDICT_CARE &&
		    !p->is_freed[i])
			return i;
	return PP_NO_DEVICE;
}

/* Not where a bridge's region holds all below it, virtual functions too. */
static bool could_have_vfs(const struct pp_planning *p, uint32_t device)
{
	const struct pp_device *d = &p->h->devices[device];

	for (uint32_t i = 0; i < d->nr_holds; i++)
		if (p->h->holds[d->first_hold + i].via_bridge)
			return false;
	return p->h->iommu == PP_IOMMU_INTEL && d->config.sriov_known == PP_YES &&
	       d->config.sriov_total_vfs;
}

/* "pass …" for the first device that has or could have one; NULL: none. */
static const char *vf_text(struct pp_planning *p)
{
	for (uint32_t i = 0; i < p->nr_freed; i++) {
		uint32_t vf = free_vf(p, p->freed[i]);
		if (vf != PP_NO_DEVICE)
			return pp_planning_text(p, "pass one of its virtual functions instead: %s",
			                        pp_planning_name(p, vf));
		if (could_have_vfs(p, p->freed[i]))
			return pp_planning_text(
				p,
				"turn on virtual functions of %s (sriov_numvfs, up to %u) and pass "
				"one of them instead: regions do not hold them",
				pp_planning_name(p, p->freed[i]),
				p->h->devices[p->freed[i]].config.sriov_total_vfs);
	}
	return NULL;
}

static bool vf_is_here(struct pp_planning *p)
{
	return vf_text(p) != NULL;
}

static const char *vf_risk(struct pp_planning *p)
{
	return "the guest gets a part of the card; the host's driver keeps the rest";
}

static void vf_go(struct pp_planning *p)
{
	pp_planning_instruct(p, "use-vf", vf_text(p), vf_risk(p));
}

static bool slot_is_here(struct pp_planning *p)
{
	for (uint32_t i = 0; i < p->plan->nr_devices; i++)
		if (p->plan->devices[i].asked && !p->plan->devices[i].slot)
			return false;
	return p->h->iommu == PP_IOMMU_INTEL;
}

static const char *slot_text(struct pp_planning *p)
{
	return "move the card to another slot: on some boards not every slot is held";
}

static const char *slot_risk(struct pp_planning *p)
{
	return "that slot may be held as well; only a look after the move tells";
}

static void slot_go(struct pp_planning *p)
{
	pp_planning_instruct(p, "another-slot", slot_text(p), slot_risk(p));
}

static const struct way ways[] = {
	{ .cure = "bios-rmrds",
	  .is_here = rmrds_is_here,
	  .obstacle = rmrds_obstacle,
	  .text = rmrds_text,
	  .risk = rmrds_risk,
	  .go = rmrds_go },
	{ .cure = "bios-shared-memory",
	  .is_here = shared_memory_is_here,
	  .obstacle = shared_memory_obstacle,
	  .text = shared_memory_text,
	  .risk = shared_memory_risk,
	  .go = shared_memory_go },
	{ .cure = "bios-preboot-dma",
	  .is_here = preboot_dma_is_here,
	  .obstacle = no_obstacle,
	  .text = preboot_dma_text,
	  .risk = preboot_dma_risk,
	  .go = preboot_dma_go },
	{ .cure = "relax-rmrr",
	  .is_here = relax_is_here,
	  .obstacle = no_obstacle,
	  .text = relax_text,
	  .risk = relax_risk,
	  .go = relax_go },
	{ .cure = "table-override",
	  .is_here = override_is_here,
	  .obstacle = override_obstacle,
	  .text = override_text,
	  .risk = override_risk,
	  .go = override_go },
	{ .cure = "use-vf",
	  .is_here = vf_is_here,
	  .obstacle = no_obstacle,
	  .text = vf_text,
	  .risk = vf_risk,
	  .go = vf_go },
	{ .cure = "another-slot",
	  .is_here = slot_is_here,
	  .obstacle = no_obstacle,
	  .text = slot_text,
	  .risk = slot_risk,
	  .go = slot_go,
	  .asked_only = true },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

static bool lists_direct(const struct pp_group *g)
{
	for (uint32_t i = 0; i < g->nr_regions; i++)
		if (g->regions[i].kind == PP_REGION_DIRECT)
			return true;
	return false;
}

/* What the judge went by: the kernel settles it, the table says who. */
static bool kernel_denies(const struct pp_host *h, const struct pp_device *d)
{
	const struct pp_group *g = d->group == PP_NO_GROUP ? NULL : &h->groups[d->group];

	return g && !g->regions_error && !lists_direct(g) &&
	       pp_kernel_at_least(&h->kernel, 5, 3) != PP_NO;
}

static bool is_held(const struct pp_host *h, const struct pp_device *d)
{
	for (uint32_t i = 0; i < d->nr_holds; i++)
		if (!h->holds[d->first_hold + i].relaxable)
			return !kernel_denies(h, d);
	return false;
}

static void hold(struct pp_planning *p, uint32_t device)
{
	p->held[p->nr_held++] = device;
	p->is_held[device] = true;
	p->held_on_bus[p->h->devices[device].address.bus] = true;
}

/* By the table; where it names none of them, all endpoints of the groups that the kernel holds. */
static void find_held(struct pp_planning *p)
{
	p->held = PP_ARENA_ARRAY(p->a, p->nr_freed, uint32_t);
	if (!p->held) {
		p->failed = true;
		return;
	}
	for (uint32_t i = 0; i < p->nr_freed; i++)
		if (is_held(p->h, &p->h->devices[p->freed[i]]))
			hold(p, p->freed[i]);
	p->held_by_table = p->nr_held > 0;
	for (uint32_t i = 0; !p->held_by_table && i < p->nr_freed; i++) {
		const struct pp_device *d = &p->h->devices[p->freed[i]];
		if (d->group != PP_NO_GROUP && lists_direct(&p->h->groups[d->group]) &&
		    !pp_device_is_bridge(d))
			hold(p, p->freed[i]);
	}
}

static bool hits_held(const struct pp_planning *p, const struct pp_region *r)
{
	for (uint32_t i = 0; i < r->nr_devices; i++)
		if (p->is_held[r->devices[i]])
			return true;
	return false;
}

static void keep_kernel_regions(const struct pp_planning *p, struct pp_plan_region *list,
                                uint32_t *n)
{
	uint32_t last = PP_NO_GROUP;

	for (uint32_t i = 0; i < p->nr_held; i++) {
		uint32_t group = p->h->devices[p->held[i]].group;
		if (group == PP_NO_GROUP || group == last)
			continue;
		last = group;
		const struct pp_group *g = &p->h->groups[group];
		for (uint32_t k = 0; k < g->nr_regions && *n < PP_PLAN_MAX_ITEMS; k++)
			if (g->regions[k].kind == PP_REGION_DIRECT)
				list[(*n)++] = (struct pp_plan_region){ g->regions[k].start,
					                                g->regions[k].end_incl };
	}
}

/* For the price, and so that DMA to them can be recognised later. */
static void keep_regions(struct pp_planning *p)
{
	const struct pp_host *h = p->h;
	uint32_t n = 0, size = h->nr_regions;

	for (uint32_t i = 0; i < p->nr_held; i++)
		if (h->devices[p->held[i]].group != PP_NO_GROUP)
			size += h->groups[h->devices[p->held[i]].group].nr_regions;
	struct pp_plan_region *list = PP_ARENA_ARRAY(p->a, size, struct pp_plan_region);
	if (!list) {
		p->failed = true;
		return;
	}
	for (uint32_t i = 0; i < h->nr_regions && n < PP_PLAN_MAX_ITEMS; i++)
		if (p->held_by_table && hits_held(p, &h->regions[i]))
			list[n++] = (struct pp_plan_region){ h->regions[i].start,
				                             h->regions[i].end_incl };
	if (!p->held_by_table)
		keep_kernel_regions(p, list, &n);
	p->plan->regions = list;
	p->plan->nr_regions = n;
}

/* The best that is free, or the one asked for; NULL if there is none. */
static const struct way *choose(struct pp_planning *p)
{
	for (size_t i = 0; i < NR_WAYS; i++) {
		const struct way *w = &ways[i];
		if (p->cure ? strcmp(w->cure, p->cure) != 0 : w->asked_only)
			continue;
		if (w->is_here(p) && !w->obstacle(p))
			return w;
	}
	return NULL;
}

static bool is_way(const char *cure)
{
	for (size_t i = 0; i < NR_WAYS; i++)
		if (!strcmp(ways[i].cure, cure))
			return true;
	return false;
}

static void list_others(struct pp_planning *p, const struct way *chosen)
{
	for (size_t i = 0; i < NR_WAYS; i++) {
		const struct way *w = &ways[i];
		if (w == chosen || !w->is_here(p))
			continue;
		const char *obstacle = w->obstacle(p);
		if (obstacle)
			pp_planning_alternative(
				p, false, w->cure,
				pp_planning_text(p, "%s: not here, %s", w->text(p), obstacle),
				NULL);
		else
			pp_planning_alternative(p, true, w->cure, w->text(p), w->risk(p));
	}
}

static const struct pp_alternative *alternative(const struct pp_planning *p, bool possible)
{
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (p->alternatives[i].possible == possible &&
		    (possible || !p->cure || !strcmp(p->alternatives[i].cure, p->cure)))
			return &p->alternatives[i];
	return NULL;
}

/* Why there is no way: a table that is for root, what stands against one, and what there is. */
static int no_way(struct pp_planning *p, struct pp_error *e)
{
	bool amd = p->h->iommu == PP_IOMMU_AMD;
	bool unread = amd ? p->h->table_ivrs != PP_NO && !p->h->ivrs
	                  : p->h->table_dmar != PP_NO && !p->h->dmar;
	const struct pp_alternative *not_here = alternative(p, false), *here = alternative(p, true);

	if (!p->cure && unread)
		return pp_fail(e, ENODATA,
		               "%s: the firmware's table, which says what holds it, was not read: "
		               "root can",
		               p->plan->wish);
	if (p->cure)
		return pp_fail(e, ENOTSUP, "%s: %s%s%s", p->cure,
		               not_here ? not_here->text : "frees nothing here",
		               here ? "; this does: " : "", here ? here->cure : "");
	return pp_fail(e, ENOTSUP,
	               "%s: a reserved region holds it, and no cure is known here%s%s%s%s%s",
	               p->plan->wish, not_here ? " (" : "", not_here ? not_here->cure : "",
	               not_here ? ": " : "", not_here ? not_here->text : "", not_here ? ")" : "");
}

int pp_plan_ways(struct pp_planning *p, bool *by_vf, struct pp_error *e)
{
	find_held(p);
	if (p->failed)
		return pp_fail_oom(e, "plan");
	keep_regions(p);
	const struct way *w = choose(p);
	/* Another blocker's cure may be what was asked for. */
	if (!w && p->cure && !is_way(p->cure) && any_cure(p, p->cure)) {
		const char *asked = p->cure;
		p->cure = NULL;
		w = choose(p);
		p->cure = asked;
	}
	list_others(p, w);
	if (!w)
		return no_way(p, e);
	w->go(p);
	*by_vf = w->go == vf_go;
	return 0;
}
