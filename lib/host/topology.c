/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the devices hang together. */
#include "host/build.h"

static uint8_t root_bus(const struct pp_host *h, const struct pp_device *d)
{
	/* A parent stands before its children, so this ends. */
	while (d->parent != PP_NO_DEVICE)
		d = &h->devices[d->parent];
	return d->address.bus;
}

int pp_build_topology(struct pp_host_build *b, struct pp_error *e)
{
	const struct pp_host *h = b->host;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		struct pp_device *d = &b->devices[i];
		d->root_bus = root_bus(h, d);
		if (d->physfn != PP_NO_DEVICE)
			b->devices[d->physfn].nr_vfs_on++;
	}
	return 0;
}
