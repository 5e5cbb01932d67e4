/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An IORT whose reserved memory ranges permit remapping. DEN 0049, 3.1.1.5. Nothing is taken out:
 * nodes point to each other by their offsets, and a range that may be remapped holds no device.
 */
#include <string.h>

#include "acpi/iort.h"
#include "override/override.h"

#define NODE_FLAGS 16 /* of an RMR, behind the header of its node */

static const struct pp_iort_node *iort_find_rmr(const struct pp_iort *t, uint32_t offset)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].offset == offset && t->nodes[i].type == PP_IORT_RMR)
			return &t->nodes[i];
	return NULL;
}

int pp_override_iort(struct pp_span table, const uint32_t *nodes, uint32_t nr_nodes,
                     struct pp_arena *a, struct pp_span *ret, struct pp_error *e)
{
	struct pp_iort t;
	int r = pp_iort_parse(table, a, NULL, &t, e);

	if (r)
		return r;
	if (!nr_nodes)
		return pp_fail(e, EINVAL, "IORT: no node was named to be changed");
	uint8_t *out = PP_ARENA_ARRAY(a, t.header.length, uint8_t);
	if (!out)
		return pp_fail_oom(e, "the new IORT");
	memcpy(out, table.data, t.header.length);
	for (uint32_t i = 0; i < nr_nodes; i++) {
		const struct pp_iort_node *rmr = iort_find_rmr(&t, nodes[i]);
		if (!rmr)
			return pp_fail(e, EINVAL, "IORT+0x%x: no RMR node begins here", nodes[i]);
		out[rmr->offset + NODE_FLAGS] |= PP_IORT_RMR_REMAP_PERMITTED;
	}
	r = pp_override_add_checksum("IORT", out, t.header.length, e);
	if (r)
		return r;
	*ret = PP_SPAN(out, t.header.length);
	return 0;
}
