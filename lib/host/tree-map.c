/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which requester ids an IOMMU of a device tree translates, by the property iommu-map. */
#include <stdio.h>
#include <string.h>

#include "host/build.h"
#include "host/tree-map.h"

#define CELL_BYTES  4u
#define ENTRY_BYTES (4 * CELL_BYTES)
/* Boards have a handful of entries. */
#define MAP_MAX_BYTES ((size_t)4096 * ENTRY_BYTES)

/* A device tree is big-endian, whatever the processor is. */
uint32_t pp_tree_cell(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int pp_tree_map_parse(struct pp_span in, struct pp_arena *a, struct pp_tree_map *ret,
                      struct pp_error *e)
{
	uint32_t n = (uint32_t)(in.len / ENTRY_BYTES);

	if (!in.len || in.len % ENTRY_BYTES || in.len > MAP_MAX_BYTES)
		return pp_fail(e, EBADMSG, "iommu-map: %zu bytes, need entries of %u", in.len,
		               ENTRY_BYTES);
	struct pp_tree_mapping *mappings = PP_ARENA_ARRAY(a, n, struct pp_tree_mapping);
	if (!mappings)
		return pp_fail_oom(e, "iommu-map");
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *at = in.data + (size_t)i * ENTRY_BYTES;
		mappings[i] = (struct pp_tree_mapping){
			.id_base = pp_tree_cell(at),
			.phandle = pp_tree_cell(at + CELL_BYTES),
			.stream_base = pp_tree_cell(at + 2 * CELL_BYTES),
			.ids = pp_tree_cell(at + 3 * CELL_BYTES),
		};
	}
	ret->mappings = mappings;
	ret->nr_mappings = n;
	return 0;
}

const struct pp_tree_mapping *pp_tree_map_find(const struct pp_tree_map *m, uint32_t id,
                                               uint32_t *ret)
{
	uint32_t masked = id & m->mask;

	for (uint32_t i = 0; i < m->nr_mappings; i++) {
		const struct pp_tree_mapping *t = &m->mappings[i];
		/* The kernel gives up on such an entry, and so never sees those behind it. */
		if (t->id_base & ~m->mask)
			return NULL;
		if (masked < t->id_base || masked - t->id_base >= t->ids)
			continue;
		*ret = masked - t->id_base + t->stream_base;
		return t;
	}
	return NULL;
}

int pp_build_tree_property(struct pp_host_build *b, const char *path, void *buf, size_t max,
                           size_t *ret)
{
	struct pp_node file;
	int r = pp_source_open_file(b->source, PP_NODE_NONE, path, &file);

	if (r)
		return r;
	size_t have = 0;
	ssize_t n = 1;
	while (n > 0 && have < max) {
		n = pp_source_pread(b->source, file, (char *)buf + have, max - have, have);
		have += n > 0 ? (size_t)n : 0;
	}
	pp_source_close(b->source, file);
	if (n < 0)
		return (int)n;
	*ret = have;
	return have == max ? -E2BIG : 0;
}

/* The mask that ids are looked up with; all of an id counts where there is none. */
static int tree_read_mask(struct pp_host_build *b, const char *base, uint32_t *ret)
{
	char path[96];
	uint8_t mask[CELL_BYTES + 1];
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/iommu-map-mask", base);
	int r = pp_build_tree_property(b, path, mask, sizeof(mask), &len);
	if (r == -ENOENT)
		return 0;
	if (!r && len != CELL_BYTES)
		r = -EBADMSG;
	if (!r)
		*ret = pp_tree_cell(mask);
	return r;
}

/* Of one root bus; buf has MAP_MAX_BYTES + 1. Without the property it has no mapping. */
static int tree_map_read(struct pp_host_build *b, uint8_t *buf, struct pp_tree_map *map)
{
	char base[64], path[96];
	struct pp_node dir;
	struct pp_error e;
	size_t len = 0;

	snprintf(base, sizeof(base), "sys/class/pci_bus/%04x:%02x/of_node", map->domain,
	         map->root_bus);
	snprintf(path, sizeof(path), "%s/iommu-map", base);
	int r = pp_source_open_dir(b->source, base, &dir);
	if (r)
		return r;
	pp_source_close(b->source, dir);
	r = pp_build_tree_property(b, path, buf, MAP_MAX_BYTES + 1, &len);
	if (r)
		return r == -ENOENT ? 0 : r;
	r = tree_read_mask(b, base, &map->mask);
	if (!r)
		r = pp_tree_map_parse(PP_SPAN(buf, len), &b->host->arena, map, &e);
	if (r == -EBADMSG)
		pp_note(&b->host->notes, path, 0, "a map of other than four cells an entry");
	return r;
}

int pp_build_tree_maps(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	uint8_t *buf = pp_arena_alloc(&b->scratch, MAP_MAX_BYTES + 1);
	struct pp_tree_map *maps;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_devices; i++)
		n += pp_build_begins_root(h, i);
	maps = PP_ARENA_ARRAY(&h->arena, n, struct pp_tree_map);
	if (!maps || !buf)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		if (!pp_build_begins_root(h, i))
			continue;
		struct pp_tree_map *map = &maps[h->nr_tree_maps++];
		map->domain = (uint16_t)h->devices[i].address.domain;
		map->root_bus = h->devices[i].root_bus;
		map->mask = UINT32_MAX;
		int r = tree_map_read(b, buf, map);
		if (r == -ENOMEM)
			return r;
		map->error = -r;
	}
	h->tree_maps = maps;
	return 0;
}
