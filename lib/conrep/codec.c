/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a setting's text to bits and back, by its section of the schema. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/codec-section.h"
#include "conrep/entry-name.h"
#include "conrep/text-form.h"

const uint8_t pp_zeros[PP_EV_MAX_BYTES];

uint32_t pp_section_first(const struct pp_schema_section *s)
{
	return s->kind == PP_SECTION_ENUM ? s->offset : 0;
}

uint32_t pp_section_bytes(const struct pp_schema_section *s)
{
	return s->kind == PP_SECTION_ENUM ? 1 : s->length;
}

size_t pp_section_end(const struct pp_schema_section *s)
{
	size_t end = (size_t)pp_section_first(s) + pp_section_bytes(s);

	return s->space == PP_CELL_EV && s->length > end ? s->length : end;
}

int pp_section_area(const struct pp_schema_section *s, const struct pp_areas *m,
                    struct pp_area **ret, struct pp_error *e)
{
	struct pp_area *c = pp_areas_find(m, s->space, s->ev);
	char cell[64];

	pp_area_name(s->space, s->ev, cell, sizeof(cell));
	if (pp_section_bytes(s) > PP_EV_MAX_BYTES)
		return pp_fail(e, EBADMSG, "%s: length %u, at most %u", s->name,
		               pp_section_bytes(s), PP_EV_MAX_BYTES);
	if (!c || c->error == ENODATA)
		return pp_fail(e, ENODATA, "%s: %s was not read", s->name, cell);
	if (c->error == ENOENT)
		return pp_fail(e, ENOENT, "%s: there is no %s", s->name, cell);
	if (c->error)
		return pp_fail(e, c->error, "%s: %s could not be read: %s", s->name, cell,
		               strerror(c->error));
	if (c->len < pp_section_end(s))
		return pp_fail(e, EBADMSG, "%s: %s has %zu bytes, need %zu", s->name, cell, c->len,
		               pp_section_end(s));
	*ret = c;
	return 0;
}

/* The form of a byte for which the schema has no value. */
static bool read_number(const struct pp_schema_section *s, struct pp_span text, uint8_t *ret)
{
	char form[5] = "";
	uint8_t id;

	if (text.len != 4 || text.data[0] != '0' || text.data[1] != 'x')
		return false;
	memcpy(form, text.data, text.len);
	if (!pp_form_hex_read(form + 2, &id, 1) || (id & ~s->mask))
		return false;
	*ret = id;
	return true;
}

bool pp_section_value(const struct pp_schema_section *s, const char *text, uint8_t *ret)
{
	struct pp_span trimmed = pp_form_trimmed(text);

	for (uint32_t i = 0; i < s->nr_values; i++) {
		if (pp_span_is(trimmed, s->values[i].text)) {
			*ret = s->values[i].id;
			return true;
		}
	}
	return read_number(s, trimmed, ret);
}

static const char *decode_value(const struct pp_schema_section *s, uint8_t byte, struct pp_arena *a)
{
	uint8_t id = byte & s->mask;

	for (uint32_t i = 0; i < s->nr_values; i++)
		if (s->values[i].id == id)
			return s->values[i].text;
	return pp_arena_printf(a, "0x%02x", id);
}

static char *decode_bytes(const struct pp_schema_section *s, const uint8_t *bytes, size_t len,
                          struct pp_arena *a)
{
	struct pp_span in = PP_SPAN(bytes, len);

	return s->text ? pp_form_text(a, in) : pp_form_hex(a, in);
}

/* The order that pp_entry_place() tells. */
static int decode_records(const struct pp_schema_section *s, const uint8_t *bytes,
                          struct pp_arena *a, struct pp_setting *ret)
{
	const uint32_t records = pp_entry_records(s);
	struct pp_entry *entries =
		PP_ARENA_ARRAY(a, (size_t)records * s->nr_fields, struct pp_entry);
	uint32_t n = 0;

	if (!entries)
		return -ENOMEM;
	for (uint32_t record = 0; record < records; record++, bytes += s->record_size) {
		for (uint32_t i = 0; i < s->nr_fields; i++, n++) {
			const struct pp_schema_field *f = &s->fields[i];
			entries[n].name = pp_arena_printf(a, "%s%u", f->name, record);
			entries[n].text = decode_bytes(s, bytes + f->start, f->size, a);
			if (!entries[n].name || !entries[n].text)
				return -ENOMEM;
		}
	}
	ret->entries = entries;
	ret->nr_entries = n;
	return 0;
}

/* Bits that nobody told are zeros, and mean nothing. */
static bool codec_is_known(const struct pp_schema_section *s, const struct pp_area *c)
{
	uint8_t mask;

	for (size_t i = 0; c->known && i < c->len; i++)
		if (pp_codec_owns(s, i, &mask) && (mask & ~c->known[i]))
			return false;
	return true;
}

int pp_codec_decode(const struct pp_schema_section *s, const struct pp_areas *m, struct pp_arena *a,
                    struct pp_setting *ret, struct pp_error *e)
{
	struct pp_setting setting = { .name = s->name, .helptext = s->helptext };
	struct pp_area *c = NULL;
	int r = pp_section_area(s, m, &c, e);

	bool absent = r == -ENOENT && s->space == PP_CELL_EV;
	if (r && (!absent || (s->kind != PP_SECTION_RAW && !s->empty_delete)))
		return r;
	if (!r && !codec_is_known(s, c))
		return pp_fail(e, ENODATA, "%s: was not told", s->name);
	const uint8_t *bytes = r ? pp_zeros : c->data + pp_section_first(s);
	if (s->kind == PP_SECTION_ENUM)
		setting.text = decode_value(s, bytes[0], a);
	else if (s->kind == PP_SECTION_RAW)
		setting.text = absent ? "" : decode_bytes(s, bytes, s->length, a);
	else if (decode_records(s, bytes, a, &setting))
		return pp_fail_oom(e, s->name);
	if (!setting.text && !setting.entries)
		return pp_fail_oom(e, s->name);
	*ret = setting;
	return 0;
}

uint32_t pp_codec_ev_bytes(const struct pp_schema *s, const char *ev)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < s->nr_sections; i++) {
		const struct pp_schema_section *section = &s->sections[i];
		if (section->space == PP_CELL_EV && !strcmp(section->ev, ev) &&
		    pp_section_end(section) > bytes)
			bytes = pp_section_end(section);
	}
	return (uint32_t)bytes;
}

bool pp_codec_owns(const struct pp_schema_section *s, size_t byte, uint8_t *ret_mask)
{
	if (s->kind == PP_SECTION_ENUM) {
		if (byte != s->offset)
			return false;
		*ret_mask = s->mask;
		return true;
	}
	if (byte >= s->length)
		return false;
	bool owned = s->kind == PP_SECTION_RAW;
	if (s->kind == PP_SECTION_RECORDS && byte / s->record_size < pp_entry_records(s)) {
		size_t at = byte % s->record_size;
		for (uint32_t i = 0; i < s->nr_fields && !owned; i++)
			owned = at >= s->fields[i].start &&
			        at - s->fields[i].start < s->fields[i].size;
	}
	if (owned)
		*ret_mask = 0xff;
	return owned;
}
