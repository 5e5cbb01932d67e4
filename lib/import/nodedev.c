/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt says of PCI devices: the output of "virsh nodedev-dumpxml", one document or many,
 * one after the other. libvirt writes an element a line; only that form is read.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

#define NODEDEV_MAX_DEPTH 32u

enum nodedev_bits {
	NODEDEV_DOMAIN = 1 << 0,
	NODEDEV_BUS = 1 << 1,
	NODEDEV_SLOT = 1 << 2,
	NODEDEV_FUNCTION = 1 << 3,
	NODEDEV_ADDRESS = 0xf,
	NODEDEV_CLASS = 1 << 4,
	NODEDEV_VENDOR = 1 << 5,
	NODEDEV_PRODUCT = 1 << 6,
	NODEDEV_GROUP = 1 << 7,
	NODEDEV_PHYSFN = 1 << 8,
};

struct nodedev_device {
	struct pp_address address, physfn;
	uint32_t class_code, vendor, product, group;
	unsigned int told; /* enum nodedev_bits */
	char driver[64], path[512];
	bool in_driver, in_physfn, pci;
};

struct nodedev {
	struct pp_import *in;
	struct nodedev_device device;
	struct pp_import_list list;
	bool open;
	const uint8_t *start;
};

/* "0x10fb" or "251": the number of an element or an attribute. */
static bool nodedev_number(const char *text, uint64_t max, uint64_t *ret)
{
	return strncmp(text, "0x", 2) ? pp_parse_dec(text, max, ret) : pp_parse_hex(text, max, ret);
}

/* "<bus>7</bus>" */
static bool nodedev_element(struct pp_span line, const char *name, char *buf, size_t size)
{
	char begins[32];

	snprintf(begins, sizeof(begins), "<%s>", name);
	if (!pp_span_starts(line, begins))
		return false;
	pp_import_behind(line, begins, buf, size);
	char *end = strchr(buf, '<');
	if (end)
		*end = '\0';
	return end != NULL;
}

/* "<vendor id='0x8086'>", "<address domain='0x0000' …/>"; with either quote. */
static bool nodedev_attribute(struct pp_span line, const char *name, uint64_t max, uint64_t *ret)
{
	char word[32], text[40];

	snprintf(word, sizeof(word), " %s=", name);
	if (!pp_import_behind(line, word, text, sizeof(text)) || (*text != '\'' && *text != '"'))
		return false;
	char *end = strchr(text + 1, *text);
	if (!end)
		return false;
	*end = '\0';
	return nodedev_number(text + 1, max, ret);
}

static bool nodedev_address(struct pp_span line, struct pp_address *ret)
{
	uint64_t domain, bus, slot, function;

	if (!nodedev_attribute(line, "domain", UINT32_MAX, &domain) ||
	    !nodedev_attribute(line, "bus", 0xff, &bus) ||
	    !nodedev_attribute(line, "slot", 0x1f, &slot) ||
	    !nodedev_attribute(line, "function", 7, &function))
		return false;
	*ret = (struct pp_address){ (uint32_t)domain, (uint8_t)bus, (uint8_t)slot,
		                    (uint8_t)function };
	return true;
}

static void nodedev_numbers(struct nodedev_device *d, struct pp_span line)
{
	static const struct {
		const char *name;
		uint64_t max;
		unsigned int bit;
	} rows[] = {
		{ "domain", UINT32_MAX, NODEDEV_DOMAIN }, { "bus", 0xff, NODEDEV_BUS },
		{ "slot", 0x1f, NODEDEV_SLOT },           { "function", 7, NODEDEV_FUNCTION },
		{ "class", 0xffffff, NODEDEV_CLASS },
	};
	char text[64];
	uint64_t v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!nodedev_element(line, rows[i].name, text, sizeof(text)) ||
		    !nodedev_number(text, rows[i].max, &v))
			continue;
		d->told |= rows[i].bit;
		switch (rows[i].bit) {
		case NODEDEV_DOMAIN:
			d->address.domain = (uint32_t)v;
			break;
		case NODEDEV_BUS:
			d->address.bus = (uint8_t)v;
			break;
		case NODEDEV_SLOT:
			d->address.device = (uint8_t)v;
			break;
		case NODEDEV_FUNCTION:
			d->address.function = (uint8_t)v;
			break;
		default:
			d->class_code = (uint32_t)v;
		}
	}
}

static void nodedev_line(struct nodedev_device *d, struct pp_span line)
{
	uint64_t v;

	nodedev_numbers(d, line);
	if (pp_span_starts(line, "<capability type='pci'") ||
	    pp_span_starts(line, "<capability type=\"pci\""))
		d->pci = true;
	else if (pp_span_starts(line, "<vendor ") && nodedev_attribute(line, "id", 0xffff, &v)) {
		d->vendor = (uint32_t)v;
		d->told |= NODEDEV_VENDOR;
	} else if (pp_span_starts(line, "<product ") && nodedev_attribute(line, "id", 0xffff, &v)) {
		d->product = (uint32_t)v;
		d->told |= NODEDEV_PRODUCT;
	} else if (pp_span_starts(line, "<iommuGroup ") &&
	           nodedev_attribute(line, "number", UINT32_MAX - 1, &v)) {
		d->group = (uint32_t)v;
		d->told |= NODEDEV_GROUP;
	} else if (pp_span_starts(line, "<driver>") || pp_span_starts(line, "</driver>")) {
		d->in_driver = line.data[1] != '/';
	} else if (d->in_driver) {
		nodedev_element(line, "name", d->driver, sizeof(d->driver));
	} else if (pp_span_starts(line, "<capability type='phys_function'") ||
	           pp_span_starts(line, "<capability type=\"phys_function\"")) {
		d->in_physfn = true;
	} else if (pp_span_starts(line, "</capability>")) {
		d->in_physfn = false;
	} else if (d->in_physfn && pp_span_starts(line, "<address ") &&
	           nodedev_address(line, &d->physfn)) {
		d->told |= NODEDEV_PHYSFN;
	} else {
		nodedev_element(line, "path", d->path, sizeof(d->path));
	}
}

/*
 * "/sys/devices/pci0000:00/0000:00:02.2/0000:07:00.0": each bridge on the way leads at least as
 * far as the device's bus.
 */
static int nodedev_bridges(struct pp_import *in, const char *path, struct pp_error *e)
{
	struct pp_address hop[NODEDEV_MAX_DEPTH];
	unsigned int n = 0;

	while (path && n < NODEDEV_MAX_DEPTH) {
		char name[PP_ADDRESS_TEXT_BYTES];
		size_t len = strcspn(path, "/");
		if (len && len < sizeof(name)) {
			memcpy(name, path, len);
			name[len] = '\0';
			n += pp_address_parse(name, &hop[n]) ? 1 : 0;
		}
		path = path[len] ? path + len + 1 : NULL;
	}
	for (unsigned int i = 0; i + 1 < n; i++) {
		int r = pp_import_buses(in, hop[i], hop[i + 1].bus, hop[n - 1].bus, e);
		if (r)
			return r;
	}
	return 0;
}

static int nodedev_ids(struct pp_import *in, const struct nodedev_device *d, struct pp_error *e)
{
	int r = 0;

	if (d->told & NODEDEV_VENDOR)
		r = pp_import_id(in, d->address, "vendor", d->vendor, e);
	if (!r && d->told & NODEDEV_PRODUCT)
		r = pp_import_id(in, d->address, "device", d->product, e);
	if (!r && d->told & NODEDEV_CLASS)
		r = pp_import_id(in, d->address, "class", d->class_code, e);
	return r;
}

static int nodedev_write(struct nodedev *n, struct pp_error *e)
{
	const struct nodedev_device *d = &n->device;
	struct pp_import *in = n->in;

	n->open = false;
	if (!d->pci || (d->told & NODEDEV_ADDRESS) != NODEDEV_ADDRESS)
		return 0;
	pp_import_here(in, n->start);
	int r = pp_import_device(in, d->address, e);
	if (!r)
		r = pp_import_list_add(&n->list, d->address, e);
	if (!r)
		r = nodedev_ids(in, d, e);
	if (!r)
		r = pp_import_driver(in, d->address, d->driver, e);
	if (!r && d->told & NODEDEV_GROUP)
		r = pp_import_group(in, d->address, d->group, e);
	if (!r && d->told & NODEDEV_PHYSFN)
		r = pp_import_physfn(in, d->address, d->physfn, e);
	if (!r)
		r = nodedev_bridges(in, d->path, e);
	n->list.drivers |= *d->driver != '\0';
	n->list.groups |= d->told & NODEDEV_GROUP;
	return r;
}

static bool nodedev_knows(struct pp_span text)
{
	struct pp_span line;
	unsigned int indent;
	bool device = false;

	for (unsigned int n = 0; n < 500 && pp_import_line(&text, &line, &indent); n++) {
		device |= pp_span_is(line, "<device>");
		if (device && pp_span_starts(line, "<capability type="))
			return true;
	}
	return false;
}

static int nodedev_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct nodedev n = { .in = in };
	struct pp_span line;
	unsigned int indent;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (pp_span_is(line, "<device>")) {
			n.device = (struct nodedev_device){ 0 };
			n.open = true;
			n.start = line.data;
		} else if (n.open && pp_span_is(line, "</device>")) {
			r = nodedev_write(&n, e);
		} else if (n.open) {
			nodedev_line(&n.device, line);
		}
	}
	if (!r && n.open)
		pp_import_note(in, "ends within a device, which is left out");
	if (!r && !n.list.nr)
		r = pp_fail(e, EBADMSG, "%.200s: no PCI device in this output of virsh", in->name);
	pp_import_list_end(in, &n.list, false);
	return r;
}

const struct pp_reader pp_reader_nodedev = {
	.title = "virsh nodedev-dumpxml",
	.knows = nodedev_knows,
	.read = nodedev_read,
};
