/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data file (-f): settings by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conrep/data.h"
#include "conrep/document.h"
#include "conrep/xml.h"

struct parser {
	const char *object;
	struct pp_arena *arena;
	struct pp_notes *notes;
	struct pp_error *e;
};

const char *pp_data_place(const char *object, unsigned int line, char *buf, size_t size)
{
	if (line)
		snprintf(buf, size, "%s line %u", object, line);
	else
		snprintf(buf, size, "%s", object);
	return buf;
}

/*
 * What a person or a formatter put around the text goes. Blanks before it may be part of it, unless
 * they follow a line end: no form of a setting's text holds one.
 */
static const char *without_layout(struct parser *p, const char *text)
{
	size_t indent = strspn(text, " \t\n"), len = strlen(text);

	while (len && strchr(" \t\n", text[len - 1]))
		len--;
	if (len <= indent)
		return "";
	if (strcspn(text, "\t\n") < indent) {
		text += indent;
		len -= indent;
	}
	return text[len] ? pp_arena_strndup(p->arena, text, len) : text;
}

static bool data_is_blank(const char *text)
{
	return !text[strspn(text, " \t\n")];
}

/* One thing that has a name and must not stand twice. */
struct named {
	const char *name;
	uint32_t index;
};

static int compare_named(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	int r = strcmp(a->name, b->name);

	return r ? r : a->index < b->index ? -1 : a->index > b->index;
}

static void sort_named(struct named *all, uint32_t n)
{
	if (n)
		qsort(all, n, sizeof(*all), compare_named);
}

static int refuse_twice(struct parser *p, const char *name, unsigned int first, unsigned int second)
{
	return pp_fail(p->e, EBADMSG, "%s line %u: %s again, but not as in line %u", p->object,
	               second, name, first);
}

static void note_twice(struct parser *p, const char *name, unsigned int first, unsigned int second)
{
	pp_note(p->notes, p->object, second, "%s again, the same as in line %u", name, first);
}

static int drop_entries_twice(struct parser *p, struct pp_entry *entries, uint32_t *nr)
{
	struct named *sorted = PP_ARENA_ARRAY(p->arena, *nr, struct named);
	uint32_t n = 0;

	if (!sorted)
		return pp_fail_oom(p->e, p->object);
	for (uint32_t i = 0; i < *nr; i++)
		sorted[i] = (struct named){ entries[i].name, i };
	sort_named(sorted, *nr);
	for (uint32_t i = 1, first = 0; i < *nr; i++) {
		struct pp_entry *x = &entries[sorted[first].index], *y = &entries[sorted[i].index];
		if (strcmp(sorted[first].name, sorted[i].name)) {
			first = i;
			continue;
		}
		if (strcmp(x->text, y->text))
			return refuse_twice(p, x->name, x->line, y->line);
		note_twice(p, x->name, x->line, y->line);
		y->name = NULL;
	}
	for (uint32_t i = 0; i < *nr; i++)
		if (entries[i].name)
			entries[n++] = entries[i];
	*nr = n;
	return 0;
}

static int data_read_entries(struct parser *p, const struct pp_xml_node *section,
                             struct pp_setting *ret)
{
	uint32_t n = 0;

	for (const struct pp_xml_node *c = section->children; c; c = c->next)
		n++;
	struct pp_entry *entries = PP_ARENA_ARRAY(p->arena, n, struct pp_entry);
	if (!entries)
		return pp_fail_oom(p->e, p->object);
	n = 0;
	for (const struct pp_xml_node *c = section->children; c; c = c->next) {
		if (c->children)
			return pp_fail(p->e, EBADMSG, "%s line %u: <%s> inside the entry <%s>",
			               p->object, c->children->line, c->children->name, c->name);
		const char *text = without_layout(p, c->text);
		if (!text)
			return pp_fail_oom(p->e, p->object);
		entries[n++] = (struct pp_entry){ c->name, text, c->line };
	}
	ret->entries = entries;
	ret->nr_entries = n;
	return drop_entries_twice(p, entries, &ret->nr_entries);
}

static int read_setting(struct parser *p, const struct pp_xml_node *n, struct pp_setting *ret)
{
	const char *name = pp_xml_attribute(n, "name");
	const char *helptext = pp_xml_attribute(n, "helptext");

	if (strcmp(n->name, "Section"))
		return pp_fail(p->e, EBADMSG, "%s line %u: <%s>, wanted <Section>", p->object,
		               n->line, n->name);
	if (!name || !name[0])
		return pp_fail(p->e, EBADMSG, "%s line %u: a <Section> without a name", p->object,
		               n->line);
	*ret = (struct pp_setting){
		.name = name,
		.helptext = helptext ? helptext : "",
		.line = n->line,
	};
	if (!n->children) {
		ret->text = without_layout(p, n->text);
		return ret->text ? 0 : pp_fail_oom(p->e, p->object);
	}
	if (!data_is_blank(n->text))
		return pp_fail(p->e, EBADMSG, "%s line %u: %s holds text and entries", p->object,
		               n->line, name);
	return data_read_entries(p, n, ret);
}

static bool same_content(const struct pp_setting *x, const struct pp_setting *y)
{
	if (!x->text || !y->text) {
		if (x->text || y->text || x->nr_entries != y->nr_entries)
			return false;
		for (uint32_t i = 0; i < x->nr_entries; i++)
			if (strcmp(x->entries[i].name, y->entries[i].name) ||
			    strcmp(x->entries[i].text, y->entries[i].text))
				return false;
		return true;
	}
	return !strcmp(x->text, y->text);
}

static int drop_settings_twice(struct parser *p, struct pp_setting *settings, uint32_t *nr)
{
	struct named *sorted = PP_ARENA_ARRAY(p->arena, *nr, struct named);
	uint32_t n = 0;

	if (!sorted)
		return pp_fail_oom(p->e, p->object);
	for (uint32_t i = 0; i < *nr; i++)
		sorted[i] = (struct named){ settings[i].name, i };
	sort_named(sorted, *nr);
	for (uint32_t i = 1, first = 0; i < *nr; i++) {
		struct pp_setting *x = &settings[sorted[first].index];
		struct pp_setting *y = &settings[sorted[i].index];
		if (strcmp(sorted[first].name, sorted[i].name)) {
			first = i;
			continue;
		}
		if (!same_content(x, y))
			return refuse_twice(p, x->name, x->line, y->line);
		note_twice(p, x->name, x->line, y->line);
		y->name = NULL;
	}
	for (uint32_t i = 0; i < *nr; i++)
		if (settings[i].name)
			settings[n++] = settings[i];
	*nr = n;
	return 0;
}

static int read_settings(struct parser *p, const struct pp_xml_node *root, struct pp_data *ret)
{
	uint32_t n = 0;

	for (const struct pp_xml_node *c = root->children; c; c = c->next)
		n++;
	struct pp_setting *settings = PP_ARENA_ARRAY(p->arena, n, struct pp_setting);
	if (!settings)
		return pp_fail_oom(p->e, p->object);
	n = 0;
	for (const struct pp_xml_node *c = root->children; c; c = c->next) {
		int r = read_setting(p, c, &settings[n++]);
		if (r)
			return r;
	}
	ret->settings = settings;
	ret->nr_settings = n;
	return drop_settings_twice(p, settings, &ret->nr_settings);
}

/* An attribute that says nothing is not known. */
static const char *data_identity(const struct pp_xml_node *root, const char *name)
{
	const char *value = pp_xml_attribute(root, name);

	return value && !data_is_blank(value) ? value : NULL;
}

int pp_data_parse(struct pp_span in, const char *object, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_data *ret, struct pp_error *e)
{
	struct parser p = { pp_arena_strdup(a, object), a, notes, e };
	const struct pp_xml_node *root;

	if (!p.object)
		return pp_fail_oom(e, object);
	int r = pp_xml_parse(in, p.object, a, &root, e);
	if (!r)
		r = pp_document_check(root, PP_DOCUMENT_DATA, p.object, e);
	if (r)
		return r;
	if (strcmp(root->name, "Conrep"))
		return pp_fail(e, EBADMSG, "%s line %u: <%s>, wanted <Conrep>", p.object,
		               root->line, root->name);
	if (!data_is_blank(root->text))
		return pp_fail(e, EBADMSG, "%s line %u: <Conrep> holds text outside its sections",
		               p.object, root->line);
	const char *version = pp_xml_attribute(root, "version");
	struct pp_data data = {
		.object = p.object,
		.version = version ? version : "",
		.machine = {
			.product = data_identity(root, "originating_platform"),
			.rom_family = data_identity(root, "originating_family"),
			.rom_date = data_identity(root, "originating_romdate"),
			.processor = data_identity(root, "originating_processor_manufacturer"),
		},
	};
	r = read_settings(&p, root, &data);
	if (!r)
		*ret = data;
	return r;
}
