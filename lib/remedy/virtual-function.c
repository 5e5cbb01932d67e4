/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual function in place of the device; and virtual functions off. */
#include "remedy/remedy.h"

static bool vf_is_held(const struct pp_host *h, const struct pp_device *d)
{
	for (uint32_t i = 0; i < d->nr_mappings; i++)
		if (!h->mappings[d->first_mapping + i].relaxable)
			return true;
	return false;
}

/* A virtual function of the device that no region holds; PP_NO_DEVICE if there is none. */
static uint32_t vf_find(const struct pp_remedy_case *c, uint32_t device)
{
	const struct pp_host *h = c->host;
	const struct pp_config *config = &h->devices[device].config;

	if (config->sriov_known == PP_UNKNOWN || config->sriov_vf_enable)
		pp_host_needs_all(h);
	for (uint32_t i = device + 1; i < h->nr_devices; i++)
		if (h->devices[i].physfn == device && !c->marks->freed[i] &&
		    h->devices[i].group != h->devices[device].group &&
		    !vf_is_held(h, &h->devices[i]))
			return i;
	return PP_NO_DEVICE;
}

/* Not where a bridge's region holds all below it, virtual functions too. */
static bool vf_could_be_made(const struct pp_host *h, const struct pp_device *d)
{
	for (uint32_t i = 0; i < d->nr_mappings; i++)
		if (h->mappings[d->first_mapping + i].via_bridge)
			return false;
	return h->iommu == PP_IOMMU_INTEL && d->config.sriov_known == PP_YES &&
	       d->config.sriov_total_vfs;
}

static bool vf_answer(struct pp_remedy_case *c, struct pp_remedy *ret)
{
	ret->side_effect = "the guest gets part of the card; the host driver keeps the rest";
	for (uint32_t i = 0; i < c->nr_devices; i++) {
		const struct pp_device *d = &c->host->devices[c->devices[i]];
		uint32_t vf = vf_find(c, c->devices[i]);
		if (vf != PP_NO_DEVICE) {
			ret->text = pp_remedy_printf(
				c, "pass one of its virtual functions to the guest instead: %s",
				pp_remedy_device_name(c, vf));
			return true;
		}
		if (!vf_could_be_made(c->host, d))
			continue;
		ret->text = pp_remedy_printf(
			c,
			"enable virtual functions of %s (sriov_numvfs, up to %u) and pass one of "
			"them to the guest instead: reserved regions do not block them",
			pp_remedy_device_name(c, c->devices[i]), d->config.sriov_total_vfs);
		return true;
	}
	return false;
}

const struct pp_remedy_ops pp_remedy_use_vf = {
	.id = "use-vf",
	.summary = "pass one of the card's virtual functions instead",
	.undo = "nothing to undo",
	.flags = PP_REMEDY_FREES_REGIONS | PP_REMEDY_KEEPS_DEVICE | PP_REMEDY_NO_REBOOT,
	.targets = PP_FOR_KVM | PP_FOR_XEN,
	.answer = vf_answer,
};

const struct pp_remedy_ops pp_remedy_vfs_off = {
	.id = "vfs-off",
	.summary = "disable the card's virtual functions so that the card itself can be passed "
		   "through",
	.undo = "write the previous number to the file",
	.flags = PP_REMEDY_NO_REBOOT,
};
