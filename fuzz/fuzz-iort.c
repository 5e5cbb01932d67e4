/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IORT parser on arbitrary bytes. */
#include "acpi/iort.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct pp_iort *t, struct pp_span in)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		const struct pp_iort_node *n = &t->nodes[i];
		touch_raw(n->raw, in);
		touch_text(n->name);
		touch_text(pp_iort_type_name(n->type));
		touch(n->ranges, n->nr_ranges * sizeof(*n->ranges));
		if (n->raw.len != n->length || n->raw.data != in.data + n->offset)
			abort();
		for (unsigned int k = 0; k < n->nr_mappings; k++) {
			const struct pp_iort_mapping *m = &n->mappings[k];
			if (m->output &&
			    (m->output < t->nodes || m->output >= t->nodes + t->nr_nodes ||
			     m->output->offset != m->output_reference))
				abort();
		}
	}
}

/* Every way through the mappings ends, at an SMMU of the table or nowhere. */
static void follow(const struct pp_iort *t)
{
	static const uint32_t ids[] = { 0, 0x28, 0xff, 0x100, 0x3ff, 0x400, 0xffff, UINT32_MAX };

	for (uint32_t i = 0; i < t->nr_nodes; i++) {
		const struct pp_iort_node *n = &t->nodes[i];
		if (n->type == PP_IORT_ROOT_COMPLEX &&
		    pp_iort_root_complex(t, n->segment)->segment != n->segment)
			abort();
		for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]) && i < 16; k++) {
			uint32_t id = 0;
			const struct pp_iort_node *smmu = pp_iort_find_smmu(t, n, ids[k], &id);
			touch(&id, sizeof(id));
			if (smmu && !pp_iort_is_smmu(smmu))
				abort();
		}
	}
}

static void try(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_notes notes;
	struct pp_arena a;
	struct pp_iort t;

	pp_arena_init(&a, 0);
	pp_notes_init(&notes, &a);
	int err = pp_iort_parse(in, &a, &notes, &t, &e);
	if (!err) {
		walk(&t, in);
		follow(&t);
	}
	touch_notes(&notes);
	touch_outcome(err, &e, &a, in.len);
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_table(data, size, try);
}
