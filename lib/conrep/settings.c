/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All settings of a machine as texts. */
#include <string.h>

#include "conrep/change.h"
#include "conrep/section-index.h"

/* What a save writes: every setting that this machine has. */
struct saver {
	const struct pp_schema *schema;
	const struct pp_machine *machine;
	const struct pp_areas *memory;
	struct pp_arena *arena;
	struct pp_section_index index;
	struct pp_setting *settings;
	struct pp_skip *skips;
	uint32_t nr_settings, nr_skips;
};

static int settings_skip(struct saver *v, const struct pp_schema_section *s, const char *reason)
{
	char *copy = pp_arena_strdup(v->arena, reason);

	if (!copy)
		return -ENOMEM;
	v->skips[v->nr_skips++] = (struct pp_skip){ s->name, copy, s->line };
	return 0;
}

static int settings_save(struct saver *v, const struct pp_schema_section *s)
{
	struct pp_error why = { 0 };
	int r = pp_codec_decode(s, v->memory, v->arena, &v->settings[v->nr_settings], &why);

	if (!r)
		v->nr_settings++;
	else if (r != -ENOMEM)
		r = settings_skip(v, s, why.text);
	return r;
}

/* Of the sections of one name a file can hold the one only that a load would take it for. */
static int save_if_meant(struct saver *v, const struct pp_schema_section *s)
{
	struct pp_error why = { 0 };
	const struct pp_schema_section *meant = NULL;
	int r = pp_section_index_find(&v->index, s->name, &meant, &why);

	if (r)
		return r == -ENOMEM ? r : settings_skip(v, s, why.text);
	return meant == s ? settings_save(v, s) : 0;
}

static int save_if_it_fits(struct saver *v, const struct pp_schema_section *s)
{
	char reason[PP_REASON_BYTES] = "";

	switch (pp_section_match(s, v->machine, reason, sizeof(reason))) {
	case PP_MATCH_YES:
		return save_if_meant(v, s);
	case PP_MATCH_UNKNOWN:
		return settings_skip(v, s, reason);
	case PP_MATCH_NO:
		break;
	}
	return 0;
}

static int settings_check_schema(const struct saver *v, struct pp_error *e)
{
	char reason[PP_REASON_BYTES] = "";
	enum pp_match fit = pp_schema_match(v->schema, v->machine, reason, sizeof(reason));

	if (fit == PP_MATCH_YES)
		return 0;
	return pp_fail(e, fit == PP_MATCH_NO ? EPERM : ENODATA, "%s", reason);
}

int pp_settings_decode(const struct pp_schema *schema, const struct pp_machine *machine,
                       const struct pp_areas *memory, struct pp_arena *a, struct pp_data *ret,
                       const struct pp_skip **ret_skips, uint32_t *ret_nr_skips, struct pp_error *e)
{
	struct saver v = {
		.schema = schema,
		.machine = machine,
		.memory = memory,
		.arena = a,
		.settings = PP_ARENA_ARRAY(a, schema->nr_sections, struct pp_setting),
		.skips = PP_ARENA_ARRAY(a, schema->nr_sections, struct pp_skip),
	};

	if (!v.settings || !v.skips || pp_section_index_init(&v.index, schema, machine, a))
		return pp_fail_oom(e, schema->object);
	int r = settings_check_schema(&v, e);
	if (r)
		return r;
	for (uint32_t i = 0; i < schema->nr_sections; i++)
		if (save_if_it_fits(&v, &schema->sections[i]))
			return pp_fail_oom(e, schema->object);
	*ret = (struct pp_data){
		.object = schema->object,
		.version = PP_CONREP_FORM,
		.machine = *machine,
		.settings = v.settings,
		.nr_settings = v.nr_settings,
	};
	*ret_skips = v.skips;
	*ret_nr_skips = v.nr_skips;
	return 0;
}
