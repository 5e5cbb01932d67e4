/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device scope of the DMAR to the device that it names. */
#include "host/scope.h"
#include "host/on-windows.h"

static uint32_t find_hop(const struct pp_host *h, uint16_t segment, uint8_t bus,
                         struct pp_dmar_hop hop)
{
	if (hop.device > 0x1f || hop.function > 7)
		return PP_NO_DEVICE;
	return pp_host_find(h, (struct pp_address){ segment, bus, hop.device, hop.function });
}

/* Windows lists every device, so that a bridge leads where the devices below it are. */
bool pp_device_buses_known(const struct pp_device *bridge)
{
	if (bridge->windows)
		return bridge->windows->path.text;
	return bridge->config.header_read == PP_YES;
}

/*
 * The device at the end of the path from the root bus, hop by hop through the bridges. *unread: a
 * bridge on the way was not read or not listed, so that where it leads is not known.
 */
static uint32_t walk_path(const struct pp_host *h, uint16_t segment,
                          const struct pp_dmar_scope *scope, bool *unread)
{
	uint32_t at = PP_NO_DEVICE;
	uint8_t bus = scope->start_bus;

	for (uint8_t i = 0; i < scope->nr_hops; i++) {
		uint32_t next = find_hop(h, segment, bus, scope->hops[i]);
		*unread = next == PP_NO_DEVICE && h->no_bridges && i + 1 < scope->nr_hops;
		/* The start bus must be a root bus, and each hop must lead to the next. */
		if (next == PP_NO_DEVICE || h->devices[next].parent != at)
			return PP_NO_DEVICE;
		at = next;
		bus = h->devices[at].config.secondary;
		if (!bus && i + 1 < scope->nr_hops) {
			*unread = !pp_device_buses_known(&h->devices[at]);
			return PP_NO_DEVICE;
		}
	}
	return at;
}

static bool type_fits(const struct pp_device *d, uint8_t type)
{
	bool normal = d->config.header_read == PP_YES ? d->config.header_type == PP_HEADER_NORMAL
	                                              : d->class_code >> 8 != 0x0604;

	if (type == PP_SCOPE_ENDPOINT)
		return normal;
	/* A non-transparent bridge has a normal header and base class 06: accepted. */
	return !normal || pp_device_base_class(d) == 0x06;
}

enum pp_scope_match pp_scope_match(const struct pp_host *h, uint16_t segment,
                                   const struct pp_dmar_scope *scope, uint32_t *ret)
{
	enum pp_scope_match match = PP_SCOPE_MATCHED;

	*ret = PP_NO_DEVICE;
	if (scope->type != PP_SCOPE_ENDPOINT && scope->type != PP_SCOPE_BRIDGE)
		return PP_SCOPE_IGNORED;
	if (h->devices_error)
		return PP_SCOPE_NOT_TRIED;
	bool unread = false;
	uint32_t device = walk_path(h, segment, scope, &unread);
	if (unread)
		return PP_SCOPE_UNREAD;
	if (device == PP_NO_DEVICE && scope->nr_hops == 1) {
		device = find_hop(h, segment, scope->start_bus, scope->hops[0]);
		match = PP_SCOPE_MATCHED_BDF;
	}
	/* VFs come and go behind the table's back: the kernel never matches them. */
	if (device == PP_NO_DEVICE || h->devices[device].physfn != PP_NO_DEVICE)
		return PP_SCOPE_NO_DEVICE;
	*ret = device;
	return type_fits(&h->devices[device], scope->type) ? match : PP_SCOPE_WRONG_TYPE;
}

void pp_scope_check_types(struct pp_host_build *b)
{
	struct pp_host *h = b->host;

	h->wrong_scope_device = PP_NO_DEVICE;
	for (uint32_t i = 0; h->dmar && i < h->dmar->nr_entries; i++) {
		const struct pp_dmar_entry *entry = &h->dmar->entries[i];
		/* dmar_pci_bus_add_dev() and dmar_iommu_notify_scope_dev() pass over these. */
		if ((entry->type == PP_DMAR_DRHD && entry->flags & PP_DRHD_INCLUDE_PCI_ALL) ||
		    (entry->type == PP_DMAR_ATSR && entry->flags & PP_ATSR_ALL_PORTS) ||
		    entry->type == PP_DMAR_SIDP)
			continue;
		for (uint32_t j = 0; j < entry->nr_scopes; j++) {
			uint32_t device;
			if (pp_scope_match(h, entry->segment, &entry->scopes[j], &device) !=
			    PP_SCOPE_WRONG_TYPE)
				continue;
			h->wrong_scope_device = device;
			h->wrong_scope_offset = entry->scopes[j].offset;
			h->wrong_scope_type = entry->scopes[j].type;
			return;
		}
	}
}
