/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hypervisors that a verdict can be for. */
#ifndef PCIPASS_TARGET_H
#define PCIPASS_TARGET_H

#ifdef __cplusplus
extern "C" {
#endif

/* The hypervisor that a device is to be passed through by. Each has rules of its own. */
enum pp_target {
	PP_TARGET_KVM,    /* Linux: KVM with VFIO */
	PP_TARGET_HYPERV, /* Windows Server: Discrete Device Assignment */
	PP_TARGET_XEN,    /* Xen with xl: HVM and PVH guests */
	PP_TARGET_COUNT,
};

/* "kvm", "hyperv", "xen"; "" for no such target. Static. */
const char *pp_target_name(enum pp_target t);
/* "KVM", "Hyper-V", "Xen": for people. Static. */
const char *pp_target_title(enum pp_target t);
/* The target of that name; PP_TARGET_COUNT if there is none. */
enum pp_target pp_target_of(const char *name);

#ifdef __cplusplus
}
#endif

#endif
