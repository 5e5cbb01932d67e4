/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that the kernel has of a device, of what texts tell of it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

static void device_path(char *path, size_t size, struct pp_address a, const char *name)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, address);
	snprintf(path, size, "sys/bus/pci/devices/%s%s%s", address, *name ? "/" : "", name);
}

int pp_import_device(struct pp_import *in, struct pp_address a, struct pp_error *e)
{
	char path[96];
	uint32_t node;

	device_path(path, sizeof(path), a, "");
	int r = pp_stored_add(in->stored, path, in->name, &node, e);
	if (r)
		return r;
	struct pp_tree_node *n = pp_tree_at(&in->stored->tree, node);
	if (n->kind == PP_TREE_NOTHING)
		n->kind = PP_TREE_DIRECTORY;
	return 0;
}

/* Whether the earlier text has the same class, or changed to it: see pp_import_id(). */
static bool device_same_class(struct pp_import *in, const char *path, uint32_t value)
{
	char text[16];
	uint64_t before;
	struct pp_span told;
	uint32_t node;

	if (!pp_import_get(in, path, &told) || told.len != 9 ||
	    pp_import_hex(PP_SPAN(told.data + 2, 6), &before) != 6 || before >> 8 != value >> 8)
		return false;
	if (!(value & 0xff))
		return true;
	if (before & 0xff || pp_stored_add(in->stored, path, in->name, &node, NULL))
		return false;
	snprintf(text, sizeof(text), "0x%06x\n", value & 0xffffff);
	memcpy((char *)pp_tree_at(&in->stored->tree, node)->data.data, text, told.len);
	pp_import_tells(in, path);
	return true;
}

int pp_import_id(struct pp_import *in, struct pp_address a, const char *name, uint32_t value,
                 struct pp_error *e)
{
	bool class_code = !strcmp(name, "class");
	char path[96], text[16];

	device_path(path, sizeof(path), a, name);
	if (class_code && device_same_class(in, path, value))
		return 0;
	snprintf(text, sizeof(text), "0x%0*x\n", class_code ? 6 : 4, value);
	return pp_import_text(in, path, text, e);
}

bool pp_import_ids_told(const struct pp_import *in, struct pp_address a, struct pp_import_ids *ret)
{
	static const char *const names[] = { "vendor", "device", "class" };
	char path[96];
	uint64_t ids[3];
	struct pp_span text;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		device_path(path, sizeof(path), a, names[i]);
		/* "0x1000\n" */
		if (!pp_import_get(in, path, &text) || text.len < 3 ||
		    !pp_import_hex(PP_SPAN(text.data + 2, text.len - 2), &ids[i]))
			return false;
	}
	*ret = (struct pp_import_ids){ .vendor = (uint16_t)ids[0],
		                       .device = (uint16_t)ids[1],
		                       .class_code = (uint32_t)ids[2] };
	return true;
}

int pp_import_driver(struct pp_import *in, struct pp_address a, const char *driver,
                     struct pp_error *e)
{
	char path[96], target[96];

	if (!*driver || strlen(driver) > 60 || strpbrk(driver, "/ "))
		return 0;
	device_path(path, sizeof(path), a, "driver");
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	return pp_import_link(in, path, target, e);
}

int pp_import_group(struct pp_import *in, struct pp_address a, uint32_t group, struct pp_error *e)
{
	char path[160], target[96], address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, address);
	device_path(path, sizeof(path), a, "iommu_group");
	snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%u", group);
	int r = pp_import_link(in, path, target, e);
	if (r)
		return r;
	snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%u/devices/%s", group, address);
	snprintf(target, sizeof(target), "../../../../bus/pci/devices/%s", address);
	return pp_import_link(in, path, target, e);
}

int pp_import_physfn(struct pp_import *in, struct pp_address a, struct pp_address physfn,
                     struct pp_error *e)
{
	char path[96], target[64], address[PP_ADDRESS_TEXT_BYTES];

	device_path(path, sizeof(path), a, "physfn");
	pp_address_format(physfn, address);
	snprintf(target, sizeof(target), "../%s", address);
	return pp_import_link(in, path, target, e);
}

/* The number in a file that pp_import_buses() wrote; the node's content may then be made anew. */
static struct pp_tree_node *device_number(struct pp_import *in, const char *path, uint64_t *ret)
{
	char text[8];
	uint32_t node;

	if (!pp_import_has(in, path) || pp_stored_add(in->stored, path, in->name, &node, NULL))
		return NULL;
	struct pp_tree_node *n = pp_tree_at(&in->stored->tree, node);
	pp_text_clean_into(text, sizeof(text), n->data.data, n->data.len);
	return pp_parse_dec(text, 0xff, ret) ? n : NULL;
}

int pp_import_buses(struct pp_import *in, struct pp_address bridge, uint8_t first, uint8_t last,
                    struct pp_error *e)
{
	char path[96], text[8];
	uint64_t before;

	device_path(path, sizeof(path), bridge, "secondary_bus_number");
	snprintf(text, sizeof(text), "%u\n", first);
	int r = pp_import_text(in, path, text, e);
	if (r)
		return r;
	device_path(path, sizeof(path), bridge, "subordinate_bus_number");
	snprintf(text, sizeof(text), "%u\n", last);
	struct pp_tree_node *n = device_number(in, path, &before);
	if (!n)
		return pp_import_text(in, path, text, e);
	if (before >= last)
		return 0;
	char *wider = pp_arena_strdup(&in->stored->arena, text);
	if (!wider)
		return pp_fail_oom(e, path);
	n->data = PP_SPAN(wider, strlen(wider));
	return 0;
}
