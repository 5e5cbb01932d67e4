/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings as they are, and what would change. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/default.h"
#include "report/out.h"
#include "settings/settings.h"

#define NAME_COLUMNS 40

/* Texts come from files: for a screen their control bytes go. Cuts what does not fit. */
static const char *settings_shown(const char *text, char *buf, size_t size)
{
	snprintf(buf, size, "%s", text);
	pp_text_clean_in_place(buf);
	return buf;
}

static void put_machine(struct pp_out *o, const struct pp_settings *s)
{
	const struct pp_machine *m = &s->machine;
	char line[2 * PATH_MAX + 64], clean[sizeof(line)]; /* two paths may stand in it */

	snprintf(line, sizeof(line), "%s%s%s%s%s%s%s%s",
	         m->product ? m->product : "unknown machine", m->rom_family ? ", ROM " : "",
	         m->rom_family ? m->rom_family : "", m->rom_date ? " (" : "",
	         m->rom_date ? m->rom_date : "", m->rom_date ? ")" : "", m->processor ? ", " : "",
	         m->processor ? m->processor : "");
	pp_out_wrapped(o, "", "  ", settings_shown(line, clean, sizeof(clean)));
	snprintf(line, sizeof(line), "store: %s, schema: %s", s->store->where, s->schema_where);
	pp_out_wrapped(o, "", "  ", settings_shown(line, clean, sizeof(clean)));
}

static int columns_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* A whole text, however long, broken where the line ends. */
static void put_broken(struct pp_out *o, const char *indent, const char *text)
{
	size_t room = o->width - strlen(indent);

	do {
		size_t n = strlen(text);
		if (n > room)
			for (n = room; n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
				;
		pp_out(o, "%s%.*s\n", indent, (int)n, text);
		text += n;
	} while (*text);
}

static void settings_name_of(const char *section, const char *entry, char *buf, size_t size)
{
	char raw[512];

	snprintf(raw, sizeof(raw), "%s%s%s", section, entry ? "." : "", entry ? entry : "");
	settings_shown(raw, buf, size);
}

/* Of a setting with one value; NULL: not known. */
static const char *default_of(const struct pp_settings *s, const char *name)
{
	const struct pp_schema_section *section;

	return pp_schema_find(&s->schema, &s->machine, name, &section, NULL)
	               ? NULL
	               : pp_section_default(section);
}

/* usual: its default, where that is known. */
static void put_row(struct pp_out *o, int column, const char *section, const char *entry,
                    const char *text, const char *usual)
{
	char name[512], value[1024];

	settings_name_of(section, entry, name, sizeof(name));
	settings_shown(text, value, sizeof(value));
	int used = columns_of(name) < column ? column : columns_of(name);
	int room = (int)o->width - used - 4;
	pp_out_fit(o, value, sizeof(value), room > 12 ? room : 12);
	pp_out(o, "  %s%*s  %s", name, used - columns_of(name), "", value);
	if (usual && !strcmp(usual, text))
		pp_out(o, "  (default)");
	else if (usual)
		pp_out(o, "  (default: %s)", usual);
	pp_out(o, "\n");
}

static void settings_put_all(struct pp_out *o, const struct pp_settings *s)
{
	char name[512];
	int column = 0;

	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < s->now.nr_settings; i++) {
			const struct pp_setting *v = &s->now.settings[i];
			for (uint32_t j = 0; j < (v->text ? 1 : v->nr_entries); j++) {
				const char *entry = v->text ? NULL : v->entries[j].name;
				settings_name_of(v->name, entry, name, sizeof(name));
				int n = columns_of(name);
				if (pass)
					put_row(o, column, v->name, entry,
					        v->text ? v->text : v->entries[j].text,
					        v->text ? default_of(s, v->name) : NULL);
				else if (n > column && n <= NAME_COLUMNS)
					column = n;
			}
		}
}

/* A setting, or one entry of one, that was asked for by name. */
struct named {
	const struct pp_setting *setting;
	const struct pp_entry *entry; /* NULL: all of it */
};

static const struct pp_setting *setting_called(const struct pp_settings *s, const char *name,
                                               size_t len)
{
	for (uint32_t i = 0; i < s->now.nr_settings; i++) {
		const char *n = s->now.settings[i].name;
		if (strlen(n) == len && !memcmp(n, name, len))
			return &s->now.settings[i];
	}
	return NULL;
}

/* Why a name names nothing. */
static int not_found(const struct pp_settings *s, const char *name, struct pp_error *e)
{
	const struct pp_schema_section *section;
	struct pp_error why = { 0 };
	int r = pp_schema_find(&s->schema, &s->machine, name, &section, &why);

	if (r == -ENOENT)
		return pp_settings_refuse_name(s, name, e);
	if (r)
		return pp_fail(e, r == -ENOTSUP ? EPERM : -r, "%s", why.text);
	return pp_fail(e, ENODATA, "%.100s: not among the settings that %.300s reports", name,
	               pp_settings_where(s));
}

static int settings_find(const struct pp_settings *s, const char *name, struct named *ret,
                         struct pp_error *e)
{
	const struct pp_schema_section *section;
	const char *dot = strrchr(name, '.');

	*ret = (struct named){ .setting = setting_called(s, name, strlen(name)) };
	if (ret->setting)
		return 0;
	/* Another name of it, as the schema has them. */
	if (!pp_schema_find(&s->schema, &s->machine, name, &section, NULL))
		ret->setting = setting_called(s, section->name, strlen(section->name));
	if (ret->setting)
		return 0;
	if (dot)
		ret->setting = setting_called(s, name, (size_t)(dot - name));
	for (uint32_t i = 0; ret->setting && i < ret->setting->nr_entries; i++)
		if (!strcmp(ret->setting->entries[i].name, dot + 1))
			ret->entry = &ret->setting->entries[i];
	return ret->entry ? 0 : not_found(s, name, e);
}

static void put_pair(struct pp_out *o, const char *section, const char *entry, const char *text)
{
	char name[512], value[16384];

	settings_name_of(section, entry, name, sizeof(name));
	pp_out(o, "%s=%s\n", name, settings_shown(text, value, sizeof(value)));
}

static void put_named(struct pp_out *o, const struct named *n)
{
	const struct pp_setting *s = n->setting;

	if (n->entry)
		put_pair(o, s->name, n->entry->name, n->entry->text);
	else if (s->text)
		put_pair(o, s->name, NULL, s->text);
	for (uint32_t i = 0; !n->entry && !s->text && i < s->nr_entries; i++)
		put_pair(o, s->name, s->entries[i].name, s->entries[i].text);
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *json_machine(const struct pp_machine *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "product", text_or_null(m->product));
	json_object_set_new(o, "rom_family", text_or_null(m->rom_family));
	json_object_set_new(o, "rom_date", text_or_null(m->rom_date));
	json_object_set_new(o, "processor", text_or_null(m->processor));
	return o;
}

static json_t *json_remarks(const struct pp_settings *s)
{
	json_t *list = json_array();

	for (const struct pp_remark *r = s->remarks; r; r = r->next)
		json_array_append_new(list, json_string(r->text));
	return list;
}

/* What every document of settings begins with. */
static json_t *json_head(const char *schema, const struct pp_settings *s)
{
	char where[PATH_MAX + 16], object[PATH_MAX + 16];

	return json_pack("{s:s, s:s, s:s, s:o}", "schema", schema, "store",
	                 settings_shown(s->store->where, where, sizeof(where)), "names",
	                 settings_shown(s->schema_where, object, sizeof(object)), "machine",
	                 json_machine(&s->machine));
}

static json_t *json_setting(const struct pp_settings *s, const struct named *n)
{
	static const char *const kinds[] = {
		[PP_SECTION_ENUM] = "enum",
		[PP_SECTION_RECORDS] = "records",
		[PP_SECTION_RAW] = "raw",
	};
	const struct pp_schema_section *section = NULL;
	const struct pp_setting *v = n->setting;
	json_t *entries = json_array(), *values = json_array();

	for (uint32_t i = 0; !v->text && i < v->nr_entries; i++)
		if (!n->entry || n->entry == &v->entries[i])
			json_array_append_new(entries,
			                      json_pack("{s:s, s:s}", "name", v->entries[i].name,
			                                "value", v->entries[i].text));
	pp_schema_find(&s->schema, &s->machine, v->name, &section, NULL);
	for (uint32_t i = 0; section && i < section->nr_values; i++)
		json_array_append_new(values, json_string(section->values[i].text));
	return json_pack("{s:s, s:s, s:s?, s:o, s:s?, s:o, s:o}", "name", v->name, "help",
	                 v->helptext, "kind", section ? kinds[section->kind] : NULL, "value",
	                 text_or_null(v->text), "default",
	                 section ? pp_section_default(section) : NULL, "entries", entries, "values",
	                 values);
}

static void put_json(struct pp_out *o, const struct pp_settings *s, const struct named *named,
                     size_t count)
{
	json_t *document = json_head("pcipass.settings/1", s), *list = json_array();

	for (size_t i = 0; i < (count ? count : s->now.nr_settings); i++)
		json_array_append_new(
			list,
			json_setting(s, count ? &named[i]
		                              : &(struct named){ .setting = &s->now.settings[i] }));
	json_object_set_new(document, "settings", list);
	json_object_set_new(document, "remarks", json_remarks(s));
	pp_out_json(o, document);
	pp_out(o, "\n");
}

int pp_report_settings(const struct pp_settings *s, const char *const *names, size_t count,
                       const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	PP_CLEANUP(pp_cleanup_free) struct named *named = calloc(count + 1, sizeof(*named));
	struct pp_out o;

	if (!named)
		return pp_fail_oom(e, "report");
	for (size_t i = 0; i < count; i++) {
		int r = settings_find(s, names[i], &named[i], e);
		if (r)
			return r;
	}
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		put_json(&o, s, named, count);
		return pp_out_fini(&o, e);
	}
	for (size_t i = 0; i < count; i++)
		put_named(&o, &named[i]);
	if (!count) {
		put_machine(&o, s);
		pp_out(&o, "\n");
		settings_put_all(&o, s);
	}
	return pp_out_fini(&o, e);
}

static void put_change(struct pp_out *o, const struct pp_change *c)
{
	char name[512], was[16384], becomes[16384];

	settings_name_of(c->section->name, c->entry, name, sizeof(name));
	settings_shown(c->old_text ? c->old_text : "(absent)", was, sizeof(was));
	settings_shown(c->new_text ? c->new_text : "(absent)", becomes, sizeof(becomes));
	if (columns_of(name) + columns_of(was) + columns_of(becomes) + 8 <= (int)o->width) {
		pp_out(o, "  %s: %s -> %s\n", name, was, becomes);
		return;
	}
	pp_out(o, "  %s:\n", name);
	put_broken(o, "      ", was);
	pp_out(o, "    ->\n");
	put_broken(o, "      ", becomes);
}

struct risks {
	struct pp_out *out; /* or */
	json_t *list;
};

static void put_risk(void *ctx, const char *text)
{
	struct risks *r = ctx;

	if (r->list)
		json_array_append_new(r->list, json_string(text));
	else
		pp_out_wrapped(r->out, "side effect: ", "  ", text);
}

static void put_changes(struct pp_out *o, const struct pp_settings_plan *p, bool written)
{
	uint32_t n = p->changes.nr_changes;

	if (!o->style->no_machine)
		put_machine(o, p->settings);
	if (!n) {
		pp_out(o, "no change\n");
		return;
	}
	pp_out(o, "\n");
	for (uint32_t i = 0; i < n; i++)
		put_change(o, &p->changes.changes[i]);
	pp_out(o, "\n%u change%s%s at the next boot\n", n, n == 1 ? "" : "s",
	       !written ? ", not written: would take effect"
	       : n == 1 ? " written: takes effect"
	                : " written: take effect");
	pp_settings_plan_risks(p, put_risk, &(struct risks){ .out = o });
}

static json_t *json_change(const struct pp_change *c)
{
	json_t *o = json_pack("{s:s}", "name", c->section->name);

	json_object_set_new(o, "entry", text_or_null(c->entry));
	json_object_set_new(o, "old", text_or_null(c->old_text));
	json_object_set_new(o, "new", text_or_null(c->new_text));
	return o;
}

static void put_json_changes(struct pp_out *o, const struct pp_settings_plan *p, bool written)
{
	json_t *document = json_head("pcipass.changes/1", p->settings);
	json_t *changes = json_array(), *left_out = json_array();
	struct risks risks = { .list = json_array() };

	for (uint32_t i = 0; i < p->changes.nr_changes; i++)
		json_array_append_new(changes, json_change(&p->changes.changes[i]));
	for (uint32_t i = 0; i < p->changes.nr_skips; i++)
		json_array_append_new(left_out,
		                      json_pack("{s:s, s:s}", "name", p->changes.skips[i].name,
		                                "reason", p->changes.skips[i].reason));
	pp_settings_plan_risks(p, put_risk, &risks);
	json_object_set_new(document, "changes", changes);
	json_object_set_new(document, "left_out", left_out);
	json_object_set_new(document, "side_effects", risks.list);
	json_object_set_new(document, "written", json_boolean(written));
	json_object_set_new(document, "reboot", json_boolean(p->changes.nr_changes != 0));
	pp_out_json(o, document);
	pp_out(o, "\n");
}

int pp_report_changes(const struct pp_settings_plan *p, bool written, const struct pp_style *style,
                      struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON)
		put_json_changes(&o, p, written);
	else
		put_changes(&o, p, written);
	return pp_out_fini(&o, e);
}
