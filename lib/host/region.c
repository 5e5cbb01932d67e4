/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reserved regions that the firmware's table declares, and the devices they hold. Made here from
 * the table and the topology alone, so that it can be said with the IOMMU off too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/build.h"
#include "host/scope.h"
#include "host/smmu.h"

#define NR_BUSES 256

/*
 * What a hostile table could ask for at the most: streams of an IORT looked at, and devices held,
 * once for each region. A thousand regions for each of 4,000 functions fit.
 */
#define MAX_STEPS    50000000
#define MAX_MAPPINGS 4000000

struct region_devid {
	uint64_t key; /* segment, and the number in it */
	uint32_t device;
};

struct mappings {
	struct pp_host_build *b;
	struct pp_region_mapping *list; /* grows in the scratch arena, doubling */
	uint32_t count, size;
	uint32_t *held_by; /* per device: 1 + the last region that took it */
	uint32_t *by_bus;  /* the devices by the number of their bus, whatever the domain */
	uint32_t first_on_bus[NR_BUSES + 1]; /* where in by_bus each bus begins */
	/* By place in by_bus: 1 + the last region that took it as a bridge's; and a place behind it
	 * up to which that has all. One more than devices. */
	uint32_t *taken_by, *taken_to;
	struct region_devid *by_devid; /* with an IVRS: the devices, sorted */
	struct pp_smmu_path *paths;    /* per device, with an IORT that has RMRs */
	uint64_t steps;
};

static int region_hold(struct mappings *s, uint32_t region, uint32_t scope, uint32_t device,
                       bool via_bridge)
{
	const struct pp_host *h = s->b->host;

	if (s->held_by[device] == region + 1)
		return 0;
	s->held_by[device] = region + 1;
	if (s->count == MAX_MAPPINGS)
		return -E2BIG;
	if (s->count == s->size) {
		uint32_t size = s->size ? s->size * 2 : 64;
		struct pp_region_mapping *list =
			PP_ARENA_ARRAY(&s->b->scratch, size, struct pp_region_mapping);
		if (!list)
			return -ENOMEM;
		if (s->count)
			memcpy(list, s->list, s->count * sizeof(*list));
		s->list = list;
		s->size = size;
	}
	s->list[s->count++] = (struct pp_region_mapping){
		.device = device,
		.region = region,
		.scope = scope,
		.via_bridge = via_bridge,
		.relaxable = pp_region_lets_go(h, &h->regions[region], &h->devices[device]),
	};
	return 0;
}

static bool region_index_buses(struct mappings *s)
{
	const struct pp_host *h = s->b->host;
	uint32_t next[NR_BUSES];

	s->by_bus = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices, uint32_t);
	if (!s->by_bus)
		return false;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		s->first_on_bus[h->devices[i].address.bus + 1]++;
	for (uint32_t bus = 0; bus < NR_BUSES; bus++) {
		s->first_on_bus[bus + 1] += s->first_on_bus[bus];
		next[bus] = s->first_on_bus[bus];
	}
	for (uint32_t i = 0; i < h->nr_devices; i++)
		s->by_bus[next[h->devices[i].address.bus]++] = i;
	return true;
}

/* The first place from there on that no bridge of the region had yet; the jumps get longer. */
static uint32_t region_next_place(struct mappings *s, uint32_t region, uint32_t place)
{
	while (s->taken_by[place] == region + 1) {
		uint32_t next = s->taken_to[place];
		if (s->taken_by[next] == region + 1)
			s->taken_to[place] = s->taken_to[next];
		place = next;
	}
	return place;
}

/* The device itself and, if it is a bridge, all below it: is_downstream_to_pci_bridge(). */
static int map_scope(struct mappings *s, uint32_t region, uint32_t scope, uint32_t device)
{
	const struct pp_host *h = s->b->host;
	const struct pp_device *d = &h->devices[device];
	int r = region_hold(s, region, scope, device, false);

	if (r || !d->config.secondary || d->config.subordinate < d->config.secondary)
		return r;
	/* The kernel compares bus numbers and no domains, and so the same buses elsewhere count. */
	uint32_t end = s->first_on_bus[d->config.subordinate + 1];
	uint32_t place = region_next_place(s, region, s->first_on_bus[d->config.secondary]);
	while (!r && place < end) {
		r = region_hold(s, region, scope, s->by_bus[place], true);
		s->taken_by[place] = region + 1;
		s->taken_to[place] = place + 1;
		place = region_next_place(s, region, place + 1);
	}
	return r;
}

static int make_rmrr(struct mappings *s, uint32_t index, const struct pp_dmar_entry *entry)
{
	struct pp_host *h = s->b->host;
	struct pp_region *region = &s->b->regions[h->nr_regions++];
	struct pp_region_scope *scopes =
		PP_ARENA_ARRAY(&h->arena, entry->nr_scopes, struct pp_region_scope);

	if (!scopes)
		return -ENOMEM;
	*region = (struct pp_region){
		.source = PP_FROM_DMAR,
		.index = index,
		.offset = entry->offset,
		.segment = entry->segment,
		.start = entry->base,
		.end_incl = entry->limit_incl,
		.scopes = scopes,
		.nr_scopes = entry->nr_scopes,
	};
	for (uint32_t i = 0; i < entry->nr_scopes; i++) {
		scopes[i].dmar = &entry->scopes[i];
		scopes[i].match =
			pp_scope_match(h, entry->segment, &entry->scopes[i], &scopes[i].device);
		if (scopes[i].match != PP_SCOPE_MATCHED && scopes[i].match != PP_SCOPE_MATCHED_BDF)
			continue;
		int r = map_scope(s, h->nr_regions - 1, i, scopes[i].device);
		if (r)
			return r;
	}
	return 0;
}

static uint16_t devid_of(struct pp_address a)
{
	return (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
}

static int compare_devids(const void *x, const void *y)
{
	const struct region_devid *a = x, *b = y;

	return a->key < b->key ? -1 : a->key > b->key;
}

static bool region_index_devids(struct mappings *s)
{
	const struct pp_host *h = s->b->host;

	s->by_devid = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices, struct region_devid);
	if (!s->by_devid)
		return false;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		struct pp_address a = h->devices[i].address;
		s->by_devid[i] = (struct region_devid){
			.key = (uint64_t)a.domain << 16 | devid_of(a),
			.device = i,
		};
	}
	qsort(s->by_devid, h->nr_devices, sizeof(*s->by_devid), compare_devids);
	return true;
}

/* The first place in by_devid of that key, or of one behind it. */
static uint32_t region_find_devid(const struct mappings *s, uint64_t key)
{
	uint32_t low = 0, high = s->b->host->nr_devices;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (s->by_devid[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* drivers/iommu/amd/init.c, init_unity_map_range(): unity or exclusion, else ignored. */
static int make_ivmd(struct mappings *s, uint32_t index, const struct pp_ivrs_block *block)
{
	struct pp_host *h = s->b->host;
	struct pp_region *region = &s->b->regions[h->nr_regions++];
	int r = 0;

	*region = (struct pp_region){
		.source = PP_FROM_IVRS,
		.index = index,
		.offset = block->offset,
		.segment = block->segment,
		.start = block->base,
		.end_incl = block->base + block->length_bytes - 1,
		.ivmd_type = block->type,
		.ivmd_flags = block->flags,
		.first_devid = block->type == PP_IVMD_ALL ? 0 : block->devid,
		.last_devid = block->type == PP_IVMD_ALL     ? 0xffff
		              : block->type == PP_IVMD_RANGE ? block->end_devid
		                                             : block->devid,
	};
	if (!(block->flags & (PP_IVMD_UNITY | PP_IVMD_EXCLUSION)))
		return 0;
	uint64_t segment = (uint64_t)block->segment << 16;
	uint32_t end = region_find_devid(s, segment + region->last_devid + 1);
	for (uint32_t i = region_find_devid(s, segment + region->first_devid); !r && i < end; i++)
		r = region_hold(s, h->nr_regions - 1, 0, s->by_devid[i].device, false);
	return r;
}

/* Whether one of the streams is the RMR's; sums wrap, as in the kernel: iort_rmr_has_dev(). */
static bool rmr_names(const struct pp_iort_node *rmr, const struct pp_smmu_path *p)
{
	for (uint32_t i = 0; i < rmr->nr_mappings; i++) {
		const struct pp_iort_mapping *m = &rmr->mappings[i];
		uint32_t last = m->output_base + m->ids_minus_1;
		for (uint32_t k = 0; m->output == p->smmu && k < p->nr_ids; k++)
			if (p->streams[k] >= m->output_base && p->streams[k] <= last)
				return true;
	}
	return false;
}

static int hold_rmr(struct mappings *s, uint32_t first_region)
{
	struct pp_host *h = s->b->host;
	const struct pp_iort_node *rmr = h->regions[first_region].rmr;
	int r = 0;

	/* iort_find_rmrs() takes none of an older table. */
	if (h->iort->header.revision < PP_IORT_RMR_REVISION)
		return 0;
	for (uint32_t i = 0; !r && i < h->nr_devices; i++) {
		s->steps += 1 + (uint64_t)rmr->nr_mappings * s->paths[i].nr_ids;
		if (s->steps > MAX_STEPS)
			return -E2BIG;
		if (!s->paths[i].smmu || !rmr_names(rmr, &s->paths[i]))
			continue;
		for (uint32_t k = first_region; !r && k < h->nr_regions; k++)
			r = region_hold(s, k, 0, i, false);
	}
	return r;
}

/* Each range of an RMR is a region of its own. */
static int make_rmr(struct mappings *s, uint32_t *index, const struct pp_iort_node *rmr)
{
	struct pp_host *h = s->b->host;
	uint32_t first = h->nr_regions;

	for (uint32_t i = 0; i < rmr->nr_ranges; i++)
		s->b->regions[h->nr_regions++] = (struct pp_region){
			.source = PP_FROM_IORT,
			.index = (*index)++,
			.offset = rmr->ranges[i].offset,
			.start = rmr->ranges[i].base,
			.end_incl = rmr->ranges[i].base + rmr->ranges[i].length_bytes - 1,
			.rmr = rmr,
		};
	return rmr->nr_ranges && rmr->nr_mappings ? hold_rmr(s, first) : 0;
}

static int make_rmrs(struct mappings *s)
{
	struct pp_host *h = s->b->host;
	uint32_t index = 0;
	int r = 0;

	s->paths = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices, struct pp_smmu_path);
	if (!s->paths)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (pp_smmu_covers(h, &h->devices[i], &s->paths[i]) == PP_NO)
			s->paths[i].smmu = NULL;
	for (uint32_t i = 0; !r && i < h->iort->nr_nodes; i++)
		if (h->iort->nodes[i].type == PP_IORT_RMR)
			r = make_rmr(s, &index, &h->iort->nodes[i]);
	return r;
}

static int compare_mappings(const void *x, const void *y)
{
	const struct pp_region_mapping *a = x, *b = y;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->region < b->region ? -1 : a->region > b->region;
}

/* From the one list: each region's devices and each device's holds. */
static int index_mappings(struct mappings *s)
{
	struct pp_host *h = s->b->host;
	struct pp_region_mapping *mappings =
		PP_ARENA_ARRAY(&h->arena, s->count, struct pp_region_mapping);
	uint32_t *devices = PP_ARENA_ARRAY(&h->arena, s->count, uint32_t);

	if (!mappings || !devices)
		return -ENOMEM;
	if (s->count)
		memcpy(mappings, s->list, s->count * sizeof(*mappings));
	qsort(mappings, s->count, sizeof(*mappings), compare_mappings);
	for (uint32_t i = 0; i < s->count; i++) {
		struct pp_device *d = &s->b->devices[mappings[i].device];
		if (!d->nr_mappings++)
			d->first_mapping = i;
		s->b->regions[mappings[i].region].nr_devices++;
	}
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		s->b->regions[i].devices = devices;
		devices += s->b->regions[i].nr_devices;
		s->b->regions[i].nr_devices = 0;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		struct pp_region *r = &s->b->regions[mappings[i].region];
		((uint32_t *)(uintptr_t)r->devices)[r->nr_devices++] = mappings[i].device;
	}
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		struct pp_region *r = &s->b->regions[i];
		if (r->source == PP_FROM_IORT && r->nr_devices)
			r->segment = (uint16_t)h->devices[r->devices[0]].address.domain;
	}
	h->mappings = mappings;
	h->nr_mappings = s->count;
	return 0;
}

static uint32_t count_ranges(const struct pp_iort *iort)
{
	uint32_t n = 0;

	for (uint32_t i = 0; iort && i < iort->nr_nodes; i++)
		n += iort->nodes[i].nr_ranges;
	return n;
}

static int make_regions(struct mappings *s)
{
	struct pp_host *h = s->b->host;
	uint32_t nr_dmar = h->dmar ? h->dmar->nr_entries : 0;
	uint32_t nr_ivrs = h->ivrs ? h->ivrs->nr_blocks : 0;
	uint32_t nr_rmr = count_ranges(h->iort), index = 0;
	int r = 0;

	s->held_by = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices, uint32_t);
	s->taken_by = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices + 1, uint32_t);
	s->taken_to = PP_ARENA_ARRAY(&s->b->scratch, h->nr_devices + 1, uint32_t);
	s->b->regions = PP_ARENA_ARRAY(&h->arena, nr_dmar + nr_ivrs + nr_rmr, struct pp_region);
	if (!s->held_by || !s->taken_by || !s->taken_to || !s->b->regions ||
	    !region_index_buses(s) || (nr_ivrs && !region_index_devids(s)))
		return -ENOMEM;
	h->regions = s->b->regions;
	for (uint32_t i = 0; !r && i < nr_dmar; i++)
		if (h->dmar->entries[i].type == PP_DMAR_RMRR)
			r = make_rmrr(s, index++, &h->dmar->entries[i]);
	index = 0;
	for (uint32_t i = 0; !r && i < nr_ivrs; i++)
		if (pp_ivrs_is_ivmd(h->ivrs->blocks[i].type))
			r = make_ivmd(s, index++, &h->ivrs->blocks[i]);
	if (!r && nr_rmr)
		r = make_rmrs(s);
	return r ? r : index_mappings(s);
}

/* A table that cannot be true is none: what rests on it is unknown, and the rest is told. */
static int regions_give_up(struct mappings *s, struct pp_error *e)
{
	struct pp_host *h = s->b->host;
	const char *name = h->dmar ? "DMAR" : h->ivrs ? "IVRS" : "IORT";
	char path[64];

	/* Of a table that is to be written, it is an error. */
	if (!s->b->source)
		return pp_fail(e, E2BIG, "%s: its regions are for more than %u devices in all",
		               name, MAX_MAPPINGS);
	if (!h->table_error.code)
		pp_fail(&h->table_error, E2BIG,
		        "%s: its regions are for more than %u devices in all, which cannot be",
		        name, MAX_MAPPINGS);
	h->dmar_error = h->dmar ? E2BIG : h->dmar_error;
	h->ivrs_error = h->ivrs ? E2BIG : h->ivrs_error;
	h->iort_error = h->iort ? E2BIG : h->iort_error;
	h->dmar = NULL;
	h->ivrs = NULL;
	h->iort = NULL;
	h->nr_regions = 0;
	snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%s", name);
	return pp_build_unread(s->b, path, E2BIG, "the regions that the firmware declares");
}

int pp_build_regions(struct pp_host_build *b, struct pp_error *e)
{
	struct mappings s = { .b = b };
	int r = make_regions(&s);

	if (r == -E2BIG)
		return regions_give_up(&s, e);
	if (r)
		return pp_fail_oom(e, "reserved regions");
	pp_scope_check_types(b);
	return 0;
}
