/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR parser on arbitrary bytes. */
#include "acpi/dmar.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct pp_dmar *d, struct pp_span in)
{
	for (uint32_t i = 0; i < d->nr_entries; i++) {
		const struct pp_dmar_entry *e = &d->entries[i];
		touch_raw(e->raw, in);
		touch_text(e->acpi_name);
		if (e->raw.len != e->length || e->raw.data != in.data + e->offset)
			abort();
		for (unsigned int k = 0; k < e->nr_scopes; k++) {
			const struct pp_dmar_scope *s = &e->scopes[k];
			touch(s->hops, s->nr_hops * sizeof(*s->hops));
			touch_text(pp_dmar_scope_type_name(s->type));
			if (s->offset < e->offset || s->length > e->length ||
			    s->offset - e->offset > (uint32_t)(e->length - s->length))
				abort();
		}
	}
}

static void try(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_notes notes;
	struct pp_arena a;
	struct pp_dmar d;

	pp_arena_init(&a, 0);
	pp_notes_init(&notes, &a);
	int err = pp_dmar_parse(in, &a, &notes, &d, &e);
	if (!err)
		walk(&d, in);
	touch_notes(&notes);
	touch_outcome(err, &e, &a, in.len);
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_table(data, size, try);
}
