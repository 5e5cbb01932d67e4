/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image files: a copy of a store, or a blank one with a machine's identity. */
#include <string.h>

#include "host/identity.h"
#include "settings/settings.h"

/* Cells that are absent or were not read are as absent in the copy. */
int pp_settings_copy(const struct pp_settings *s, const char *path, bool overwrite,
                     struct pp_error *e)
{
	if (pp_settings_ready(s, true, e))
		return -EINVAL;
	int r = overwrite ? pp_settings_check_targets(s, path, e) : 0;
	return r ? r : pp_image_create(path, &s->machine, &s->memory, overwrite, e);
}

static size_t bytes_of(const struct pp_schema *schema, const struct pp_schema_section *section)
{
	switch (section->space) {
	case PP_CELL_NVRAM:
		return PP_NVRAM_BYTES;
	case PP_CELL_CMOS:
		return PP_CMOS_BYTES;
	case PP_CELL_EV:
		break;
	}
	return pp_codec_ev_bytes(schema, section->ev);
}

/* All that the schema knows of, zero; but where absent means empty, absent. */
static int blank_areas(const struct pp_schema *schema, struct pp_areas *cells, struct pp_error *e)
{
	static const uint8_t
		zero[PP_EV_MAX_BYTES > PP_NVRAM_BYTES ? PP_EV_MAX_BYTES : PP_NVRAM_BYTES];

	for (uint32_t i = 0; i < schema->nr_sections; i++) {
		const struct pp_schema_section *s = &schema->sections[i];
		size_t len = bytes_of(schema, s);
		if (s->empty_delete || len > sizeof(zero) || pp_areas_find(cells, s->space, s->ev))
			continue;
		int r = pp_areas_put(cells, s->space, s->ev, 0, PP_SPAN(zero, len));
		if (r)
			return pp_fail(e, -r, "%.100s: does not fit into an image", schema->object);
	}
	return 0;
}

static int image_blank(struct pp_arena *a, struct pp_source *identity, const char *schema,
                       const char *path, bool overwrite, struct pp_error *e)
{
	struct pp_schema_text text;
	struct pp_machine machine;
	struct pp_areas cells;
	int r = pp_host_identity(identity, a, &machine, e);

	if (!r && !machine.product)
		r = pp_fail(e, ENODATA,
		            "cannot make an image: the product name of its machine is not known");
	if (!r)
		r = pp_schema_text_read(schema, a, NULL, &text, e);
	if (!r && overwrite && text.path)
		r = pp_settings_check_target(path, text.path, "the schema", e);
	if (r)
		return r;
	pp_areas_init(&cells, a);
	r = blank_areas(&text.schema, &cells, e);
	return r ? r : pp_image_create(path, &machine, &cells, overwrite, e);
}

int pp_settings_blank(struct pp_source *identity, const char *schema, const char *path,
                      bool overwrite, struct pp_error *e)
{
	struct pp_arena arena;

	pp_arena_init(&arena, 0);
	int r = image_blank(&arena, identity, schema, path, overwrite, e);
	pp_arena_fini(&arena);
	return r;
}
