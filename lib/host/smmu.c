/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which SMMU, or which virtio-iommu, covers a PCI device, and what that means for its group. */
#include <stdlib.h>

#include "host/acs.h"
#include "host/build.h"
#include "host/kernel-facts.h"
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

static enum pp_tri covers_by_iort(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret)
{
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
	ret->key = ret->smmu ? ret->smmu->offset : 0;
	return all ? PP_YES : PP_UNKNOWN;
}

static const struct pp_tree_map *smmu_tree_map(const struct pp_host *h, const struct pp_device *d)
{
	for (uint32_t i = 0; i < h->nr_tree_maps; i++)
		if (h->tree_maps[i].domain == d->address.domain &&
		    h->tree_maps[i].root_bus == d->root_bus)
			return &h->tree_maps[i];
	return NULL;
}

static enum pp_tri covers_by_tree(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret)
{
	const struct pp_tree_map *map = smmu_tree_map(h, d);

	if (!map || map->error)
		return PP_UNKNOWN;
	ret->tree = map;
	bool all = smmu_collect_ids(h, d, ret);
	for (uint32_t i = 0; i < ret->nr_ids; i++) {
		const struct pp_tree_mapping *t =
			pp_tree_map_find(map, ret->ids[i], &ret->streams[i]);
		if (!t) {
			ret->stray_id = ret->ids[i];
			return PP_NO;
		}
		all &= !i || ret->key == t->phandle;
		ret->key = t->phandle;
	}
	return all ? PP_YES : PP_UNKNOWN;
}

/* viot_dev_iommu_init(): what the table makes a virtio-iommu is not behind itself. */
static bool viot_is_itself(const struct pp_device *d, const struct pp_viot_node *iommu)
{
	return iommu->type == PP_VIOT_IOMMU_PCI && iommu->segment_first == d->address.domain &&
	       iommu->requester_first ==
	               requester_id(d->address.bus, d->address.device, d->address.function);
}

static enum pp_tri covers_by_viot(const struct pp_host *h, const struct pp_device *d,
                                  struct pp_smmu_path *ret)
{
	*ret = (struct pp_smmu_path){ 0 };
	bool all = smmu_collect_ids(h, d, ret);
	for (uint32_t i = 0; i < ret->nr_ids; i++) {
		const struct pp_viot_node *range =
			pp_viot_find_range(h->viot, d->address.domain, ret->ids[i]);
		if (!range) {
			ret->stray_id = ret->ids[i];
			ret->viot = NULL;
			return PP_NO;
		}
		if (!i)
			ret->viot = range;
		if (viot_is_itself(d, range->output))
			return PP_NO;
		all &= ret->viot->output == range->output;
		ret->streams[i] = ((uint32_t)(d->address.domain - range->segment_first) << 16) +
		                  ret->ids[i] - range->requester_first + range->endpoint;
		ret->key = range->output->offset;
	}
	return all ? PP_YES : PP_UNKNOWN;
}

/* acpi_iommu_configure_id(): the VIOT is asked where the IORT has nothing for the device. */
enum pp_tri pp_smmu_covers(const struct pp_host *h, const struct pp_device *d,
                           struct pp_smmu_path *ret)
{
	*ret = (struct pp_smmu_path){ 0 };
	if (h->iort)
		ret->covers = covers_by_iort(h, d, ret);
	else if (!h->viot)
		ret->covers = covers_by_tree(h, d, ret);
	if (h->viot && ret->covers != PP_YES)
		ret->covers = covers_by_viot(h, d, ret);
	return ret->covers;
}

static int compare_streams(const void *x, const void *y)
{
	const struct pp_smmu_stream *a = x, *b = y;

	if (a->smmu != b->smmu)
		return a->smmu < b->smmu ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->device < b->device ? -1 : a->device > b->device;
}

int pp_build_streams(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_smmu_path path;

	if (h->smmu_v3 != PP_YES || pp_kernel_shows(&h->kernel, PP_KERNEL_ONE_PER_STREAM) == PP_NO)
		return 0;
	struct pp_smmu_stream *streams = PP_ARENA_ARRAY(
		&h->arena, (size_t)h->nr_devices * PP_SMMU_MAX_IDS, struct pp_smmu_stream);
	if (!streams)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (d->group == PP_NO_GROUP || pp_smmu_covers(h, d, &path) != PP_YES)
			continue;
		for (uint32_t k = 0; k < path.nr_ids; k++)
			streams[h->nr_streams++] =
				(struct pp_smmu_stream){ path.key, path.streams[k], i };
	}
	qsort(streams, h->nr_streams, sizeof(*streams), compare_streams);
	h->streams = streams;
	return 0;
}

uint32_t pp_smmu_taken(const struct pp_host *h, const struct pp_device *d,
                       const struct pp_smmu_path *path, uint32_t *ret)
{
	if (d->group != PP_NO_GROUP || path->covers != PP_YES)
		return PP_NO_DEVICE;
	for (uint32_t k = 0; k < path->nr_ids; k++) {
		const struct pp_smmu_stream first = { path->key, path->streams[k], 0 };
		uint32_t low = 0, high = h->nr_streams;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;
			if (compare_streams(&h->streams[middle], &first) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < h->nr_streams && h->streams[low].smmu == first.smmu &&
		    h->streams[low].id == first.id) {
			*ret = first.id;
			return h->streams[low].device;
		}
	}
	return PP_NO_DEVICE;
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
	uint32_t stream;
	if (covered == PP_YES && pp_smmu_taken(h, d, ret, &stream) != PP_NO_DEVICE)
		return pp_kernel_shows(&h->kernel, PP_KERNEL_ONE_PER_STREAM) == PP_YES ? PP_NO
		                                                                       : PP_UNKNOWN;
	return d->driver.error == ENOENT && late == PP_YES ? covered : PP_UNKNOWN;
}
