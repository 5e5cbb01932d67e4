/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of VFIO's two ways a guest is told to go: its groups, or /dev/iommu (iommufd). */
#include <stdio.h>

#include "emit/emit.h"

static bool way_is_old(const struct pp_iommufd_user *u, const struct pp_tool_version *v)
{
	return v->number[0] < u->since[0] ||
	       (v->number[0] == u->since[0] && v->number[1] < u->since[1]);
}

/* Where interrupts are not remapped each way has a switch of its own. */
static bool way_needs_switch(const struct pp_host *h)
{
	const char *set = h->kernel.iommufd_unsafe_interrupts.text;

	return h->intremap != PP_YES && !(set && *set == 'Y');
}

static enum pp_vfio_way way_choose(const struct pp_host *h, const struct pp_iommufd_user *u,
                                   const struct pp_tool_version *v)
{
	if (pp_kernel_goes_by_iommufd(&h->kernel))
		return v->from && way_is_old(u, v) ? PP_WAY_NONE : PP_WAY_ONLY_IOMMUFD;
	if (pp_kernel_has_device_files(&h->kernel) != PP_YES)
		return PP_WAY_ONLY_GROUPS;
	if (!v->from)
		return PP_WAY_TOOL_UNKNOWN;
	if (way_is_old(u, v))
		return PP_WAY_TOOL_OLD;
	return way_needs_switch(h) ? PP_WAY_SWITCH_OFF : PP_WAY_IOMMUFD;
}

bool pp_emit_by_iommufd(const struct pp_emission *m, const struct pp_iommufd_user *u)
{
	switch (way_choose(m->host, u, u->version(m->host))) {
	case PP_WAY_NONE:
	case PP_WAY_ONLY_IOMMUFD:
	case PP_WAY_IOMMUFD:
		return true;
	default:
		return false;
	}
}

void pp_emit_way_reason(struct pp_emission *m, const struct pp_hypervisor *h,
                        const struct pp_iommufd_user *u)
{
	const struct pp_tool_version *v = u->version(m->host);

	switch (way_choose(m->host, u, v)) {
	case PP_WAY_ONLY_GROUPS:
		break;
	case PP_WAY_NONE:
		pp_emit_comment(
			m, h,
			"By iommufd, for this kernel has VFIO without groups. But this host has "
			"%s %u.%u (%s), and %u.%u or later is needed.",
			u->name, v->number[0], v->number[1], v->from, u->since[0], u->since[1]);
		break;
	case PP_WAY_ONLY_IOMMUFD:
		pp_emit_comment(m, h,
		                "By iommufd, for this kernel has VFIO without groups; %s %u.%u or "
		                "later. %s",
		                u->name, u->since[0], u->since[1], u->note);
		break;
	case PP_WAY_IOMMUFD:
		pp_emit_comment(m, h,
		                "By iommufd: the kernel has VFIO's device files, and %s %u.%u (%s) "
		                "takes them. %s",
		                u->name, v->number[0], v->number[1], v->from, u->note);
		break;
	case PP_WAY_TOOL_UNKNOWN:
		pp_emit_comment(
			m, h,
			"By VFIO's groups, which every %s takes. Its version on this host is "
			"not known; from %u.%u on it can go by iommufd as well.",
			u->name, u->since[0], u->since[1]);
		break;
	case PP_WAY_TOOL_OLD:
		pp_emit_comment(m, h,
		                "By VFIO's groups: %s %u.%u (%s) does not know iommufd, which came "
		                "with %u.%u.",
		                u->name, v->number[0], v->number[1], v->from, u->since[0],
		                u->since[1]);
		break;
	case PP_WAY_SWITCH_OFF:
		pp_emit_comment(
			m, h,
			"By VFIO's groups: this host does not remap interrupts, and iommufd "
			"refuses its devices unless its own allow_unsafe_interrupts is set.");
		break;
	}
}
