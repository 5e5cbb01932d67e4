/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the kernel log about BARs that got no address. */
#ifndef PP_HOST_BAR_LOG_H
#define PP_HOST_BAR_LOG_H

#include "base/span.h"
#include "pci/address.h"

struct pp_bar_log {
	struct pp_address device;
	bool vf;          /* a BAR of its virtual functions, all of them together */
	unsigned int bar; /* 0 to 5 */
	uint64_t bytes;
	bool io, is_64, prefetchable;
};

/*
 * drivers/pci/setup-res.c, pci_assign_resource(): "pci 0000:0b:00.0: BAR 1 [mem size 0x10000000
 * 64bit pref]: failed to assign", "… VF BAR 0 […". Before 6.9 "BAR 1: failed to assign [mem size
 * 0x10000000 64bit pref]", where 7 to 12 are those of virtual functions. false: another line.
 */
bool pp_bar_log_parse(struct pp_span line, struct pp_bar_log *ret);

#endif
