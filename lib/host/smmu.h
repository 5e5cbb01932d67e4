/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which SMMU, or which virtio-iommu, covers a PCI device, and what that means for its group. */
#ifndef PP_HOST_SMMU_H
#define PP_HOST_SMMU_H

#include "host/host.h"
#include "host/tree-map.h"

/* The ids under which a device sends: its own and those of conventional bridges above it. */
#define PP_SMMU_MAX_IDS 8

struct pp_smmu_path {
	enum pp_tri covers;              /* what pp_smmu_covers() said */
	const struct pp_iort_node *root; /* the root complex; NULL: none of that segment */
	const struct pp_iort_node *smmu; /* PP_YES: where its ids lead; NULL: by the device tree */
	const struct pp_tree_map *tree;  /* that of the device's root bus; NULL: none was read */
	const struct pp_viot_node *viot; /* the range of its first id in the VIOT; NULL: none */
	uint32_t key; /* PP_YES: of the SMMU, its node's offset in its table or its phandle */
	uint32_t ids[PP_SMMU_MAX_IDS], streams[PP_SMMU_MAX_IDS]; /* before and behind the mapping */
	uint32_t nr_ids;
	uint32_t stray_id; /* PP_NO, with a root complex: the id that leads to no SMMU */
};

/*
 * Whether an SMMU or a virtio-iommu covers the device. PP_UNKNOWN: no IORT, VIOT or device tree's
 * map was read, what sort a bridge above the device is could not be read, or its ids lead to
 * different SMMUs. Source: drivers/acpi/arm64/iort.c, iort_iommu_configure_id();
 * drivers/iommu/of_iommu.c, of_pci_iommu_init(); drivers/acpi/viot.c, viot_iommu_configure();
 * drivers/pci/search.c, pci_for_each_dma_alias(). Ids that a quirk of the kernel adds are left out.
 */
enum pp_tri pp_smmu_covers(const struct pp_host *h, const struct pp_device *d,
                           struct pp_smmu_path *ret);

/* A stream that a device has. */
struct pp_smmu_stream {
	uint32_t smmu; /* key of its path */
	uint32_t id;
	uint32_t device;
};

/*
 * The device that has a stream of d's already, on a kernel that gives one stream to one device, so
 * that d gets no IOMMU group: behind a conventional bridge devices share the bridge's id.
 * PP_NO_DEVICE: none, or it is not covered. path: of d, from pp_smmu_covers(); ret: that stream.
 * Source: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master().
 */
uint32_t pp_smmu_taken(const struct pp_host *h, const struct pp_device *d,
                       const struct pp_smmu_path *path, uint32_t *ret);

/*
 * Whether a device without a group gets one as soon as a driver is bound to it; ret as above.
 * PP_NO: it stays without, or has one.
 */
enum pp_tri pp_smmu_group_follows(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret);

#endif
