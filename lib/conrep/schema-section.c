/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One section of a schema: name, conditions, place, values. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/schema-reader.h"

/* More ids than a byte has are no use; the texts are compared each with each. */
#define MAX_VALUES 256
/* The clock's own registers: time, alarm, status A to D. */
#define CMOS_CLOCK_BYTES 0x0e

enum part {
	HELPTEXT,
	ALTNAME,
	PLATFORMS,
	ROMFAMILIES,
	ROMDATES,
	PROC_MANS,
	EV,
	LENGTH,
	NVRAM,
	CMOS,
	VALUE,
	MASK,
	BYTE,
	RECORD_SIZE,
	FORMAT,
	FIELDS,
	EMPTY_DELETE,
	NR_PARTS
};

static const struct {
	const char *name;
	bool many;
} known[NR_PARTS] = {
	[HELPTEXT] = { "helptext", false },
	[ALTNAME] = { "altname", true },
	[PLATFORMS] = { "platforms", false },
	[ROMFAMILIES] = { "romfamilies", false },
	[ROMDATES] = { "romdates", false },
	[PROC_MANS] = { "proc_mans", false },
	[EV] = { "ev", false },
	[LENGTH] = { "length", false },
	[NVRAM] = { "nvram", false },
	[CMOS] = { "cmos", false },
	[VALUE] = { "value", true },
	[MASK] = { "mask", false },
	[BYTE] = { "byte", false },
	[RECORD_SIZE] = { "record_size", false },
	[FORMAT] = { "format", false },
	[FIELDS] = { "Fields", false },
	[EMPTY_DELETE] = { "empty_delete", false },
};

/* The section's children by kind: how many, and the first. */
struct parts {
	const struct pp_xml_node *section, *first[NR_PARTS];
	uint32_t count[NR_PARTS];
};

static int schema_section_collect(const struct pp_schema_reader *r,
                                  const struct pp_xml_node *section, struct parts *ret)
{
	*ret = (struct parts){ .section = section };
	pp_schema_stray_text(r, section);
	for (const struct pp_xml_node *c = section->children; c; c = c->next) {
		unsigned int i = 0;
		while (i < NR_PARTS && strcmp(c->name, known[i].name))
			i++;
		if (i == NR_PARTS)
			return pp_schema_fail(r, c->line, "unknown element <%.32s>", c->name);
		if (ret->count[i]++ && !known[i].many)
			return pp_schema_fail(r, c->line, "a second <%s>", c->name);
		if (!ret->first[i])
			ret->first[i] = c;
		if (c->nr_attributes && i != VALUE)
			pp_schema_note(r, c->line, "an attribute of <%s> is ignored", c->name);
	}
	return 0;
}

/* The next sibling of the same name. */
static const struct pp_xml_node *schema_section_again(const struct pp_xml_node *n)
{
	const char *name = n->name;

	do
		n = n->next;
	while (n && strcmp(n->name, name));
	return n;
}

/* --- names and conditions --- */

static int read_name(struct pp_schema_reader *r, const struct pp_xml_node *n,
                     struct pp_schema_section *s)
{
	const char *name = pp_xml_attribute(n, "name");

	if (!name || !*name)
		return pp_schema_fail(r, n->line, "a section without a name");
	if (strpbrk(name, "\t\n") || name[0] == ' ' || name[strlen(name) - 1] == ' ')
		return pp_schema_fail(r, n->line, "section name \"%.64s\": blanks around it", name);
	s->name = r->section = name;
	s->line = n->line;
	s->helptext = "";
	if (n->nr_attributes > 1)
		pp_schema_note(r, n->line, "attributes other than the name are ignored");
	return 0;
}

static int read_altnames(const struct pp_schema_reader *r, const struct parts *p,
                         struct pp_schema_section *s)
{
	const char **names = PP_ARENA_ARRAY(r->arena, p->count[ALTNAME], const char *);

	if (!names)
		return pp_fail_oom(r->e, r->object);
	s->altnames = names;
	for (const struct pp_xml_node *n = p->first[ALTNAME]; n; n = schema_section_again(n)) {
		int err = pp_schema_text(r, n, names);
		if (err)
			return err;
		if (!**names++)
			return pp_schema_fail(r, n->line, "an empty <altname>");
		s->nr_altnames++;
	}
	return 0;
}

static int read_conditions(const struct pp_schema_reader *r, const struct parts *p,
                           struct pp_schema_section *s)
{
	bool taken;

	for (unsigned int i = PLATFORMS; i <= PROC_MANS; i++) {
		int err = p->first[i] ? pp_schema_condition(r, p->first[i], &s->conditions, &taken)
		                      : 0;
		if (err)
			return err;
	}
	return 0;
}

/* --- where it is --- */

static bool is_ev_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!pp_schema_is_alnum(s[i]) && (!i || !strchr("_-.", s[i])))
			return false;
	return n && n <= PP_EV_NAME_MAX;
}

static int read_ev(const struct pp_schema_reader *r, const struct parts *p,
                   struct pp_schema_section *s)
{
	const struct pp_xml_node *n = p->first[EV];

	s->space = PP_CELL_EV;
	int err = pp_schema_text(r, n, &s->ev);
	if (err)
		return err;
	if (!is_ev_name(s->ev))
		return pp_schema_fail(r, n->line, "\"%.40s\" is not a valid EV name", s->ev);
	if (!p->first[LENGTH])
		return pp_schema_fail(r, n->line, "<ev> without <length>");
	return pp_schema_number_of(r, p->first[LENGTH], 1, PP_EV_MAX_BYTES, &s->length);
}

/* <length> and <byte> say nothing about one byte that has an address; 1 and 0 at least agree. */
static int check_unused(const struct pp_schema_reader *r, const struct pp_xml_node *n,
                        uint32_t harmless)
{
	uint32_t v = harmless;

	if (!n)
		return 0;
	int err = pp_schema_number_of(r, n, 0, UINT32_MAX, &v);
	if (err)
		return err;
	if (v != harmless)
		return pp_schema_fail(r, n->line, "<%s> %u at a single byte", n->name, v);
	pp_schema_note(r, n->line, "<%s> at a single byte is ignored", n->name);
	return 0;
}

static int schema_section_read_address(const struct pp_schema_reader *r, const struct parts *p,
                                       struct pp_schema_section *s)
{
	const struct pp_xml_node *n = p->first[NVRAM] ? p->first[NVRAM] : p->first[CMOS];
	uint32_t bytes = p->first[NVRAM] ? PP_NVRAM_BYTES : PP_CMOS_BYTES;

	s->space = p->first[NVRAM] ? PP_CELL_NVRAM : PP_CELL_CMOS;
	int err = pp_schema_number_of(r, n, 0, bytes - 1, &s->offset);
	if (!err && s->space == PP_CELL_CMOS && s->offset < CMOS_CLOCK_BYTES)
		return pp_schema_fail(r, n->line, "CMOS byte 0x%02x is the clock's own", s->offset);
	if (!err)
		err = check_unused(r, p->first[LENGTH], 1);
	return err ? err : check_unused(r, p->first[BYTE], 0);
}

static int read_storage(const struct pp_schema_reader *r, const struct parts *p,
                        struct pp_schema_section *s)
{
	uint32_t spaces = p->count[EV] + p->count[NVRAM] + p->count[CMOS];

	if (!spaces)
		return pp_schema_fail(r, s->line, "no <ev>, <nvram> or <cmos> says where it is");
	if (spaces > 1)
		return pp_schema_fail(r, s->line, "more than one of <ev>, <nvram> and <cmos>");
	return p->first[EV] ? read_ev(r, p, s) : schema_section_read_address(r, p, s);
}

/* --- values of a byte --- */

static int read_byte_and_mask(const struct pp_schema_reader *r, const struct parts *p,
                              struct pp_schema_section *s)
{
	uint32_t mask = 0xff;
	int err = 0;

	if (s->space == PP_CELL_EV && p->first[BYTE])
		err = pp_schema_number_of(r, p->first[BYTE], 0, PP_EV_MAX_BYTES - 1, &s->offset);
	if (!err && s->space == PP_CELL_EV && !p->first[BYTE] && s->length > 2)
		return pp_schema_fail(r, s->line, "no <byte> says which of %u bytes it is",
		                      s->length);
	if (!err && s->space == PP_CELL_EV && s->offset >= s->length)
		return pp_schema_fail(r, p->first[BYTE]->line, "byte %u of an EV of %u bytes",
		                      s->offset, s->length);
	if (!err && p->first[MASK])
		err = pp_schema_number_of(r, p->first[MASK], 1, 0xff, &mask);
	if (err)
		return err;
	if (s->space == PP_CELL_EV && !p->first[BYTE])
		pp_schema_note(r, s->line, "no <byte>, taken as 0");
	if (!p->first[MASK])
		pp_schema_note(r, s->line, "no <mask>, taken as 0xff");
	s->mask = (uint8_t)mask;
	return 0;
}

/* A byte without a value is shown as "0x5a" and taken back so: no text may mean another one. */
static bool is_other_byte(const char *text, uint8_t id)
{
	uint64_t v;

	return strlen(text) == 4 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
	       pp_parse_hex(text, 0xff, &v) && v != id;
}

static int read_value(const struct pp_schema_reader *r, const struct pp_xml_node *n, uint8_t mask,
                      struct pp_schema_value *ret)
{
	const char *text = pp_xml_attribute(n, "id");
	uint32_t id;

	if (!text)
		return pp_schema_fail(r, n->line, "a value without an id");
	int err = pp_schema_number(r, n->line, "id", text, 0xff, &id);
	if (!err)
		err = pp_schema_text(r, n, &text);
	if (err)
		return err;
	if (!*text)
		return pp_schema_fail(r, n->line, "value 0x%02x without a text", id);
	if (id & ~(uint32_t)mask)
		return pp_schema_fail(r, n->line, "id 0x%02x is outside the mask 0x%02x", id, mask);
	if (is_other_byte(text, (uint8_t)id))
		return pp_schema_fail(r, n->line, "value \"%s\" reads as another byte than 0x%02x",
		                      text, id);
	if (n->nr_attributes > 1)
		pp_schema_note(r, n->line, "attributes of <value> other than the id are ignored");
	*ret = (struct pp_schema_value){ .text = text, .id = (uint8_t)id, .line = n->line };
	return 0;
}

static int compare_values(const struct pp_schema_reader *r, const struct pp_schema_value *before,
                          const struct pp_schema_value *v)
{
	const struct pp_schema_value *same_id = NULL;

	for (; before < v; before++) {
		if (before->id == v->id)
			same_id = same_id ? same_id : before;
		else if (!strcmp(before->text, v->text))
			return pp_schema_fail(r, v->line,
			                      "value \"%.64s\" is id 0x%02x, in line %u 0x%02x",
			                      v->text, v->id, before->line, before->id);
	}
	if (same_id)
		pp_schema_note(r, v->line, "id 0x%02x stands in line %u already", v->id,
		               same_id->line);
	return 0;
}

static int read_values(const struct pp_schema_reader *r, const struct parts *p,
                       struct pp_schema_section *s)
{
	int err = read_byte_and_mask(r, p, s);

	if (err)
		return err;
	if (p->count[VALUE] > MAX_VALUES)
		return pp_schema_fail(r, s->line, "%u values, at most %u", p->count[VALUE],
		                      MAX_VALUES);
	struct pp_schema_value *values =
		PP_ARENA_ARRAY(r->arena, p->count[VALUE], struct pp_schema_value);
	if (!values)
		return pp_fail_oom(r->e, r->object);
	for (const struct pp_xml_node *n = p->first[VALUE]; n && !err;
	     n = schema_section_again(n)) {
		struct pp_schema_value *v = &values[s->nr_values];
		err = read_value(r, n, s->mask, v);
		if (!err)
			err = compare_values(r, values, v);
		s->nr_values++;
	}
	s->values = values;
	return err;
}

/* --- which kind --- */

static int read_options(const struct pp_schema_reader *r, const struct parts *p,
                        struct pp_schema_section *s)
{
	const struct pp_xml_node *format = p->first[FORMAT], *empty = p->first[EMPTY_DELETE];
	const char *text = "text";
	uint32_t flag = 0;
	int err = format ? pp_schema_text(r, format, &text) : 0;

	if (!err && strcmp(text, "text"))
		return pp_schema_fail(r, format->line, "format \"%.32s\", only text is known",
		                      text);
	if (!err && empty)
		err = pp_schema_number_of(r, empty, 0, 1, &flag);
	if (err)
		return err;
	if (format && s->kind == PP_SECTION_ENUM)
		pp_schema_note(r, format->line, "<format> at values is ignored");
	if (empty && s->kind != PP_SECTION_RECORDS)
		pp_schema_note(r, empty->line, "<empty_delete> without records is ignored");
	s->text = format && s->kind != PP_SECTION_ENUM;
	s->empty_delete = flag && s->kind == PP_SECTION_RECORDS;
	return 0;
}

/* What belongs to another kind would be left out, and more be written than was meant. */
static int refuse_parts(const struct pp_schema_reader *r, const struct parts *p, enum part a,
                        enum part b, const char *kind)
{
	const struct pp_xml_node *n = p->first[a] ? p->first[a] : p->first[b];

	return n ? pp_schema_fail(r, n->line, "<%s> in a section of %s", n->name, kind) : 0;
}

static int schema_section_read_kind(const struct pp_schema_reader *r, const struct parts *p,
                                    struct pp_schema_section *s)
{
	bool records = p->first[RECORD_SIZE] || p->first[FIELDS];
	int err;

	s->kind = p->first[VALUE] ? PP_SECTION_ENUM : records ? PP_SECTION_RECORDS : PP_SECTION_RAW;
	if (s->kind == PP_SECTION_ENUM) {
		err = refuse_parts(r, p, RECORD_SIZE, FIELDS, "values");
		return err ? err : read_values(r, p, s);
	}
	if (s->space != PP_CELL_EV)
		return pp_schema_fail(r, s->line, "a byte at an address, and no <value>");
	err = refuse_parts(r, p, MASK, BYTE, records ? "records" : "raw bytes");
	if (!err && records)
		err = pp_schema_records_read(r, p->first[RECORD_SIZE], p->first[FIELDS], s);
	return err;
}

int pp_schema_section_read(struct pp_schema_reader *r, const struct pp_xml_node *n,
                           struct pp_schema_section *ret)
{
	struct pp_schema_section s = { 0 };
	struct parts p;

	int err = read_name(r, n, &s);
	if (!err)
		err = schema_section_collect(r, n, &p);
	if (!err && p.first[HELPTEXT])
		err = pp_schema_text(r, p.first[HELPTEXT], &s.helptext);
	if (!err)
		err = read_altnames(r, &p, &s);
	if (!err)
		err = read_conditions(r, &p, &s);
	if (!err)
		err = read_storage(r, &p, &s);
	if (!err)
		err = schema_section_read_kind(r, &p, &s);
	if (!err)
		err = read_options(r, &p, &s);
	if (!err)
		*ret = s;
	return err;
}
