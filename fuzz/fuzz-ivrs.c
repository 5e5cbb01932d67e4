/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IVRS parser on arbitrary bytes. */
#include "acpi/ivrs.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct pp_ivrs *v, struct pp_span in)
{
	for (uint32_t i = 0; i < v->nr_blocks; i++) {
		const struct pp_ivrs_block *b = &v->blocks[i];
		touch_raw(b->raw, in);
		if (b->raw.len != b->length || b->raw.data != in.data + b->offset)
			abort();
		for (unsigned int k = 0; k < b->nr_devices; k++) {
			const struct pp_ivhd_device *d = &b->devices[k];
			touch_text(d->hid);
			touch_text(d->cid);
			touch_text(d->uid);
			if (d->offset < b->offset || d->length > b->length ||
			    d->offset - b->offset > (uint32_t)(b->length - d->length))
				abort();
		}
	}
}

static void try(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_notes notes;
	struct pp_arena a;
	struct pp_ivrs v;

	pp_arena_init(&a, 0);
	pp_notes_init(&notes, &a);
	int err = pp_ivrs_parse(in, &a, &notes, &v, &e);
	if (!err)
		walk(&v, in);
	touch_notes(&notes);
	touch_outcome(err, &e, &a, in.len);
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_table(data, size, try);
}
