/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which SMMU the IORT of an Arm host gives a PCI device, and what that means for its group. */
#include "host/acs.h"
#include "host/smmu.h"

static uint32_t requester_id(uint8_t bus, uint8_t device, uint8_t function)
{
	return (uint32_t)bus << 8 | (uint32_t)device << 3 | function;
}

static bool smmu_add_id(struct pp_smmu_path *p, uint32_t id)
{
	for (uint32_t i = 0; i < p->nr_ids; i++)
		if (p->ids[i] == id)
			return true;
	if (p->nr_ids == PP_SMMU_MAX_IDS)
		return false;
	p->ids[p->nr_ids++] = id;
	return true;
}

/* pci_for_each_dma_alias(). False: an id is not known. */
static bool smmu_collect_ids(const struct pp_host *h, const struct pp_device *d,
                             struct pp_smmu_path *p)
{
	struct pp_address a = d->address;

	p->nr_ids = 0;
	smmu_add_id(p, requester_id(a.bus, a.device, a.function));
	for (uint32_t b = d->parent; b != PP_NO_DEVICE; b = h->devices[b].parent) {
		const struct pp_device *bridge = &h->devices[b];
		uint8_t type = PP_PCIE_NONE;
		enum pp_tri pcie = pp_device_pcie_type(h, bridge, &type);
		if (pcie == PP_UNKNOWN)
			return false;
		if (pcie == PP_YES && type != PP_PCIE_TO_PCI_BRIDGE &&
		    type != PP_PCI_TO_PCIE_BRIDGE)
			continue;
		a = bridge->address;
		bool below = pcie == PP_YES && type == PP_PCIE_TO_PCI_BRIDGE;
		if (!smmu_add_id(p, below ? requester_id(bridge->config.secondary, 0, 0)
		                          : requester_id(a.bus, a.device, a.function)))
			return false;
	}
	return true;
}

enum pp_tri pp_smmu_covers(const struct pp_host *h, const struct pp_device *d,
                           struct pp_smmu_path *ret)
{
	*ret = (struct pp_smmu_path){ 0 };
	if (!h->iort)
		return PP_UNKNOWN;
	ret->root = pp_iort_root_complex(h->iort, d->address.domain);
	if (!ret->root)
		return PP_NO;
	bool all = smmu_collect_ids(h, d, ret);
	for (uint32_t i = 0; i < ret->nr_ids; i++) {
		const struct pp_iort_node *smmu =
			pp_iort_find_smmu(h->iort, ret->root, ret->ids[i], &ret->streams[i]);
		if (!smmu) {
			ret->stray_id = ret->ids[i];
			ret->smmu = NULL;
			return PP_NO;
		}
		/* iommu_fwspec_init() takes or refuses two of them, by its version. */
		all &= !ret->smmu || ret->smmu == smmu;
		ret->smmu = smmu;
	}
	return all ? PP_YES : PP_UNKNOWN;
}

enum pp_tri pp_smmu_group_follows(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret)
{
	enum pp_tri late = pp_kernel_groups_late(h), covered = pp_smmu_covers(h, d, ret);

	if (d->group != PP_NO_GROUP || d->group_error != ENOENT || h->iommu_on != PP_YES)
		return PP_NO;
	/* A driver that was bound without an IOMMU shows that none covers the device. */
	if (d->driver.text || late == PP_NO || covered == PP_NO)
		return PP_NO;
	return d->driver.error == ENOENT && late == PP_YES ? covered : PP_UNKNOWN;
}
