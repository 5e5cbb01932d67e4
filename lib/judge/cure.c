/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What frees a device from a reserved region, on this host. */
#include <string.h>

#include "base/text.h"
#include "judge/rules.h"

/* conrep's RMRDS sections count the slots from 1 to 16. */
#define RMRDS_SLOTS 16

static bool product_has(const struct pp_host *h, const char *word)
{
	return h->product.text && strstr(h->product.text, word);
}

/*
 * The byte means something else on other generations, and the MicroServer of the eighth is
 * reported not to honour it.
 */
static bool has_rmrds(const struct pp_host *h)
{
	return product_has(h, "ProLiant") && product_has(h, "Gen8") &&
	       !product_has(h, "MicroServer");
}

static void cure_rmrds(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	const struct pp_slot_ref *s = &d->slot;
	uint64_t number;

	/* The port's capability alone is a guess: no setting is named on it. */
	if (j->host->iommu != PP_IOMMU_INTEL || !has_rmrds(j->host) || !s->name ||
	    s->witnesses == PP_SLOT_CAPABILITY || !pp_parse_dec(s->name, RMRDS_SLOTS, &number) ||
	    !number)
		return;
	const char *doubt = "";
	if (s->other_name)
		doubt = pp_arena_printf(j->arena,
		                        " (another source says slot %s: look at the board)",
		                        s->other_name);
	pp_add_cure_by_free(
		f, "bios-rmrds",
		pp_arena_printf(j->arena,
	                        "set the hidden BIOS setting RMRDS_Slot%s to Endpoints_Excluded, "
	                        "then reboot%s",
	                        s->name, doubt ? doubt : ""),
		"iLO no longer sees the card in that slot (temperature, health)", NULL);
}

/* HPE's advice for network cards of the ninth generation: a menu, no setting by name. */
static void cure_shared_memory(struct pp_judging *j, struct pp_finding *f,
                               const struct pp_device *d)
{
	if (!product_has(j->host, "ProLiant") || !product_has(j->host, "Gen9") ||
	    pp_device_base_class(d) != 0x02)
		return;
	pp_add_cure(f, "bios-shared-memory",
	            "in System Utilities, the card's own page: \"HP Shared Memory features\" off",
	            "iLO no longer sees the card; some BIOSes have no such entry");
}

static void cure_preboot_dma(struct pp_judging *j, struct pp_finding *f)
{
	if (j->host->iommu != PP_IOMMU_AMD)
		return;
	pp_add_cure(f, "bios-preboot-dma",
	            "in the BIOS setup: \"Pre-boot DMA Protection\" (or \"Kernel DMA Protection "
	            "Indicator\") off",
	            "devices can read and write memory before the system has started");
}

static void cure_relax(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;

	/* Only Proxmox's kernels know the argument; others say "Unknown option". */
	if (h->iommu != PP_IOMMU_INTEL || !h->kernel.proxmox ||
	    pp_kernel_at_least(&h->kernel, 6, 2) != PP_YES)
		return;
	pp_add_cure_by_free(
		f, "relax-rmrr",
		"add intel_iommu=on,relax_rmrr to the kernel's command line, then reboot (Proxmox "
		"knows it from 6.2.16-13 on)",
		"for every device: firmware that still uses a region may write into a guest's "
		"memory",
		"intel_iommu=on,relax_rmrr");
}

bool pp_locked_down(const struct pp_host *h)
{
	const char *lockdown = h->kernel.lockdown.text;

	return lockdown && strcmp(lockdown, "none") != 0;
}

static void cure_override(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;

	if (pp_locked_down(h))
		return;
	if (h->iommu != PP_IOMMU_INTEL && h->iommu != PP_IOMMU_AMD)
		return;
	pp_add_cure_by_free(
		f, "table-override",
		h->iommu == PP_IOMMU_AMD
			? "give the kernel the firmware's IVRS table without the device in that "
			  "region, then reboot"
			: "give the kernel the firmware's DMAR table without the device's entries, "
			  "then reboot",
		"firmware that still uses the region may write into a guest's memory, or fault",
		NULL);
}

void pp_cure_any_region(struct pp_judging *j, struct pp_finding *f)
{
	cure_preboot_dma(j, f);
	cure_relax(j, f);
	cure_override(j, f);
}

void pp_cure_regions(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	cure_rmrds(j, f, d);
	cure_shared_memory(j, f, d);
	pp_cure_any_region(j, f);
}
