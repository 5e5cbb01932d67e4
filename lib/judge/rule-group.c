/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups: what a device shares one with, and what makes VFIO call it not viable. */
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "judge/rules.h"

/* Drivers that leave DMA to user space: driver_managed_dma in struct pci_driver. */
bool pp_driver_leaves_dma_alone(const char *driver)
{
	return !*driver || strstr(driver, "vfio") || !strcmp(driver, "pci-stub") ||
	       !strcmp(driver, "pcieport");
}

bool pp_leaves_dma_alone(const struct pp_device *d)
{
	return pp_driver_leaves_dma_alone(d->driver.text ? d->driver.text : "");
}

bool pp_has_bridge_header(const struct pp_device *d)
{
	return d->config.header_read == PP_YES ? d->config.header_type != PP_HEADER_NORMAL
	                                       : d->class_code >> 8 == 0x0604;
}

/* Without a driver a host or ISA bridge takes no part. */
bool pp_counts_in_group(const struct pp_device *d)
{
	return !pp_has_bridge_header(d) && !pp_is_behind_vmd(d) &&
	       !(pp_device_is_bridge(d) && pp_leaves_dma_alone(d));
}

/* One finding for all such bridges: a group may have thousands. */
struct bound_bridges {
	const struct pp_device *first, *unread; /* NULL: none */
	uint32_t count;
};

static struct bound_bridges bound_bridges(const struct pp_host *h, const struct pp_group *g)
{
	struct bound_bridges b = { 0 };

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		if (!pp_has_bridge_header(d))
			continue;
		if (!d->driver.text && d->driver.error != ENOENT && !b.unread)
			b.unread = d;
		if (pp_leaves_dma_alone(d))
			continue;
		if (!b.count++)
			b.first = d;
	}
	return b;
}

/* More of them than this are left to a person. */
#define UNBOUND_BRIDGES 64

static void remedy_unbind(struct pp_judging *j, struct pp_finding *f, const struct pp_group *g,
                          const struct bound_bridges *b, const char *text)
{
	static const char side_effect[] = "hot-plug stops working below that bridge";
	struct pp_step steps[UNBOUND_BRIDGES];
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->nr_devices && n < UNBOUND_BRIDGES; i++) {
		const struct pp_device *d = &j->host->devices[g->devices[i]];
		if (pp_has_bridge_header(d) && !pp_leaves_dma_alone(d) && d->ids_known &&
		    d->class_code >> 8 == 0x0604)
			steps[n++] =
				(struct pp_step){ .kind = PP_STEP_NO_DRIVER,
				                  .bind = { .address = d->address,
				                            .vendor = d->vendor,
				                            .device = d->device,
				                            .expected_driver = d->driver.text } };
	}
	if (n == b->count)
		pp_add_remedy_by_steps(j, f, &pp_remedy_unbind_bridge, text, side_effect, steps, n);
	else
		pp_add_remedy_by_hand(
			f, &pp_remedy_unbind_bridge, text,
			"hot-plug stops working below that bridge; this must be repeated after "
			"each boot");
}

/* A driver is called what its module says. */
static const char *group_unbind_text(struct pp_judging *j, const char *address, const char *driver,
                                     bool others)
{
	const char *path = pp_arena_printf(j->arena, "/sys/bus/pci/drivers/%s/unbind", driver);
	char typed[600];

	if (!path || !pp_quote_shell(typed, sizeof(typed), path))
		return "unbind the bridge from its driver";
	return pp_arena_printf(j->arena, "unbind the bridge%s: echo %s > %s",
	                       others ? ", and the others in the same way" : "", address, typed);
}

static void bridge_driver(struct pp_judging *j, const struct pp_group *g)
{
	/* Older kernels looked at endpoints only. */
	enum pp_tri counts = pp_kernel_has(&j->host->kernel, PP_KERNEL_OWNS_GROUPS);
	struct bound_bridges b = bound_bridges(j->host, g);
	char address[PP_ADDRESS_TEXT_BYTES], more[48] = "";

	if (counts == PP_NO)
		return;
	if (b.unread)
		pp_find_unknown(j, PP_BLOCKS,
		                "cannot tell which driver the bridge %s in its group %u has",
		                pp_name_of(j, b.unread), g->number);
	if (!b.count)
		return;
	if (b.count > 1)
		snprintf(more, sizeof(more), " and %u more bridges like it", b.count - 1);
	static const char text[] =
		"the bridge %s in its group %u is bound to %s, which VFIO does not accept%s";
	const char *name = pp_name_of(j, b.first), *driver = b.first->driver.text;
	struct pp_finding *f =
		counts == PP_YES
			? pp_find(j, PP_BLOCKS, text, name, g->number, driver, more)
			: pp_find_unknown(j, PP_BLOCKS, text, name, g->number, driver, more);
	pp_address_format(b.first->address, address);
	pp_evidence(j, f, "/sys/bus/pci/devices/%s/driver: %s", address, driver);
	pp_evidence(j, f, "VFIO_GROUP_SET_CONTAINER fails with EPERM and logs nothing");
	remedy_unbind(j, f, g, &b, group_unbind_text(j, address, driver, b.count > 1));
}

/* "00:1f.2 (ahci)" */
static const char *with_driver(struct pp_judging *j, const struct pp_device *d)
{
	const char *name = pp_name_of(j, d);

	if (!d->driver.text)
		return name;
	const char *both = pp_arena_printf(j->arena, "%s (%s)", name, d->driver.text);
	return both ? both : name;
}

/* The first few of some functions, which named holds. */
static const char *group_list(struct pp_judging *j, const uint32_t *named, uint32_t nr)
{
	const char *list = "";

	for (uint32_t i = 0; list && i < nr && i < PP_COMPANIONS_NAMED; i++)
		list = pp_arena_printf(j->arena, "%s%s%s", list, i ? ", " : "",
		                       with_driver(j, &j->host->devices[named[i]]));
	if (list && nr > PP_COMPANIONS_NAMED)
		list = pp_arena_printf(j->arena, "%s and %u more", list, nr - PP_COMPANIONS_NAMED);
	j->failed |= !list;
	return list ? list : "";
}

#define CLASS_RAID   0x0104 /* base class and subclass */
#define VENDOR_INTEL 0x8086

/* drivers/pci/controller/vmd.c, vmd_remove(), takes the whole domain away. */
static void vmd_controller(struct pp_judging *j, const struct pp_device *d)
{
	if (d->group == PP_NO_GROUP || d->vendor != VENDOR_INTEL ||
	    d->class_code >> 8 != CLASS_RAID || pp_is_behind_vmd(d))
		return;
	const struct pp_group_facts *facts = &j->groups[d->group];
	if (!facts->nr_behind_vmd)
		return;
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES,
		"it is an Intel VMD controller: the guest also gets what is behind it, and the "
		"host loses that: %s",
		group_list(j, facts->behind_vmd, facts->nr_behind_vmd));
	pp_evidence(j, f, "/sys/kernel/iommu_groups/%u/devices: %u in a domain above ffff",
	            j->host->groups[d->group].number, facts->nr_behind_vmd);
}

/* Picture, sound, USB-C: functions of one graphics card, which nobody wants to take apart. */
static bool group_is_graphics_card(const struct pp_host *h, const struct pp_group *g)
{
	const struct pp_device *card = NULL;

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		if (!pp_device_is_bridge(d) && pp_device_base_class(d) == 0x03)
			card = d;
	}
	for (uint32_t i = 0; card && i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		if (!pp_device_is_bridge(d) && (d->address.domain != card->address.domain ||
		                                d->address.bus != card->address.bus ||
		                                d->address.device != card->address.device))
			return false;
	}
	return card && card->parent != PP_NO_DEVICE;
}

/* One without a driver is no trouble; one with a host driver must let go of it first. */
static void companions(struct pp_judging *j, const struct pp_group *g)
{
	const struct pp_group_facts *facts = &j->groups[g - j->host->groups];

	if (facts->nr_companions < 2)
		return;
	bool card = group_is_graphics_card(j->host, g);
	struct pp_finding *f = pp_find(
		j, card ? PP_INFORMS : PP_DEGRADES,
		"IOMMU group %u goes to one guest as a whole: %s; bind what the guest does not "
		"use to vfio-pci as well",
		g->number, group_list(j, facts->companions, facts->nr_companions));
	pp_evidence(j, f,
	            "/sys/kernel/iommu_groups/%u/devices: %u functions, %u bound to a host driver",
	            g->number, g->nr_devices, facts->nr_driven);
}

static const struct pp_rule rules[] = {
	{ .id = "bridge-driver",
	  .scope = PP_SCOPE_OF_GROUP,
	  .reference =
	          "drivers/iommu/iommu.c, iommu_device_use_default_domain(); struct pci_driver, "
	          "driver_managed_dma",
	  .on_group = bridge_driver },
	{ .id = "companions",
	  .scope = PP_SCOPE_OF_GROUP,
	  .reference = "Documentation/driver-api/vfio.rst",
	  .on_group = companions },
	{ .id = "vmd-controller",
	  .targets = PP_FOR_ALL,
	  .kinds = PP_ON_INTEL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/pci/controller/vmd.c, vmd_remove()",
	  .on_device = vmd_controller },
};

const struct pp_rule_table pp_rules_group = { rules, sizeof(rules) / sizeof(rules[0]) };
