/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel of a host does with reserved regions, groups and tables from the initrd. */
#include <string.h>

#include "host/host.h"

bool pp_locked_down(const struct pp_host *h)
{
	const char *lockdown = h->kernel.lockdown.text;

	return lockdown && strcmp(lockdown, "none") != 0;
}

enum pp_tri pp_kernel_blocks_direct(const struct pp_host *h)
{
	enum pp_tri core = pp_kernel_has(&h->kernel, PP_KERNEL_BLOCKS_DIRECT);
	/* Intel's driver refused long before the core did it for every IOMMU. */
	if (h->iommu == PP_IOMMU_INTEL)
		return core == PP_NO && pp_kernel_has(&h->kernel, PP_KERNEL_RMRR_REFUSED) == PP_NO
		               ? PP_NO
		               : PP_YES;
	/* Whose driver runs is not known: it may be Intel's. */
	return h->iommu == PP_IOMMU_NONE && core == PP_NO ? PP_UNKNOWN : core;
}

enum pp_tri pp_kernel_groups_late(const struct pp_host *h)
{
	if (h->iommu != PP_IOMMU_SMMU && h->iommu != PP_IOMMU_VIRTIO && h->iommu != PP_IOMMU_OTHER)
		return PP_NO;
	switch (pp_kernel_shows(&h->kernel, PP_KERNEL_GROUPS_AT_BOOT)) {
	case PP_YES:
		return PP_NO;
	case PP_NO:
		return PP_YES;
	default:
		return PP_UNKNOWN;
	}
}

bool pp_kernel_maps_by_iommufd(const struct pp_kernel *k)
{
	return k->vfio_type1.state == PP_MODULE_NOT_BUILT &&
	       (k->iommufd.state == PP_MODULE_HERE || k->iommufd.state == PP_MODULE_LOADABLE);
}

/* drivers/vfio/Kconfig: without device files there are groups, whose container may be iommufd's. */
bool pp_kernel_goes_by_iommufd(const struct pp_kernel *k)
{
	return pp_kernel_maps_by_iommufd(k) &&
	       pp_kernel_has_option(k, PP_CONFIG_VFIO_DEVICE_CDEV) != PP_NO;
}

enum pp_tri pp_kernel_has_device_files(const struct pp_kernel *k)
{
	/* drivers/vfio/Kconfig: without groups they are what is left. */
	if (pp_kernel_goes_by_iommufd(k))
		return PP_YES;
	if (pp_module_is_missing(&k->iommufd))
		return PP_NO;
	return pp_kernel_has_option(k, PP_CONFIG_VFIO_DEVICE_CDEV);
}
