/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings into the bytes of a store, without touching bits that no setting owns. */
#include <stdio.h>
#include <string.h>

#include "conrep/codec-section.h"
#include "conrep/entry-name.h"
#include "conrep/text-form.h"

/* Where in the data file something is wanted. */
struct place {
	const char *object, *section, *entry; /* entry: NULL if there is none */
	unsigned int line;
};

static int encode_refuse(const struct place *p, struct pp_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int encode_refuse(const struct place *p, struct pp_error *e, const char *fmt, ...)
{
	char text[384], where[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pp_data_place(p->object, p->line, where, sizeof(where));
	return pp_fail(e, EINVAL, "%s: %s%s%s: %s", where, p->section, p->entry ? " " : "",
	               p->entry ? p->entry : "", text);
}

static int refuse_value(const struct place *p, const struct pp_schema_section *s, const char *text,
                        struct pp_error *e)
{
	char allowed[256] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < s->nr_values && n < sizeof(allowed); i++) {
		int r = snprintf(allowed + n, sizeof(allowed) - n, "%s\"%s\"", i ? ", " : "",
		                 s->values[i].text);
		n += r > 0 ? (size_t)r : 0;
	}
	struct pp_span in = pp_form_trimmed(text);
	return encode_refuse(p, e, "invalid value \"%.*s\" (allowed: %s%s)",
	                     in.len < 80 ? (int)in.len : 80, (const char *)in.data, allowed,
	                     n < sizeof(allowed) ? "" : " ...");
}

static int put_hex(const struct place *p, const char *text, uint8_t *dst, size_t len,
                   struct pp_error *e)
{
	size_t found = pp_form_hex_count(text);

	if (pp_form_hex_read(text, dst, len))
		return 0;
	struct pp_span in = pp_form_trimmed(text);
	int shown = in.len < 80 ? (int)in.len : 80;
	if (found)
		return encode_refuse(p, e, "\"%.*s\" is %zu byte%s, wanted %zu", shown,
		                     (const char *)in.data, found, found == 1 ? "" : "s", len);
	if (len == 1)
		return encode_refuse(p, e, "\"%.*s\" is not a byte of two hex digits", shown,
		                     (const char *)in.data);
	return encode_refuse(p, e,
	                     "\"%.*s\" is not %zu bytes of two hex digits each, with single blanks "
	                     "between them",
	                     shown, (const char *)in.data, len);
}

static int put_text(const struct place *p, const char *text, uint8_t *dst, size_t size,
                    struct pp_error *e)
{
	uint8_t wanted[PP_EV_MAX_BYTES];
	size_t len;
	int r = pp_form_text_read(text, wanted, size, &len);

	if (r == -E2BIG)
		return encode_refuse(p, e, "the text is longer than %zu bytes", size);
	if (r)
		return encode_refuse(p, e, "the text holds a byte that has to be written as \\xHH");
	if (len == pp_form_text_len(PP_SPAN(dst, size)) && !memcmp(dst, wanted, len))
		return 0; /* another padding says the same */
	memcpy(dst, wanted, len);
	memset(dst + len, 0, size - len);
	return 0;
}

static int put_bytes(const struct place *p, const struct pp_schema_section *s, const char *text,
                     uint8_t *dst, size_t len, struct pp_error *e)
{
	return s->text ? put_text(p, text, dst, len, e) : put_hex(p, text, dst, len, e);
}

static int put_value(const struct place *p, const struct pp_schema_section *s, const char *text,
                     uint8_t *byte, struct pp_error *e)
{
	uint8_t id;

	if (!pp_section_value(s, text, &id))
		return refuse_value(p, s, text, e);
	*byte = (uint8_t)((*byte & ~s->mask) | (id & s->mask));
	return 0;
}

static int refuse_entry(const struct place *p, const struct pp_schema_section *s,
                        unsigned int meanings, struct pp_error *e)
{
	char fields[256] = "";
	size_t n = 0;

	if (meanings)
		return encode_refuse(p, e, "the schema's fields give this name %u meanings",
		                     meanings);
	for (uint32_t i = 0; i < s->nr_fields && n < sizeof(fields); i++) {
		int r = snprintf(fields + n, sizeof(fields) - n, "%s%s", i ? ", " : "",
		                 s->fields[i].name);
		n += r > 0 ? (size_t)r : 0;
	}
	return encode_refuse(p, e,
	                     "no such entry; a field (%s%s) and a number from 0 to %u make one",
	                     fields, n < sizeof(fields) ? "" : " ...", pp_entry_records(s) - 1);
}

static int put_records(const struct place *section, const struct pp_schema_section *s,
                       const struct pp_setting *v, struct pp_arena *a, uint8_t *bytes,
                       struct pp_error *e)
{
	struct pp_entry_names names;

	if (pp_entry_names_init(&names, s, a))
		return pp_fail_oom(e, s->name);
	for (uint32_t i = 0; i < v->nr_entries; i++) {
		const struct pp_entry *entry = &v->entries[i];
		struct place p = *section;
		const struct pp_schema_field *f;
		uint32_t record;
		p.entry = entry->name;
		p.line = entry->line;
		unsigned int meanings = pp_entry_find(&names, entry->name, &f, &record);
		int r = meanings != 1
		                ? refuse_entry(&p, s, meanings, e)
		                : put_bytes(&p, s, entry->text,
		                            bytes + (size_t)record * s->record_size + f->start,
		                            f->size, e);
		if (r)
			return r;
	}
	return 0;
}

/* The section's bytes as the setting wants them. */
static int put_setting(const struct pp_schema_section *s, const struct pp_setting *v,
                       const char *object, struct pp_arena *a, uint8_t *bytes, struct pp_error *e)
{
	const struct place p = { .object = object, .section = v->name, .line = v->line };

	if (s->kind == PP_SECTION_RECORDS && v->text)
		return encode_refuse(&p, e, "has a text where entries are wanted");
	if (s->kind != PP_SECTION_RECORDS && !v->text)
		return encode_refuse(&p, e, "has entries where a text is wanted");
	switch (s->kind) {
	case PP_SECTION_ENUM:
		return put_value(&p, s, v->text, bytes, e);
	case PP_SECTION_RECORDS:
		return put_records(&p, s, v, a, bytes, e);
	case PP_SECTION_RAW:
		break;
	}
	return put_bytes(&p, s, v->text, bytes, s->length, e);
}

static bool all_empty(const struct pp_schema_section *s, struct pp_span bytes)
{
	uint8_t mask;

	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] &&
		    !(s->text && bytes.data[i] == ' ' && pp_codec_owns(s, i, &mask)))
			return false;
	return true;
}

/* Sections of the same name are one setting for several machines. */
static bool is_shared(const struct pp_schema *schema, const struct pp_schema_section *s)
{
	for (uint32_t i = 0; i < schema->nr_sections; i++) {
		const struct pp_schema_section *other = &schema->sections[i];
		if (other->space == PP_CELL_EV && !strcmp(other->ev, s->ev) &&
		    strcmp(other->name, s->name))
			return true;
	}
	return false;
}

static int make_ev(const struct pp_schema *schema, const struct pp_schema_section *s,
                   struct pp_areas *m, struct pp_area **ret)
{
	size_t len = pp_codec_ev_bytes(schema, s->ev);

	if (len < pp_section_end(s))
		len = pp_section_end(s);
	if (len > sizeof(pp_zeros))
		len = sizeof(pp_zeros);
	int r = pp_areas_put(m, PP_CELL_EV, s->ev, 0, PP_SPAN(pp_zeros, len));
	if (!r)
		*ret = pp_areas_find(m, PP_CELL_EV, s->ev);
	return r;
}

/* c: NULL if the EV is absent. */
static int encode_store(const struct pp_schema *schema, const struct pp_schema_section *s,
                        const uint8_t *bytes, struct pp_areas *m, struct pp_area *c,
                        struct pp_error *e)
{
	const bool empty = s->empty_delete && all_empty(s, PP_SPAN(bytes, pp_section_bytes(s)));
	int r = 0;

	if (!c && empty)
		return 0;
	if (!c)
		r = make_ev(schema, s, m, &c);
	else if (!memcmp(c->data + pp_section_first(s), bytes, pp_section_bytes(s)))
		return 0;
	if (r)
		return pp_fail(e, -r, "%s: no room for EV %s", s->name, s->ev);
	memcpy(c->data + pp_section_first(s), bytes, pp_section_bytes(s));
	if (empty && all_empty(s, PP_SPAN(c->data, c->len)) && !is_shared(schema, s))
		r = pp_areas_put(m, PP_CELL_EV, s->ev, ENOENT, PP_SPAN(NULL, 0));
	return r ? pp_fail_oom(e, s->name) : 0;
}

int pp_codec_encode(const struct pp_schema *schema, const struct pp_schema_section *s,
                    const struct pp_setting *value, const char *object, struct pp_areas *m,
                    struct pp_error *e)
{
	uint8_t bytes[PP_EV_MAX_BYTES];
	struct pp_area *c = NULL;
	int r = pp_section_area(s, m, &c, e);

	if (r && (r != -ENOENT || s->space != PP_CELL_EV)) {
		char where[128];
		pp_fail_prefix(e, pp_data_place(object, value->line, where, sizeof(where)));
		return r;
	}
	if (!c && s->kind == PP_SECTION_RAW && value->text && !pp_form_trimmed(value->text).len)
		return 0; /* that is what an absent EV says */
	memcpy(bytes, c ? c->data + pp_section_first(s) : pp_zeros, pp_section_bytes(s));
	r = put_setting(s, value, object, m->arena, bytes, e);
	if (!r && s->kind == PP_SECTION_RECORDS && !value->nr_entries)
		return 0; /* nothing is asked for: no EV is made for it */
	return r ? r : encode_store(schema, s, bytes, m, c, e);
}

/* Two texts that were both taken for the same bytes. */
static bool encode_same_bytes(const struct pp_schema_section *s, const char *x, const char *y,
                              size_t len)
{
	uint8_t a[PP_EV_MAX_BYTES], b[PP_EV_MAX_BYTES];
	size_t a_len = len, b_len = len;

	if (s->text) {
		if (pp_form_text_read(x, a, len, &a_len) || pp_form_text_read(y, b, len, &b_len))
			return false;
	} else if (!pp_form_trimmed(x).len || !pp_form_trimmed(y).len) {
		return !pp_form_trimmed(x).len && !pp_form_trimmed(y).len;
	} else if (!pp_form_hex_read(x, a, len) || !pp_form_hex_read(y, b, len)) {
		return false;
	}
	return a_len == b_len && !memcmp(a, b, a_len);
}

static bool records_hold(const struct pp_entry_names *names, const struct pp_setting *wanted,
                         const struct pp_setting *now)
{
	const struct pp_schema_section *s = names->section;

	for (uint32_t i = 0; i < wanted->nr_entries; i++) {
		const struct pp_schema_field *f;
		uint32_t record;
		if (pp_entry_find(names, wanted->entries[i].name, &f, &record) != 1)
			return false;
		uint32_t place = pp_entry_place(names, f, record);
		if (place >= now->nr_entries ||
		    !encode_same_bytes(s, wanted->entries[i].text, now->entries[place].text,
		                       f->size))
			return false;
	}
	return true;
}

int pp_codec_holds(const struct pp_schema_section *s, const struct pp_setting *wanted,
                   const struct pp_setting *now, struct pp_arena *a, bool *ret)
{
	struct pp_entry_names names;
	uint8_t x, y;

	switch (s->kind) {
	case PP_SECTION_ENUM:
		*ret = pp_section_value(s, wanted->text, &x) &&
		       pp_section_value(s, now->text, &y) && x == y;
		break;
	case PP_SECTION_RECORDS:
		if (pp_entry_names_init(&names, s, a))
			return -ENOMEM;
		*ret = records_hold(&names, wanted, now);
		break;
	case PP_SECTION_RAW:
		*ret = encode_same_bytes(s, wanted->text, now->text, s->length);
		break;
	}
	return 0;
}
