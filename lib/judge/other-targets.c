/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Hyper-V and Xen ask alike of the firmware, as Linux sees it; their rules call it. */
#include "judge/rules.h"

void pp_find_no_iommu(struct pp_judging *j, const char *unknown)
{
	const struct pp_host *h = j->host;

	if (h->table_iort == PP_YES || h->iommu == PP_IOMMU_SMMU || h->iommu == PP_IOMMU_VIRTIO ||
	    h->iommu == PP_IOMMU_OTHER) {
		pp_find_unknown(j, PP_BLOCKS, "%s", unknown);
		return;
	}
	if (h->table_dmar == PP_NO && h->table_ivrs == PP_NO && h->iommu_on != PP_YES) {
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS, "the firmware declares no IOMMU (no DMAR or IVRS table)");
		pp_evidence(j, f, "%s: no DMAR, no IVRS",
		            h->windows ? "the firmware's tables" : "/sys/firmware/acpi/tables");
		pp_add_remedy_by_hand(f, &pp_remedy_bios_iommu,
		                      "enable the IOMMU in the BIOS setup: \"Intel VT-d\" or \"AMD "
		                      "IOMMU\"",
		                      NULL);
		return;
	}
	if (h->table_dmar != PP_YES && h->table_ivrs != PP_YES && h->iommu_on != PP_YES)
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether the firmware declares an IOMMU");
}

struct pp_finding *pp_find_no_remapping(struct pp_judging *j, enum pp_effect effect,
                                        const char *text)
{
	const struct pp_host *h = j->host;

	if (!h->dmar || h->dmar->flags & PP_DMAR_INTR_REMAP)
		return NULL;
	struct pp_finding *f = pp_find(j, effect, "%s", text);
	pp_evidence(j, f, "DMAR+0x25: flag INTR_REMAP is 0");
	return f;
}
