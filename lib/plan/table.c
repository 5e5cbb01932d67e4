/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's table without the devices: tried when the plan is made, and judged again. */
#include <string.h>

#include "base/crc32.h"
#include "override/override.h"
#include "plan/make.h"

static enum pp_region_source table_of(const struct pp_host *h)
{
	return h->iommu == PP_IOMMU_AMD ? PP_FROM_IVRS : PP_FROM_DMAR;
}

static struct pp_span bytes_of(const struct pp_host *h)
{
	return table_of(h) == PP_FROM_IVRS ? h->ivrs_bytes : h->dmar_bytes;
}

/* host/region.c, hold_scope(): the device itself, and all below it if it is a bridge. */
static bool covers_held(const struct pp_planning *p, const struct pp_region_scope *s)
{
	if (s->match != PP_SCOPE_MATCHED && s->match != PP_SCOPE_MATCHED_BDF)
		return false;
	const struct pp_config *c = &p->h->devices[s->device].config;
	for (unsigned int bus = c->secondary; bus && bus <= c->subordinate; bus++)
		if (p->held_on_bus[bus])
			return true;
	return p->is_held[s->device];
}

static const char *take_scopes(struct pp_planning *p, struct pp_step_override *o)
{
	const struct pp_host *h = p->h;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_regions; i++)
		n += h->regions[i].source == PP_FROM_DMAR ? h->regions[i].nr_scopes : 0;
	uint32_t *scopes = PP_ARENA_ARRAY(p->a, n, uint32_t);
	if (!scopes) {
		p->failed = true;
		return "out of memory";
	}
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		const struct pp_region *r = &h->regions[i];
		for (uint32_t k = 0; r->source == PP_FROM_DMAR && k < r->nr_scopes; k++)
			if (covers_held(p, &r->scopes[k]))
				scopes[o->nr_scopes++] = r->scopes[k].dmar->offset;
	}
	o->scopes = scopes;
	return o->nr_scopes > PP_PLAN_MAX_ITEMS ? "too many entries name these devices" : NULL;
}

static const char *take_devids(struct pp_planning *p, struct pp_step_override *o)
{
	const struct pp_host *h = p->h;
	uint16_t *devids = PP_ARENA_ARRAY(p->a, p->nr_held, uint16_t);

	if (!devids) {
		p->failed = true;
		return "out of memory";
	}
	uint32_t domain = h->devices[p->held[0]].address.domain;
	for (uint32_t i = 0; i < p->nr_held; i++) {
		struct pp_address a = h->devices[p->held[i]].address;
		if (a.domain != domain)
			return "the devices lie in several PCI domains: free them one by one";
		devids[o->nr_devids++] = (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
	}
	o->segment = (uint16_t)domain;
	o->devids = devids;
	return o->nr_devids > PP_PLAN_MAX_ITEMS ? "too many devices at once" : NULL;
}

/* With the new table in the place of the old one nothing may hold them any more. */
static const char *judge_again(struct pp_planning *p, struct pp_span made)
{
	struct pp_error why = { 0 };
	struct pp_host *after;
	const char *held = NULL;

	if (pp_host_replace_table(p->h, table_of(p->h), made, &after, &why))
		return pp_planning_text(p, "the new table could not be used (%s)", why.text);
	for (uint32_t i = 0; !held && i < p->nr_held; i++) {
		const struct pp_device *d = &after->devices[p->held[i]];
		for (uint32_t k = 0; !held && k < d->nr_holds; k++)
			if (!after->holds[d->first_hold + k].relaxable)
				held = pp_planning_text(p,
				                        "%s would still be held with the new table",
				                        pp_planning_name(p, p->held[i]));
	}
	pp_host_free(after);
	return held;
}

static const char *try_table(struct pp_planning *p, struct pp_span table,
                             const struct pp_step_override *o)
{
	struct pp_error why = { 0 };
	struct pp_arena scratch;
	struct pp_span made;

	pp_arena_init(&scratch, 0);
	int r = table_of(p->h) == PP_FROM_IVRS
	                ? pp_override_ivrs(table, o->segment, o->devids, o->nr_devids, &scratch,
	                                   &made, &why)
	                : pp_override_dmar(table, o->scopes, o->nr_scopes, &scratch, &made, &why);
	const char *obstacle = r ? pp_planning_text(p, "%s", why.text) : judge_again(p, made);
	pp_arena_fini(&scratch);
	return obstacle;
}

/* What forbids it whatever stands in the table. */
static const char *forbidden(struct pp_planning *p)
{
	const struct pp_host *h = p->h;
	int unread = table_of(h) == PP_FROM_IVRS ? h->ivrs_error : h->dmar_error;

	if (pp_locked_down(h))
		return pp_planning_text(
			p, "the kernel is locked down (%s) and ignores tables from the initrd",
			h->kernel.lockdown.text);
	if (h->kernel.log_tboot)
		return "the kernel was started by tboot, which hands it a table of its own";
	if (unread == EACCES || unread == EPERM)
		return "the firmware's table is for root to read";
	if (!bytes_of(h).len)
		return "the firmware's table was not read";
	if (!p->held_by_table)
		return "the firmware's table names none of these devices";
	return NULL;
}

/* "00:03.0, a bridge, goes from the table with all below it: 04:00.0 and 2 more lose it too" */
const char *pp_plan_bridge_risk(struct pp_planning *p)
{
	const struct pp_host *h = p->h;
	uint32_t bridge = PP_NO_DEVICE, first = PP_NO_DEVICE, n = 0;

	for (uint32_t i = 0; i < h->nr_holds; i++) {
		const struct pp_hold *hold = &h->holds[i];
		const struct pp_region *r = &h->regions[hold->region];
		if (!hold->via_bridge || !r->nr_scopes || p->is_freed[hold->device] ||
		    pp_device_is_bridge(&h->devices[hold->device]) ||
		    !covers_held(p, &r->scopes[hold->scope]) ||
		    (n && hold->device == h->holds[i - 1].device))
			continue;
		if (!n++) {
			first = hold->device;
			bridge = r->scopes[hold->scope].device;
		}
	}
	if (!n)
		return NULL;
	const char *text = pp_planning_text(
		p,
		"the table names the bridge %s, not the device: %s, below it too, loses its region",
		pp_planning_name(p, bridge), pp_planning_name(p, first));
	return n == 1 ? text : pp_planning_text(p, "%s, and %u more", text, n - 1);
}

void pp_plan_table(struct pp_planning *p)
{
	struct pp_table_try *t = &p->table;
	struct pp_span bytes = bytes_of(p->h);
	bool ivrs = table_of(p->h) == PP_FROM_IVRS;

	if (t->done)
		return;
	t->done = true;
	t->step = (struct pp_step_override){ .table = ivrs ? "IVRS" : "DMAR" };
	t->obstacle = forbidden(p);
	if (t->obstacle)
		return;
	t->step.expected_crc = pp_span_crc32(bytes);
	t->step.expected_bytes = (uint32_t)bytes.len;
	t->obstacle = ivrs ? take_devids(p, &t->step) : take_scopes(p, &t->step);
	if (!t->obstacle)
		t->obstacle = try_table(p, bytes, &t->step);
}
