/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IOMMU groups that the kernel would make, computed from tables and config space. */
#ifndef PP_HOST_ISOLATION_H
#define PP_HOST_ISOLATION_H

#include "host/host.h"

/*
 * IOMMU groups computed from configuration space, the way Linux 6.1 makes them
 * (drivers/iommu/iommu.c, pci_device_group()). For hosts whose kernel has made none: what it made
 * is always to be preferred.
 */

/* Why a device is in its group. */
enum pp_shares {
	PP_SHARES_NOT,          /* it is the first of its group */
	PP_SHARES_BRIDGE,       /* its DMA comes under the name of the conventional bridge .with */
	PP_SHARES_NO_ACS,       /* the port .with, or one above, lets it reach its neighbours */
	PP_SHARES_FUNCTION,     /* it and the function .with are not kept apart */
	PP_SHARES_ALIAS,        /* it and .with send DMA under the same number */
	PP_SHARES_UNKNOWN,      /* a fact of .with is missing */
	PP_SHARES_OTHER_DOMAIN, /* below a device that brings a domain of its own (VMD) */
	PP_SHARES_ACS_OVERRIDDEN, /* the command line changes what access control does */
	PP_SHARES_BY_FIRMWARE,    /* on POWER the firmware makes them */
};

struct pp_isolated {
	uint32_t group; /* counted from 0; PP_NO_GROUP: not known */
	enum pp_shares shares;
	uint32_t with; /* PP_NO_DEVICE where .shares names none */
};

/* Which access control the groups are computed with. */
enum pp_isolation_by {
	PP_BY_KERNEL,   /* the kernel's; unknown where its command line changes what it sees */
	PP_BY_HARDWARE, /* what the registers say now, whatever the command line makes of it */
	PP_BY_DEFAULT,  /* as a kernel sets it whose command line says nothing of it */
	/* As PP_BY_HARDWARE, if each card sat alone in a slot with access control: what stays
	 * together then no other slot takes apart. A card's own switch whose ports lack it counts
	 * as one, although the kernel, which only looks upwards, gives each port a group. */
	PP_BY_BEST_SLOT,
};

struct pp_isolation {
	const struct pp_isolated *devices; /* one a device of the host */
	/* Whether everything from a device goes up to the root bus before it goes elsewhere. */
	const enum pp_tri *paths;
	uint32_t nr_groups;
	bool as_found; /* the IOMMU runs, so access control is as the kernel has set it */
};

/* As if an IOMMU covered every device. Everything in *ret is in a. -ENOMEM only. */
int pp_isolation_compute(const struct pp_host *h, struct pp_arena *a, struct pp_isolation *ret,
                         struct pp_error *e);

/* The same with other access control; pp_isolation_compute() is that of PP_BY_KERNEL. */
int pp_isolation_compute_by(const struct pp_host *h, enum pp_isolation_by by, struct pp_arena *a,
                            struct pp_isolation *ret, struct pp_error *e);

/* Why two devices are not kept apart. */
enum pp_joined_by {
	PP_JOINED_NOT,       /* nothing joins it, or it is not known */
	PP_JOINED_NO_ACS,    /* a bridge cannot keep apart what is below it, or beside it */
	PP_JOINED_ACS_OFF,   /* it can, and that is off */
	PP_JOINED_FUNCTIONS, /* functions of one card, which cannot be kept apart */
	PP_JOINED_ALIAS,     /* they send DMA under one number */
};

/*
 * Why a device is in the group that was computed for it, and which bridge or function does it;
 * PP_NO_DEVICE. The first of a group has no such reason.
 */
enum pp_joined_by pp_isolation_why(const struct pp_host *h, const struct pp_isolation *i,
                                   uint32_t device, uint32_t *ret_because);

#endif
