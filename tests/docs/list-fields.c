/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the rows that describe JSON's fields, as JSON, for doc/schema and doc/json.md. */
#include <jansson.h>
#include <stdio.h>

#include "report/field.h"

static const char *const types[] = {
	[PP_FIELD_TEXT] = "text",       [PP_FIELD_ADDRESS] = "address",
	[PP_FIELD_INTEGER] = "integer", [PP_FIELD_BOOLEAN] = "boolean",
	[PP_FIELD_TEXTS] = "texts",     [PP_FIELD_OBJECT] = "object",
	[PP_FIELD_OBJECTS] = "objects", [PP_FIELD_COUNTS] = "counts",
	[PP_FIELD_REASONS] = "reasons",
};

static json_t *words_of(const struct pp_field *f)
{
	json_t *list = json_array();

	for (unsigned int i = 0; f->words && f->words(i); i++)
		json_array_append_new(list, json_string(f->words(i)));
	return list;
}

static json_t *field_of(const struct pp_field *f)
{
	return json_pack("{ss, ss, ss, ss?, sb, sb, so, ss?, sb, sb, sb, ss?, s[s?, s?], sb}",
	                 "name", f->name, "type", types[f->type], "meaning", f->meaning, "since",
	                 f->since, "nullable", f->nullable, "unread", f->unread != NULL, "words",
	                 words_of(f), "pattern", f->pattern, "may_be_empty", f->may_be_empty,
	                 "has_one", f->has_one, "optional", f->optional, "object",
	                 f->object ? f->object->name : NULL, "only_if", f->only_if.field,
	                 f->only_if.value, "survey_only",
	                 f->present && !f->only_if.field && !f->optional);
}

/* An object, and behind it those that it is made of. */
static void add_object(json_t *all, const struct pp_object *o)
{
	if (json_object_get(all, o->name))
		return;
	json_t *fields = json_array();
	for (unsigned int i = 0; i < o->nr_fields; i++)
		json_array_append_new(fields, field_of(&o->fields[i]));
	json_object_set_new(all, o->name,
	                    json_pack("{ss, so}", "meaning", o->meaning, "fields", fields));
	for (unsigned int i = 0; i < o->nr_fields; i++)
		if (o->fields[i].object)
			add_object(all, o->fields[i].object);
}

/* A document, with the objects that it is made of. */
static void add_document(json_t *all, const struct pp_object *o)
{
	json_t *objects = json_object();

	add_object(objects, o);
	json_object_set_new(all, o->name, objects);
}

int main(void)
{
	json_t *all = json_object();

	add_document(all, &pp_object_survey);
	add_document(all, &pp_object_groups);
	add_document(all, &pp_object_check);
	add_document(all, &pp_object_slots);
	add_document(all, &pp_object_unknown);
	int r = json_dumpf(all, stdout, JSON_INDENT(1));
	json_decref(all);
	return r || puts("") == EOF;
}
