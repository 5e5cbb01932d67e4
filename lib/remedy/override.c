/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's table without the devices, handed to the kernel by the initrd. */
#include "remedy/remedy.h"

static bool override_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	const struct pp_host *h = c->host;

	if (h->iommu == PP_IOMMU_SMMU ? !h->iort
	                              : h->iommu != PP_IOMMU_INTEL && h->iommu != PP_IOMMU_AMD)
		return false;
	const char *whose = c->nr_held == 1 ? "this device's" : "these devices'";
	if (h->iommu == PP_IOMMU_SMMU)
		ret->text = pp_remedy_printf(
			c,
			"override the firmware's IORT table (from the initrd) with a copy in which "
			"%s reserved memory may be remapped, then reboot",
			whose);
	else
		ret->text = pp_remedy_printf(
			c,
			"override the firmware's %s table (from the initrd) with a copy without %s "
			"entries, then reboot",
			h->iommu == PP_IOMMU_AMD ? "IVRS" : "DMAR", whose);
	ret->side_effect =
		"if the firmware still uses the region, it may overwrite guest memory or cause "
		"DMA faults";
	ret->automatic = true;
	ret->obstacle = pp_remedy_override_forbidden(h, c->arena);
	if (ret->obstacle)
		return true;
	ret->needs = pp_remedy_table_needs(h);
	if (ret->needs)
		return true;
	pp_remedy_table_try(c);
	ret->obstacle = c->table.obstacle;
	return true;
}

static const char *override_side_effect(struct pp_remedy_case *c)
{
	const char *others = pp_remedy_bridge_risk(c);

	return pp_remedy_printf(c, "%s%s%s", others ? others : "", others ? "; " : "",
	                        pp_remedy_region_risk(c));
}

static void override_add_steps(struct pp_remedy_case *c, const struct pp_remedy *r,
                               struct pp_steps *steps)
{
	struct pp_step *s =
		pp_steps_add(steps, PP_STEP_OVERRIDE, r->ops->id, override_side_effect(c));

	s->override = c->table.step;
}

const struct pp_remedy_ops pp_remedy_override = {
	.id = "table-override",
	.summary = "override the firmware's DMAR, IVRS or IORT table (from the initrd) with a copy "
		   "that does not hold the device",
	.undo = "rebuild the initrd without that table and reboot",
	.kinds = PP_ON_X86 | PP_ON(PP_KIND_ARM_ACPI),
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_CHANGES_TABLE | PP_REMEDY_CHANGES_KERNEL |
	         PP_REMEDY_OVER_FIRMWARE,
	.targets = PP_FOR_KVM,
	.answer = override_answer,
	.side_effect = override_side_effect,
	.add_steps = override_add_steps,
};
