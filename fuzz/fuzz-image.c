/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes as an image; what is read must be written again to the byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/image-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every refusal is a sentence. */
static void check_refusal(int r, const struct pp_error *e)
{
	if (r < 0 && (e->code != -r || !e->text[0]))
		abort();
}

static void check_same(const struct pp_buffer *b, struct pp_span in)
{
	if (b->failed || b->len != in.len || memcmp(b->data, in.data, in.len) != 0)
		abort();
}

static void as_image(struct pp_span in)
{
	struct pp_arena a;
	struct pp_image image;
	struct pp_buffer b;
	struct pp_error e = { 0 };

	pp_arena_init(&a, 0);
	int r = pp_image_parse(in, "fuzz", &a, &image, &e);
	check_refusal(r, &e);
	if (r == 0) {
		pp_buffer_init(&b, PP_IMAGE_MAX_BYTES);
		pp_image_format(&image.machine, &image.memory, &b);
		check_same(&b, in);
		pp_buffer_fini(&b);
	}
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_buffer b;

	as_image(PP_SPAN(data, size));
	/* The checksum ends nearly every mutation at once. So that they get further: made right. */
	pp_buffer_init(&b, PP_IMAGE_MAX_BYTES);
	pp_buffer_append(&b, data, size > 15 ? size - 15 : 0);
	if (b.len && b.data[b.len - 1] == '\n') {
		pp_image_add_checksum(&b);
		if (!b.failed)
			as_image(PP_SPAN(b.data, b.len));
	}
	pp_buffer_fini(&b);
	return 0;
}
