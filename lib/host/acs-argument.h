/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pci=disable_acs_redir= and pci=config_acs=, which set the access control of the devices that they
 * list, and of no others; drivers/pci/pci.c, pci_dev_str_match() and __pci_config_acs().
 */
#ifndef PP_HOST_ACS_ARGUMENT_H
#define PP_HOST_ACS_ARGUMENT_H

#include "host/host.h"

enum pp_acs_option { PP_ACS_DISABLE_REDIR, PP_ACS_CONFIG, PP_NR_ACS_OPTIONS };

/* "config_acs" */
const char *pp_acs_option_name(enum pp_acs_option option);

/*
 * The devices that a command line lists for an option, as they are written: the last such option
 * counts. false: it is not given. line may be NULL.
 */
bool pp_acs_argument_find(const char *line, enum pp_acs_option option, struct pp_span *ret);

/* What an entry of such a list wants: bits of the control register that it sets. */
struct pp_acs_wish {
	uint16_t mask, flags; /* bits outside mask are as the firmware has set them */
};

/*
 * Whether a list names a device. Unknown: an id that decides was not read. An entry that cannot be
 * parsed ends the list, as it does for the kernel; *ret_bad says so, and may be NULL.
 */
enum pp_tri pp_acs_argument_names(const struct pp_host *h, uint32_t device,
                                  enum pp_acs_option option, struct pp_span list,
                                  struct pp_acs_wish *ret, bool *ret_bad);

/*
 * Whether the bits that isolate are set in a device's control register once the kernel runs an
 * IOMMU with this command line. false: no option names it, *ret is untouched.
 */
bool pp_acs_argument_says(const struct pp_host *h, uint32_t device, uint16_t wanted,
                          enum pp_tri *ret);

#endif
