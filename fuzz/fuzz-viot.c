/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VIOT parser on arbitrary bytes. */
#include "acpi/viot.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void viot_walk(const struct pp_viot *t)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		const struct pp_viot_node *n = &t->nodes[i];
		touch_text(pp_viot_type_name(n->type));
		if (n->output &&
		    (n->output < t->nodes || n->output >= t->nodes + t->nr_nodes ||
		     !pp_viot_is_iommu(n->output) || n->output->offset != n->output_reference))
			abort();
	}
}

/* What covers an id leads to an IOMMU. */
static void viot_find(const struct pp_viot *t)
{
	static const uint32_t ids[] = { 0, 8, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, UINT32_MAX };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct pp_viot_node *n = pp_viot_find_range(t, ids[i] & 3, ids[i]);
		if (n &&
		    (!n->output || ids[i] < n->requester_first || ids[i] > n->requester_last_incl))
			abort();
	}
}

static void try(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_notes notes;
	struct pp_arena a;
	struct pp_viot t;

	pp_arena_init(&a, 0);
	pp_notes_init(&notes, &a);
	int err = pp_viot_parse(in, &a, &notes, &t, &e);
	if (!err) {
		viot_walk(&t);
		viot_find(&t);
	}
	touch_notes(&notes);
	touch_outcome(err, &e, &a, in.len);
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_table(data, size, try);
}
