/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The argument of Proxmox's kernels that makes every RMRR relaxable. */
#include "remedy/remedy.h"

#define RELAX_ARGUMENT "intel_iommu=on,relax_rmrr"

static bool relax_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	const struct pp_host *h = c->host;

	/* Only Proxmox's kernels know the argument; others say "Unknown option". */
	if (h->iommu != PP_IOMMU_INTEL || !h->kernel.proxmox ||
	    pp_kernel_at_least(&h->kernel, 6, 2) != PP_YES)
		return false;
	ret->text = "add " RELAX_ARGUMENT " to the kernel's command line, then reboot (Proxmox "
		    "knows it from 6.2.16-13 on)";
	ret->side_effect = "for every device of the host: firmware that still uses a region may "
			   "write into a guest's memory";
	ret->automatic = true;
	ret->argument = RELAX_ARGUMENT;
	return true;
}

static const char *relax_side_effect(struct pp_remedy_case *c)
{
	return pp_remedy_printf(c, "it is for every device of the host at once; %s",
	                        pp_remedy_region_risk(c));
}

const struct pp_remedy_ops pp_remedy_relax_rmrr = {
	.id = "relax-rmrr",
	.summary = "the kernel argument intel_iommu=on,relax_rmrr, on Proxmox VE",
	.undo = "take the argument off again, and reboot",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_KERNEL | PP_REMEDY_OVER_FIRMWARE,
	.answer = relax_answer,
	.side_effect = relax_side_effect,
};
