/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hypervisors that a device can be passed through by: their names. */
#include <string.h>

#include <pcipass/target.h>

static const struct {
	const char *name, *title;
} targets[PP_TARGET_COUNT] = {
	[PP_TARGET_KVM] = { "kvm", "KVM" },
	[PP_TARGET_HYPERV] = { "hyperv", "Hyper-V" },
	[PP_TARGET_XEN] = { "xen", "Xen" },
};

const char *pp_target_name(enum pp_target t)
{
	return t < PP_TARGET_COUNT ? targets[t].name : "";
}

const char *pp_target_title(enum pp_target t)
{
	return t < PP_TARGET_COUNT ? targets[t].title : "";
}

enum pp_target pp_target_of(const char *name)
{
	enum pp_target t = 0;

	while (t < PP_TARGET_COUNT && strcmp(targets[t].name, name) != 0)
		t++;
	return t;
}
