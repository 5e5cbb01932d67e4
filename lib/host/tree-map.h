/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which requester ids an IOMMU of a device tree translates, by the property iommu-map. */
#ifndef PP_HOST_TREE_MAP_H
#define PP_HOST_TREE_MAP_H

/* The property iommu-map of a PCI host in a device tree, and msi-map: bytes in, const model out. */

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* Devicetree bindings, pci/pci-iommu.txt: ids from id_base on are streams from stream_base on. */
struct pp_tree_mapping {
	uint32_t id_base;
	uint32_t phandle; /* of the IOMMU */
	uint32_t stream_base;
	uint32_t ids;
};

struct pp_tree_map {
	uint16_t domain;
	uint8_t root_bus;
	int error;     /* errno: the property is there but was not read or decoded */
	uint32_t mask; /* iommu-map-mask: what of an id counts */
	const struct pp_tree_mapping *mappings;
	uint32_t nr_mappings; /* 0: the host has no such property */
};

/* A cell of a property: four bytes, big-endian whatever the processor is. */
uint32_t pp_tree_cell(const uint8_t *at);

/*
 * Decodes the property into mappings of arena a. -EBADMSG: it does not consist of entries of four
 * cells, as with an IOMMU whose #iommu-cells is not 1.
 * Source: drivers/of/base.c, of_map_id().
 */
int pp_tree_map_parse(struct pp_span in, struct pp_arena *a, struct pp_tree_map *ret,
                      struct pp_error *e);

/* The mapping of an id, and its stream; NULL: the map has none, and the kernel then uses none. */
const struct pp_tree_mapping *pp_tree_map_find(const struct pp_tree_map *m, uint32_t id,
                                               uint32_t *ret);

#endif
