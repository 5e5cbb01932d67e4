/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of an image file. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/image-file.h"
#include "store/lines.h"

#define WHAT    "pcipass-settings"
#define VERSION 1

#define NR_FIELDS 4
static const char *const field_keys[NR_FIELDS] = { "product", "rom-family", "rom-date",
	                                           "processor" };

static const char **machine_field(struct pp_machine *m, size_t i)
{
	const char **const fields[NR_FIELDS] = { &m->product, &m->rom_family, &m->rom_date,
		                                 &m->processor };
	return fields[i];
}

/* A line of the machine's; false: it is none, and the cells begin. */
static bool is_field(const struct pp_lines *l, size_t *i, struct pp_span *ret)
{
	for (size_t k = *i; k < NR_FIELDS; k++) {
		if (pp_lines_value(l, field_keys[k], ret)) {
			*i = k;
			return true;
		}
	}
	return false;
}

static int take_field(const struct pp_lines *l, struct pp_span value, struct pp_arena *a,
                      const char **ret, struct pp_error *e)
{
	if (value.len > PP_IMAGE_MAX_TEXT)
		return pp_lines_fail(l, e, "%zu characters, at most %u are taken", value.len,
		                     PP_IMAGE_MAX_TEXT);
	const char *text = pp_text_clean(a, value.data, value.len);
	if (!text)
		return pp_fail_oom(e, l->object);
	if (!pp_span_is(value, text))
		return pp_lines_fail(l, e, "more than printable ASCII, or blanks at an end");
	*ret = text;
	return 0;
}

static int image_file_read_area(struct pp_lines *l, struct pp_areas *m, struct pp_error *e)
{
	enum pp_area_space space = PP_CELL_EV;
	size_t max = PP_EV_MAX_BYTES;
	const char *name = NULL;
	struct pp_span value, length, bytes;
	int r;

	if (pp_lines_value(l, "ev", &value)) {
		r = pp_lines_ev(l, value, m->arena, &name, &length, e);
		if (r < 0)
			return r;
	} else if (pp_lines_value(l, "nvram", &length)) {
		space = PP_CELL_NVRAM;
		max = PP_NVRAM_BYTES;
	} else if (pp_lines_value(l, "cmos", &length)) {
		space = PP_CELL_CMOS;
		max = PP_CMOS_BYTES;
	} else {
		return pp_lines_fail(l, e,
		                     "neither ev, nvram nor cmos, nor a line of the machine's "
		                     "in its place");
	}
	if (pp_areas_find(m, space, name))
		return pp_lines_fail(l, e, "a second time");
	r = pp_lines_take(l, length, max, m->arena, &bytes, e);
	if (r < 0)
		return r;
	r = pp_areas_put(m, space, name, 0, bytes);
	return r < 0 ? pp_fail(e, -r, "%.300s line %u: %s", l->object, l->number, strerror(-r)) : 0;
}

int pp_image_parse(struct pp_span in, const char *object, struct pp_arena *a, struct pp_image *ret,
                   struct pp_error *e)
{
	struct pp_image image = { 0 };
	struct pp_lines l;
	struct pp_span value;

	if (in.len > PP_IMAGE_MAX_BYTES)
		return pp_fail(e, E2BIG, "%.300s: %zu bytes, at most %u are taken", object, in.len,
		               PP_IMAGE_MAX_BYTES);
	int r = pp_lines_open(in, object, WHAT, VERSION, &l, e);
	pp_areas_init(&image.memory, a);
	for (size_t i = 0; r == 0 && pp_lines_next(&l);) {
		if (is_field(&l, &i, &value)) {
			r = take_field(&l, value, a, machine_field(&image.machine, i++), e);
			continue;
		}
		i = NR_FIELDS;
		r = image_file_read_area(&l, &image.memory, e);
	}
	if (r == 0)
		*ret = image;
	return r;
}

static void format_area(const struct pp_area *c, struct pp_buffer *b)
{
	static const char *const keys[] = {
		[PP_CELL_EV] = "ev", [PP_CELL_NVRAM] = "nvram", [PP_CELL_CMOS] = "cmos"
	};
	char head[PP_EV_NAME_MAX + 8];

	if (c->error || !c->len)
		return;
	snprintf(head, sizeof(head), "%s%s%s", keys[c->space], c->space == PP_CELL_EV ? " " : "",
	         c->space == PP_CELL_EV ? c->name : "");
	pp_lines_put(b, head, PP_SPAN(c->data, c->len));
}

void pp_image_format(const struct pp_machine *m, const struct pp_areas *cells, struct pp_buffer *b)
{
	struct pp_machine machine = *m;
	char text[PP_IMAGE_MAX_TEXT + 1];

	pp_buffer_printf(b, "%s %u\n", WHAT, VERSION);
	for (size_t i = 0; i < NR_FIELDS; i++) {
		const char *field = *machine_field(&machine, i);
		pp_text_clean_into(text, sizeof(text), field, field ? strlen(field) : 0);
		/* What was cut may end in a blank. */
		pp_text_clean_into(text, sizeof(text), text, strlen(text));
		if (*text)
			pp_buffer_printf(b, "%s %s\n", field_keys[i], text);
	}
	for (uint32_t i = 0; i < cells->nr_cells; i++)
		format_area(cells->cells[i], b);
	pp_lines_add_checksum(b);
}
