/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's table without the devices: built, and what it then holds looked at again. */
#include <string.h>

#include "base/crc32.h"
#include "override/override.h"
#include "remedy/remedy.h"

static enum pp_region_source table_source(const struct pp_host *h)
{
	return h->iommu == PP_IOMMU_AMD ? PP_FROM_IVRS : PP_FROM_DMAR;
}

static struct pp_span table_bytes(const struct pp_host *h)
{
	return table_source(h) == PP_FROM_IVRS ? h->ivrs_bytes : h->dmar_bytes;
}

/* host/region.c, map_scope(): the device itself, and all below it if it is a bridge. */
static bool table_covers_held(const struct pp_remedy_case *c, const struct pp_region_scope *s)
{
	if (s->match != PP_SCOPE_MATCHED && s->match != PP_SCOPE_MATCHED_BDF)
		return false;
	const struct pp_config *bridge = &c->host->devices[s->device].config;
	for (unsigned int bus = bridge->secondary; bus && bus <= bridge->subordinate; bus++)
		if (c->held_on_bus[bus])
			return true;
	return c->marks->held[s->device];
}

static const char *table_take_scopes(struct pp_remedy_case *c, struct pp_step_override *o)
{
	const struct pp_host *h = c->host;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_regions; i++)
		n += h->regions[i].source == PP_FROM_DMAR ? h->regions[i].nr_scopes : 0;
	uint32_t *scopes = PP_ARENA_ARRAY(c->arena, n, uint32_t);
	if (!scopes) {
		c->failed = true;
		return "out of memory";
	}
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		const struct pp_region *r = &h->regions[i];
		for (uint32_t k = 0; r->source == PP_FROM_DMAR && k < r->nr_scopes; k++)
			if (table_covers_held(c, &r->scopes[k]))
				scopes[o->nr_scopes++] = r->scopes[k].dmar->offset;
	}
	o->scopes = scopes;
	return o->nr_scopes > PP_PLAN_MAX_ITEMS ? "too many entries name these devices" : NULL;
}

static const char *table_take_devids(struct pp_remedy_case *c, struct pp_step_override *o)
{
	const struct pp_host *h = c->host;
	uint16_t *devids = PP_ARENA_ARRAY(c->arena, c->nr_held, uint16_t);

	if (!devids) {
		c->failed = true;
		return "out of memory";
	}
	uint32_t domain = h->devices[c->held[0]].address.domain;
	for (uint32_t i = 0; i < c->nr_held; i++) {
		struct pp_address a = h->devices[c->held[i]].address;
		if (a.domain != domain)
			return "the devices are in several PCI domains: free them one by one";
		devids[o->nr_devids++] = (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
	}
	o->segment = (uint16_t)domain;
	o->devids = devids;
	return o->nr_devids > PP_PLAN_MAX_ITEMS ? "too many devices at once" : NULL;
}

/* With the new table in the place of the old one nothing may hold them any more. */
static const char *table_check_again(struct pp_remedy_case *c, struct pp_span made)
{
	struct pp_error why = { 0 };
	struct pp_host *after;
	const char *held = NULL;

	if (pp_host_replace_table(c->host, table_source(c->host), made, &after, &why))
		return pp_remedy_printf(c, "the new table could not be used (%s)", why.text);
	for (uint32_t i = 0; !held && i < c->nr_held; i++) {
		const struct pp_device *d = &after->devices[c->held[i]];
		for (uint32_t k = 0; !held && k < d->nr_mappings; k++)
			if (!after->mappings[d->first_mapping + k].relaxable)
				held = pp_remedy_printf(
					c,
					"%s would still have a reserved region with the new table",
					pp_remedy_device_name(c, c->held[i]));
	}
	pp_host_free(after);
	return held;
}

static const char *table_build(struct pp_remedy_case *c, struct pp_span table,
                               const struct pp_step_override *o)
{
	struct pp_error why = { 0 };
	struct pp_arena scratch;
	struct pp_span made;

	pp_arena_init(&scratch, 0);
	int r = table_source(c->host) == PP_FROM_IVRS
	                ? pp_override_ivrs(table, o->segment, o->devids, o->nr_devids, &scratch,
	                                   &made, &why)
	                : pp_override_dmar(table, o->scopes, o->nr_scopes, &scratch, &made, &why);
	const char *obstacle = r ? pp_remedy_printf(c, "%s", why.text) : table_check_again(c, made);
	pp_arena_fini(&scratch);
	return obstacle;
}

static bool table_is_unread(const struct pp_host *h)
{
	return !table_bytes(h).len;
}

const char *pp_remedy_override_forbidden(const struct pp_host *h, struct pp_arena *a)
{
	if (pp_locked_down(h))
		return pp_arena_printf(
			a, "pcipass does not replace firmware tables on a locked-down host (%s)",
			h->kernel.lockdown.text);
	if (h->kernel.log_tboot)
		return "tboot started the kernel and gives it a table of its own";
	return NULL;
}

const char *pp_remedy_table_needs(const struct pp_host *h)
{
	return table_is_unread(h) ? "the firmware's table, which was not read: root can read it"
	                          : NULL;
}

/* "00:03.0, a bridge, goes from the table with all below it: 04:00.0 and 2 more lose it too" */
const char *pp_remedy_bridge_risk(struct pp_remedy_case *c)
{
	const struct pp_host *h = c->host;
	uint32_t bridge = PP_NO_DEVICE, first = PP_NO_DEVICE, n = 0;

	for (uint32_t i = 0; i < h->nr_mappings; i++) {
		const struct pp_region_mapping *hold = &h->mappings[i];
		const struct pp_region *r = &h->regions[hold->region];
		if (!hold->via_bridge || !r->nr_scopes || c->marks->freed[hold->device] ||
		    pp_device_is_bridge(&h->devices[hold->device]) ||
		    !table_covers_held(c, &r->scopes[hold->scope]) ||
		    (n && hold->device == h->mappings[i - 1].device))
			continue;
		if (!n++) {
			first = hold->device;
			bridge = r->scopes[hold->scope].device;
		}
	}
	if (!n)
		return NULL;
	const char *text = pp_remedy_printf(
		c,
		"the table names the bridge %s, not the device: %s below the same bridge also "
		"loses its region",
		pp_remedy_device_name(c, bridge), pp_remedy_device_name(c, first));
	return n == 1 ? text : pp_remedy_printf(c, "%s, and %u more", text, n - 1);
}

/* All entries at once: where that works, taking some of them out does too. */
static const char *table_try_whole(struct pp_remedy_case *c, struct pp_span bytes)
{
	struct pp_remedy_marks *m = c->marks;
	struct pp_error why = { 0 };
	struct pp_arena scratch;
	struct pp_span made;

	if (m->table_tried || table_source(c->host) == PP_FROM_IVRS)
		return m->table_obstacle;
	m->table_tried = true;
	pp_arena_init(&scratch, 0);
	if (pp_override_dmar(bytes, c->table.step.scopes, c->table.step.nr_scopes, &scratch, &made,
	                     &why))
		m->table_obstacle = pp_remedy_printf(c, "%s", why.text);
	pp_arena_fini(&scratch);
	return m->table_obstacle;
}

void pp_remedy_table_try(struct pp_remedy_case *c)
{
	struct pp_remedy_table *t = &c->table;
	struct pp_span bytes = table_bytes(c->host);
	bool ivrs = table_source(c->host) == PP_FROM_IVRS;

	if (t->done)
		return;
	t->done = true;
	t->step = (struct pp_step_override){ .table = ivrs ? "IVRS" : "DMAR" };
	t->obstacle =
		c->held_by_table ? NULL : "the firmware's table does not name all of these devices";
	if (t->obstacle)
		return;
	t->step.expected_crc = pp_span_crc32(bytes);
	t->step.expected_bytes = (uint32_t)bytes.len;
	t->obstacle = ivrs ? table_take_devids(c, &t->step) : table_take_scopes(c, &t->step);
	if (!t->obstacle)
		t->obstacle =
			c->proved ? table_build(c, bytes, &t->step) : table_try_whole(c, bytes);
}
