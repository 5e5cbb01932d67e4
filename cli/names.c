/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of devices and classes, from the PCI ID database. */
#include "cli.h"
#include "pci/ids.h"

static struct pp_ids *names(void)
{
	static struct pp_ids ids;
	static struct pp_arena arena;

	/* The indexes are as long-lived as the file's bytes: as the process. */
	if (!ids.arena) {
		pp_arena_init(&arena, 0);
		pp_ids_init(&ids, pci_ids_text(), &arena);
	}
	return &ids;
}

void names_open(void)
{
	names();
}

const char *device_name(void *ctx, unsigned int vendor, unsigned int device)
{
	static char buf[512];

	pp_ids_device_name(names(), vendor, device, buf, sizeof(buf));
	return buf;
}

const char *class_name(void *ctx, unsigned int class_code)
{
	static char buf[512];

	pp_ids_class_name(names(), class_code, buf, sizeof(buf));
	return buf;
}
