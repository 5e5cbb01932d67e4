/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a PCI requester id, through the mappings of an IORT, to the SMMU that translates it. */
#include "acpi/iort.h"

const struct pp_iort_node *pp_iort_root_complex(const struct pp_iort *t, uint32_t segment)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].type == PP_IORT_ROOT_COMPLEX && t->nodes[i].segment == segment)
			return &t->nodes[i];
	return NULL;
}

bool pp_iort_is_smmu(const struct pp_iort_node *n)
{
	return n->type == PP_IORT_SMMU || n->type == PP_IORT_SMMU_V3;
}

enum match {
	MATCH_NONE,
	MATCH,
	MATCH_LAST, /* the last id of a range: another range may begin there */
};

/* iort_id_map(). again: a range ended at this id already. Sums wrap, as in the kernel. */
static enum match match_mapping(const struct pp_iort_node *n, const struct pp_iort_mapping *m,
                                uint32_t id, bool again, uint32_t *ret)
{
	if (m->flags & PP_IORT_MAPPING_SINGLE) {
		if (n->type != PP_IORT_NAMED_COMPONENT && n->type != PP_IORT_ROOT_COMPLEX)
			return MATCH_NONE;
		*ret = m->output_base;
		return MATCH;
	}
	if (id < m->input_base || id > m->input_base + m->ids_minus_1 ||
	    (again && id != m->input_base))
		return MATCH_NONE;
	*ret = m->output_base + (id - m->input_base);
	/* Some firmware gives the number of ids where one less is due. */
	return m->ids_minus_1 && id == m->input_base + m->ids_minus_1 ? MATCH_LAST : MATCH;
}

/* One step of iort_node_map_id(): the node that *id leads to, and its id there. */
static const struct pp_iort_node *map_step(const struct pp_iort_node *n, uint32_t *id)
{
	const struct pp_iort_mapping *last = NULL;
	const uint32_t in = *id;

	/* The kernel takes a node for broken whose first mapping leads nowhere. */
	if (!n->nr_mappings || !n->mappings[0].output_reference)
		return NULL;
	for (uint32_t i = 0; i < n->nr_mappings; i++) {
		const struct pp_iort_mapping *m = &n->mappings[i];
		enum match found = match_mapping(n, m, in, last != NULL, id);
		if (found == MATCH)
			return m->output;
		if (found == MATCH_LAST)
			last = m;
	}
	return last ? last->output : NULL;
}

const struct pp_iort_node *pp_iort_find_smmu(const struct pp_iort *t,
                                             const struct pp_iort_node *root, uint32_t id,
                                             uint32_t *ret)
{
	const struct pp_iort_node *n = root;

	/* A longer way than there are nodes is a circle. */
	for (uint32_t i = 0; n && i < t->nr_nodes; i++) {
		n = map_step(n, &id);
		if (n && pp_iort_is_smmu(n)) {
			*ret = id;
			return n;
		}
	}
	return NULL;
}
