/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a schema. What is accepted must keep what lib/conrep/schema.h says of it. */
#include <libxml/parser.h>

#include "conrep/match.h"
#include "touch.h"

static void require(int mappings)
{
	if (!mappings)
		abort();
}

/* Cleaned, but names and texts may be of any language. */
static void touch_utf8(const char *s)
{
	require(s != NULL);
	for (; *s; s++)
		require((unsigned char)*s >= 0x20 ? *s != 0x7f : *s == '\n' || *s == '\t');
}

static void touch_list(const char *const *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		touch_utf8(list[i]);
}

static void touch_conditions(const struct pp_schema_conditions *c)
{
	touch_list(c->platforms, c->nr_platforms);
	touch_list(c->rom_families, c->nr_rom_families);
	touch_list(c->rom_dates, c->nr_rom_dates);
	touch_list(c->processors, c->nr_processors);
}

static void check_enum(const struct pp_schema_section *s)
{
	static const uint32_t bytes[] = { 0, PP_NVRAM_BYTES, PP_CMOS_BYTES };

	require(s->offset < (s->space == PP_CELL_EV ? s->length : bytes[s->space]));
	require(s->mask && s->nr_values && !s->nr_fields && !s->text && !s->empty_delete);
	for (uint32_t i = 0; i < s->nr_values; i++) {
		touch_utf8(s->values[i].text);
		require(*s->values[i].text && !(s->values[i].id & ~s->mask));
		for (uint32_t j = 0; j < i; j++)
			require(s->values[i].id == s->values[j].id ||
			        strcmp(s->values[i].text, s->values[j].text));
	}
}

static void check_records(const struct pp_schema_section *s)
{
	static unsigned char owned[PP_EV_MAX_BYTES];

	require(s->space == PP_CELL_EV && s->record_size && !(s->length % s->record_size));
	memset(owned, 0, sizeof(owned));
	for (uint32_t i = 0; i < s->nr_fields; i++) {
		const struct pp_schema_field *f = &s->fields[i];
		touch_text(f->name);
		require(*f->name && f->size);
		for (uint32_t at = f->start; at < f->start + f->size; at++) {
			require(at < s->record_size && !owned[at]);
			owned[at] = 1;
		}
	}
}

static void check_section(const struct pp_schema_section *s)
{
	touch_utf8(s->name);
	touch_utf8(s->helptext);
	touch_list(s->altnames, s->nr_altnames);
	touch_conditions(&s->conditions);
	require(*s->name && s->line);
	require((s->space == PP_CELL_EV) == (s->ev != NULL));
	if (s->ev)
		require(strlen(s->ev) <= PP_EV_NAME_MAX && !strchr(s->ev, '/') && s->ev[0] != '.' &&
		        s->length >= 1 && s->length <= PP_EV_MAX_BYTES);
	if (s->kind == PP_SECTION_ENUM)
		check_enum(s);
	else if (s->kind == PP_SECTION_RECORDS)
		check_records(s);
	else
		require(s->space == PP_CELL_EV && !s->nr_values && !s->nr_fields);
}

static void check_machine(const struct pp_schema *s, const struct pp_machine *m)
{
	char reason[64];

	require(pp_schema_match(s, m, reason, sizeof(reason)) == pp_schema_match(s, m, NULL, 0));
	touch_utf8(reason);
	/* Finding a name is linear in the sections. */
	for (uint32_t i = 0; i < s->nr_sections && i < 64; i++) {
		const struct pp_schema_section *found = NULL;
		struct pp_error e = { 0 };
		enum pp_match fit = pp_section_match(&s->sections[i], m, reason, sizeof(reason));
		require(fit == pp_section_match(&s->sections[i], m, NULL, 0));
		require(fit == PP_MATCH_YES || *reason);
		touch_utf8(reason);
		int rc = pp_schema_find(s, m, s->sections[i].name, &found, &e);
		require(rc ? e.code == -rc && e.text[0] && !found && rc != -ENOENT
		           : found && pp_section_match(found, m, NULL, 0) == PP_MATCH_YES);
	}
}

/* HP's conrep is given these bytes: libxml2 reads them by their own declaration, and so do we. */
static void check_bytes(const struct pp_schema *s)
{
	const int quiet = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
	struct pp_schema again;
	struct pp_arena arena;

	xmlDocPtr doc = xmlReadMemory((const char *)s->bytes.data, (int)s->bytes.len, "fuzz.xml",
	                              NULL, quiet);
	require(doc != NULL);
	xmlFreeDoc(doc);
	pp_arena_init(&arena, 0);
	require(!pp_schema_parse(s->bytes, "again.xml", &arena, NULL, &again, NULL));
	require(again.nr_sections == s->nr_sections && again.bytes.len == s->bytes.len &&
	        !memcmp(again.bytes.data, s->bytes.data, s->bytes.len));
	pp_arena_fini(&arena);
}

static void schema_check(const struct pp_schema *s)
{
	static const struct pp_machine machines[] = {
		{ "ProLiant DL380p Gen8", "P70", "05/24/2019", "Intel" },
		{ "ProLiant DL380 Gen9", "P89", "01/01/1999", "Advanced Micro Devices, Inc." },
		{ "ProLiant MicroServer Gen8", NULL, "odd", "" },
		{ NULL, NULL, NULL, NULL },
	};

	touch_utf8(s->helptext);
	touch_utf8(s->file_version);
	touch_utf8(s->minimum_version);
	touch_utf8(s->on_mismatch);
	touch_conditions(&s->global);
	require(s->nr_sections <= PP_SCHEMA_MAX_SECTIONS);
	for (uint32_t i = 0; i < s->nr_sections; i++)
		check_section(&s->sections[i]);
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		check_machine(s, &machines[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_schema schema;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e = { 0 };

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	int rc = pp_schema_parse(PP_SPAN(data, size), "fuzz.xml", &arena, &notes, &schema, &e);
	touch_outcome(rc, &e, &arena, size);
	touch_notes(&notes);
	if (!rc) {
		schema_check(&schema);
		check_bytes(&schema);
	}
	pp_arena_fini(&arena);
	return 0;
}
