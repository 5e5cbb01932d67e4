/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IOMMU groups of an attempt: those that are there, and those that a kernel before 6.15 makes
 * on Arm only when a driver is bound. Which devices are in which is known before; the number of the
 * latter is read once vfio-pci is bound.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"
#include "base/text.h"
#include "host/isolation.h"
#include "host/smmu.h"

#define NAME_BYTES 128

static const struct pp_device *group_device(const struct pp_attach *a, uint32_t i)
{
	return &a->host->devices[a->devices[i]];
}

/* What computation says of a device's group; made once, and only where a group is still to come. */
static uint32_t group_computed(struct pp_attach *a, uint32_t device)
{
	struct pp_isolation isolation;
	struct pp_error ignored;

	if (!a->isolated) {
		if (pp_isolation_compute(a->host, &a->arena, &isolation, &ignored)) {
			a->oom = true;
			return PP_NO_GROUP;
		}
		a->isolated = isolation.devices;
	}
	return a->isolated[device].group;
}

/* The group that the device will join; PP_NO_GROUP: one of its own, or that is not known. */
static uint32_t group_to_join(struct pp_attach *a, uint32_t device)
{
	const struct pp_host *h = a->host;
	uint32_t own = group_computed(a, device);

	for (uint32_t i = 0; own != PP_NO_GROUP && i < h->nr_devices; i++)
		if (a->isolated[i].group == own && h->devices[i].group != PP_NO_GROUP)
			return h->devices[i].group;
	return PP_NO_GROUP;
}

/* Among the groups of the attempt; its place is new if it is not there yet. */
static uint32_t group_place(struct pp_attach *a, uint32_t i, uint32_t group)
{
	for (uint32_t k = 0; k < i; k++) {
		uint32_t place = a->place_of[k];
		if (group != PP_NO_GROUP
		            ? a->groups[place].known == group
		            : a->groups[place].known == PP_NO_GROUP &&
		                      group_computed(a, a->devices[k]) != PP_NO_GROUP &&
		                      group_computed(a, a->devices[k]) ==
		                              group_computed(a, a->devices[i]))
			return place;
	}
	a->groups[a->nr_groups] = (struct pp_attach_group){ .known = group, .fd = -1 };
	if (group != PP_NO_GROUP)
		a->groups[a->nr_groups].number = a->host->groups[group].number;
	return a->nr_groups++;
}

/* Of a device without a group: 0 if one may come with vfio-pci. */
static int group_awaited(struct pp_attach *a, const struct pp_device *d, const char *address)
{
	struct pp_smmu_path path;

	if (pp_smmu_group_follows(a->host, d, &path) != PP_NO)
		return 0;
	return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s is in no IOMMU group%s", address,
	                     a->host->nr_groups ? "" : ": the IOMMU is off");
}

int pp_attach_choose_groups(struct pp_attach *a)
{
	if (!a->nr_devices)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s: a bridge stays with the host",
		                     a->asked);
	a->groups = PP_ARENA_ARRAY(&a->arena, a->nr_devices, struct pp_attach_group);
	a->place_of = PP_ARENA_ARRAY(&a->arena, a->nr_devices, uint32_t);
	a->opened.devices = PP_ARENA_ARRAY(&a->arena, a->nr_devices, int);
	if (!a->groups || !a->place_of || !a->opened.devices)
		return -ENOMEM;
	for (uint32_t i = 0; i < a->nr_devices; i++)
		a->opened.devices[i] = -1;
	for (uint32_t i = 0; i < a->nr_devices; i++) {
		const struct pp_device *d = group_device(a, i);
		uint32_t group = d->group;
		const char *address = PP_ADDRESS_TEXT(d->address);
		if (group == PP_NO_GROUP) {
			int r = group_awaited(a, d, address);
			if (r)
				return r;
			group = group_to_join(a, a->devices[i]);
		}
		if (group != PP_NO_GROUP && a->host->groups[group].no_iommu)
			return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "no IOMMU covers %s", address);
		a->place_of[i] = group_place(a, i, group);
	}
	return a->oom ? -ENOMEM : 0;
}

/* The number in the link that the kernel made at the bind. */
static int group_read_number(struct pp_attach *a, const char *address, uint32_t *ret)
{
	char name[NAME_BYTES], *end;
	int r = pp_sys_link_name(a->sys, PP_SYS_DEVICE(address, "iommu_group"), name, sizeof(name));

	if (r)
		return r;
	unsigned long number = strtoul(name, &end, 10);
	if (*end || end == name || number > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)number;
	return 0;
}

/* The place of the group with that number, which may be another than was foreseen. */
static uint32_t group_by_number(struct pp_attach *a, uint32_t i, uint32_t number)
{
	uint32_t place = a->place_of[i];

	for (uint32_t k = 0; k < a->nr_groups; k++)
		if (a->groups[k].numbered && a->groups[k].number == number)
			return k;
	/* Foreseen in a group that turned out to be another device's alone: one of its own. */
	if (a->groups[place].numbered) {
		place = a->nr_groups++;
		a->groups[place] = (struct pp_attach_group){ .known = PP_NO_GROUP, .fd = -1 };
	}
	struct pp_attach_group *g = &a->groups[place];
	if (g->known != PP_NO_GROUP && a->host->groups[g->known].number != number)
		g->known = PP_NO_GROUP;
	g->number = number;
	g->numbered = true;
	return place;
}

/* Groups that nobody is in any more, so that none is opened in vain. */
static void group_drop_unused(struct pp_attach *a)
{
	uint32_t kept = 0;

	for (uint32_t g = 0; g < a->nr_groups; g++) {
		bool used = false;
		for (uint32_t i = 0; i < a->nr_devices; i++)
			used |= a->place_of[i] == g;
		if (!used)
			continue;
		for (uint32_t i = 0; i < a->nr_devices; i++)
			if (a->place_of[i] == g)
				a->place_of[i] = kept;
		a->groups[kept++] = a->groups[g];
	}
	a->nr_groups = kept;
}

int pp_attach_read_groups(struct pp_attach *a)
{
	bool any = false;

	for (uint32_t i = 0; i < a->nr_devices; i++)
		a->groups[a->place_of[i]].numbered |= group_device(a, i)->group != PP_NO_GROUP;
	for (uint32_t i = 0; i < a->nr_devices; i++) {
		uint32_t number = 0;
		if (group_device(a, i)->group != PP_NO_GROUP)
			continue;
		const char *address = PP_ADDRESS_TEXT(group_device(a, i)->address);
		int r = group_read_number(a, address, &number);
		pp_attach_step(a, "find-group", r,
		               r ? "%s has no IOMMU group even now" : "%s is in group %u now",
		               address, number);
		if (r)
			return pp_attach_refused(a);
		a->place_of[i] = group_by_number(a, i, number);
		any = true;
	}
	if (any)
		group_drop_unused(a);
	return 0;
}
