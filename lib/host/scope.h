/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device scope of the DMAR to the device that it names. */
#ifndef PP_HOST_SCOPE_H
#define PP_HOST_SCOPE_H

#include "host/build.h"

/*
 * Which device a DMAR scope names, exactly as Linux finds it (drivers/iommu/intel/dmar.c,
 * dmar_match_pci_path() and dmar_insert_dev_scope()). *ret is PP_NO_DEVICE where it names none; a
 * device of the wrong type is returned with PP_SCOPE_WRONG_TYPE.
 */
enum pp_scope_match pp_scope_match(const struct pp_host *h, uint16_t segment,
                                   const struct pp_dmar_scope *scope, uint32_t *ret);

/*
 * Looks for the first scope of the whole table that names a device of the wrong type: Linux then
 * leaves the Intel IOMMU off altogether. Sets host->wrong_scope_*.
 */
void pp_scope_check_types(struct pp_host_build *b);

#endif
