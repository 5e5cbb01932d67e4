/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks over SMBIOS structures and their strings. */
#include <string.h>

#include "base/text.h"
#include "smbios/smbios.h"
#include "smbios/structure.h"

/* Bytes of the string set at p without its last NUL, or -1 if no two NULs end it. */
static ptrdiff_t string_set_len(const uint8_t *p, size_t n)
{
	for (size_t i = 0; n && i < n - 1; i++)
		if (!p[i] && !p[i + 1])
			return i ? (ptrdiff_t)i + 1 : 0;
	return -1;
}

static void take_strings(struct pp_cursor *c, struct pp_smbios_structure *s)
{
	const uint8_t *p = c->data + c->pos;
	size_t left = pp_cursor_left(c);
	ptrdiff_t len = string_set_len(p, left);

	s->unterminated = len < 0;
	s->strings = PP_SPAN(p, s->unterminated ? left : (size_t)len);
	/* An empty set is two NULs, another one a NUL more than its strings. */
	pp_cursor_skip(c, s->unterminated ? left : len ? (size_t)len + 1 : 2);
}

/*
 * 1: *ret is the next structure and c stands behind it; 0: fewer bytes than a header are left;
 * -EBADMSG. Type 127 is given like any other.
 */
static int smbios_structure_next(struct pp_cursor *c, struct pp_smbios_structure *ret,
                                 struct pp_error *e)
{
	struct pp_smbios_structure s = { .offset = (uint32_t)pp_cursor_offset(c) };
	size_t left = pp_cursor_left(c);

	if (left < PP_SMBIOS_HEADER_BYTES)
		return 0;
	const uint8_t *start = c->data + c->pos;
	s.type = pp_cursor_u8(c);
	s.length = pp_cursor_u8(c);
	s.handle = pp_cursor_u16(c);
	if (s.length < PP_SMBIOS_HEADER_BYTES || s.length > left)
		return pp_fail(e, EBADMSG,
		               "SMBIOS+0x%x: structure of type %u has length %u, need %u to %zu",
		               s.offset, s.type, s.length, PP_SMBIOS_HEADER_BYTES, left);
	s.formatted = PP_SPAN(start, s.length);
	pp_cursor_skip(c, (size_t)s.length - PP_SMBIOS_HEADER_BYTES);
	take_strings(c, &s);
	*ret = s;
	return 1;
}

bool pp_smbios_structure_string(const struct pp_smbios_structure *s, uint8_t n, struct pp_span *ret)
{
	const uint8_t *p = s->strings.data;
	size_t left = s->strings.len;

	/* An empty string ends the set, whatever stands behind it. */
	while (n && left && *p) {
		const uint8_t *end = memchr(p, 0, left);
		size_t len = end ? (size_t)(end - p) : left;
		if (!--n) {
			*ret = PP_SPAN(p, len);
			return true;
		}
		size_t eaten = end ? len + 1 : len;
		p += eaten;
		left -= eaten;
	}
	return false;
}

/* The smallest lengths are those of DSP0134 7.1, 7.2, 7.5, 7.10, 7.42; 203: up to its name. */
static const struct pp_smbios_kind kinds[] = {
	{ PP_SMBIOS_BIOS, 0x12, true, 0x1a, { 0x04, 0x05, 0x08 } },
	{ PP_SMBIOS_SYSTEM, 0x08, true, 0x08, { 0x04, 0x05 } },
	{ PP_SMBIOS_BOARD, 0x08, true, 0x08, { 0x05 } },
	{ PP_SMBIOS_PROCESSOR, 0x1a, true, 0x08, { 0x07 } },
	{ PP_SMBIOS_SLOT, 0x0c, false, 0x11, { 0x04 } },
	{ PP_SMBIOS_ONBOARD, 0x0b, false, 0x0b, { 0x04 } },
	{ PP_SMBIOS_HPE_DEVICE, 0x1f, false, 0x28, { 0x1e } },
	{ PP_SMBIOS_END, 0x04, true, 0x04, { 0 } },
};

static const struct pp_smbios_kind *structure_kind_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static bool names_hpe(const struct pp_smbios_structure *s)
{
	static const char *const names[] = { "HP", "Hewlett-Packard", "HPE",
		                             "Hewlett Packard Enterprise" };
	struct pp_span text;
	char maker[40];

	if (!pp_smbios_structure_string(s, s->formatted.data[0x04], &text))
		return false;
	pp_text_clean_into(maker, sizeof(maker), text.data, text.len);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(maker, names[i]))
			return true;
	return false;
}

const struct pp_smbios_kind *pp_smbios_reader_next(struct pp_smbios_reader *r,
                                                   struct pp_smbios_structure *ret)
{
	struct pp_smbios_structure s;

	while (!r->done && smbios_structure_next(&r->in, &s, NULL) == 1) {
		const struct pp_smbios_kind *kind = structure_kind_of(s.type);
		bool *seen = s.type == PP_SMBIOS_BIOS        ? &r->bios_seen
		             : s.type == PP_SMBIOS_SYSTEM    ? &r->system_seen
		             : s.type == PP_SMBIOS_BOARD     ? &r->board_seen
		             : s.type == PP_SMBIOS_PROCESSOR ? &r->processor_seen
		                                             : NULL;
		r->done = s.type == PP_SMBIOS_END;
		if (s.unterminated)
			pp_note(r->notes, PP_SMBIOS_OBJECT, s.offset,
			        "string set of the type %u structure is not terminated", s.type);
		if (!kind || (seen && *seen) || (s.type == PP_SMBIOS_HPE_DEVICE && !r->hpe))
			continue;
		if (s.length < kind->min_bytes) {
			pp_note(r->notes, PP_SMBIOS_OBJECT, s.offset,
			        "structure of type %u has %u bytes, need %u: not used", s.type,
			        s.length, kind->min_bytes);
			continue;
		}
		if (seen)
			*seen = true;
		*ret = s;
		return kind;
	}
	return NULL;
}

int pp_smbios_reader_init(struct pp_smbios_reader *r, struct pp_span in, struct pp_notes *notes,
                          struct pp_error *e)
{
	struct pp_smbios_structure s = { 0 };
	struct pp_smbios_reader reader = { .notes = NULL };
	int rc;

	if (in.len > PP_SMBIOS_MAX_BYTES)
		return pp_fail(e, E2BIG, "SMBIOS: table of %zu bytes, at most %u are read", in.len,
		               PP_SMBIOS_MAX_BYTES);
	pp_cursor_init(&reader.in, in, PP_SMBIOS_OBJECT, 0);
	struct pp_smbios_reader start = reader;
	do
		rc = smbios_structure_next(&reader.in, &s, e);
	while (rc > 0 && s.type != PP_SMBIOS_END);
	if (rc < 0)
		return rc;
	if (!rc)
		pp_note(notes, PP_SMBIOS_OBJECT, in.len, "table has no end marker (type 127)");
	if (pp_cursor_left(&reader.in))
		pp_note(notes, PP_SMBIOS_OBJECT, pp_cursor_offset(&reader.in),
		        "%zu bytes behind the last structure", pp_cursor_left(&reader.in));
	/* The records of type 203 may stand before those that say whose they are. */
	reader = start;
	while (pp_smbios_reader_next(&reader, &s))
		if ((s.type == PP_SMBIOS_SYSTEM || s.type == PP_SMBIOS_BIOS) && names_hpe(&s))
			start.hpe = true;
	start.notes = notes;
	*r = start;
	return 0;
}
