/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public view of a decoded host: its devices, groups and regions, one accessor a fact. */
#include "host/host.h"

_Static_assert(PP_DEVICE_ADDRESS_BYTES == PP_ADDRESS_TEXT_BYTES, "room for an address");

/* A fact that nobody looked for has no errno value of its own. */
static int walk_missing(int error)
{
	return error ? -error : -ENODATA;
}

static int walk_text(const struct pp_text_fact *f, const char **ret)
{
	if (!f->text)
		return walk_missing(f->error);
	*ret = f->text;
	return 0;
}

static const struct pp_device *walk_device(const struct pp_host *h, uint32_t device)
{
	return device < h->nr_devices ? &h->devices[device] : NULL;
}

/* The device at a place of a list of indices. */
static const struct pp_device *walk_member(const struct pp_host *h, const uint32_t *devices,
                                           uint32_t nr_devices, unsigned int index)
{
	return index < nr_devices ? walk_device(h, devices[index]) : NULL;
}

bool pp_host_is_windows(const struct pp_host *h)
{
	return h->windows;
}

int pp_host_count_devices(const struct pp_host *h, unsigned int *ret)
{
	if (h->devices_error)
		return h->devices_error == ENOENT ? -ENODATA : -h->devices_error;
	*ret = h->nr_devices;
	return 0;
}

const struct pp_device *pp_host_device_at(const struct pp_host *h, unsigned int index)
{
	return walk_device(h, index);
}

void pp_device_address(const struct pp_device *d, char ret[PP_DEVICE_ADDRESS_BYTES])
{
	pp_address_format(d->address, ret);
}

void pp_device_numbers(const struct pp_device *d, unsigned int *ret_domain, unsigned int *ret_bus,
                       unsigned int *ret_device, unsigned int *ret_function)
{
	*ret_domain = d->address.domain;
	*ret_bus = d->address.bus;
	*ret_device = d->address.device;
	*ret_function = d->address.function;
}

int pp_device_ids(const struct pp_device *d, unsigned int *ret_vendor, unsigned int *ret_device)
{
	if (!d->ids_known)
		return -ENODATA;
	*ret_vendor = d->vendor;
	*ret_device = d->device;
	return 0;
}

int pp_device_class(const struct pp_device *d, unsigned int *ret)
{
	if (!d->ids_known)
		return -ENODATA;
	*ret = d->class_code;
	return 0;
}

int pp_device_driver(const struct pp_device *d, const char **ret)
{
	return walk_text(&d->driver, ret);
}

int pp_device_reset_methods(const struct pp_device *d, const char **ret)
{
	return walk_text(&d->reset_method, ret);
}

int pp_device_slot(const struct pp_device *d, const char **ret)
{
	const char *number = pp_slot_number(&d->slot);

	if (!number)
		return d->slot.unknown ? -ENODATA : -ENOENT;
	*ret = number;
	return 0;
}

int pp_device_place(const struct pp_device *d, enum pp_place_kind *ret_kind,
                    const char **ret_number)
{
	if (d->slot.kind == PP_PLACE_NONE)
		return d->slot.unknown ? -ENODATA : -ENOENT;
	*ret_kind = d->slot.kind;
	*ret_number = d->slot.number;
	return 0;
}

const char *pp_device_onboard_name(const struct pp_device *d)
{
	return d->slot.onboard;
}

const struct pp_device *pp_host_physical_function(const struct pp_host *h,
                                                  const struct pp_device *d)
{
	return walk_device(h, d->physfn);
}

int pp_host_count_groups(const struct pp_host *h, unsigned int *ret)
{
	int error = h->groups_error ? h->groups_error : h->devices_error;

	if (error)
		return error == ENOENT ? -ENODATA : -error;
	*ret = h->nr_groups;
	return 0;
}

const struct pp_group *pp_host_group_at(const struct pp_host *h, unsigned int index)
{
	return index < h->nr_groups ? &h->groups[index] : NULL;
}

int pp_host_group_of(const struct pp_host *h, const struct pp_device *d,
                     const struct pp_group **ret)
{
	if (d->group == PP_NO_GROUP)
		return walk_missing(d->group_error);
	*ret = &h->groups[d->group];
	return 0;
}

unsigned int pp_group_number(const struct pp_group *g)
{
	return g->number;
}

bool pp_group_has_iommu(const struct pp_group *g)
{
	return !g->no_iommu;
}

unsigned int pp_group_count_devices(const struct pp_group *g)
{
	return g->nr_devices;
}

const struct pp_device *pp_host_group_device_at(const struct pp_host *h, const struct pp_group *g,
                                                unsigned int index)
{
	return walk_member(h, g->devices, g->nr_devices, index);
}

const char *pp_region_kind_name(enum pp_region_kind kind)
{
	static const char *const names[] = {
		[PP_REGION_UNKNOWN] = "unknown",
		[PP_REGION_DIRECT] = "direct",
		[PP_REGION_DIRECT_RELAXABLE] = "direct-relaxable",
		[PP_REGION_RESERVED] = "reserved",
		[PP_REGION_MSI] = "msi",
	};
	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

int pp_group_count_regions(const struct pp_group *g, unsigned int *ret)
{
	if (g->regions_error)
		return -g->regions_error;
	*ret = g->nr_regions;
	return 0;
}

const struct pp_kernel_region *pp_group_region_at(const struct pp_group *g, unsigned int index)
{
	return index < g->nr_regions ? &g->regions[index] : NULL;
}

void pp_kernel_region_range(const struct pp_kernel_region *r, uint64_t *ret_start,
                            uint64_t *ret_end_incl)
{
	*ret_start = r->start;
	*ret_end_incl = r->end_incl;
}

enum pp_region_kind pp_kernel_region_kind(const struct pp_kernel_region *r)
{
	return r->kind;
}

const char *pp_region_source_name(enum pp_region_source source)
{
	switch (source) {
	case PP_FROM_DMAR:
		return "DMAR";
	case PP_FROM_IVRS:
		return "IVRS";
	case PP_FROM_IORT:
		return "IORT";
	}
	return "";
}

int pp_host_count_regions(const struct pp_host *h, unsigned int *ret)
{
	const struct {
		enum pp_tri present;
		int error;
		const void *decoded;
	} tables[] = {
		{ h->table_dmar, h->dmar_error, h->dmar },
		{ h->table_ivrs, h->ivrs_error, h->ivrs },
		{ h->table_iort, h->iort_error, h->iort },
	};
	bool decoded = false, unknown = false;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].present == PP_YES && tables[i].error)
			return -tables[i].error;
		decoded |= tables[i].decoded != NULL;
		unknown |= tables[i].present == PP_UNKNOWN;
	}
	/* No host has two: with one decoded it does not matter that nobody asked for another. */
	if (!decoded)
		return unknown ? -ENODATA : -ENOENT;
	*ret = h->nr_regions;
	return 0;
}

const struct pp_region *pp_host_region_at(const struct pp_host *h, unsigned int index)
{
	return index < h->nr_regions ? &h->regions[index] : NULL;
}

enum pp_region_source pp_region_source(const struct pp_region *r)
{
	return r->source;
}

unsigned int pp_region_index(const struct pp_region *r)
{
	return r->index;
}

void pp_region_range(const struct pp_region *r, uint64_t *ret_start, uint64_t *ret_end_incl)
{
	*ret_start = r->start;
	*ret_end_incl = r->end_incl;
}

enum pp_region_kind pp_host_region_kind(const struct pp_host *h, const struct pp_region *r)
{
	if (r->source == PP_FROM_IORT)
		return r->rmr->flags & PP_IORT_RMR_REMAP_PERMITTED ? PP_REGION_DIRECT_RELAXABLE
		                                                   : PP_REGION_DIRECT;
	for (uint32_t i = 0; i < r->nr_devices; i++)
		if (!pp_region_lets_go(h, r, &h->devices[r->devices[i]]))
			return PP_REGION_DIRECT;
	return r->nr_devices ? PP_REGION_DIRECT_RELAXABLE : PP_REGION_DIRECT;
}

int pp_host_count_region_devices(const struct pp_host *h, const struct pp_region *r,
                                 unsigned int *ret)
{
	unsigned int all;
	int err = pp_host_count_devices(h, &all);

	if (err)
		return err;
	*ret = r->nr_devices;
	return 0;
}

const struct pp_device *pp_host_region_device_at(const struct pp_host *h, const struct pp_region *r,
                                                 unsigned int index)
{
	return walk_member(h, r->devices, r->nr_devices, index);
}
