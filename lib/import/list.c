/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a list of devices proves besides what it tells. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

#define LIST_MAX 600000u

int pp_import_list_add(struct pp_import_list *list, struct pp_address a, struct pp_error *e)
{
	if (list->nr == LIST_MAX)
		return pp_fail(e, E2BIG, "more than %u devices, which is the limit", LIST_MAX);
	if (list->nr == list->size) {
		uint32_t size = list->size ? list->size * 2 : 64;
		struct pp_address *devices = reallocarray(list->devices, size, sizeof(*devices));
		if (!devices)
			return pp_fail_oom(e, "list of devices");
		list->devices = devices;
		list->size = size;
	}
	list->devices[list->nr++] = a;
	return 0;
}

static void list_says(struct pp_import *in, struct pp_address a, const char *link, bool cut)
{
	char address[PP_ADDRESS_TEXT_BYTES], path[96];

	pp_address_format(a, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, link);
	if (cut)
		pp_import_cut(in, path);
	else
		pp_import_says(in, "asked %s", path);
}

void pp_import_list_end(struct pp_import *in, struct pp_import_list *list, bool cut)
{
	pp_import_says(in, "asked sys/bus/pci/devices/");
	for (uint32_t i = 0; i < list->nr; i++) {
		bool last = cut && i + 1 == list->nr;
		if (list->drivers)
			list_says(in, list->devices[i], "driver", last);
		if (list->groups)
			list_says(in, list->devices[i], "iommu_group", last);
	}
	if (list->groups)
		pp_import_says(in, "asked sys/kernel/iommu_groups/");
	if (list->slots)
		pp_import_says(in, "asked sys/bus/pci/slots/");
	in->nr_devices += list->nr;
	free(list->devices);
	*list = (struct pp_import_list){ 0 };
}

int pp_import_slot(struct pp_import *in, struct pp_address a, const char *slot, struct pp_error *e)
{
	char path[160], text[32];

	if (!*slot || strlen(slot) > 60 || strpbrk(slot, "/ ") || !strcmp(slot, ".") ||
	    !strcmp(slot, ".."))
		return 0;
	/* The slot of a card is told with each of its functions. */
	snprintf(path, sizeof(path), "sys/bus/pci/slots/%s/address", slot);
	snprintf(text, sizeof(text), "%04x:%02x:%02x\n", a.domain, a.bus, a.device);
	return pp_import_text(in, path, text, e);
}
