/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of records' fields: a name and the record's number. */
#include <stdlib.h>
#include <string.h>

#include "conrep/entry-name.h"

/* An EV has at most PP_EV_MAX_BYTES records: numbers up to 4095. */
#define MAX_DIGITS 4

static int compare_fields(const void *x, const void *y)
{
	const struct pp_schema_field *const *a = x, *const *b = y;

	return strcmp((*a)->name, (*b)->name);
}

int pp_entry_names_init(struct pp_entry_names *n, const struct pp_schema_section *s,
                        struct pp_arena *a)
{
	const struct pp_schema_field **by_name =
		PP_ARENA_ARRAY(a, s->nr_fields, const struct pp_schema_field *);

	if (!by_name)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->nr_fields; i++)
		by_name[i] = &s->fields[i];
	if (s->nr_fields)
		qsort(by_name, s->nr_fields, sizeof(*by_name), compare_fields);
	*n = (struct pp_entry_names){ .section = s, .by_name = by_name };
	return 0;
}

uint32_t pp_entry_records(const struct pp_schema_section *s)
{
	return s->record_size ? s->length / s->record_size : 0;
}

static int compare_start(const char *field, const char *name, size_t len)
{
	int r = strncmp(field, name, len);

	return r ? r : field[len] != '\0';
}

/* Fields whose name is the first len characters; two of one name are both counted. */
static unsigned int count_fields(const struct pp_entry_names *n, const char *name, size_t len,
                                 const struct pp_schema_field **ret)
{
	uint32_t low = 0, high = n->section->nr_fields;
	unsigned int count = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare_start(n->by_name[middle]->name, name, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n->section->nr_fields && !compare_start(n->by_name[low]->name, name, len);
	     low++) {
		*ret = n->by_name[low];
		count++;
	}
	return count;
}

unsigned int pp_entry_find(const struct pp_entry_names *n, const char *name,
                           const struct pp_schema_field **ret_field, uint32_t *ret_record)
{
	const uint32_t records = pp_entry_records(n->section);
	const struct pp_schema_field *field = NULL;
	size_t len = strlen(name);
	uint32_t number = 0, scale = 1, record = 0;
	unsigned int count = 0;

	for (int i = 0; i < MAX_DIGITS && len > 1; i++, scale *= 10) {
		char c = name[len - 1];
		if (c < '0' || c > '9')
			break;
		len--;
		number += (uint32_t)(c - '0') * scale;
		if (number >= records || (c == '0' && i))
			continue; /* no such record; a number has no leading zeros */
		unsigned int found = count_fields(n, name, len, &field);
		if (found)
			record = number;
		count += found;
	}
	if (count == 1) {
		*ret_field = field;
		*ret_record = record;
	}
	return count;
}

uint32_t pp_entry_place(const struct pp_entry_names *n, const struct pp_schema_field *field,
                        uint32_t record)
{
	return record * n->section->nr_fields + (uint32_t)(field - n->section->fields);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool pp_entry_name_writable(const char *name)
{
	if (!is_letter(name[0]))
		return false;
	for (; *name; name++)
		if (!is_letter(*name) && !(*name >= '0' && *name <= '9') && *name != '-' &&
		    *name != '.')
			return false;
	return true;
}
