/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The argument of Proxmox's kernels that makes every RMRR relaxable. */
#include "remedy/remedy.h"

#define RELAX_ARGUMENT "intel_iommu=on,relax_rmrr"

static bool relax_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	const struct pp_host *h = c->host;

	/* Others say "Unknown option". */
	if (h->iommu != PP_IOMMU_INTEL || pp_kernel_has(&h->kernel, PP_KERNEL_RELAX_RMRR) != PP_YES)
		return false;
	ret->text = "add " RELAX_ARGUMENT " to the kernel command line, then reboot";
	ret->side_effect =
		"applies to every device of the host: if the firmware still uses a region, it "
		"may overwrite guest memory";
	ret->automatic = true;
	ret->argument = RELAX_ARGUMENT;
	return true;
}

static const char *relax_side_effect(struct pp_remedy_case *c)
{
	return pp_remedy_printf(c, "it applies to every device of the host; %s",
	                        pp_remedy_region_risk(c));
}

const struct pp_remedy_ops pp_remedy_relax_rmrr = {
	.id = "relax-rmrr",
	.summary = "add the kernel argument intel_iommu=on,relax_rmrr (Proxmox VE)",
	.undo = "remove the argument again and reboot",
	.kinds = PP_ON_INTEL,
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_KERNEL | PP_REMEDY_OVER_FIRMWARE,
	.targets = PP_FOR_KVM,
	.answer = relax_answer,
	.side_effect = relax_side_effect,
};
