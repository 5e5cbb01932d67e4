/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the name that a person typed to devices: address, slot, group, ids. */
#ifndef PP_JUDGE_SELECT_H
#define PP_JUDGE_SELECT_H

#include "judge/judge.h"

/* Devices that a person named, by index. */
struct pp_selection {
	const uint32_t *devices;
	uint32_t count;
	const char *name; /* as it is typed, in one word: "slot2" for "slot 2" */
};

/*
 * "07:00.0", "0000:07:00.0"; "slot2", "mezz1" (host/place.h); "all-slots", every card in a PCI or
 * PCI Express slot; "group13"; "1000:0087". *ret is in a. -EINVAL: none of these, or two places
 * have the name; -ENXIO: nothing of that name on this host, and what there is; -ENODATA: devices
 * unread, or what may have the name.
 */
int pp_select(const struct pp_host *h, const char *what, struct pp_arena *a,
              struct pp_selection *ret, struct pp_error *e);

#endif
