/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_HOST_SMMU_H
#define PP_HOST_SMMU_H

/* Which SMMU the IORT of an Arm host gives a PCI device. The device tree is not read. */

#include "host/host.h"

/* The ids under which a device sends: its own and those of conventional bridges above it. */
#define PP_SMMU_MAX_IDS 8

struct pp_smmu_path {
	const struct pp_iort_node *root; /* the root complex; NULL: none of that segment */
	const struct pp_iort_node *smmu; /* PP_YES: where its ids lead */
	uint32_t ids[PP_SMMU_MAX_IDS], streams[PP_SMMU_MAX_IDS]; /* before and behind the mapping */
	uint32_t nr_ids;
	uint32_t stray_id; /* PP_NO, with a root complex: the id that leads to no SMMU */
};

/*
 * Whether an SMMU covers the device. PP_UNKNOWN: no IORT was read, what sort a bridge above the
 * device is could not be read, or its ids lead to different SMMUs.
 * Source: drivers/acpi/arm64/iort.c, iort_iommu_configure_id(); drivers/pci/search.c,
 * pci_for_each_dma_alias(). Ids that a quirk of the kernel adds are left out.
 */
enum pp_tri pp_smmu_covers(const struct pp_host *h, const struct pp_device *d,
                           struct pp_smmu_path *ret);

/*
 * Whether a device without a group gets one as soon as a driver is bound to it; ret as above.
 * PP_NO: it stays without, or has one.
 */
enum pp_tri pp_smmu_group_follows(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret);

#endif
