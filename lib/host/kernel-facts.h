/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux does from which release on. */
#ifndef PP_HOST_KERNEL_FACTS_H
#define PP_HOST_KERNEL_FACTS_H

/*
 * What Linux does from which release on: one table, and the only place that compares releases.
 * Judge, plan, remedies and emit ask for a fact by its name, never for a version; the test
 * "kernel-facts" looks for versions elsewhere.
 */

#include "base/span.h"

struct pp_kernel;

enum pp_kernel_fact {
	PP_KERNEL_RMRR_REFUSED, /* Intel's driver refuses a device with an RMRR, in its own words */
	PP_KERNEL_TELLS_RELAXABLE,   /* reserved_regions says direct-relaxable */
	PP_KERNEL_OMITS_RESERVED,    /* VFIO maps nothing of a guest in reserved regions */
	PP_KERNEL_DENYLIST,          /* vfio-pci has a denylist */
	PP_KERNEL_DENYLIST_DSA,      /* Intel's DSA and IAA are on it */
	PP_KERNEL_TELLS_POWER_STATE, /* a device's power_state in sysfs */
	PP_KERNEL_LISTS_RESETS,      /* reset_method in sysfs */
	PP_KERNEL_OWNS_GROUPS,       /* any driver in a group counts, a bridge's as well */
	PP_KERNEL_IOMMUFD,           /* /dev/iommu, where it is configured */
	PP_KERNEL_RELAX_RMRR,        /* Proxmox: intel_iommu=relax_rmrr */
	PP_KERNEL_IVRS_FORM,         /* AMD: ivrs_ioapic=ID@ADDRESS, without brackets */
	PP_KERNEL_READS_RMR,         /* Arm: RMRs of the IORT are reserved regions */
	PP_KERNEL_MSI_BY_DEVICE,     /* isolation of message interrupts is asked of each device */
	PP_KERNEL_BLOCKS_DIRECT,     /* the IOMMU core refuses direct regions, whoever's IOMMU */
	PP_KERNEL_CONSOLE_REMOVED,   /* vfio-pci takes a VGA card from the firmware's framebuffer */
	PP_KERNEL_TREE_ACS,          /* with a device tree: access control is turned on at boot */
	PP_KERNEL_ONE_PER_STREAM,    /* Arm: an SMMUv3 gives a stream to one device alone */
	PP_KERNEL_VFIO_CDEV,         /* /dev/vfio/devices, where it is configured */
	PP_KERNEL_CONFIG_ACS,        /* pci=config_acs= */
	PP_KERNEL_ACS_ARGUMENTS,     /* that, and disable_acs_redir=, set what they say */
	PP_KERNEL_GROUPS_AT_BOOT,    /* Arm: groups do not wait for a driver */
	PP_KERNEL_IOAPIC_BY_CLASS,   /* AMD: the southbridge's IOAPIC is known by its PCI class */
	PP_NR_KERNEL_FACTS,
};

struct pp_kernel_fact_row {
	const char *id;    /* stable */
	const char *says;  /* what holds from then on, a clause with a verb */
	const char *since; /* the first release, "6.6" */
	/* The first release that does not any more; NULL: none. */
	const char *before;
	/* Releases of the stable series that took it over, "6.1.91 6.6.31"; NULL: none known. */
	const char *stable;
	bool proxmox;       /* of Proxmox's kernels alone */
	const char *source; /* the commit, or the file of the sources, that it rests on */
};

/* The row of a fact, never NULL. */
const struct pp_kernel_fact_row *pp_kernel_fact(enum pp_kernel_fact fact);
/* Whether that kernel does so; unknown: its release is not, or its vendor takes newer code over. */
enum pp_tri pp_kernel_has(const struct pp_kernel *k, enum pp_kernel_fact fact);

/* The same of the kernel whose files were read: of what they show. Another may be asked for. */
enum pp_tri pp_kernel_shows(const struct pp_kernel *k, enum pp_kernel_fact fact);

/* Below, of or above the series of a release: negative, 0 or positive; unknown counts as above. */
int pp_kernel_order(const struct pp_kernel *k, const char *release);

/* The newest series that was tried. */
#define PP_KERNEL_NEWEST "7.3"

/* Releases that people run or will, oldest first: pcipass --kernel all. NULL behind the last. */
extern const char *const pp_kernel_releases[];

/*
 * Whether that kernel is of the release since or later, or of one of the stable releases or later
 * in its series. For tables whose rows carry releases of their own, such as quirks; stable may be
 * NULL. Unknown also where the release does not tell which stable release it is.
 */
enum pp_tri pp_kernel_since(const struct pp_kernel *k, const char *since, const char *stable);

/* "6.12.57+deb13-amd64", "7.3": sets major, minor, patch and what the name tells of the vendor. */
bool pp_kernel_set_release(struct pp_kernel *k, const char *release);

#endif
