/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of a schema by name. */
#include <stdlib.h>
#include <string.h>

#include "conrep/section-index.h"

/* A name or altname of a section. Of those that are the same the first keeps the answer. */
struct pp_indexed_name {
	const char *name;
	uint32_t section;
	bool answered;
	int result;
	const struct pp_schema_section *found;
	const char *why;
};

static int compare_names(const void *x, const void *y)
{
	const struct pp_indexed_name *a = x, *b = y;
	int r = strcmp(a->name, b->name);

	return r ? r : a->section < b->section ? -1 : a->section > b->section;
}

int pp_section_index_init(struct pp_section_index *index, const struct pp_schema *schema,
                          const struct pp_machine *machine, struct pp_arena *a)
{
	size_t most = schema->nr_sections;
	uint32_t n = 0;

	for (uint32_t i = 0; i < schema->nr_sections; i++)
		most += schema->sections[i].nr_altnames;
	struct pp_indexed_name *names = PP_ARENA_ARRAY(a, most, struct pp_indexed_name);
	if (!names)
		return -ENOMEM;
	for (uint32_t i = 0; i < schema->nr_sections; i++) {
		const struct pp_schema_section *s = &schema->sections[i];
		names[n++] = (struct pp_indexed_name){ .name = s->name, .section = i };
		for (uint32_t j = 0; j < s->nr_altnames; j++)
			names[n++] =
				(struct pp_indexed_name){ .name = s->altnames[j], .section = i };
	}
	if (n)
		qsort(names, n, sizeof(*names), compare_names);
	*index = (struct pp_section_index){ schema, machine, a, names, n };
	return 0;
}

/* The first of that name, or where it would stand. */
static uint32_t section_index_first_of(const struct pp_section_index *index, const char *name)
{
	uint32_t low = 0, high = index->nr_names;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (strcmp(index->names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A schema of those sections alone, in their order, gives the answer of the whole. */
static int section_index_answer(const struct pp_section_index *index, struct pp_indexed_name *first,
                                uint32_t count)
{
	struct pp_schema few = *index->schema;
	const struct pp_schema_section *all = index->schema->sections, *found;
	struct pp_schema_section *copies =
		PP_ARENA_ARRAY(index->arena, count, struct pp_schema_section);
	uint32_t *places = PP_ARENA_ARRAY(index->arena, count, uint32_t);
	struct pp_error why = { 0 };
	uint32_t n = 0;

	if (!copies || !places)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (n && places[n - 1] == first[i].section)
			continue; /* name and altname may be the same */
		places[n] = first[i].section;
		copies[n++] = all[first[i].section];
	}
	few.sections = copies;
	few.nr_sections = n;
	first->result = pp_schema_find(&few, index->machine, first->name, &found, &why);
	if (!first->result)
		first->found = &all[places[found - copies]];
	first->why = pp_arena_strdup(index->arena, why.text);
	first->answered = first->why;
	return first->why ? 0 : -ENOMEM;
}

int pp_section_index_find(struct pp_section_index *index, const char *name,
                          const struct pp_schema_section **ret, struct pp_error *e)
{
	uint32_t first = section_index_first_of(index, name), end = first;

	if (first == index->nr_names || strcmp(index->names[first].name, name))
		return pp_fail(e, ENOENT, "%s: no section %.64s", index->schema->object, name);
	struct pp_indexed_name *kept = &index->names[first];
	if (!kept->answered) {
		while (end < index->nr_names && !strcmp(index->names[end].name, name))
			end++;
		if (section_index_answer(index, kept, end - first))
			return pp_fail_oom(e, index->schema->object);
	}
	if (kept->result)
		return pp_fail(e, -kept->result, "%s", kept->why);
	*ret = kept->found;
	return 0;
}
