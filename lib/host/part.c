/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which devices decide about one: found by the kernel's own links before any of them is read. Where
 * these do not tell, and on hosts whose groups are not there to be listed, the whole host is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/part.h"

#define DEVICES "sys/bus/pci/devices"
#define GROUPS  "sys/kernel/iommu_groups"

/* A part of this many is no part. */
#define PART_MAX 1024

struct part {
	struct pp_source *source;
	struct pp_arena arena;
	struct pp_address *listed; /* every device of the host, in address order */
	uint32_t nr_listed;
	uint32_t *above;      /* by device: the bridge above by its link, or PP_NO_DEVICE */
	bool *taken, *linked; /* to be read; its link was followed */
	uint32_t nr_taken, nr_members, group;
	bool one_domain;
};

bool pp_host_is_short(const struct pp_host *h)
{
	return h->part && h->part->is_short;
}

static int part_compare(const void *x, const void *y)
{
	return pp_address_compare(*(const struct pp_address *)x, *(const struct pp_address *)y);
}

static uint32_t part_find(const struct part *p, struct pp_address a)
{
	const struct pp_address *at =
		bsearch(&a, p->listed, p->nr_listed, sizeof(*p->listed), part_compare);

	return at ? (uint32_t)(at - p->listed) : PP_NO_DEVICE;
}

static int part_list(struct part *p)
{
	struct pp_names names;
	int r = pp_source_list(p->source, DEVICES, &p->arena, &names);

	if (r)
		return r == -ENOMEM ? r : 1;
	p->listed = PP_ARENA_ARRAY(&p->arena, names.count, struct pp_address);
	p->above = PP_ARENA_ARRAY(&p->arena, names.count, uint32_t);
	p->taken = PP_ARENA_ARRAY(&p->arena, names.count, bool);
	p->linked = PP_ARENA_ARRAY(&p->arena, names.count, bool);
	if (!p->listed || !p->above || !p->taken || !p->linked)
		return -ENOMEM;
	for (uint32_t i = 0; i < names.count; i++)
		if (pp_build_parse_device(names.names[i], &p->listed[p->nr_listed]))
			p->nr_listed++;
	/* Sorted by name they mostly are in order: domains of more than four digits are not. */
	qsort(p->listed, p->nr_listed, sizeof(*p->listed), part_compare);
	p->one_domain = p->nr_listed && p->listed[0].domain == p->listed[p->nr_listed - 1].domain;
	return 0;
}

static void part_mark(struct part *p, uint32_t device)
{
	p->nr_taken += !p->taken[device];
	p->taken[device] = true;
}

/* Of the path to a device the bridges above it; 1: it leads elsewhere. */
static int part_follow_path(struct part *p, const char *path, uint32_t device)
{
	uint32_t above = PP_NO_DEVICE;

	for (const char *at = path; *at; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");
		char name[PP_ADDRESS_TEXT_BYTES];
		struct pp_address a;
		snprintf(name, sizeof(name), "%.*s", n < sizeof(name) ? (int)n : 0, at);
		at += n;
		if (!pp_build_parse_device(name, &a))
			continue;
		uint32_t i = part_find(p, a);
		/* Behind a VMD controller the bridge above is of another domain. */
		if (i == PP_NO_DEVICE || a.domain != p->listed[device].domain)
			return 1;
		part_mark(p, i);
		p->above[i] = above;
		p->linked[i] = true;
		above = i;
	}
	return above != device;
}

/* A device and the bridges above it. */
static int part_take(struct part *p, uint32_t device)
{
	char path[64], link[1024], name[PP_ADDRESS_TEXT_BYTES];

	if (p->linked[device])
		return 0;
	pp_address_format(p->listed[device], name);
	snprintf(path, sizeof(path), DEVICES "/%s", name);
	int r = pp_source_read_link(p->source, PP_NODE_NONE, path, link, sizeof(link));
	if (r)
		return r == -ENOMEM ? r : 1;
	return part_follow_path(p, link, device);
}

static bool part_is_on_bus_of(const struct part *p, uint32_t i, uint32_t device)
{
	return i < p->nr_listed && p->listed[i].domain == p->listed[device].domain &&
	       p->listed[i].bus == p->listed[device].bus;
}

/* A device and all on its bus: those of its slot, and any that use its number. */
static int part_take_bus(struct part *p, uint32_t device)
{
	uint32_t i = device;
	int r = part_take(p, device);

	while (i && part_is_on_bus_of(p, i - 1, device))
		i--;
	for (; !r && part_is_on_bus_of(p, i, device); i++) {
		part_mark(p, i);
		p->above[i] = p->above[device];
	}
	return r;
}

/* The physical functions of virtual ones: a bus may have virtual functions alone. */
static int part_take_physical(struct part *p)
{
	char path[64], link[1024], name[PP_ADDRESS_TEXT_BYTES];
	struct pp_address a;

	for (uint32_t i = 0; i < p->nr_listed; i++) {
		if (!p->taken[i])
			continue;
		pp_address_format(p->listed[i], name);
		snprintf(path, sizeof(path), DEVICES "/%s/physfn", name);
		int r = pp_source_read_link(p->source, PP_NODE_NONE, path, link, sizeof(link));
		if (r == -ENOMEM)
			return r;
		if (r)
			continue;
		const char *slash = strrchr(link, '/');
		uint32_t pf = pp_address_parse(slash ? slash + 1 : link, &a) ? part_find(p, a)
		                                                             : PP_NO_DEVICE;
		r = pf == PP_NO_DEVICE ? 1 : part_take(p, pf);
		if (r)
			return r;
	}
	return 0;
}

/* Every device of its group; 1: it has none, or they cannot be listed. */
static int part_take_group(struct part *p, uint32_t device)
{
	char path[64], link[1024], name[PP_ADDRESS_TEXT_BYTES];
	struct pp_names members;
	struct pp_address a;
	uint64_t number;

	pp_address_format(p->listed[device], name);
	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group", name);
	int r = pp_source_read_link(p->source, PP_NODE_NONE, path, link, sizeof(link));
	const char *slash = r ? NULL : strrchr(link, '/');
	if (!slash || !pp_parse_dec(slash + 1, UINT32_MAX - 1, &number))
		return r == -ENOMEM ? r : 1;
	p->group = (uint32_t)number;
	snprintf(path, sizeof(path), GROUPS "/%u/devices", p->group);
	r = pp_source_list(p->source, path, &p->arena, &members);
	if (r)
		return r == -ENOMEM ? r : 1;
	p->nr_members = members.count;
	for (uint32_t i = 0; i < members.count; i++) {
		uint32_t d = pp_build_parse_device(members.names[i], &a) ? part_find(p, a)
		                                                         : PP_NO_DEVICE;
		if (d == PP_NO_DEVICE || p->nr_taken > PART_MAX)
			return 1;
		r = part_take_bus(p, d);
		if (r)
			return r;
	}
	return p->taken[device] ? 0 : 1;
}

/* 0, 1 where the whole is needed, or -ENOMEM. */
static int part_choose(struct part *p, const char *device, uint32_t least, struct pp_host_build *b)
{
	int r = pp_address_parse(device, &b->about) ? part_list(p) : 1;

	if (r || p->nr_listed < least)
		return r ? r : 1;
	uint32_t at = part_find(p, b->about);
	r = at == PP_NO_DEVICE ? 1 : part_take_group(p, at);
	if (!r)
		r = part_take_physical(p);
	if (r || p->nr_taken > PART_MAX)
		return r ? r : 1;
	struct pp_address *only = PP_ARENA_ARRAY(&p->arena, p->nr_taken, struct pp_address);
	if (!only)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->nr_listed; i++)
		if (p->taken[i])
			only[b->nr_only++] = p->listed[i];
	b->only = only;
	return 0;
}

/* The bridges by their registers are those by the links. */
static bool part_agrees(const struct part *p, const struct pp_host *h)
{
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		uint32_t above = p->above[part_find(p, h->devices[i].address)];
		uint32_t parent = h->devices[i].parent;
		if ((above == PP_NO_DEVICE) != (parent == PP_NO_DEVICE) ||
		    (above != PP_NO_DEVICE &&
		     !pp_address_equal(p->listed[above], h->devices[parent].address)))
			return false;
	}
	return true;
}

/* The kernel compares bus numbers alone, so a bridge elsewhere may hold the device by a region. */
static bool part_is_held_elsewhere(const struct part *p, const struct pp_host *h)
{
	for (uint32_t i = 0; !p->one_domain && h->dmar && i < h->dmar->nr_entries; i++) {
		const struct pp_dmar_entry *entry = &h->dmar->entries[i];
		for (uint32_t k = 0; entry->type == PP_DMAR_RMRR && k < entry->nr_scopes; k++)
			if (entry->scopes[k].type == PP_SCOPE_BRIDGE)
				return true;
	}
	return false;
}

/* Virtual functions are not looked for: whether the device has some must be known without them. */
static bool part_has_functions(struct part *p, const struct pp_device *d)
{
	char path[64], link[64];

	if (pp_device_is_bridge(d) || d->physfn != PP_NO_DEVICE || d->config.sriov_known == PP_NO)
		return false;
	if (d->config.sriov_known == PP_YES)
		return d->config.sriov_vf_enable;
	snprintf(path, sizeof(path), DEVICES "/%s/virtfn0", PP_ADDRESS_TEXT(d->address));
	return pp_source_kind(p->source) != PP_SOURCE_LIVE ||
	       pp_source_read_link(p->source, PP_NODE_NONE, path, link, sizeof(link)) != -ENOENT;
}

/* A display's users are looked for where the host has a display; this one's are found beside. */
static bool part_is_like_display(struct part *p, const struct pp_device *d)
{
	char path[64];
	struct pp_node dir;

	if (!d->driver.text || pp_device_base_class(d) == 0x03)
		return false;
	snprintf(path, sizeof(path), DEVICES "/%s/drm", PP_ADDRESS_TEXT(d->address));
	int r = pp_source_open_dir(p->source, path, &dir);
	if (!r)
		pp_source_close(p->source, dir);
	return !r || !strcmp(d->driver.text, "nvidia");
}

/* What the rules go by is in the part, on a host of an ordinary kind. */
static bool part_suffices(struct part *p, const struct pp_host *h)
{
	const struct pp_device *d = &h->devices[pp_host_find(h, h->part->device)];

	if (h->origins || h->windows || h->xen || h->iommu_on != PP_YES || h->intremap != PP_YES ||
	    (h->kind != PP_KIND_INTEL && h->kind != PP_KIND_AMD) || d->group == PP_NO_GROUP)
		return false;
	const struct pp_group *g = &h->groups[d->group];
	return g->number == p->group && g->nr_devices == p->nr_members && !g->no_iommu &&
	       part_agrees(p, h) && !part_is_held_elsewhere(p, h) && !part_has_functions(p, d) &&
	       !part_is_like_display(p, d);
}

static int part_read(struct part *p, const char *device, uint32_t least, struct pp_host **ret,
                     struct pp_error *e)
{
	struct pp_host_build b = { .source = p->source };
	struct pp_host *h;
	int r = part_choose(p, device, least, &b);

	if (!r)
		r = pp_build_host(&b, &h, e);
	if (r)
		return r == -ENOMEM ? r : 1;
	if (pp_host_is_short(h) || !part_suffices(p, h)) {
		pp_host_free(h);
		return 1;
	}
	*ret = h;
	return 0;
}

int pp_host_read_part(struct pp_source *s, const char *device, uint32_t least, struct pp_host **ret,
                      struct pp_error *e)
{
	struct part p = { .source = s };

	pp_arena_init(&p.arena, 0);
	int r = part_read(&p, device, least, ret, e);
	pp_arena_fini(&p.arena);
	return r == -ENOMEM ? pp_fail_oom(e, "host") : r;
}
