/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arm, and a virtio-iommu: devices that get their IOMMU group only when a driver is bound, and the
 * group to come.
 */
#include "judge/rules.h"

/* By a map of the device tree; path->key is 0 where it has none for the device. */
static void prove_tree(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                       const struct pp_smmu_path *path)
{
	static const char map[] = "/sys/class/pci_bus/%04x:%02x/of_node/iommu-map";
	const char *name = pp_arena_printf(j->arena, map, path->tree->domain, path->tree->root_bus);

	if (!path->tree->nr_mappings)
		pp_evidence(j, f, "%s: absent", name ? name : "iommu-map");
	else if (path->key)
		pp_evidence(j, f, "%s: id 0x%x is stream 0x%x of the IOMMU with phandle 0x%x",
		            name ? name : "iommu-map", path->ids[0], path->streams[0], path->key);
	else
		pp_evidence(j, f, "%s: nothing for id 0x%x", name ? name : "iommu-map",
		            path->stray_id);
}

static void prove_viot(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                       const struct pp_smmu_path *path)
{
	if (!path->viot)
		pp_evidence(j, f, "VIOT: no PCI range has id 0x%x of segment %u", path->stray_id,
		            d->address.domain);
	else if (path->covers == PP_NO)
		pp_evidence(j, f, "VIOT+0x%x: it is the virtio-iommu itself",
		            path->viot->output->offset);
	else
		pp_evidence(j, f,
		            "VIOT+0x%x: PCI range, id 0x%x is endpoint 0x%x of the virtio-iommu at "
		            "+0x%x",
		            path->viot->offset, path->ids[0], path->streams[0],
		            path->viot->output->offset);
}

void pp_prove_smmu(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                   const struct pp_smmu_path *path)
{
	const struct pp_host *h = j->host;

	if (path->tree) {
		prove_tree(j, f, d, path);
		return;
	}
	if (path->viot || (h->viot && !path->root)) {
		prove_viot(j, f, d, path);
		return;
	}
	if (!h->iort)
		return;
	if (!path->root)
		pp_evidence(j, f, "IORT: no root complex of segment %u", d->address.domain);
	else if (path->smmu)
		pp_evidence(
			j, f,
			"IORT+0x%x: the root complex of segment %u maps id 0x%x to the %s at +0x%x",
			path->root->offset, d->address.domain, path->ids[0],
			pp_iort_type_name(path->smmu->type), path->smmu->offset);
	else
		pp_evidence(j, f,
		            "IORT+0x%x: the root complex of segment %u maps id 0x%x to no SMMU",
		            path->root->offset, d->address.domain, path->stray_id);
}

uint32_t pp_group_to_join(const struct pp_judging *j, const struct pp_device *d)
{
	return j->joins ? j->joins[d - j->host->devices].group : PP_NO_GROUP;
}

/* The group of a device with the same computed group; one without a driver is in none yet. */
static uint32_t find_joined(const struct pp_host *h, const struct pp_isolated *made,
                            uint32_t device)
{
	for (uint32_t i = 0; i < h->nr_devices && made[device].group != PP_NO_GROUP; i++)
		if (made[i].group == made[device].group && h->devices[i].group != PP_NO_GROUP)
			return h->devices[i].group;
	return PP_NO_GROUP;
}

void pp_predict_groups(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct pp_isolation isolation;
	struct pp_smmu_path path;
	struct pp_error e = { 0 };

	if (pp_kernel_groups_late(h) != PP_YES || h->iommu_on != PP_YES)
		return;
	j->joins = PP_ARENA_ARRAY(j->arena, h->nr_devices, struct pp_isolated);
	if (!j->joins || pp_isolation_compute(h, j->arena, &isolation, &e)) {
		j->failed = true;
		return;
	}
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		j->joins[i] = isolation.devices[i];
		j->joins[i].group = PP_NO_GROUP;
		if (!pp_device_is_bridge(&h->devices[i]) &&
		    pp_smmu_group_follows(h, &h->devices[i], &path) == PP_YES)
			j->joins[i].group = find_joined(h, isolation.devices, i);
	}
}

/* Does any group hold what would block a device that joins it? */
static bool any_group_blocks(const struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		const struct pp_group_facts *g = pp_group_facts_of(j, d);
		if (g && (g->kernel_direct || g->nr_held ||
		          (pp_has_bridge_header(d) && !pp_leaves_dma_alone(d))))
			return true;
	}
	return false;
}

static void say_company(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	const struct pp_isolated *own = &j->joins[d - h->devices];
	uint32_t group = own->group;

	if (own->shares == PP_SHARES_UNKNOWN || own->shares == PP_SHARES_ACS_OVERRIDDEN ||
	    own->shares == PP_SHARES_BY_FIRMWARE) {
		struct pp_finding *f = pp_find_unknown(
			j, any_group_blocks(j) ? PP_BLOCKS : PP_DEGRADES,
			"cannot tell in advance which group it will be in, and with which devices");
		if (own->with != PP_NO_DEVICE)
			pp_evidence(j, f, "%s: its access control (ACS) was not read",
			            pp_name_of(j, &h->devices[own->with]));
		return;
	}
	/* Of more than one the group's own finding speaks. */
	if (group == PP_NO_GROUP || j->groups[group].nr_companions != 1)
		return;
	pp_find(j, PP_DEGRADES, "it will share group %u with %s: both must go to the same guest",
	        h->groups[group].number,
	        pp_name_of(j, &h->devices[j->groups[group].companions[0]]));
}

static void say_unknown_coverage(struct pp_judging *j, const struct pp_device *d,
                                 const struct pp_smmu_path *path)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f = pp_find_unknown(
		j, PP_BLOCKS,
		"it has no IOMMU group yet; cannot tell whether it gets one when a driver is "
		"bound");

	if (h->iort || h->viot || path->tree)
		pp_prove_smmu(j, f, d, path);
	else if (h->iommu == PP_IOMMU_VIRTIO)
		pp_evidence(j, f,
		            "the VIOT, which says what the virtio-iommu covers, was not read");
	else if (h->table_iort == PP_NO)
		pp_evidence(j, f,
		            "no IORT: the device tree or another table says what the IOMMU covers");
	else
		pp_evidence(j, f, "the IORT, which says what an SMMU covers, was not read");
}

static void group_follows(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	struct pp_smmu_path path;

	if (pp_device_is_bridge(d) || d->class_code >> 8 == PP_CLASS_IOMMU ||
	    pp_kernel_groups_late(h) == PP_NO)
		return;
	enum pp_tri follows = pp_smmu_group_follows(h, d, &path);
	if (follows == PP_UNKNOWN)
		say_unknown_coverage(j, d, &path);
	if (follows != PP_YES)
		return;
	bool at_boot = pp_kernel_has(&h->kernel, PP_KERNEL_GROUPS_AT_BOOT) == PP_YES;
	struct pp_finding *f =
		pp_find(j, PP_INFORMS, "it gets its IOMMU group when %s: %s covers it",
	                at_boot ? "that kernel starts" : "a driver is bound to it",
	                path.viot ? "the virtio-iommu" : "an SMMU");
	pp_prove_smmu(j, f, d, &path);
	const struct pp_kernel *k = h->kernel.running ? h->kernel.running : &h->kernel;
	pp_evidence(j, f, "kernel %s: before %s no device has a group without a driver",
	            k->release.text, pp_kernel_fact(PP_KERNEL_GROUPS_AT_BOOT)->since);
	if (j->joins)
		say_company(j, d);
}

/* On the kernel that is asked about; what runs may be another. */
static void stream_shared(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	struct pp_smmu_path path;
	uint32_t stream;

	if (pp_device_is_bridge(d) || d->group != PP_NO_GROUP || h->iommu_on != PP_YES ||
	    pp_kernel_has(&h->kernel, PP_KERNEL_ONE_PER_STREAM) == PP_NO ||
	    pp_smmu_covers(h, d, &path) != PP_YES)
		return;
	uint32_t holder = pp_smmu_taken(h, d, &path, &stream);
	if (holder == PP_NO_DEVICE)
		return;
	static const char text[] = "it shares stream 0x%x of the SMMU with %s, and Linux gives a "
				   "stream to one device alone: it gets no IOMMU group";
	const char *name = pp_name_of(j, &h->devices[holder]);
	bool known = pp_kernel_has(&h->kernel, PP_KERNEL_ONE_PER_STREAM) == PP_YES;
	struct pp_finding *f = known ? pp_find(j, PP_BLOCKS, text, stream, name)
	                             : pp_find_unknown(j, PP_BLOCKS, text, stream, name);
	pp_prove_smmu(j, f, d, &path);
	pp_evidence(j, f, "binding it to vfio-pci fails with EINVAL");
	if (path.nr_ids < 2)
		return;
	pp_evidence(j, f, "it is behind a conventional bridge, whose id its DMA has");
	pp_add_remedy_by_hand(f, &pp_remedy_another_slot,
	                      "move it to a slot that no conventional PCI bridge is above", NULL);
}

static const struct pp_rule rules[] = {
	{ .id = "stream-shared",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .kinds = PP_ON_ARM,
	  .reference = "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master()",
	  .on_device = stream_shared },
	{ .id = "group-follows",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/acpi/arm64/iort.c, iort_iommu_configure_id(); drivers/acpi/viot.c; "
	               "drivers/iommu/iommu.c",
	  .on_device = group_follows },
};

const struct pp_rule_table pp_rules_smmu = { rules, sizeof(rules) / sizeof(rules[0]) };
