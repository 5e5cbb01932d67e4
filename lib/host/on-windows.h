/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts of a host that runs Windows, read in place of sysfs. */
#ifndef PP_HOST_ON_WINDOWS_H
#define PP_HOST_ON_WINDOWS_H

/*
 * What Windows says of itself and of its PCI devices. A capture made on Windows holds it below
 * "windows": "windows/system/NAME" and "windows/devices/0000-07-00.0/NAME", one value a file, named
 * as Windows names the property. doc/windows.md lists them.
 */

#include "host/host.h"

/* pciprop.h, DevProp_PciDevice_DeviceType_… */
enum pp_windows_type {
	PP_WINDOWS_PCI = 0,
	PP_WINDOWS_PCIX = 1,
	PP_WINDOWS_ENDPOINT = 2,
	PP_WINDOWS_LEGACY_ENDPOINT = 3,
	PP_WINDOWS_RC_ENDPOINT = 4,
	PP_WINDOWS_TREATED_AS_PCI = 5,
	PP_WINDOWS_PCI_BRIDGE = 6,
	PP_WINDOWS_PCIX_BRIDGE = 7,
	PP_WINDOWS_ROOT_PORT = 8,
	PP_WINDOWS_UPSTREAM = 9,
	PP_WINDOWS_DOWNSTREAM = 10,
	PP_WINDOWS_PCIE_TO_PCIX = 11,
	PP_WINDOWS_PCIX_TO_PCIE = 12,
	PP_WINDOWS_BRIDGE_TREATED_AS_PCI = 13,
	PP_WINDOWS_EVENT_COLLECTOR = 14,
	PP_WINDOWS_NR_TYPES,
};

/* pciprop.h, DevProp_PciDevice_InterruptType_… */
#define PP_WINDOWS_LINE 1u
#define PP_WINDOWS_MSI  2u
#define PP_WINDOWS_MSIX 4u

/* cfg.h, CM_PROB_DISABLED and CM_PROB_HARDWARE_DISABLED */
#define PP_WINDOWS_PROBLEM_DISABLED          22u
#define PP_WINDOWS_PROBLEM_HARDWARE_DISABLED 29u

/* A property that is a number. error: 0, ENOENT Windows has none, others: not read. */
struct pp_number_fact {
	uint32_t value; /* only without error */
	int error;
};

struct pp_windows_device {
	struct pp_number_fact type;       /* enum pp_windows_type */
	struct pp_number_fact interrupts; /* PP_WINDOWS_LINE and so on */
	struct pp_number_fact acs_up;     /* AcsCompatibleUpHierarchy: 0 is none */
	struct pp_number_fact region;     /* RequiresReservedMemoryRegion */
	struct pp_number_fact post_path;  /* OnPostPath */
	struct pp_number_fact problem;    /* why it does not work; 0: it does */
	struct pp_text_fact path;         /* "PCIROOT(0)#PCI(0300)#PCI(0000)", of that form */
	enum pp_tri dismounted;           /* taken from the host, for a guest */
};

/* What Windows says of the host. */
struct pp_windows {
	const char *version;           /* "Windows Server 2022 Standard, build 20348.2113" */
	enum pp_tri is_server;         /* by InstallationType; "Server Core" is one */
	struct pp_text_fact installed; /* InstallationType as it stands */
	enum pp_tri has_hyperv;        /* the role: its management service is installed */
	enum pp_tri hypervisor_runs;   /* Hyper-V runs, and this is its root partition */
	/* What it says that it uses of the machine; unknown where it does not run. */
	enum pp_tri remaps_dma, remaps_interrupts;
};

struct pp_host_build;

/* Whether the source is a Windows host; then b->host->windows. 0 or -ENOMEM. */
int pp_build_windows(struct pp_host_build *b);
/* Its devices, in place of pp_build_devices(). */
int pp_build_windows_devices(struct pp_host_build *b, struct pp_error *e);

#endif
