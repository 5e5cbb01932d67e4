/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remedies whose words only the rule knows that offers them: an argument, an option, a driver. */
#include "remedy/remedy.h"

const struct pp_remedy_ops pp_remedy_kernel_argument = {
	.id = "kernel-argument",
	.summary = "an argument on the kernel's command line, or one taken off it",
	.undo = "the command line as it was, and a reboot",
};

const struct pp_remedy_ops pp_remedy_hyperv_force = {
	.id = "hyperv-force",
	.summary = "Hyper-V's dismount without its checks",
	.undo = "Remove-VMAssignableDevice and Mount-VMHostAssignableDevice",
	.flags = PP_REMEDY_NO_REBOOT,
	.targets = PP_FOR_HYPERV,
};

const struct pp_remedy_ops pp_remedy_xen_relaxed = {
	.id = "xen-rdm-relaxed",
	.summary = "Xen's rdm_policy=relaxed for the device",
	.undo = "take the word out of the guest's configuration again",
	.flags = PP_REMEDY_NO_REBOOT | PP_REMEDY_OVER_FIRMWARE,
	.targets = PP_FOR_XEN,
};

const struct pp_remedy_ops pp_remedy_unsafe_interrupts = {
	.id = "allow-unsafe-interrupts",
	.summary = "VFIO without interrupt remapping",
	.undo = "take the line out again, and reboot",
	.flags = PP_REMEDY_INSECURE,
};

const struct pp_remedy_ops pp_remedy_vfio_modules = {
	.id = "vfio-modules",
	.summary = "the modules of VFIO, where the running kernel cannot load them",
	.undo = "remove the package, or put the line back",
};

const struct pp_remedy_ops pp_remedy_smaller_bar = {
	.id = "smaller-bar",
	.summary = "a resizable BAR made smaller, so that it finds room",
	.undo = "write the former number there, or turn \"Re-Size BAR\" on again, and reboot",
};

const struct pp_remedy_ops pp_remedy_denylist = {
	.id = "disable-denylist",
	.summary = "vfio-pci without its list of devices that guests could misuse",
	.undo = "take the line out again, and reboot",
	.flags = PP_REMEDY_INSECURE,
	.kinds = PP_ON_X86,
};

const struct pp_remedy_ops pp_remedy_unbind_bridge = {
	.id = "unbind-bridge",
	.summary = "a bridge without its driver, where VFIO does not accept that driver",
	.undo = "bind it to its driver again",
	.flags = PP_REMEDY_NO_REBOOT,
};

const struct pp_remedy_ops pp_remedy_another_kernel = {
	.id = "another-kernel",
	.summary = "another kernel, where this one does not treat the device as it should",
	.undo = "boot the former kernel",
};

const struct pp_remedy_ops pp_remedy_vendor_reset = {
	.id = "vendor-reset",
	.summary = "a module that resets AMD graphics cards in their maker's own way",
	.undo = "remove the module, and reboot",
};

const struct pp_remedy_ops pp_remedy_idle_d3 = {
	.id = "disable-idle-d3",
	.summary = "vfio-pci that does not let idle devices sleep, where one does not come back",
	.undo = "take the line out again, and reboot",
};

const struct pp_remedy_ops pp_remedy_keep_awake = {
	.id = "keep-awake",
	.summary = "a device that is never put into D3cold, where it does not come back from there",
	.undo = "write 1 there, or reboot",
};

const struct pp_remedy_ops pp_remedy_power_cycle = {
	.id = "power-cycle",
	.summary = "the host switched off and on, for a device that does not answer",
	.undo = "nothing to undo",
};

const struct pp_remedy_ops pp_remedy_acs_on = {
	.id = "acs-on",
	.summary = "access control (ACS) left on, where something switches it off after the boot",
	.undo = "let it be switched off again",
};
