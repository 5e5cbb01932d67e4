/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would change, from a data file or from what was typed. */
#include <string.h>

#include "conrep/suggest.h"
#include "conrep/text-form.h"
#include "conrep/xml.h"
#include "settings/settings.h"

#define TYPED "the command line"

static int plan(struct pp_settings *s, const struct pp_data *wanted, struct pp_settings_plan **ret,
                struct pp_error *e)
{
	struct pp_settings_plan *p = PP_ARENA_NEW(&s->arena, struct pp_settings_plan);

	if (!p)
		return pp_fail_oom(e, "plan");
	p->settings = s;
	int r = pp_changes_plan(&s->schema, &s->machine, wanted, &s->memory, &s->arena, &p->changes,
	                        e);
	/* The codec knows bytes, and not who should have reported them. */
	if (r == -ENODATA)
		return pp_fail_prefix(e, s->store->where);
	if (r)
		return r;
	for (uint32_t i = 0; i < p->changes.nr_skips; i++)
		if (pp_settings_remark(s, PP_REMARK_ASKED, "%s left out: %s",
		                       p->changes.skips[i].name, p->changes.skips[i].reason))
			return pp_fail_oom(e, "plan");
	*ret = p;
	return 0;
}

/* Blanks around a name tell no machines apart; one that is not known differs from none. */
static bool differs(const char *x, const char *y)
{
	if (!x || !y)
		return false;
	struct pp_span a = pp_form_trimmed(x), b = pp_form_trimmed(y);
	return a.len != b.len || memcmp(a.data, b.data, a.len);
}

static const char *plan_known(const char *text)
{
	return text ? text : "unknown";
}

/* The same settings on another machine may well be what is wanted, and is worth a line. */
static int remark_origin(struct pp_settings *s, const struct pp_data *wanted)
{
	const struct pp_machine *from = &wanted->machine, *to = &s->machine;

	if (!differs(from->product, to->product) && !differs(from->rom_family, to->rom_family))
		return 0;
	return pp_settings_remark(s, PP_REMARK_ASKED,
	                          "%.100s is from another machine: %.100s, ROM %.40s; this is "
	                          "%.100s, ROM %.40s",
	                          wanted->object, plan_known(from->product),
	                          plan_known(from->rom_family), plan_known(to->product),
	                          plan_known(to->rom_family));
}

static int plan_data(struct pp_settings *s, struct pp_span in, const char *object,
                     struct pp_settings_plan **ret, struct pp_error *e)
{
	struct pp_data wanted;
	int r = pp_data_parse(in, object, &s->arena, &s->notes, &wanted, e);

	if (r)
		return r;
	if (pp_settings_take_notes(s, PP_REMARK_ASKED) || remark_origin(s, &wanted))
		return pp_fail_oom(e, object);
	return plan(s, &wanted, ret, e);
}

int pp_settings_plan_file(struct pp_settings *s, const char *path, struct pp_settings_plan **ret,
                          struct pp_error *e)
{
	const char *object;
	struct pp_span in;

	if (pp_settings_ready(s, true, e))
		return -EINVAL;
	int r = pp_settings_file(path, &s->arena, &in, &object, e);
	return r ? r : plan_data(s, in, object, ret, e);
}

_Static_assert(PP_SETTINGS_MAX_DATA == PP_XML_MAX_BYTES, "one limit for files and bytes");

int pp_settings_plan_bytes(struct pp_settings *s, const void *bytes, size_t len, const char *object,
                           struct pp_settings_plan **ret, struct pp_error *e)
{
	if (pp_settings_ready(s, true, e))
		return -EINVAL;
	if (len > PP_SETTINGS_MAX_DATA)
		return pp_fail(e, E2BIG, "%.300s: more than %u bytes", object,
		               PP_SETTINGS_MAX_DATA);
	uint8_t *copy = PP_ARENA_ARRAY(&s->arena, len, uint8_t);
	if (!copy)
		return pp_fail_oom(e, object);
	if (len)
		memcpy(copy, bytes, len);
	return plan_data(s, PP_SPAN(copy, len), object, ret, e);
}

/* Settings being put together from assignments. */
struct typed {
	struct pp_arena *arena;
	struct pp_setting *settings;
	uint32_t count;
};

static struct pp_setting *setting_of(struct typed *t, const char *name)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (!strcmp(t->settings[i].name, name))
			return &t->settings[i];
	struct pp_setting *s = &t->settings[t->count++];
	s->name = name;
	s->helptext = "";
	return s;
}

/* Reject duplicate assignments, even of the same value. */
static int plan_put(struct typed *t, const char *name, const char *entry, const char *text,
                    struct pp_error *e)
{
	struct pp_setting *s = setting_of(t, name);
	bool twice = s->text || (!entry && s->nr_entries);

	for (uint32_t i = 0; entry && i < s->nr_entries; i++)
		twice |= !strcmp(s->entries[i].name, entry);
	if (twice)
		return pp_fail(e, EINVAL, "%.100s%s%.60s is given twice", name, entry ? "." : "",
		               entry ? entry : "");
	if (!entry) {
		s->text = text;
		return 0;
	}
	struct pp_entry *entries = PP_ARENA_ARRAY(t->arena, s->nr_entries + 1, struct pp_entry);
	if (!entries)
		return pp_fail_oom(e, TYPED);
	if (s->nr_entries)
		memcpy(entries, s->entries, s->nr_entries * sizeof(*entries));
	entries[s->nr_entries++] = (struct pp_entry){ .name = entry, .text = text };
	s->entries = entries;
	return 0;
}

/* Takes "NAME=VALUE" apart; a dot parts name and entry unless it belongs to a section's name. */
static int take_assignment(struct pp_settings *s, struct typed *t, const char *assignment,
                           struct pp_error *e)
{
	const struct pp_schema_section *section;
	const char *equals = strchr(assignment, '=');

	if (!equals || equals == assignment)
		return pp_fail(e, EINVAL, "'%.200s': expected NAME=VALUE", assignment);
	char *name = pp_arena_strndup(&s->arena, assignment, (size_t)(equals - assignment));
	char *text = pp_arena_strdup(&s->arena, equals + 1);
	if (!name || !text)
		return pp_fail_oom(e, TYPED);
	char *dot = strrchr(name, '.'), *entry = NULL;
	if (dot && pp_schema_find(&s->schema, &s->machine, name, &section, NULL) == -ENOENT) {
		*dot = '\0';
		entry = dot + 1;
	}
	return plan_put(t, name, entry, text, e);
}

int pp_settings_refuse_name(const struct pp_settings *s, const char *name, struct pp_error *e)
{
	char hint[200];

	pp_suggest(&s->schema, name, hint, sizeof(hint));
	return pp_fail(e, EINVAL, "%.100s: %.100s has no such setting%s%s", name, s->schema.object,
	               hint, *hint || s->schema_path ? "" : "; --schema FILE names another schema");
}

/* What is typed for this machine and is not for it is no matter of leaving something out. */
static int check_typed(const struct pp_settings *s, const struct typed *t, struct pp_error *e)
{
	const struct pp_schema_section *section;

	for (uint32_t i = 0; i < t->count; i++) {
		struct pp_error why = { 0 };
		int r = pp_schema_find(&s->schema, &s->machine, t->settings[i].name, &section,
		                       &why);
		if (r == -ENOENT)
			return pp_settings_refuse_name(s, t->settings[i].name, e);
		if (r)
			return pp_fail(e, r == -ENOTSUP ? EPERM : -r, "%s", why.text);
	}
	return 0;
}

int pp_settings_plan_set(struct pp_settings *s, const char *const *assignments, size_t count,
                         struct pp_settings_plan **ret, struct pp_error *e)
{
	struct typed t = { .arena = &s->arena };

	if (pp_settings_ready(s, true, e))
		return -EINVAL;
	t.settings = PP_ARENA_ARRAY(&s->arena, count, struct pp_setting);
	if (!t.settings)
		return pp_fail_oom(e, TYPED);
	for (size_t i = 0; i < count; i++) {
		int r = take_assignment(s, &t, assignments[i], e);
		if (r)
			return r;
	}
	int r = check_typed(s, &t, e);
	if (r)
		return r;
	return plan(s,
	            &(struct pp_data){
			    .object = TYPED,
			    .version = "",
			    .settings = t.settings,
			    .nr_settings = t.count,
		    },
	            ret, e);
}

size_t pp_settings_plan_count(const struct pp_settings_plan *p)
{
	return p->changes.nr_changes;
}
