/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets that a device is known not to stand, and which kernels know it. */
#ifndef PP_HOST_RESET_QUIRK_H
#define PP_HOST_RESET_QUIRK_H

#include "host/host.h"

enum pp_reset_kind {
	PP_RESET_BUS,      /* a reset of the bus that the function is on */
	PP_RESET_FLR,      /* its own function-level reset */
	PP_RESET_FLR_WAIT, /* the same, without a wait behind it */
	PP_RESET_PM,       /* to D3hot and back */
	PP_RESET_VENDOR,   /* of the bus; no kernel has the way of its maker that it would take */
};

struct pp_reset_quirk {
	uint16_t vendor, first, last; /* device ids, both included */
	enum pp_reset_kind kind;
	uint16_t classes[2]; /* only of these, base class and subclass; 0: of any */
	uint8_t revision;    /* only this revision; 0: any */
	bool port;           /* the port above the device has these ids, not the device */
	const char *what;    /* what the reset does */
	/*
	 * Kernels that leave this reset out or do it in another way: the first release of mainline,
	 * "7.0", and releases of older series that took it over, "6.1.165 6.12.75", or NULL. NULL
	 * for both: no kernel does.
	 */
	const char *since, *stable;
};

/* The quirk of that kind of a device, or of the port above it; NULL: none is known. */
const struct pp_reset_quirk *pp_reset_quirk_find(const struct pp_host *h, const struct pp_device *d,
                                                 enum pp_reset_kind kind);

/*
 * Whether the host's kernel knows the quirk, by its version. PP_UNKNOWN: its series is older and
 * may have taken it over.
 */
enum pp_tri pp_reset_quirk_known(const struct pp_kernel *k, const struct pp_reset_quirk *q);

#endif
