/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host itself works with: its network, disks of arrays and volumes, its console. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define CLASS_NET      "sys/class/net"
#define CLASS_BLOCK    "sys/class/block"
#define CLASS_GRAPHICS "sys/class/graphics"
#define TABLE_BYTES    ((size_t)8 * 1024 * 1024)
#define NAME_BYTES     64
/* A bond in a bridge in a VLAN: deeper stacks are no longer followed. */
#define MAX_STACK 8

/* --- network --- */

struct network_search {
	struct pp_claim_writer *w;
	struct pp_span routes, routes6;
	unsigned int nr_looked; /* interfaces, some by several ways */
};

/* No host comes near; a directory that only looks like one may name each above each. */
#define MAX_LOOKED 20000

enum network_use { NETWORK_IDLE, NETWORK_ADDRESS, NETWORK_STACK, NETWORK_ROUTE };

/* The nth word of a line, from 0. */
static struct pp_span network_word(struct pp_span line, unsigned int n)
{
	struct pp_span word = { 0 };

	do {
		if (!pp_text_word(&line, &word))
			return (struct pp_span){ 0 };
	} while (n--);
	return word;
}

/* route: Iface Destination … Mask, all zeros the default; ipv6_route: destination prefix … */
static enum network_use network_by_routes(const struct network_search *s, const char *name)
{
	static const char zeros[] = "00000000000000000000000000000000";
	enum network_use use = NETWORK_IDLE;
	struct pp_span rest = s->routes, line;

	while (pp_text_line(&rest, &line)) {
		if (!pp_span_is(network_word(line, 0), name))
			continue;
		if (pp_span_is(network_word(line, 1), "00000000") &&
		    pp_span_is(network_word(line, 7), "00000000"))
			return NETWORK_ROUTE;
		use = NETWORK_ADDRESS;
	}
	rest = s->routes6;
	while (pp_text_line(&rest, &line))
		if (pp_span_is(network_word(line, 9), name) &&
		    pp_span_is(network_word(line, 1), "00") &&
		    pp_span_is(network_word(line, 0), zeros))
			return NETWORK_ROUTE;
	return use;
}

static bool network_is_up(const struct network_search *s, const char *name)
{
	char path[128], text[32];
	uint64_t flags;

	snprintf(path, sizeof(path), CLASS_NET "/%s/flags", name);
	return !pp_source_read_text(s->w->source, PP_NODE_NONE, path, text, sizeof(text)) &&
	       pp_parse_hex(text, UINT32_MAX, &flags) && flags & 1;
}

/* The interface, and the bonds, bridges and VLANs above it: what counts most. */
static enum network_use network_use_of(struct network_search *s, const char *name,
                                       unsigned int depth)
{
	char path[128];
	struct pp_names names;

	/* The ports of all bridges of Open vSwitch hang below this one, which is never up. */
	bool ovs = depth && !strcmp(name, "ovs-system");
	if (s->nr_looked++ >= MAX_LOOKED || (!ovs && !network_is_up(s, name)))
		return NETWORK_IDLE;
	enum network_use use = depth ? NETWORK_STACK : network_by_routes(s, name);
	if (depth && network_by_routes(s, name) == NETWORK_ROUTE)
		use = NETWORK_ROUTE;
	snprintf(path, sizeof(path), CLASS_NET "/%s", name);
	if (depth == MAX_STACK || pp_source_list(s->w->source, path, &s->w->b->scratch, &names))
		return use;
	for (uint32_t i = 0; i < names.count; i++) {
		const char *upper = names.names[i];
		if (strncmp(upper, "upper_", 6) || strlen(upper) >= NAME_BYTES)
			continue;
		enum network_use above = network_use_of(s, upper + 6, depth + 1);
		use = above > use ? above : use;
	}
	return use;
}

/* Asked of the device's open directory: a listing that fails looks at each part of its path. */
static bool network_has_directory(struct pp_claim_writer *w, const char *device)
{
	struct pp_node dir;
	char text[8];

	if (pp_source_open_dir(w->source, device, &dir))
		return false;
	int r = pp_source_read_text(w->source, dir, "net", text, sizeof(text));
	pp_source_close(w->source, dir);
	return r && r != -ENOENT;
}

/*
 * The directory net of a device is there while it has an interface in any network namespace, and
 * shows those of one's own (drivers/base/core.c, class_dir_child_ns_type()).
 */
static int network_look_elsewhere(struct pp_claim_writer *w)
{
	static const struct pp_claimant c = { .kind = PP_CLAIM_CONTAINER, .sort = "netns" };
	const struct pp_host *h = w->b->host;
	char path[128], address[PP_ADDRESS_TEXT_BYTES];
	struct pp_names names;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		/* Base class 02h, network controllers: the others are not worth a look each. */
		if (!d->driver.text || !strcmp(d->driver.text, "vfio-pci") ||
		    (d->ids_known && d->class_code >> 16 != 0x02))
			continue;
		pp_address_format(d->address, address);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
		if (!network_has_directory(w, path))
			continue;
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/net", address);
		int r = pp_source_list(w->source, path, &w->b->scratch, &names);
		if (r == -ENOMEM)
			return r;
		if (r || names.count)
			continue;
		pp_claim_add_device(w, d->address);
		pp_claim_end(w, &c);
	}
	return 0;
}

static int network_look(struct pp_claim_writer *w)
{
	static const char *const sorts[] = { "-", "address", "stack", "route" };
	struct network_search s = { .w = w };
	struct pp_names names;
	char path[128];
	int r = pp_source_list(w->source, CLASS_NET, &w->b->scratch, &names);

	if (r)
		return r == -ENOMEM ? r : 0;
	if (pp_source_read_all(w->source, "proc/net/route", TABLE_BYTES, &w->b->scratch, &s.routes))
		s.routes = (struct pp_span){ 0 };
	if (pp_source_read_all(w->source, "proc/net/ipv6_route", TABLE_BYTES, &w->b->scratch,
	                       &s.routes6))
		s.routes6 = (struct pp_span){ 0 };
	for (uint32_t i = 0; i < names.count; i++) {
		if (strlen(names.names[i]) >= NAME_BYTES)
			continue;
		snprintf(path, sizeof(path), CLASS_NET "/%s", names.names[i]);
		if (!pp_claim_add_link(w, path))
			continue;
		enum network_use use = network_use_of(&s, names.names[i], 0);
		struct pp_claimant c = { .kind = PP_CLAIM_NETWORK, .sort = sorts[use] };
		if (use == NETWORK_IDLE)
			pp_claim_drop(w);
		else
			pp_claim_end(w, &c);
	}
	return 0;
}

/* --- disks --- */

/* Mounts are told elsewhere; an array or a volume may be a guest's disk, and mounted nowhere. */
static int storage_look(struct pp_claim_writer *w)
{
	struct pp_names names, holders;
	char path[128];
	int r = pp_source_list(w->source, CLASS_BLOCK, &w->b->scratch, &names);

	for (uint32_t i = 0; !r && i < names.count; i++) {
		struct pp_claimant c = { .kind = PP_CLAIM_STORAGE };
		const char *name = names.names[i];
		if (strlen(name) >= NAME_BYTES)
			continue;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%s/holders", name);
		if (pp_source_list(w->source, path, &w->b->scratch, &holders) || !holders.count)
			continue;
		c.sort = !strncmp(holders.names[0], "md", 2)    ? "array"
		         : !strncmp(holders.names[0], "dm-", 3) ? "volume"
		                                                : NULL;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%s", name);
		if (pp_claim_add_link(w, path))
			pp_claim_end(w, &c);
	}
	return r == -ENOMEM ? r : 0;
}

/* --- console --- */

static bool console_is_framebuffer(const char *name)
{
	return !strncmp(name, "fb", 2) && name[2] >= '0' && name[2] <= '9' &&
	       strlen(name) < NAME_BYTES;
}

/* The display that the firmware started on: its framebuffer hangs below no PCI device. */
static void console_add_boot_display(struct pp_claim_writer *w)
{
	const struct pp_host *h = w->b->host;
	char path[128], text[8], address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		if (pp_device_base_class(&h->devices[i]) != 0x03)
			continue;
		pp_address_format(h->devices[i].address, address);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/boot_vga", address);
		if (!pp_source_read_text(w->source, PP_NODE_NONE, path, text, sizeof(text)) &&
		    !strcmp(text, "1"))
			pp_claim_add_device(w, h->devices[i].address);
	}
}

static int console_look(struct pp_claim_writer *w)
{
	struct pp_names names;
	struct pp_claimant c = { .kind = PP_CLAIM_CONSOLE };
	char path[128];
	int r = pp_source_list(w->source, CLASS_GRAPHICS, &w->b->scratch, &names);

	for (uint32_t i = 0; !r && i < names.count; i++) {
		if (!console_is_framebuffer(names.names[i]))
			continue;
		snprintf(path, sizeof(path), CLASS_GRAPHICS "/%s", names.names[i]);
		c.sort = "driver";
		if (!pp_claim_add_link(w, path)) {
			console_add_boot_display(w);
			c.sort = "firmware";
		}
		pp_claim_end(w, &c);
	}
	return r == -ENOMEM ? r : 0;
}

int pp_claims_of_host(struct pp_claim_writer *w)
{
	int r = network_look(w);

	if (!r)
		r = network_look_elsewhere(w);
	if (!r)
		r = storage_look(w);
	return r ? r : console_look(w);
}
