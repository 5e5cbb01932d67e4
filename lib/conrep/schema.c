/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schema (-x): every section, and what holds for all of them. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conrep/document.h"
#include "conrep/encoding.h"
#include "conrep/match.h"
#include "conrep/schema-reader.h"

int pp_schema_fail(const struct pp_schema_reader *r, unsigned int line, const char *fmt, ...)
{
	char text[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!r->section)
		return pp_fail(r->e, EBADMSG, "%s line %u: %s", r->object, line, text);
	return pp_fail(r->e, EBADMSG, "%s line %u: section %.64s: %s", r->object, line, r->section,
	               text);
}

void pp_schema_note(const struct pp_schema_reader *r, unsigned int line, const char *fmt, ...)
{
	char text[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->section)
		pp_note(r->notes, r->object, line, "section %.64s: %s", r->section, text);
	else
		pp_note(r->notes, r->object, line, "%s", text);
}

int pp_schema_number(const struct pp_schema_reader *r, unsigned int line, const char *what,
                     const char *text, uint32_t max, uint32_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	uint64_t v;

	if (!(hex ? pp_parse_hex : pp_parse_dec)(text, UINT64_MAX, &v))
		return pp_schema_fail(r, line,
		                      "%s \"%.32s\" is not a number (decimal, or 0x and hex)", what,
		                      text);
	if (!hex && text[0] == '0' && v > 7)
		return pp_schema_fail(r, line, "%s \"%.32s\" may be octal or decimal", what, text);
	if (v > max)
		return pp_schema_fail(r, line, "%s %.32s is too large, at most 0x%x", what, text,
		                      max);
	*ret = (uint32_t)v;
	return 0;
}

int pp_schema_text(const struct pp_schema_reader *r, const struct pp_xml_node *n, const char **ret)
{
	if (n->children)
		return pp_schema_fail(r, n->children->line, "<%.32s> inside <%.32s>",
		                      n->children->name, n->name);
	const char *text = pp_xml_trimmed(n, r->arena);
	if (!text)
		return pp_fail_oom(r->e, r->object);
	*ret = text;
	return 0;
}

int pp_schema_number_of(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                        uint32_t least, uint32_t max, uint32_t *ret)
{
	const char *text = NULL;
	int err = pp_schema_text(r, n, &text);

	if (!err)
		err = pp_schema_number(r, n->line, n->name, text, max, ret);
	if (!err && *ret < least)
		return pp_schema_fail(r, n->line, "%s %s, at least %u", n->name, text, least);
	return err;
}

void pp_schema_stray_text(const struct pp_schema_reader *r, const struct pp_xml_node *n)
{
	if (n->text[strspn(n->text, " \t\r\n")])
		pp_schema_note(r, n->line, "text between the elements of <%.32s> is ignored",
		               n->name);
}

/* --- conditions --- */

static const struct {
	const char *list, *entry;
	size_t entries, count; /* where in struct pp_schema_conditions */
} lists[] = {
#define LIST(xml, entry, member)                                                                   \
	{                                                                                          \
		xml, entry, offsetof(struct pp_schema_conditions, member),                         \
			offsetof(struct pp_schema_conditions, nr_##member)                         \
	}
	LIST("platforms", "platform", platforms),
	LIST("romfamilies", "romfamily", rom_families),
	LIST("romdates", "greaterthan", rom_dates),
	LIST("proc_mans", "proc_man", processors),
#undef LIST
};

static int schema_read_entries(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                               const char *wanted, const char **entries)
{
	for (const struct pp_xml_node *c = n->children; c; c = c->next) {
		if (strcmp(c->name, wanted))
			return pp_schema_fail(r, c->line, "<%.32s> inside <%s>, wanted <%s>",
			                      c->name, n->name, wanted);
		int err = pp_schema_text(r, c, entries);
		if (err)
			return err;
		if (!**entries)
			return pp_schema_fail(r, c->line, "an empty <%s>", wanted);
		if (!strcmp(wanted, "greaterthan") && !pp_rom_date(*entries))
			return pp_schema_fail(
				r, c->line, "\"%.32s\" is not a date, expected MM/DD/YY", *entries);
		entries++;
	}
	return 0;
}

int pp_schema_condition(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                        struct pp_schema_conditions *c, bool *ret_taken)
{
	size_t i = 0;

	while (i < sizeof(lists) / sizeof(lists[0]) && strcmp(n->name, lists[i].list))
		i++;
	*ret_taken = i < sizeof(lists) / sizeof(lists[0]);
	if (!*ret_taken)
		return 0;
	uint32_t count = 0;
	for (const struct pp_xml_node *entry = n->children; entry; entry = entry->next)
		count++;
	pp_schema_stray_text(r, n);
	if (!count)
		pp_schema_note(r, n->line, "an empty <%s> is not a condition", n->name);
	const char **entries = PP_ARENA_ARRAY(r->arena, count, const char *);
	if (!entries)
		return pp_fail_oom(r->e, r->object);
	int err = schema_read_entries(r, n, lists[i].entry, entries);
	if (err)
		return err;
	memcpy((char *)c + lists[i].entries, &entries, sizeof(entries));
	memcpy((char *)c + lists[i].count, &count, sizeof(count));
	return 0;
}

/* --- the document --- */

static const struct {
	const char *name;
	size_t text; /* where in struct pp_schema */
} global_texts[] = {
	{ "helptext", offsetof(struct pp_schema, helptext) },
	{ "fileversion", offsetof(struct pp_schema, file_version) },
	{ "minimumconrepversion", offsetof(struct pp_schema, minimum_version) },
	{ "onmismatch", offsetof(struct pp_schema, on_mismatch) },
};

#define NR_GLOBAL_TEXTS (sizeof(global_texts) / sizeof(global_texts[0]))

static size_t find_global_text(const char *name)
{
	size_t i = 0;

	while (i < NR_GLOBAL_TEXTS && strcmp(name, global_texts[i].name))
		i++;
	return i;
}

static int read_global_child(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                             struct pp_schema *s)
{
	size_t i = find_global_text(n->name);
	bool taken;

	if (i < NR_GLOBAL_TEXTS)
		return pp_schema_text(r, n, (const char **)((char *)s + global_texts[i].text));
	int err = pp_schema_condition(r, n, &s->global, &taken);
	if (err)
		return err;
	if (!taken)
		pp_schema_note(r, n->line, "unknown element <%.32s> in <global>", n->name);
	else if (strcmp(n->name, "platforms"))
		/* To leave it out would let the schema loose on machines it is not for. */
		return pp_schema_fail(r, n->line, "<%s> in <global>, only <platforms> is known",
		                      n->name);
	return 0;
}

static int read_global(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                       struct pp_schema *s)
{
	pp_schema_stray_text(r, n);
	for (const struct pp_xml_node *c = n->children; c; c = c->next) {
		/* Of the many that may be unknown none is looked for again. */
		bool known = find_global_text(c->name) < NR_GLOBAL_TEXTS ||
		             !strcmp(c->name, "platforms");
		if (known && pp_xml_child(n, c->name) != c)
			return pp_schema_fail(r, c->line, "a second <%.32s> in <global>", c->name);
		int err = read_global_child(r, c, s);
		if (err)
			return err;
	}
	if (s->on_mismatch[0] && strcmp(s->on_mismatch, "exception"))
		pp_schema_note(r, n->line, "onmismatch \"%.32s\" is not known, taken as exception",
		               s->on_mismatch);
	return 0;
}

/* --- sections of one name that nothing tells apart --- */

static int compare_lists(const char *const *a, uint32_t nr_a, const char *const *b, uint32_t nr_b)
{
	int r = nr_a < nr_b ? -1 : nr_a > nr_b;

	for (uint32_t i = 0; !r && i < nr_a; i++)
		r = strcmp(a[i], b[i]);
	return r;
}

static int compare_sections(const struct pp_schema_section *x, const struct pp_schema_section *y)
{
	const struct pp_schema_conditions *a = &x->conditions, *b = &y->conditions;
	int r = strcmp(x->name, y->name);

	if (!r)
		r = compare_lists(a->platforms, a->nr_platforms, b->platforms, b->nr_platforms);
	if (!r)
		r = compare_lists(a->rom_families, a->nr_rom_families, b->rom_families,
		                  b->nr_rom_families);
	if (!r)
		r = compare_lists(a->rom_dates, a->nr_rom_dates, b->rom_dates, b->nr_rom_dates);
	if (!r)
		r = compare_lists(a->processors, a->nr_processors, b->processors, b->nr_processors);
	return r;
}

static int compare_places(const void *x, const void *y)
{
	const struct pp_schema_section *const *a = x, *const *b = y;
	int r = compare_sections(*a, *b);

	return r ? r : *a < *b ? -1 : *a > *b;
}

static int note_twins(const struct pp_schema_reader *r, const struct pp_schema_section *all,
                      uint32_t count)
{
	const struct pp_schema_section **sorted =
		PP_ARENA_ARRAY(r->arena, count, const struct pp_schema_section *);
	const struct pp_schema_section **twins =
		PP_ARENA_ARRAY(r->arena, count, const struct pp_schema_section *);

	if (!sorted || !twins)
		return pp_fail_oom(r->e, r->object);
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = &all[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare_places);
	for (uint32_t i = 1, first = 0; i < count; i++) {
		if (compare_sections(sorted[first], sorted[i]))
			first = i;
		else
			twins[sorted[i] - all] = sorted[first];
	}
	for (uint32_t i = 0; i < count; i++)
		if (twins[i])
			pp_schema_note(r, all[i].line,
			               "section %.64s: line %u has that name too, and no condition "
			               "tells them apart",
			               all[i].name, twins[i]->line);
	return 0;
}

static int read_children(struct pp_schema_reader *r, const struct pp_xml_node *root,
                         struct pp_schema *s, struct pp_schema_section *sections)
{
	for (const struct pp_xml_node *c = root->children; c; c = c->next) {
		int err = 0;
		if (!strcmp(c->name, "Section"))
			err = pp_schema_section_read(r, c, sections++);
		else if (strcmp(c->name, "global"))
			pp_schema_note(r, c->line, "unknown element <%.32s>", c->name);
		else if (pp_xml_child(root, "global") != c)
			err = pp_schema_fail(r, c->line, "a second <global>");
		else
			err = read_global(r, c, s);
		r->section = NULL;
		if (err)
			return err;
	}
	return 0;
}

int pp_schema_parse(struct pp_span in, const char *object, struct pp_arena *a,
                    struct pp_notes *notes, struct pp_schema *ret, struct pp_error *e)
{
	struct pp_schema_reader r = { .object = object, .arena = a, .notes = notes, .e = e };
	struct pp_schema s = { .helptext = "",
		               .file_version = "",
		               .minimum_version = "",
		               .on_mismatch = "",
		               .object = pp_arena_strdup(a, object) };
	const struct pp_xml_node *root;

	if (!s.object)
		return pp_fail_oom(e, object);
	int err = pp_encoding_to_utf8(in, object, PP_XML_MAX_BYTES, a, &in, e);
	if (!err)
		err = pp_xml_parse(in, object, a, &root, e);
	if (err)
		return err;
	err = pp_document_check(root, PP_DOCUMENT_SCHEMA, object, e);
	if (err)
		return err;
	if (strcmp(root->name, "Conrep"))
		return pp_schema_fail(&r, root->line, "<%.32s>, wanted <Conrep>", root->name);
	pp_schema_stray_text(&r, root);
	for (const struct pp_xml_node *c = root->children; c; c = c->next)
		s.nr_sections += !strcmp(c->name, "Section");
	if (s.nr_sections > PP_SCHEMA_MAX_SECTIONS)
		return pp_fail(e, E2BIG, "%s: %u sections, at most %u are read", object,
		               s.nr_sections, PP_SCHEMA_MAX_SECTIONS);
	struct pp_schema_section *sections =
		PP_ARENA_ARRAY(a, s.nr_sections, struct pp_schema_section);
	if (!sections)
		return pp_fail_oom(e, object);
	err = read_children(&r, root, &s, sections);
	if (!err)
		err = note_twins(&r, sections, s.nr_sections);
	if (err)
		return err;
	const char *bytes = pp_arena_strndup(a, (const char *)in.data, in.len);
	if (!bytes)
		return pp_fail_oom(e, object);
	s.bytes = PP_SPAN(bytes, in.len);
	s.sections = sections;
	*ret = s;
	return 0;
}
