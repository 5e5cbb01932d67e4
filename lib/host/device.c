/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device after the other, from the kernel's directories. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "sys/pages.h"

#define DEVICES "sys/bus/pci/devices"

/* 256 segments of 65,536 functions would fit; no host comes near. */
#define MAX_DEVICES 100000

/* PCIe 7.2.1 */
#define CONFIG_BYTES 4096

struct reading {
	struct pp_source *source;
	struct pp_node file;
	/* A directory's file, read whole: nothing behind it can be disturbed. 0 bytes: not done so.
	 */
	uint8_t whole[CONFIG_BYTES];
	size_t len;
};

static int read_config_bytes(void *ctx, uint16_t offset, void *buf, uint16_t len)
{
	struct reading *r = ctx;

	if (r->len) {
		if (offset > r->len || len > r->len - offset)
			return -ENODATA;
		memcpy(buf, r->whole + offset, len);
		return 0;
	}
	ssize_t n = pp_source_pread(r->source, r->file, buf, len, offset);
	if (n < 0)
		return (int)n;
	return n == len ? 0 : -ENODATA;
}

/* Many small reads cost more than a large one. A capture with gaps is read piece by piece still. */
static void read_ahead(struct reading *r)
{
	if (!pp_source_is_still(r->source))
		return;
	ssize_t n = pp_source_pread(r->source, r->file, r->whole, sizeof(r->whole), 0);
	r->len = n > 0 ? (size_t)n : 0;
}

static bool read_hex(struct pp_host_build *b, struct pp_node dir, const char *name, uint64_t max,
                     uint64_t *ret)
{
	char buf[32];

	return !pp_source_read_text(b->source, dir, name, buf, sizeof(buf)) &&
	       pp_parse_hex(buf, max, ret);
}

static bool read_decimal(struct pp_host_build *b, struct pp_node dir, const char *name,
                         uint64_t max, uint64_t *ret)
{
	char buf[32];

	return !pp_source_read_text(b->source, dir, name, buf, sizeof(buf)) &&
	       pp_parse_dec(buf, max, ret);
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The kernel's own files, where the configuration space was left alone or hides the ids. */
static void read_attributes(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	uint64_t vendor, device, class_code, bus;

	if (read_hex(b, dir, "vendor", 0xffff, &vendor) &&
	    read_hex(b, dir, "device", 0xffff, &device)) {
		d->vendor = (uint16_t)vendor;
		d->device = (uint16_t)device;
		d->ids_known = true;
	}
	if (read_hex(b, dir, "class", 0xffffff, &class_code))
		d->class_code = (uint32_t)class_code;
	else
		d->ids_known = false;
	if (d->config.header_read == PP_YES || d->class_code >> 8 != 0x0604)
		return;
	/* A PCI bridge: where it leads is all that the topology needs of it. */
	if (read_decimal(b, dir, "secondary_bus_number", 0xff, &bus))
		d->config.secondary = (uint8_t)bus;
	if (read_decimal(b, dir, "subordinate_bus_number", 0xff, &bus))
		d->config.subordinate = (uint8_t)bus;
}

static int device_read_config(struct pp_host_build *b, struct pp_node dir, const char *name,
                              struct pp_device *d)
{
	struct reading reading;
	struct pp_config_reader reader = { read_config_bytes, &reading };
	int r = pp_source_open_file(b->source, dir, "config", &reading.file);

	if (r) {
		if (r == -ENOMEM)
			return r;
		return pp_build_unread(b, DEVICES "/*/config", -r,
		                       "the capabilities of the devices");
	}
	reading.source = b->source;
	reading.len = 0;
	read_ahead(&reading);
	r = pp_config_decode(&reader, name, &b->host->notes, &d->config, NULL);
	pp_source_close(b->source, reading.file);
	/* The kernel's files still tell what it was. */
	d->gone = r == -ENODEV;
	/* No vendor has that number: a file that was made, or filled with zeros. */
	if (!r && d->config.header_read == PP_YES && !d->config.vendor) {
		d->config = (struct pp_config){ 0 };
		return pp_build_unread(b, DEVICES "/*/config", EBADMSG,
		                       "the capabilities of the devices");
	}
	return r == -ENOMEM ? r : 0;
}

static int read_link_name(struct pp_host_build *b, struct pp_node dir, const char *name,
                          struct pp_text_fact *ret)
{
	char buf[1024];
	int r = pp_source_read_link(b->source, dir, name, buf, sizeof(buf));

	*ret = (struct pp_text_fact){ .error = -r };
	if (r)
		return r == -ENOMEM ? r : 0;
	const char *last = last_component(buf);
	ret->text = pp_text_clean(&b->host->arena, last, strlen(last));
	return ret->text ? 0 : -ENOMEM;
}

/* What decides of an endpoint beyond its configuration space. */
static int read_endpoint(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	struct pp_text_fact physfn;
	struct pp_address pf;
	char methods[128];

	int r = pp_source_read_text(b->source, dir, "reset_method", methods, sizeof(methods));
	d->reset_method.error = -r;
	if (!r) {
		d->reset_method.text = pp_text_clean(&b->host->arena, methods, strlen(methods));
		if (!d->reset_method.text)
			return -ENOMEM;
	}
	if (pp_build_bars(b, dir, d))
		return -ENOMEM;
	/* A VF is known by ids of all ones (SR-IOV 9.3.4.1.1): others need not be asked. */
	if (d->config.header_read == PP_YES && d->config.vendor != 0xffff)
		return 0;
	if (read_link_name(b, dir, "physfn", &physfn))
		return -ENOMEM;
	if (physfn.text && pp_address_parse(physfn.text, &pf))
		d->physfn = pp_host_find(b->host, pf);
	return 0;
}

static int device_read_device(struct pp_host_build *b, const char *name, struct pp_device *d)
{
	char path[128];
	struct pp_node dir;
	struct pp_text_fact group;

	snprintf(path, sizeof(path), DEVICES "/%s", name);
	int r = pp_source_open_dir(b->source, path, &dir);
	if (r) {
		d->driver.error = d->reset_method.error = d->group_error = d->bars_error = -r;
		return r == -ENOMEM ? r : pp_build_unread(b, DEVICES "/*", -r, "a device");
	}
	r = pp_build_power(b, dir, name, d);
	d->asleep = r == 1;
	if (!r)
		r = device_read_config(b, dir, name, d);
	r = r < 0 ? r : 0;
	if (d->config.header_read == PP_YES) {
		d->vendor = d->config.vendor;
		d->device = d->config.device;
		d->class_code = d->config.class_code;
		d->ids_known = true;
	}
	if (d->config.header_read != PP_YES || d->vendor == 0xffff)
		read_attributes(b, dir, d);
	/* What may sleep, and could not be looked at, does as far as is known. */
	if (!d->runtime_status && d->config.header_read != PP_YES && !d->gone && d->power_state &&
	    (!strcmp(d->power_state, "D3cold") ||
	     (!strcmp(d->power_state, "D3hot") && pp_device_is_bridge(d))))
		d->asleep = true;
	if (!r)
		r = read_link_name(b, dir, "driver", &d->driver);
	if (!r && !pp_device_is_bridge(d))
		r = read_endpoint(b, dir, d);
	if (!r)
		r = read_link_name(b, dir, "iommu_group", &group);
	pp_source_close(b->source, dir);
	if (r)
		return r;
	uint64_t number;
	d->group_error = group.error;
	/* Its number for now; the groups are made when all are known. */
	if (group.text && pp_parse_dec(group.text, UINT32_MAX - 1, &number))
		d->group = (uint32_t)number;
	else if (group.text)
		d->group_error = EBADMSG;
	return 0;
}

/* The bridge that leads to a bus is known before any device on it: its own bus is lower. */
static void find_parent(struct pp_host_build *b, struct pp_device *d)
{
	if (b->domain != d->address.domain)
		for (size_t i = 0; i < 256; i++)
			b->bridge_to[i] = PP_NO_DEVICE;
	b->domain = d->address.domain;
	d->parent = b->bridge_to[d->address.bus];
}

/* A bridge further down comes later and leads to fewer buses: its answer replaces the wider one. */
static void enter_bridge(struct pp_host_build *b, uint32_t index)
{
	const struct pp_device *d = &b->devices[index];

	for (unsigned int bus = d->config.secondary;
	     bus > d->address.bus && bus <= d->config.subordinate; bus++)
		b->bridge_to[bus] = index;
}

bool pp_build_parse_device(const char *name, struct pp_address *ret)
{
	char canonical[PP_ADDRESS_TEXT_BYTES];

	if (!pp_address_parse(name, ret))
		return false;
	pp_address_format(*ret, canonical);
	return !strcmp(canonical, name);
}

int pp_build_compare_devices(const void *x, const void *y)
{
	const struct pp_device *a = x, *b = y;
	return pp_address_compare(a->address, b->address);
}

static const struct pp_device device_unread = {
	.parent = PP_NO_DEVICE, .physfn = PP_NO_DEVICE, .group = PP_NO_GROUP, .link_lanes = -1
};

/* Of a part: those that were chosen. */
static int device_take_chosen(struct pp_host_build *b)
{
	struct pp_host *h = b->host;

	b->devices = PP_ARENA_ARRAY(&h->arena, b->nr_only, struct pp_device);
	if (!b->devices)
		return -ENOMEM;
	h->devices = b->devices;
	for (; h->nr_devices < b->nr_only; h->nr_devices++) {
		b->devices[h->nr_devices] = device_unread;
		b->devices[h->nr_devices].address = b->only[h->nr_devices];
	}
	return 0;
}

static bool device_in_order(const struct pp_host *h)
{
	for (uint32_t i = 1; i < h->nr_devices; i++)
		if (pp_address_compare(h->devices[i - 1].address, h->devices[i].address) > 0)
			return false;
	return true;
}

static int list_devices(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;
	int r = b->only ? 0 : pp_source_list(b->source, DEVICES, &b->scratch, &names);

	h->devices_error = -r;
	if (r)
		return r == -ENOMEM ? r : pp_build_unread(b, DEVICES, -r, "the devices");
	if (b->only)
		return device_take_chosen(b);
	b->devices = PP_ARENA_ARRAY(&h->arena, names.count, struct pp_device);
	if (!b->devices)
		return -ENOMEM;
	pp_pages_touch(b->devices, names.count * sizeof(*b->devices));
	h->devices = b->devices;
	for (uint32_t i = 0; i < names.count; i++) {
		struct pp_device d = device_unread;
		if (h->nr_devices >= MAX_DEVICES)
			return -E2BIG;
		if (pp_build_parse_device(names.names[i], &d.address))
			b->devices[h->nr_devices++] = d;
		else
			pp_note(&h->notes, DEVICES, 0, "'%s' is not a PCI address: ignored",
			        names.names[i]);
	}
	/* By their names they are in order already, but for domains of more than four digits. */
	if (!device_in_order(h))
		qsort(b->devices, h->nr_devices, sizeof(*b->devices), pp_build_compare_devices);
	return 0;
}

int pp_build_devices(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_host *h = b->host;
	int r = list_devices(b);

	b->domain = 0;
	for (size_t i = 0; i < 256; i++)
		b->bridge_to[i] = PP_NO_DEVICE;
	if (r == -E2BIG)
		return pp_fail(e, E2BIG, "%s: more than %d devices", DEVICES, MAX_DEVICES);
	h->no_bridges = h->origins && h->nr_devices;
	for (uint32_t i = 0; !r && i < h->nr_devices; i++) {
		char name[PP_ADDRESS_TEXT_BYTES];
		pp_address_format(h->devices[i].address, name);
		find_parent(b, &b->devices[i]);
		r = device_read_device(b, name, &b->devices[i]);
		h->no_bridges &= pp_device_base_class(&b->devices[i]) != 0x06;
		enter_bridge(b, i);
	}
	if (!r)
		r = pp_build_links(b);
	if (!r)
		r = pp_build_bar_log(b);
	return r ? pp_fail_oom(e, "devices") : 0;
}
