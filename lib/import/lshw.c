/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output of "lshw -json": devices with their drivers, the machine and its firmware. Ids are in
 * it with -numeric only, and of a device's class just the name.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "import/import.h"

/* Names of classes, PCI Code and ID Assignment 1; others are not known by their name. */
static const struct {
	const char *name;
	uint32_t code;
} lshw_classes[] = {
	{ "SCSI storage controller", 0x010000 },
	{ "IDE interface", 0x010100 },
	{ "RAID bus controller", 0x010400 },
	{ "SATA controller", 0x010600 },
	{ "Serial Attached SCSI controller", 0x010700 },
	{ "Non-Volatile memory controller", 0x010800 },
	{ "Ethernet controller", 0x020000 },
	{ "Infiniband controller", 0x020700 },
	{ "Network controller", 0x028000 },
	{ "VGA compatible controller", 0x030000 },
	{ "3D controller", 0x030200 },
	{ "Display controller", 0x038000 },
	{ "Multimedia audio controller", 0x040100 },
	{ "Audio device", 0x040300 },
	{ "RAM memory", 0x050000 },
	{ "Host bridge", 0x060000 },
	{ "ISA bridge", 0x060100 },
	{ "PCI bridge", 0x060400 },
	{ "Bridge", 0x068000 },
	{ "Communication controller", 0x078000 },
	{ "System peripheral", 0x088000 },
	{ "Co-processor", 0x0b4000 },
	{ "USB controller", 0x0c0300 },
	{ "Fibre Channel", 0x0c0400 },
	{ "SMBus", 0x0c0500 },
	{ "Encryption controller", 0x108000 },
	{ "Signal processing controller", 0x118000 },
	{ "Processing accelerators", 0x120000 },
};

/* Nodes lie in each other; jansson takes no more levels than that. */
#define LSHW_MAX_DEPTH 2048

struct lshw {
	struct pp_import *in;
	struct pp_span from; /* the text behind the last device */
	struct pp_import_list list;
};

static const char *lshw_text(const json_t *node, const char *key)
{
	const char *s = json_string_value(json_object_get(node, key));

	return s ? s : "";
}

/* "SAS2308 … [1000:87]", "Broadcom / LSI [1000]": without zeros in front. */
static int lshw_ids(struct lshw *l, const json_t *node, struct pp_address a, struct pp_error *e)
{
	const char *open = strrchr(lshw_text(node, "product"), '[');
	uint64_t vendor, device;

	if (!open)
		return 0;
	size_t left = strlen(open + 1), n = pp_import_hex(PP_SPAN(open + 1, left), &vendor);
	if (!n || n > 4 || open[1 + n] != ':')
		return 0;
	size_t m = pp_import_hex(PP_SPAN(open + 2 + n, left - n - 1), &device);
	if (!m || m > 4 || open[2 + n + m] != ']')
		return 0;
	int r = pp_import_id(l->in, a, "vendor", (uint32_t)vendor, e);
	return r ? r : pp_import_id(l->in, a, "device", (uint32_t)device, e);
}

static int lshw_class(struct lshw *l, const json_t *node, struct pp_address a, struct pp_error *e)
{
	const char *name = lshw_text(node, "description");

	for (size_t i = 0; i < sizeof(lshw_classes) / sizeof(lshw_classes[0]); i++)
		if (!strcmp(name, lshw_classes[i].name))
			return pp_import_id(l->in, a, "class", lshw_classes[i].code, e);
	return 0;
}

/* "PCIBUS:0000:07" of a bridge. The last bus is that of what stands below it. */
static int lshw_buses(struct lshw *l, const json_t *node, struct pp_address a, uint8_t last,
                      struct pp_error *e)
{
	const char *handle = lshw_text(node, "handle"), *bus = strrchr(handle, ':');
	uint64_t number;

	if (strncmp(handle, "PCIBUS:", 7) || !pp_parse_hex(bus + 1, 0xff, &number))
		return 0;
	return pp_import_buses(l->in, a, (uint8_t)number, last > number ? last : (uint8_t)number,
	                       e);
}

static bool lshw_address(const json_t *node, struct pp_address *ret)
{
	const char *bus = lshw_text(node, "businfo");

	return !strncmp(bus, "pci@", 4) && pp_address_parse(bus + 4, ret);
}

static int lshw_device(struct lshw *l, const json_t *node, struct pp_address a, struct pp_error *e)
{
	const char *driver = lshw_text(json_object_get(node, "configuration"), "driver");

	pp_import_json_here(l->in, &l->from, lshw_text(node, "businfo"));
	int r = pp_import_device(l->in, a, e);
	if (!r)
		r = lshw_ids(l, node, a, e);
	if (!r)
		r = lshw_class(l, node, a, e);
	if (!r)
		r = pp_import_driver(l->in, a, driver, e);
	l->list.drivers |= *driver != '\0';
	return r ? r : pp_import_list_add(&l->list, a, e);
}

/* Who the machine is, where root's lshw says so. */
static int lshw_machine(struct lshw *l, const json_t *node, struct pp_error *e)
{
	static const struct {
		const char *id, *class_name, *key, *path;
	} facts[] = {
		{ NULL, "system", "product", "sys/class/dmi/id/product_name" },
		{ NULL, "system", "vendor", "sys/class/dmi/id/sys_vendor" },
		{ "core", "bus", "product", "sys/class/dmi/id/board_name" },
		{ "firmware", "memory", "version", "sys/class/dmi/id/bios_version" },
		{ "firmware", "memory", "date", "sys/class/dmi/id/bios_date" },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(facts) / sizeof(facts[0]); i++) {
		char text[160];
		if (strcmp(lshw_text(node, "class"), facts[i].class_name) ||
		    (facts[i].id && strcmp(lshw_text(node, "id"), facts[i].id)))
			continue;
		snprintf(text, sizeof(text), "%.159s", lshw_text(node, facts[i].key));
		pp_text_clean_in_place(text);
		/* Another text may know the name without the order number behind it. */
		if (*text && !pp_import_has(l->in, facts[i].path))
			r = pp_import_text(l->in, facts[i].path, text, e);
	}
	return r;
}

/* *last: the highest bus of the node's devices. */
static int lshw_node(struct lshw *l, const json_t *node, unsigned int depth, uint8_t *last,
                     struct pp_error *e)
{
	const json_t *child;
	struct pp_address a;
	size_t i;
	bool device = lshw_address(node, &a);
	int r = device ? lshw_device(l, node, a, e) : lshw_machine(l, node, e);
	uint8_t below = device ? a.bus : 0;

	if (depth == LSHW_MAX_DEPTH)
		return r;
	json_array_foreach(json_object_get(node, "children"), i, child) if (!r) r =
		lshw_node(l, child, depth + 1, &below, e);
	if (!r && device)
		r = lshw_buses(l, node, a, below, e);
	if (below > *last)
		*last = below;
	return r;
}

static bool lshw_knows(struct pp_span text)
{
	return pp_import_json_begin(text, &text) && pp_span_find(text, "\"businfo\"") &&
	       pp_span_find(text, "\"pci@");
}

static int lshw_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct lshw l = { .in = in };
	json_t *root;
	int r = 0;

	if (!pp_import_json_begin(text, &text))
		return pp_fail(e, EBADMSG, "%.200s: no JSON", in->name);
	l.from = text;
	/* Some releases print one object after the other, with commas between. */
	do {
		r = pp_import_json_next(in, &text, &root, e);
		uint8_t last = 0;
		const json_t *node;
		size_t i;
		if (json_is_object(root))
			r = lshw_node(&l, root, 0, &last, e);
		json_array_foreach(root, i, node) if (!r) r = lshw_node(&l, node, 0, &last, e);
		json_decref(root);
	} while (!r && root);
	if (!r && !l.list.nr)
		r = pp_fail(e, EBADMSG, "%.200s: no PCI device in this output of lshw", in->name);
	pp_import_list_end(in, &l.list, false);
	return r;
}

const struct pp_reader pp_reader_lshw = {
	.title = "lshw -json",
	.knows = lshw_knows,
	.read = lshw_read,
};
