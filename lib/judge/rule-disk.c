/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks that the host itself works with: no kernel keeps them from a guest. */
#include "judge/rules.h"

/* A disk of the host's hangs at a storage controller in most cases: others are not alarmed for. */
static void disk_tell_unread(struct pp_judging *j, const struct pp_device *d)
{
	/* Of Windows neither is asked for. */
	if (j->host->root_disk_known == PP_UNKNOWN && j->host->disks_error &&
	    d->class_code >> 16 == 0x01 && d->physfn == PP_NO_DEVICE)
		pp_find_unknown(j, PP_DEGRADES,
		                "cannot tell whether the host runs from it: the host's mounts and "
		                "disks were not read");
}

static void host_runs_from(struct pp_judging *j, const struct pp_device *d)
{
	if (pp_device_is_bridge(d))
		return;
	if (!d->host_use) {
		disk_tell_unread(j, d);
		return;
	}
	struct pp_finding *f =
		d->host_runs_from
			? pp_find(j, PP_DEGRADES,
	                          "the host runs from it (%s): the host stops if a guest gets it",
	                          d->host_use)
			: pp_find(j, PP_DEGRADES,
	                          "the host uses it (%s): unmount it before a guest gets it",
	                          d->host_use);
	pp_evidence(j, f, "the host's mounts and /sys/class/block");
}

static void group_holds_host_disk(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (d->group == PP_NO_GROUP || d->host_runs_from || pp_device_is_bridge(d))
		return;
	const struct pp_group *g = &h->groups[d->group];
	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *o = &h->devices[g->devices[i]];
		if (!o->host_runs_from)
			continue;
		struct pp_finding *f = pp_find(
			j, PP_DEGRADES,
			"the host runs from %s in the same group %u (%s): a guest can get a "
			"device of this group only if the host gives up that one",
			pp_name_of(j, o), g->number, o->host_use);
		pp_evidence(j, f, "the host's mounts and /sys/class/block");
		return;
	}
}

static const struct pp_rule rules[] = {
	{ .id = "host-disk",
	  .targets = PP_FOR_KVM | PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .if_blocked = true,
	  .reference = "proc(5), mountinfo; /sys/class/block",
	  .on_device = host_runs_from },
	{ .id = "host-disk-in-group",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .if_blocked = true,
	  .reference = "Documentation/driver-api/vfio.rst; proc(5), mountinfo",
	  .on_device = group_holds_host_disk },
};

const struct pp_rule_table pp_rules_disk = { rules, sizeof(rules) / sizeof(rules[0]) };
