/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which devices of a case a reserved region holds, and which regions. */
#include "remedy/case.h"

int pp_remedy_marks_init(struct pp_remedy_marks *m, const struct pp_host *h, struct pp_arena *arena,
                         struct pp_error *e)
{
	*m = (struct pp_remedy_marks){
		.host = h,
		.arena = arena,
		.freed = PP_ARENA_ARRAY(arena, h->nr_devices, bool),
		.held = PP_ARENA_ARRAY(arena, h->nr_devices, bool),
		.in_table = PP_ARENA_ARRAY(arena, h->nr_groups, bool),
	};
	return m->freed && m->held && m->in_table ? 0 : pp_fail_oom(e, "remedies");
}

const char *pp_remedy_printf(struct pp_remedy_case *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *s = pp_arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	c->failed |= !s;
	return s ? s : "";
}

const char *pp_remedy_device_name(struct pp_remedy_case *c, uint32_t device)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(c->host->devices[device].address, text);
	return pp_remedy_printf(c, "%s", text);
}

static bool case_lists_direct(const struct pp_group *g)
{
	for (uint32_t i = 0; i < g->nr_regions; i++)
		if (g->regions[i].kind == PP_REGION_DIRECT)
			return true;
	return false;
}

/* What the judge goes by: the kernel settles it, the table says who. */
static bool case_kernel_denies(const struct pp_host *h, const struct pp_device *d)
{
	const struct pp_group *g = d->group == PP_NO_GROUP ? NULL : &h->groups[d->group];

	return g && !g->regions_error && !case_lists_direct(g) &&
	       pp_kernel_shows(&h->kernel, PP_KERNEL_TELLS_RELAXABLE) != PP_NO;
}

/* By the log; where the kernel's list is read, that says it better. */
static bool case_was_refused(const struct pp_host *h, const struct pp_device *d)
{
	return pp_device_line(h, d, PP_LINE_DIRECT) && !case_kernel_denies(h, d);
}

static bool case_is_held(const struct pp_remedy_marks *m, const struct pp_device *d)
{
	const struct pp_host *h = m->host;

	if (m->every_region)
		return d->nr_mappings;
	for (uint32_t i = 0; i < d->nr_mappings; i++)
		if (!h->mappings[d->first_mapping + i].relaxable)
			return !case_kernel_denies(h, d);
	return false;
}

static void case_add_held(struct pp_remedy_case *c, uint32_t device)
{
	c->held[c->nr_held++] = device;
	c->marks->held[device] = true;
	c->held_on_bus[c->host->devices[device].address.bus] = true;
}

void pp_remedy_case_begin(struct pp_remedy_case *c, struct pp_remedy_marks *m,
                          const uint32_t *devices, uint32_t nr_devices, const bool *asked)
{
	const struct pp_host *h = m->host;

	*c = (struct pp_remedy_case){
		.host = h,
		.arena = m->arena,
		.marks = m,
		.devices = devices,
		.nr_devices = nr_devices,
		.asked = asked,
		.held = PP_ARENA_ARRAY(m->arena, nr_devices, uint32_t),
	};
	if (!c->held) {
		c->failed = true;
		c->nr_devices = 0;
		return;
	}
	for (uint32_t i = 0; i < nr_devices; i++) {
		const struct pp_device *d = &h->devices[devices[i]];
		m->freed[devices[i]] = true;
		if (!case_is_held(m, d))
			continue;
		case_add_held(c, devices[i]);
		if (d->group != PP_NO_GROUP)
			m->in_table[d->group] = true;
	}
	uint32_t by_table = c->nr_held;
	for (uint32_t i = 0; i < nr_devices; i++) {
		const struct pp_device *d = &h->devices[devices[i]];
		if (d->group != PP_NO_GROUP && !m->in_table[d->group] && !pp_device_is_bridge(d) &&
		    (case_lists_direct(&h->groups[d->group]) || case_was_refused(h, d)))
			case_add_held(c, devices[i]);
	}
	c->held_by_table = by_table && by_table == c->nr_held;
}

void pp_remedy_case_end(struct pp_remedy_case *c)
{
	for (uint32_t i = 0; i < c->nr_devices; i++) {
		c->marks->freed[c->devices[i]] = false;
		c->marks->held[c->devices[i]] = false;
		if (c->host->devices[c->devices[i]].group != PP_NO_GROUP)
			c->marks->in_table[c->host->devices[c->devices[i]].group] = false;
	}
}

static bool case_is_hit(const struct pp_remedy_case *c, const struct pp_region *r)
{
	for (uint32_t i = 0; i < r->nr_devices; i++)
		if (c->marks->held[r->devices[i]])
			return true;
	return false;
}

static void case_add_kernel_regions(const struct pp_remedy_case *c, struct pp_plan_region *list,
                                    uint32_t *n)
{
	uint32_t last = PP_NO_GROUP;

	for (uint32_t i = 0; i < c->nr_held; i++) {
		uint32_t group = c->host->devices[c->held[i]].group;
		if (group == PP_NO_GROUP || group == last || c->marks->in_table[group])
			continue;
		last = group;
		const struct pp_group *g = &c->host->groups[group];
		for (uint32_t k = 0; k < g->nr_regions && *n < PP_PLAN_MAX_ITEMS; k++)
			if (g->regions[k].kind == PP_REGION_DIRECT)
				list[(*n)++] = (struct pp_plan_region){ g->regions[k].start,
					                                g->regions[k].end_incl };
	}
}

void pp_remedy_case_regions(struct pp_remedy_case *c, const struct pp_plan_region **ret,
                            uint32_t *ret_nr)
{
	const struct pp_host *h = c->host;
	uint32_t n = 0, size = h->nr_regions;

	for (uint32_t i = 0; i < c->nr_held; i++)
		if (h->devices[c->held[i]].group != PP_NO_GROUP)
			size += h->groups[h->devices[c->held[i]].group].nr_regions;
	struct pp_plan_region *list = PP_ARENA_ARRAY(c->arena, size, struct pp_plan_region);
	c->failed |= !list;
	for (uint32_t i = 0; list && i < h->nr_regions && n < PP_PLAN_MAX_ITEMS; i++)
		if (case_is_hit(c, &h->regions[i]))
			list[n++] = (struct pp_plan_region){ h->regions[i].start,
				                             h->regions[i].end_incl };
	if (list)
		case_add_kernel_regions(c, list, &n);
	*ret = list;
	*ret_nr = n;
}
