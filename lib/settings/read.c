/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings as they are, and as a document. */
#include <string.h>

#include "settings/settings.h"
#include "sys/file.h"

/* Nothing of the schema is for this machine: why its first section is not. */
static int nothing_fits(const struct pp_settings *s, struct pp_error *e)
{
	for (uint32_t i = 0; i < s->schema.nr_sections; i++) {
		char reason[PP_REASON_BYTES] = "";
		if (pp_section_match(&s->schema.sections[i], &s->machine, reason, sizeof(reason)) !=
		    PP_MATCH_YES)
			return pp_fail(e, EPERM, "%s", reason);
	}
	return 0;
}

static int read_decode(struct pp_settings *s, struct pp_error *e)
{
	const struct pp_skip *skips;
	uint32_t nr_skips;
	int r = pp_settings_decode(&s->schema, &s->machine, &s->memory, &s->arena, &s->now, &skips,
	                           &nr_skips, e);

	if (r)
		return r;
	for (uint32_t i = 0; i < nr_skips; i++)
		if (pp_settings_remark(s, PP_REMARK_OTHERS, "%s left out: %s", skips[i].name,
		                       skips[i].reason))
			return pp_fail_oom(e, "settings");
	if (!s->now.nr_settings && !nr_skips)
		return nothing_fits(s, e);
	return 0;
}

/* HP's conrep tells with the first read who the machine is: for what nobody else said. */
static void identify_further(struct pp_settings *s)
{
	const struct pp_machine *m =
		s->store->ops->machine ? s->store->ops->machine(s->store) : NULL;

	if (!m)
		return;
	if (!s->machine.product)
		s->machine.product = m->product;
	if (!s->machine.rom_family)
		s->machine.rom_family = m->rom_family;
	if (!s->machine.rom_date)
		s->machine.rom_date = m->rom_date;
	if (!s->machine.processor)
		s->machine.processor = m->processor;
}

int pp_settings_read(struct pp_settings *s, struct pp_error *e)
{
	if (s->has_read)
		return pp_fail(e, EINVAL, "settings: the store has been read already");
	int r = pp_settings_check(s, NULL, NULL, e);
	if (!r)
		r = s->store->ops->read(s->store, &s->schema, &s->memory, e);
	if (!r)
		identify_further(s);
	if (!r)
		r = read_decode(s, e);
	if (r)
		return r;
	s->now.object = s->store->where;
	s->now.version = PP_CONREP_FORM;
	s->now.machine = s->machine;
	s->has_read = true;
	return 0;
}

int pp_settings_document(struct pp_settings *s, const char **ret, size_t *ret_len,
                         struct pp_error *e)
{
	if (pp_settings_ready(s, true, e))
		return -EINVAL;
	if (!s->document.len)
		pp_data_write(&s->now, &s->document);
	if (s->document.failed)
		return pp_fail_oom(e, "data file");
	*ret = s->document.data;
	*ret_len = s->document.len;
	return 0;
}

int pp_settings_save(struct pp_settings *s, const char *path, bool overwrite, struct pp_error *e)
{
	const char *bytes;
	size_t len;
	int r = pp_settings_document(s, &bytes, &len, e);

	if (!r && overwrite)
		r = pp_settings_check_targets(s, path, e);
	return r ? r : pp_file_put(path, PP_SPAN(bytes, len), 0666, overwrite, e);
}
