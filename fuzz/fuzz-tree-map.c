/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The property iommu-map on arbitrary bytes: the first four are the mask. */
#include "host/tree-map.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t ids[] = { 0, 0x28, 0x100, 0xffff, 0x10000, UINT32_MAX };
	struct pp_tree_map map = { .mask = UINT32_MAX };
	struct pp_error e = { 0 };
	struct pp_arena a;

	if (size < 4)
		return 0;
	memcpy(&map.mask, data, 4);
	pp_arena_init(&a, 0);
	int r = pp_tree_map_parse(PP_SPAN(data + 4, size - 4), &a, &map, &e);
	touch_outcome(r, &e, &a, size);
	touch(map.mappings, map.nr_mappings * sizeof(*map.mappings));
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint32_t stream = 0;
		const struct pp_tree_mapping *t = pp_tree_map_find(&map, ids[i], &stream);
		/* What is found is in the mapping, counted without a wrap. */
		if (t && (t < map.mappings || t >= map.mappings + map.nr_mappings ||
		          (ids[i] & map.mask) - t->id_base >= t->ids ||
		          stream - t->stream_base != (ids[i] & map.mask) - t->id_base))
			abort();
	}
	pp_arena_fini(&a);
	return 0;
}
