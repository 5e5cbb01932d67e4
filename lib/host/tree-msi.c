/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who takes the message interrupts of a device tree's PCI hosts: the node that msi-map or
 * msi-parent points to. What a driver uses shows in /proc/interrupts; this is for hosts on which
 * none does.
 */
#include <stdio.h>
#include <string.h>

#include "host/build.h"
#include "host/tree-map.h"

#define TREE          "sys/firmware/devicetree/base"
#define TREE_HOPS     4
#define MSI_MAX_NODES 2000u
#define MSI_MAX_BYTES 4096u

struct msi_search {
	struct pp_host_build *b;
	uint32_t phandle, left;
	bool its, gicv2m, other; /* what the nodes with that phandle are */
};

/* compatible is a list of names, each with its NUL. */
static bool msi_names(struct pp_span list, const char *name)
{
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i + n <= list.len; i++)
		if ((!i || !list.data[i - 1]) && !memcmp(list.data + i, name, n))
			return true;
	return false;
}

/* Up to MSI_MAX_BYTES of a property; empty where it is not there or was not read. */
static struct pp_span msi_property(struct pp_host_build *b, const char *node, const char *name,
                                   uint8_t *buf)
{
	char *path = pp_arena_printf(&b->scratch, "%s/%s", node, name);
	size_t len = 0;

	if (!path || pp_build_tree_property(b, path, buf, MSI_MAX_BYTES, &len))
		len = 0;
	return PP_SPAN(buf, len);
}

static void msi_look_at_node(struct msi_search *s, const char *node)
{
	uint8_t buf[MSI_MAX_BYTES];
	struct pp_span p = msi_property(s->b, node, "phandle", buf);

	if (p.len != 4 || pp_tree_cell(p.data) != s->phandle)
		return;
	p = msi_property(s->b, node, "compatible", buf);
	if (msi_names(p, "arm,gic-v3-its") || msi_names(p, "arm,gic-v5-its"))
		s->its = true;
	else if (msi_names(p, "arm,gic-v2m-frame"))
		s->gicv2m = true;
	else
		s->other = true;
}

/* Interrupt controllers lie below a bus or another one of them. */
static bool msi_goes_into(const char *name)
{
	static const char *const prefixes[] = { "int", "gic", "its", "msi",  "v2m",
		                                "soc", "axi", "bus", "amba", "scb" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* 0 or -ENOMEM. */
static int msi_search_below(struct msi_search *s, const char *path, int hops)
{
	struct pp_names names;

	if (!s->left)
		return 0;
	s->left--;
	int r = pp_source_list(s->b->source, path, &s->b->scratch, &names);
	if (r)
		return r == -ENOMEM ? r : 0;
	msi_look_at_node(s, path);
	for (uint32_t i = 0; !r && hops && i < names.count; i++) {
		if (!msi_goes_into(names.names[i]))
			continue;
		char *below = pp_arena_printf(&s->b->scratch, "%s/%s", path, names.names[i]);
		r = below ? msi_search_below(s, below, hops - 1) : -ENOMEM;
	}
	return r;
}

/* The controllers of one PCI host. Entries of msi-map have four cells, as those of iommu-map. */
static int msi_look_at_host(struct msi_search *s, const char *node)
{
	uint8_t buf[MSI_MAX_BYTES];
	struct pp_tree_map map = { .mask = UINT32_MAX };
	struct pp_error ignored;
	struct pp_span p = msi_property(s->b, node, "msi-map", buf);
	uint32_t last = 0;
	int r = 0;

	if (!p.len) {
		p = msi_property(s->b, node, "msi-parent", buf);
		if (p.len < 4)
			return 0;
		s->phandle = pp_tree_cell(p.data);
		return msi_search_below(s, TREE, TREE_HOPS);
	}
	if (pp_tree_map_parse(p, &s->b->scratch, &map, &ignored))
		return 0;
	for (uint32_t i = 0; !r && i < map.nr_mappings; i++) {
		s->phandle = map.mappings[i].phandle;
		if (!i || s->phandle != last)
			r = msi_search_below(s, TREE, TREE_HOPS);
		last = s->phandle;
	}
	return r;
}

int pp_build_tree_msi(struct pp_host_build *b, bool *ret_its, bool *ret_gicv2m)
{
	struct msi_search s = { .b = b, .left = MSI_MAX_NODES };
	const struct pp_host *h = b->host;
	int r = 0;

	for (uint32_t i = 0; !r && i < h->nr_devices; i++) {
		char node[64];
		if (!pp_build_begins_root(h, i))
			continue;
		snprintf(node, sizeof(node), "sys/class/pci_bus/%04x:%02x/of_node",
		         h->devices[i].address.domain, h->devices[i].root_bus);
		r = msi_look_at_host(&s, node);
	}
	/* Of a controller that is neither it is not known whether it keeps devices apart. */
	*ret_its = s.its && !s.other;
	*ret_gicv2m = s.gicv2m && !s.other;
	return r;
}
