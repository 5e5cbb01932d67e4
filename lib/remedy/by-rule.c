/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remedies whose words only the rule knows that offers them: an argument, an option, a driver. */
#include "remedy/remedy.h"

const struct pp_remedy_ops pp_remedy_kernel_argument = {
	.id = "kernel-argument",
	.summary = "add an argument to the kernel command line, or remove one",
	.undo = "restore the kernel command line and reboot",
};

const struct pp_remedy_ops pp_remedy_windows_server = {
	.id = "windows-server",
	.summary = "install Windows Server",
	.undo = "install the former edition again",
	.targets = PP_FOR_HYPERV,
};

const struct pp_remedy_ops pp_remedy_install_hyperv = {
	.id = "install-hyperv",
	.summary = "install the Hyper-V role",
	.undo = "Uninstall-WindowsFeature Hyper-V and reboot",
	.targets = PP_FOR_HYPERV,
};

const struct pp_remedy_ops pp_remedy_hyperv_force = {
	.id = "hyperv-force",
	.summary = "dismount the device without Hyper-V's checks",
	.undo = "Remove-VMAssignableDevice and Mount-VMHostAssignableDevice",
	.flags = PP_REMEDY_NO_REBOOT,
	.targets = PP_FOR_HYPERV,
};

const struct pp_remedy_ops pp_remedy_xen_relaxed = {
	.id = "xen-rdm-relaxed",
	.summary = "set rdm_policy=relaxed for the device in Xen",
	.undo = "remove it from the guest's configuration again",
	.flags = PP_REMEDY_NO_REBOOT | PP_REMEDY_OVER_FIRMWARE,
	.targets = PP_FOR_XEN,
};

const struct pp_remedy_ops pp_remedy_unsafe_interrupts = {
	.id = "allow-unsafe-interrupts",
	.summary = "let VFIO work without interrupt remapping",
	.undo = "remove the line again and reboot",
	.flags = PP_REMEDY_INSECURE,
};

const struct pp_remedy_ops pp_remedy_virtio_iommu = {
	.id = "virtio-iommu",
	.summary = "load the driver of a virtual machine's virtio-iommu",
	.undo = "remove the line again, and reboot",
};

const struct pp_remedy_ops pp_remedy_vfio_modules = {
	.id = "vfio-modules",
	.summary = "install or allow the VFIO modules that the running kernel cannot load",
	.undo = "remove the package, or restore the line",
};

const struct pp_remedy_ops pp_remedy_smaller_bar = {
	.id = "smaller-bar",
	.summary = "shrink a resizable BAR so that it fits",
	.undo = "write the previous number to the file, or turn \"Re-Size BAR\" on again and "
		"reboot",
};

const struct pp_remedy_ops pp_remedy_denylist = {
	.id = "disable-denylist",
	.summary = "make vfio-pci ignore its list of devices that guests could misuse",
	.undo = "remove the line again and reboot",
	.flags = PP_REMEDY_INSECURE,
	.kinds = PP_ON_X86,
};

const struct pp_remedy_ops pp_remedy_unbind_bridge = {
	.id = "unbind-bridge",
	.summary = "unbind a bridge from a driver that VFIO does not accept",
	.undo = "bind the bridge to its driver again",
	.flags = PP_REMEDY_NO_REBOOT,
};

const struct pp_remedy_ops pp_remedy_another_kernel = {
	.id = "another-kernel",
	.summary = "boot a kernel that handles the device correctly",
	.undo = "boot the previous kernel",
};

const struct pp_remedy_ops pp_remedy_vendor_reset = {
	.id = "vendor-reset",
	.summary = "load a module that resets AMD graphics cards in the vendor-specific way",
	.undo = "remove the module and reboot",
};

const struct pp_remedy_ops pp_remedy_idle_d3 = {
	.id = "disable-idle-d3",
	.summary = "keep vfio-pci from suspending idle devices, for a device that fails to wake",
	.undo = "remove the line again and reboot",
};

const struct pp_remedy_ops pp_remedy_keep_awake = {
	.id = "keep-awake",
	.summary = "keep a device out of D3cold if it fails to wake from there",
	.undo = "write 1 to the file, or reboot",
};

const struct pp_remedy_ops pp_remedy_power_cycle = {
	.id = "power-cycle",
	.summary = "switch the host off and on, for a device that does not respond",
	.undo = "nothing to undo",
};

const struct pp_remedy_ops pp_remedy_acs_on = {
	.id = "acs-on",
	.summary = "keep access control (ACS) on where something turns it off after boot",
	.undo = "let it be turned off again",
};
