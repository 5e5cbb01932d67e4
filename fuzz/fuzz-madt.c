/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MADT parser on arbitrary bytes. */
#include "acpi/madt.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_notes notes;
	struct pp_arena a;
	struct pp_madt t;

	pp_arena_init(&a, 0);
	pp_notes_init(&notes, &a);
	int err = pp_madt_parse(in, &notes, &t, &e);
	if (!err && (t.nr_structures > in.len / 2 || t.nr_msi_frames + t.nr_its > t.nr_structures))
		abort();
	touch_notes(&notes);
	touch_outcome(err, &e, &a, in.len);
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_table(data, size, try);
}
