/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs print where a rule of ours speaks, and what stands behind such a rule. */
#include <string.h>

#include "judge/phrase.h"

#define REGION_RULES "rmrr-hard", "ivmd-hard", "region-hard", "region-companion"

static const enum pp_kernel_fact rmrr_refused = PP_KERNEL_RMRR_REFUSED;
static const enum pp_kernel_fact one_per_stream = PP_KERNEL_ONE_PER_STREAM;
static const enum pp_kernel_fact blocks_direct = PP_KERNEL_BLOCKS_DIRECT;

static const struct pp_phrase phrases[] = {
	/* drivers/iommu/intel/iommu.c, intel_iommu_attach_device() */
	{ .id = "linux-rmrr",
	  .source = PP_PHRASE_LINUX,
	  .fact = &rmrr_refused,
	  .text = "Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  "
	          "Contact your platform vendor.",
	  .rules = { "rmrr-hard", "region-companion" } },
	/* drivers/iommu/iommu.c, __iommu_device_set_domain() */
	{ .id = "linux-direct",
	  .source = PP_PHRASE_LINUX,
	  .fact = &blocks_direct,
	  .text = "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting "
	          "configuring the device without a 1:1 mapping. Contact your platform vendor.",
	  .rules = { REGION_RULES } },
	/* drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group() */
	{ .id = "linux-no-remapping",
	  .source = PP_PHRASE_LINUX,
	  .text = "No interrupt remapping support.  Use the module param "
	          "\"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform",
	  .rules = { "interrupt-remapping" } },
	/* drivers/iommu/intel/dmar.c, dmar_insert_dev_scope() */
	{ .id = "linux-scope-type",
	  .source = PP_PHRASE_LINUX,
	  .text = "Device scope type does not match for",
	  .rules = { "iommu-scope-type" } },
	/* drivers/iommu/intel/iommu.c, dmar_parse_one_rmrr() */
	{ .id = "linux-bad-rmrr",
	  .source = PP_PHRASE_LINUX,
	  .text = "Your BIOS is broken; bad RMRR",
	  .rules = { "region-odd" } },
	/* drivers/vfio/pci/vfio_pci.c, vfio_pci_is_denylisted() */
	{ .id = "linux-denylist",
	  .source = PP_PHRASE_LINUX,
	  .text = "exists in vfio-pci device denylist, driver probing disallowed.",
	  .rules = { "vfio-denylist" } },
	/* drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master() */
	{ .id = "linux-stream",
	  .source = PP_PHRASE_LINUX,
	  .fact = &one_per_stream,
	  .text = "already in tree from dev",
	  .rules = { "stream-shared" } },
	/* The same from 6.16 on: "Aliasing StreamID 0x100 (from 0000:01:01.0) unsupported …" */
	{ .id = "linux-stream-alias",
	  .source = PP_PHRASE_LINUX,
	  .fact = &one_per_stream,
	  .text = "unsupported, expect DMA to be broken",
	  .rules = { "stream-shared" } },
	/* drivers/pci/pci.c, pci_power_up(); before 5.18 pci_raw_set_power_state() */
	{ .id = "linux-inaccessible",
	  .source = PP_PHRASE_LINUX,
	  .text = "Unable to change power state from D3cold to D0, device inaccessible",
	  .rules = { "no-answer" } },
	/* hw/vfio/pci.c, vfio_pci_pre_reset() */
	{ .id = "qemu-stuck",
	  .source = PP_PHRASE_QEMU,
	  .text = "vfio: Unable to power on device, stuck in D",
	  .rules = { "no-answer", "stuck-asleep" } },
	/* hw/vfio/common.c, later container.c: the hint behind "group N is not viable" */
	{ .id = "qemu-not-viable",
	  .source = PP_PHRASE_QEMU,
	  .text = "Please ensure all devices within the iommu_group are bound to their vfio bus "
	          "driver.",
	  .rules = { "bridge-driver", "companions" } },
	/* In the order of the script's tests. */
	{ .id = "dda-region",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "BIOS requires that this device remain attached to BIOS-owned memory.  Not "
	          "assignable.",
	  .rules = { "rmrr-hard", "hyperv-region" } },
	{ .id = "dda-redirected",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Traffic from this device may be redirected to other devices in the system.  Not "
	          "assignable.",
	  .rules = { "companions", "hyperv-acs" } },
	{ .id = "dda-embedded",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Embedded Endpoint -- less secure.",
	  .rules = { "hyperv-embedded" } },
	{ .id = "dda-legacy",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Legacy, non-VGA PCI device.  Not assignable.",
	  .rules = { "hyperv-legacy" } },
	{ .id = "dda-bios-control",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "BIOS kept control of PCI Express for this device.  Not assignable.",
	  .rules = { "hyperv-pcie-control", "hyperv-treated-as-pci" } },
	{ .id = "dda-old-style",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Old-style PCI device, switch port, etc.  Not assignable.",
	  .rules = { "not-endpoint", "hyperv-conventional" } },
	{ .id = "dda-disabled",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "Device is Disabled, unable to check resource requirements, it may be assignable.",
	  .rules = { "hyperv-disabled" } },
	{ .id = "dda-line-interrupts",
	  .source = PP_PHRASE_SURVEY_DDA,
	  .text = "All of the interrupts are line-based, no assignment can work.",
	  .rules = { "line-interrupts", "hyperv-interrupts" } },
	/* xen/drivers/passthrough/vtd/iommu.c, intel_iommu_assign_device() */
	{ .id = "xen-shared-rmrr",
	  .source = PP_PHRASE_XEN,
	  .text = "It's disallowed to assign",
	  .rules = { "xen-region" } },
	/* tools/libs/light/libxl_dm.c, libxl__domain_device_construct_rdm() */
	{ .id = "xen-rdm-conflict",
	  .source = PP_PHRASE_XEN,
	  .text = "RDM conflict at 0x",
	  .rules = { "xen-region" } },
	/* xen/drivers/passthrough/vtd/dmar.c, acpi_parse_one_rmrr() */
	{ .id = "xen-overlapping",
	  .source = PP_PHRASE_XEN,
	  .text = "Overlapping RMRRs",
	  .rules = { "xen-regions-overlap" } },
	{ .id = "hpe-advisory",
	  .source = PP_PHRASE_HPE,
	  .text = "emr_na-c04781229",
	  .rules = { "rmrr-hard", "region-companion", "hyperv-region", "xen-region" } },
};

#define NR_PHRASES (sizeof(phrases) / sizeof(phrases[0]))

static const struct pp_background backgrounds[] = {
	{ .rules = { "rmrr-hard", "region-companion" },
	  .ilo_only = true,
	  .title = "Why the BIOS does that",
	  .text = "on ProLiant servers from Gen8 on, iLO reads the temperature and health of "
	          "each card through such memory; HPE calls this \"Sea of Sensors\". Disabling "
	          "iLO is reported to free the cards, but leaves the server without remote "
	          "management" },
	{ .rules = { REGION_RULES },
	  .title = "Why a guest cannot have it",
	  .text = "the device must still reach that memory at its physical address (1:1), but in "
	          "a guest every address that the device uses is translated: a transfer set up "
	          "by the firmware would overwrite guest memory or cause a DMA fault" },
};

#define NR_BACKGROUNDS (sizeof(backgrounds) / sizeof(backgrounds[0]))

static bool has_rule(const char *const *rules, const char *rule)
{
	for (size_t i = 0; i < PP_PHRASE_RULES && rules[i]; i++)
		if (!strcmp(rules[i], rule))
			return true;
	return false;
}

const struct pp_phrase *pp_phrase_at(size_t index)
{
	return index < NR_PHRASES ? &phrases[index] : NULL;
}

const struct pp_phrase *pp_phrase_find(const char *id)
{
	for (size_t i = 0; i < NR_PHRASES; i++)
		if (!strcmp(phrases[i].id, id))
			return &phrases[i];
	return NULL;
}

bool pp_phrase_has_rule(const struct pp_phrase *p, const char *rule)
{
	return has_rule(p->rules, rule);
}

const char *pp_phrase_since(const struct pp_phrase *p)
{
	return p->fact ? pp_kernel_fact(*p->fact)->since : NULL;
}

const char *pp_phrase_before(const struct pp_phrase *p)
{
	return p->fact ? pp_kernel_fact(*p->fact)->before : NULL;
}

enum pp_tri pp_phrase_of_kernel(const struct pp_phrase *p, const struct pp_kernel *k)
{
	if (p->source != PP_PHRASE_LINUX)
		return PP_UNKNOWN;
	return p->fact ? pp_kernel_has(k, *p->fact) : PP_YES;
}

static bool product_has(const struct pp_host *h, const char *word)
{
	return h->product.text && strstr(h->product.text, word);
}

bool pp_phrase_fits(const struct pp_phrase *p, const struct pp_host *h)
{
	return p->source != PP_PHRASE_HPE || product_has(h, "ProLiant");
}

const struct pp_background *pp_background_at(size_t index)
{
	return index < NR_BACKGROUNDS ? &backgrounds[index] : NULL;
}

bool pp_background_has_rule(const struct pp_background *b, const char *rule)
{
	return has_rule(b->rules, rule);
}

bool pp_background_fits(const struct pp_background *b, const struct pp_host *h)
{
	/* Before Gen8 they were called "ProLiant DL360 G7". */
	return !b->ilo_only || (product_has(h, "ProLiant") && product_has(h, " Gen"));
}
