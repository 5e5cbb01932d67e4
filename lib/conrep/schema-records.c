/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a schema's section that describe records and their fields. */
#include <string.h>

#include "base/text.h"
#include "conrep/schema-reader.h"

/* It becomes an element's name. */
static bool is_field_name(const char *s)
{
	for (size_t i = 0; s[i]; i++)
		if (!pp_schema_is_alnum(s[i]) && s[i] != '_' &&
		    (!i || (s[i] != '-' && s[i] != '.')))
			return false;
	return s[0] && !(s[0] >= '0' && s[0] <= '9');
}

static int schema_records_read_field(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                                     struct pp_schema_field *ret)
{
	static const char *const names[] = { "Field_name", "Field_size", "Field_start" };
	const struct pp_xml_node *found[3] = { NULL };

	if (strcmp(n->name, "Field"))
		return pp_schema_fail(r, n->line, "<%.32s> inside <Fields>", n->name);
	pp_schema_stray_text(r, n);
	for (const struct pp_xml_node *c = n->children; c; c = c->next) {
		unsigned int i = 0;
		while (i < 3 && strcmp(c->name, names[i]))
			i++;
		if (i == 3)
			return pp_schema_fail(r, c->line, "unknown element <%.32s>", c->name);
		if (found[i])
			return pp_schema_fail(r, c->line, "a second <%s>", c->name);
		found[i] = c;
	}
	for (unsigned int i = 0; i < 3; i++)
		if (!found[i])
			return pp_schema_fail(r, n->line, "a field without <%s>", names[i]);
	ret->line = n->line;
	int err = pp_schema_text(r, found[0], &ret->name);
	if (!err && !is_field_name(ret->name))
		return pp_schema_fail(r, n->line, "field name \"%.32s\" cannot name an element",
		                      ret->name);
	if (!err)
		err = pp_schema_number_of(r, found[1], 1, PP_EV_MAX_BYTES, &ret->size);
	return err ? err : pp_schema_number_of(r, found[2], 0, PP_EV_MAX_BYTES - 1, &ret->start);
}

/*
 * An element is called by the field's name and the record's number: "Index1" of record 0 would be
 * "Index" of record 10.
 */
static bool names_collide(const char *longer, const char *shorter, uint32_t nr_records)
{
	size_t n = strlen(shorter);
	uint64_t number = 0;

	if (strncmp(longer, shorter, n))
		return false;
	if (!longer[n])
		return true;
	if (longer[n] == '0' || longer[n + strspn(longer + n, "0123456789")])
		return false;
	return pp_parse_dec(longer + n, PP_EV_MAX_BYTES, &number) && number * 10 < nr_records;
}

static int check_field(const struct pp_schema_reader *r, const struct pp_schema_section *s,
                       const struct pp_schema_field *before, const struct pp_schema_field *f)
{
	if (f->start >= s->record_size || f->size > s->record_size - f->start)
		return pp_schema_fail(r, f->line, "field %.32s ends at byte %u of a record of %u",
		                      f->name, f->start + f->size, s->record_size);
	for (; before < f; before++) {
		if (before->start < f->start + f->size && f->start < before->start + before->size)
			return pp_schema_fail(r, f->line, "fields %.32s and %.32s overlap",
			                      before->name, f->name);
		uint32_t records = s->length / s->record_size;
		if (names_collide(f->name, before->name, records) ||
		    names_collide(before->name, f->name, records))
			return pp_schema_fail(r, f->line,
			                      "fields %.32s and %.32s give one element the same "
			                      "name",
			                      before->name, f->name);
	}
	return 0;
}

static int read_fields(const struct pp_schema_reader *r, const struct pp_xml_node *list,
                       struct pp_schema_section *s)
{
	uint32_t count = 0;

	pp_schema_stray_text(r, list);
	for (const struct pp_xml_node *n = list->children; n; n = n->next)
		count++;
	if (!count || count > s->record_size)
		return pp_schema_fail(r, list->line, "%u fields in a record of %u bytes", count,
		                      s->record_size);
	struct pp_schema_field *fields = PP_ARENA_ARRAY(r->arena, count, struct pp_schema_field);
	if (!fields)
		return pp_fail_oom(r->e, r->object);
	s->fields = fields;
	for (const struct pp_xml_node *n = list->children; n; n = n->next) {
		struct pp_schema_field *f = &fields[s->nr_fields++];
		int err = schema_records_read_field(r, n, f);
		if (!err)
			err = check_field(r, s, fields, f);
		if (err)
			return err;
	}
	return 0;
}

int pp_schema_records_read(const struct pp_schema_reader *r, const struct pp_xml_node *size,
                           const struct pp_xml_node *fields, struct pp_schema_section *s)
{
	if (!size || !fields)
		return pp_schema_fail(r, s->line, "records without <%s>",
		                      size ? "Fields" : "record_size");
	int err = pp_schema_number_of(r, size, 1, PP_EV_MAX_BYTES, &s->record_size);
	if (err)
		return err;
	if (s->length % s->record_size)
		return pp_schema_fail(r, size->line,
		                      "%u bytes are no whole number of records of %u", s->length,
		                      s->record_size);
	return read_fields(r, fields, s);
}
