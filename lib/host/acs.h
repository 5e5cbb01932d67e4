/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access control of bridges and functions, as the kernel reads it and its quirks change it. */
#ifndef PP_HOST_ACS_H
#define PP_HOST_ACS_H

#include "host/host.h"

/*
 * Facts of single functions that decide about IOMMU groups, as Linux sees them: access control
 * (PCIe 7.7.11), the kernel's own word on chips that isolate without saying so or say it wrongly,
 * and requester ids that a function borrows.
 */

/* How the control register is taken. */
enum pp_acs_as {
	PP_ACS_AS_FOUND,
	PP_ACS_AS_SET,     /* as the kernel sets it, with its command line, once it runs an IOMMU */
	PP_ACS_AS_DEFAULT, /* the same with a command line that says nothing of it */
};

/*
 * drivers/pci/pci.c, pci_acs_enabled() for source validation, request and completion redirect and
 * upstream forwarding: whether everything from the function goes upstream.
 */
enum pp_tri pp_acs_isolates(const struct pp_host *h, uint32_t device, enum pp_acs_as as);

/* Several functions in one: known by its own header, and for all but function 0 by being there. */
enum pp_tri pp_device_is_multifunction(const struct pp_device *d);

/* The port type as the kernel corrects it (drivers/pci/probe.c, set_pcie_port_type()). */
enum pp_tri pp_device_pcie_type(const struct pp_host *h, const struct pp_device *d,
                                uint8_t *ret); /* PP_NO: conventional, *ret untouched */

/* Whether d sends its DMA under the device and function number of other, on the same bus. */
bool pp_device_borrows(const struct pp_device *d, const struct pp_device *other);
/* Whether it uses any. */
bool pp_device_is_borrower(const struct pp_device *d);

#endif
