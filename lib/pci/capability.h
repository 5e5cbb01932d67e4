/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities of a function: the two lists, and what is read of each. */
#ifndef PP_PCI_CAPABILITY_H
#define PP_PCI_CAPABILITY_H

#include "pci/config.h"

/* Of this module only: one function's configuration space on its way into a struct pp_config. */
struct pp_config_walk {
	const struct pp_config_reader *in;
	const char *object; /* borrowed */
	struct pp_notes *notes;
	struct pp_config *config;
	struct pp_error *error;
};

/* 0; -ENODATA: not read, no error set; another negative errno with the error set. */
int pp_config_fetch(const struct pp_config_walk *w, uint16_t offset, void *buf, uint16_t len);

/*
 * Follow the standard list from first, the extended one from 0x100. What is not in a list that was
 * followed to its end becomes PP_NO, what is not in one that broke off stays PP_UNKNOWN. Fail only
 * as pp_config_fetch() does, never with -ENODATA.
 */
int pp_config_walk_standard(const struct pp_config_walk *w, uint8_t first);
int pp_config_walk_extended(const struct pp_config_walk *w);

/* The list was followed to its end, or there is none: what was not found is PP_NO. */
void pp_config_end_standard(struct pp_config *c);
void pp_config_end_extended(struct pp_config *c);

#endif
