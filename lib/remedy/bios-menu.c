/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only a person can change: entries of the firmware's setup. */
#include <string.h>

#include "acpi/ivrs.h"
#include "remedy/remedy.h"

static bool menu_product_has(const struct pp_host *h, const char *word)
{
	return h->product.text && strstr(h->product.text, word);
}

/* HPE's advice for network cards of the ninth generation: a menu, no setting by name. */
static bool menu_shared_memory(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	uint32_t cards = 0, other = PP_NO_DEVICE;

	if (!menu_product_has(c->host, "ProLiant") || !menu_product_has(c->host, "Gen9"))
		return false;
	for (uint32_t i = 0; i < c->nr_held; i++) {
		if (pp_device_base_class(&c->host->devices[c->held[i]]) == 0x02)
			cards++;
		else if (other == PP_NO_DEVICE)
			other = c->held[i];
	}
	if (!cards)
		return false;
	ret->text =
		"in System Utilities, turn off \"HP Shared Memory features\" on the card's page";
	ret->side_effect = "iLO no longer sees the card; some BIOSes have no such entry";
	if (other != PP_NO_DEVICE)
		ret->obstacle = pp_remedy_printf(
			c, "the BIOS reserves memory for %s as well, which has no such entry",
			pp_remedy_device_name(c, other));
	return true;
}

/* A region that the table declares for this device alone is of its own making. */
static bool menu_is_own_region(const struct pp_host *h, uint32_t device)
{
	const struct pp_device *d = &h->devices[device];

	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *m = &h->mappings[d->first_mapping + i];
		if (h->regions[m->region].ivmd_type != PP_IVMD_SELECT)
			return false;
	}
	return d->nr_mappings > 0;
}

/* The protection declares one region for the devices of many buses. */
static bool menu_preboot_dma(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	if (c->host->iommu != PP_IOMMU_AMD)
		return false;
	for (uint32_t i = 0; i < c->nr_held; i++)
		if (menu_is_own_region(c->host, c->held[i]))
			return false;
	ret->text = "in the BIOS setup, turn off \"Pre-boot DMA Protection\" (or \"Kernel DMA "
		    "Protection Indicator\")";
	ret->side_effect =
		"devices can read and write all memory until the operating system has started";
	return true;
}

const struct pp_remedy_ops pp_remedy_shared_memory = {
	.id = "bios-shared-memory",
	.kinds = PP_ON_INTEL,
	.summary = "turn off \"HP Shared Memory features\" of a network card (ProLiant Gen9)",
	.undo = "turn it on again and reboot",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_TABLE | PP_REMEDY_CHANGES_KERNEL,
	.answer = menu_shared_memory,
};

const struct pp_remedy_ops pp_remedy_preboot_dma = {
	.id = "bios-preboot-dma",
	.kinds = PP_ON_AMD,
	.summary = "turn off \"Pre-boot DMA Protection\" in the BIOS setup (AMD)",
	.undo = "turn it on again and reboot",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_TABLE | PP_REMEDY_CHANGES_KERNEL,
	.answer = menu_preboot_dma,
};

const struct pp_remedy_ops pp_remedy_bios_iommu = {
	.id = "bios-iommu",
	.summary = "enable the IOMMU in the firmware setup",
	.undo = "disable it again and reboot",
};

const struct pp_remedy_ops pp_remedy_virtual_iommu = {
	.id = "virtual-iommu",
	.summary = "give a virtual machine that passes devices through an IOMMU",
	.undo = "remove it from the virtual machine again",
};

const struct pp_remedy_ops pp_remedy_bios_vmd = {
	.id = "bios-vmd",
	.kinds = PP_ON_INTEL,
	.summary = "turn off Intel VMD (Volume Management Device) in the firmware setup",
	.undo = "turn VMD on again and reboot",
};

const struct pp_remedy_ops pp_remedy_above_4g = {
	.id = "bios-above-4g",
	.summary = "allow PCI memory above 4 GiB in the firmware setup",
	.undo = "turn it off again and reboot",
};

const struct pp_remedy_ops pp_remedy_bios_update = {
	.id = "bios-update",
	.summary = "install a newer firmware with a correct table",
	.undo = "install the older firmware again, if the manufacturer allows that",
};
