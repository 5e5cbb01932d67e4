/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's table without the devices: built, and what it then holds looked at again. */
#include <stddef.h>
#include <string.h>

#include "base/crc32.h"
#include "override/override.h"
#include "remedy/remedy.h"

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

/* Offsets in ascending order, each once. */
static void table_add_node(struct pp_step_override *o, uint32_t *nodes, uint32_t offset)
{
	uint32_t at = o->nr_scopes;

	while (at && nodes[at - 1] > offset)
		at--;
	if (at && nodes[at - 1] == offset)
		return;
	memmove(nodes + at + 1, nodes + at, (o->nr_scopes - at) * sizeof(*nodes));
	nodes[at] = offset;
	o->nr_scopes++;
}

/* The RMR nodes that hold one of these devices. */
static const char *table_take_nodes(struct pp_remedy_case *c, struct pp_step_override *o)
{
	const struct pp_host *h = c->host;
	uint32_t *nodes = PP_ARENA_ARRAY(c->arena, h->nr_regions + 1, uint32_t);

	if (!nodes) {
		c->failed = true;
		return "out of memory";
	}
	for (uint32_t i = 0; i < c->nr_held; i++) {
		const struct pp_device *d = &h->devices[c->held[i]];
		for (uint32_t k = 0; k < d->nr_mappings; k++) {
			const struct pp_region_mapping *m = &h->mappings[d->first_mapping + k];
			const struct pp_region *r = &h->regions[m->region];
			if (!m->relaxable && r->source == PP_FROM_IORT)
				table_add_node(o, nodes, r->rmr->offset);
		}
	}
	o->scopes = nodes;
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

static int table_make_dmar(struct pp_span table, const struct pp_step_override *o,
                           struct pp_arena *a, struct pp_span *ret, struct pp_error *e)
{
	return pp_override_dmar(table, o->scopes, o->nr_scopes, a, ret, e);
}

static int table_make_iort(struct pp_span table, const struct pp_step_override *o,
                           struct pp_arena *a, struct pp_span *ret, struct pp_error *e)
{
	return pp_override_iort(table, o->scopes, o->nr_scopes, a, ret, e);
}

static int table_make_ivrs(struct pp_span table, const struct pp_step_override *o,
                           struct pp_arena *a, struct pp_span *ret, struct pp_error *e)
{
	return pp_override_ivrs(table, o->segment, o->devids, o->nr_devids, a, ret, e);
}

/* A table that reserves memory: which of its entries hold the devices, and itself without them. */
struct table_kind {
	const char *name;
	enum pp_region_source source;
	size_t bytes; /* in struct pp_host */
	const char *(*take)(struct pp_remedy_case *c, struct pp_step_override *o);
	int (*make)(struct pp_span table, const struct pp_step_override *o, struct pp_arena *a,
	            struct pp_span *ret, struct pp_error *e);
};

static const struct table_kind table_dmar = {
	.name = "DMAR",
	.source = PP_FROM_DMAR,
	.bytes = offsetof(struct pp_host, dmar_bytes),
	.take = table_take_scopes,
	.make = table_make_dmar,
};

static const struct table_kind table_iort = {
	.name = "IORT",
	.source = PP_FROM_IORT,
	.bytes = offsetof(struct pp_host, iort_bytes),
	.take = table_take_nodes,
	.make = table_make_iort,
};

static const struct table_kind table_ivrs = {
	.name = "IVRS",
	.source = PP_FROM_IVRS,
	.bytes = offsetof(struct pp_host, ivrs_bytes),
	.take = table_take_devids,
	.make = table_make_ivrs,
};

static const struct table_kind *table_kind_of(const struct pp_host *h)
{
	switch (h->iommu) {
	case PP_IOMMU_AMD:
		return &table_ivrs;
	case PP_IOMMU_SMMU:
		return &table_iort;
	default:
		return &table_dmar;
	}
}

static struct pp_span table_bytes(const struct pp_host *h)
{
	return *(const struct pp_span *)((const char *)h + table_kind_of(h)->bytes);
}

/* With the new table in the place of the old one nothing may hold them any more. */
static const char *table_check_again(struct pp_remedy_case *c, struct pp_span made)
{
	struct pp_error why = { 0 };
	struct pp_host *after;
	const char *held = NULL;

	if (pp_host_replace_table(c->host, table_kind_of(c->host)->source, made, &after, &why))
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
	int r = table_kind_of(c->host)->make(table, o, &scratch, &made, &why);
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

static bool table_has_node(const struct pp_step_override *o, uint32_t offset)
{
	for (uint32_t i = 0; i < o->nr_scopes; i++)
		if (o->scopes[i] == offset)
			return true;
	return false;
}

/* An RMR node is changed as a whole, whomever else it names. */
static const char *table_node_risk(struct pp_remedy_case *c)
{
	const struct pp_host *h = c->host;
	uint32_t first = PP_NO_DEVICE, n = 0;

	for (uint32_t i = 0; i < h->nr_mappings; i++) {
		const struct pp_region_mapping *m = &h->mappings[i];
		const struct pp_region *r = &h->regions[m->region];
		if (r->source != PP_FROM_IORT || c->marks->freed[m->device] ||
		    !table_has_node(&c->table.step, r->rmr->offset) ||
		    (n && m->device == h->mappings[i - 1].device))
			continue;
		if (!n++)
			first = m->device;
	}
	return n ? pp_remedy_printf(c,
	                            "the table's entry also names %s%s: its memory may then be "
	                            "remapped, too",
	                            pp_remedy_device_name(c, first), n == 1 ? "" : " and others")
	         : NULL;
}

/* "00:03.0, a bridge, goes from the table with all below it: 04:00.0 and 2 more lose it too" */
const char *pp_remedy_bridge_risk(struct pp_remedy_case *c)
{
	const struct pp_host *h = c->host;
	uint32_t bridge = PP_NO_DEVICE, first = PP_NO_DEVICE, n = 0;

	if (table_kind_of(h) == &table_iort)
		return table_node_risk(c);
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

	if (m->table_tried || table_kind_of(c->host) == &table_ivrs)
		return m->table_obstacle;
	m->table_tried = true;
	pp_arena_init(&scratch, 0);
	if (table_kind_of(c->host)->make(bytes, &c->table.step, &scratch, &made, &why))
		m->table_obstacle = pp_remedy_printf(c, "%s", why.text);
	pp_arena_fini(&scratch);
	return m->table_obstacle;
}

void pp_remedy_table_try(struct pp_remedy_case *c)
{
	struct pp_remedy_table *t = &c->table;
	struct pp_span bytes = table_bytes(c->host);
	const struct table_kind *kind = table_kind_of(c->host);

	if (t->done)
		return;
	t->done = true;
	t->step = (struct pp_step_override){ .table = kind->name };
	t->obstacle =
		c->held_by_table ? NULL : "the firmware's table does not name all of these devices";
	if (t->obstacle)
		return;
	t->step.expected_crc = pp_span_crc32(bytes);
	t->step.expected_bytes = (uint32_t)bytes.len;
	t->obstacle = kind->take(c, &t->step);
	if (!t->obstacle)
		t->obstacle =
			c->proved ? table_build(c, bytes, &t->step) : table_try_whole(c, bytes);
}
