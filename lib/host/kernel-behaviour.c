/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kernels of which version do with reserved regions, groups and tables from the initrd. */
#include <string.h>

#include "host/host.h"

bool pp_locked_down(const struct pp_host *h)
{
	const char *lockdown = h->kernel.lockdown.text;

	return lockdown && strcmp(lockdown, "none") != 0;
}

enum pp_tri pp_kernel_blocks_direct(const struct pp_host *h)
{
	/* Intel's driver has always refused; the core does it for every IOMMU since 6.6. */
	if (h->iommu == PP_IOMMU_INTEL)
		return PP_YES;
	enum pp_tri core = pp_kernel_at_least(&h->kernel, 6, 6);
	/* Whose driver runs is not known: it may be Intel's. */
	return h->iommu == PP_IOMMU_NONE && core == PP_NO ? PP_UNKNOWN : core;
}

enum pp_tri pp_kernel_groups_late(const struct pp_host *h)
{
	if (h->iommu != PP_IOMMU_SMMU && h->iommu != PP_IOMMU_OTHER)
		return PP_NO;
	switch (pp_kernel_at_least(&h->kernel, 6, 15)) {
	case PP_YES:
		return PP_NO;
	case PP_NO:
		return PP_YES;
	default:
		return PP_UNKNOWN;
	}
}

enum pp_tri pp_kernel_tells_relaxable(const struct pp_host *h)
{
	return pp_kernel_at_least(&h->kernel, 5, 3);
}
