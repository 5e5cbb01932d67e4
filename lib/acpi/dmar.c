/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMAR table (VT-d 8): bytes in, const model out. */
#include <inttypes.h>
#include <string.h>

#include "acpi/dmar.h"
#include "base/text.h"

#define OBJECT                 "DMAR"
#define TABLE_HEADER_BYTES     48
#define STRUCTURE_HEADER_BYTES 4
#define SCOPE_HEADER_BYTES     6
#define PAGE_BYTES             4096u
/* The kernel leaves the IOMMU off below this: parse_dmar_table(), "Invalid DMAR haw". */
#define MIN_ADDRESS_WIDTH 12
#define MAX_ADDRESS_WIDTH 64

/* need: where the scopes or the name begin, or the whole of a structure that has neither. */
static const struct kind {
	const char *name;
	uint16_t need;
	bool has_scopes;
} kinds[] = {
	[PP_DMAR_DRHD] = { "DRHD", 16, true },  /* 8.3 */
	[PP_DMAR_RMRR] = { "RMRR", 24, true },  /* 8.4 */
	[PP_DMAR_ATSR] = { "ATSR", 8, true },   /* 8.5 */
	[PP_DMAR_RHSA] = { "RHSA", 20, false }, /* 8.6 */
	[PP_DMAR_ANDD] = { "ANDD", 8, false },  /* 8.7 */
	[PP_DMAR_SATC] = { "SATC", 8, true },   /* 8.8 */
	[PP_DMAR_SIDP] = { "SIDP", 8, true },   /* 8.9 */
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *const scope_types[] = {
	[PP_SCOPE_ENDPOINT] = "endpoint", [PP_SCOPE_BRIDGE] = "bridge",
	[PP_SCOPE_IOAPIC] = "ioapic",     [PP_SCOPE_HPET] = "hpet",
	[PP_SCOPE_ACPI] = "acpi",
};
#define NR_SCOPE_TYPES (sizeof(scope_types) / sizeof(scope_types[0]))

const char *pp_dmar_scope_type_name(uint8_t type)
{
	return type < NR_SCOPE_TYPES ? scope_types[type] : NULL;
}

/* A record found by the walk: its first bytes, and a cursor over the whole, behind them. */
struct record {
	uint16_t type, length;
	uint32_t offset;
	struct pp_cursor c;
};

/* 1: *ret is the next structure; 0: there is none; negative: failed. */
static int next_structure(struct pp_cursor *body, struct pp_notes *notes, struct record *ret,
                          struct pp_error *e)
{
	const size_t left = pp_cursor_left(body);
	struct record r = { .offset = (uint32_t)pp_cursor_offset(body) };
	struct pp_cursor peek = *body;

	if (!left)
		return 0;
	if (left < STRUCTURE_HEADER_BYTES) {
		pp_note(notes, OBJECT, r.offset, "%zu trailing bytes, too few for a structure",
		        left);
		return 0;
	}
	r.type = pp_cursor_u16(&peek);
	r.length = pp_cursor_u16(&peek);
	if (!r.length) {
		pp_note(notes, OBJECT, r.offset,
		        "structure of length 0: it and the %zu bytes from here are not read", left);
		return 0;
	}
	const uint16_t need = r.type < NR_KINDS ? kinds[r.type].need : STRUCTURE_HEADER_BYTES;
	if (r.length < need)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a structure of type %u, need at "
		               "least %u",
		               OBJECT, r.offset + 2, r.length, r.type, need);
	if (r.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a structure of type %u, but only "
		               "%zu bytes are left",
		               OBJECT, r.offset + 2, r.length, r.type, left);
	pp_cursor_sub(body, r.length, &r.c);
	pp_cursor_skip(&r.c, STRUCTURE_HEADER_BYTES);
	*ret = r;
	return 1;
}

/* The same for the scopes of a structure; in its cursor only the path is left. */
static int next_scope(struct pp_cursor *scopes, struct record *ret, struct pp_error *e)
{
	const size_t left = pp_cursor_left(scopes);
	struct record r = { .offset = (uint32_t)pp_cursor_offset(scopes) };
	struct pp_cursor peek = *scopes;

	if (!left)
		return 0;
	r.type = pp_cursor_u8(&peek);
	r.length = pp_cursor_u8(&peek);
	if (peek.bad)
		return pp_cursor_fail(&peek, e);
	/* On length 0 the kernel would loop for ever. */
	if (r.length < SCOPE_HEADER_BYTES)
		return pp_fail(e, EBADMSG, "%s+0x%x: device scope length %u, need at least %d",
		               OBJECT, r.offset + 1, r.length, SCOPE_HEADER_BYTES);
	if (r.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: device scope length %u, but only %zu bytes are "
		               "left in the structure",
		               OBJECT, r.offset + 1, r.length, left);
	pp_cursor_sub(scopes, r.length, &r.c);
	pp_cursor_skip(&r.c, 2);
	*ret = r;
	return 1;
}

struct totals {
	size_t entries, scopes, hops;
};

static int count_scopes(const struct record *r, struct totals *t, struct pp_error *e)
{
	struct pp_cursor c = r->c;
	struct record scope;
	int err;

	pp_cursor_skip(&c, kinds[r->type].need - STRUCTURE_HEADER_BYTES);
	while ((err = next_scope(&c, &scope, e)) > 0) {
		t->scopes++;
		t->hops += (scope.length - SCOPE_HEADER_BYTES) / 2;
	}
	return err;
}

/* The first of two walks: checks every length, so that the second can only run out of memory. */
static int dmar_count(struct pp_cursor body, struct totals *ret, struct pp_error *e)
{
	struct totals t = { 0 };
	struct record r;
	int err;

	while ((err = next_structure(&body, NULL, &r, e)) > 0) {
		t.entries++;
		if (r.type < NR_KINDS && kinds[r.type].has_scopes)
			err = count_scopes(&r, &t, e);
		if (err < 0)
			return err;
	}
	if (err < 0)
		return err;
	*ret = t;
	return 0;
}

/* The second walk: what it fills next, in arrays of the sizes that the first one found. */
struct fill {
	struct pp_arena *arena;
	struct pp_notes *notes;
	struct pp_dmar_entry *entry;
	struct pp_dmar_scope *scope;
	struct pp_dmar_hop *hop;
};

static void note_scope(struct pp_notes *notes, const struct pp_dmar_scope *s)
{
	if (!pp_dmar_scope_type_name(s->type))
		pp_note(notes, OBJECT, s->offset, "device scope of unknown type %u", s->type);
	if (!s->nr_hops)
		pp_note(notes, OBJECT, s->offset,
		        "device scope with an empty path names no device");
	if ((s->length - SCOPE_HEADER_BYTES) % 2)
		pp_note(notes, OBJECT, s->offset + 1,
		        "device scope length %u is odd: its last byte belongs to no hop",
		        s->length);
	/* A namespace device may have any bytes here. */
	for (unsigned int i = 0; i < s->nr_hops && s->type != PP_SCOPE_ACPI; i++)
		if (s->hops[i].device > 31 || s->hops[i].function > 7)
			pp_note(notes, OBJECT, s->offset + SCOPE_HEADER_BYTES + 2 * i,
			        "hop %02x.%x of a device scope is no PCI device", s->hops[i].device,
			        s->hops[i].function);
}

static int fill_scopes(struct fill *f, struct pp_cursor *c, struct pp_dmar_entry *entry,
                       struct pp_error *e)
{
	struct record r;
	int err;

	entry->scopes = f->scope;
	while ((err = next_scope(c, &r, e)) > 0) {
		struct pp_dmar_scope *s = f->scope++;
		*s = (struct pp_dmar_scope){ .type = (uint8_t)r.type, .offset = r.offset };
		s->length = (uint8_t)r.length;
		s->flags = pp_cursor_u8(&r.c);
		pp_cursor_skip(&r.c, 1);
		s->enumeration_id = pp_cursor_u8(&r.c);
		s->start_bus = pp_cursor_u8(&r.c);
		s->hops = f->hop;
		s->nr_hops = (uint8_t)((r.length - SCOPE_HEADER_BYTES) / 2);
		for (unsigned int i = 0; i < s->nr_hops; i++, f->hop++) {
			f->hop->device = pp_cursor_u8(&r.c);
			f->hop->function = pp_cursor_u8(&r.c);
		}
		note_scope(f->notes, s);
		entry->nr_scopes++;
	}
	return err;
}

/* The kernel's sanity check logs such a region as bad and honours it all the same. */
static void note_rmrr(struct pp_notes *notes, const struct pp_dmar_entry *r)
{
	if (!r->base && !r->limit_incl) {
		pp_note(notes, OBJECT, r->offset, "RMRR at 0-0");
		return;
	}
	if (r->limit_incl < r->base)
		pp_note(notes, OBJECT, r->offset,
		        "RMRR limit 0x%" PRIx64 " is below its base 0x%" PRIx64, r->limit_incl,
		        r->base);
	if (r->base % PAGE_BYTES)
		pp_note(notes, OBJECT, r->offset, "RMRR base 0x%" PRIx64 " is not aligned to 4 KiB",
		        r->base);
	if ((r->limit_incl + 1) % PAGE_BYTES)
		pp_note(notes, OBJECT, r->offset,
		        "RMRR limit 0x%" PRIx64 " is not the end of a 4 KiB page", r->limit_incl);
}

static int dmar_fill_name(struct fill *f, struct pp_cursor *c, struct pp_dmar_entry *entry,
                          struct pp_error *e)
{
	const size_t at = pp_cursor_offset(c), len = pp_cursor_left(c);
	const uint8_t *name = pp_cursor_take(c, len);

	if (!len || !memchr(name, 0, len))
		pp_note(f->notes, OBJECT, at, "ANDD name is not NUL-terminated");
	entry->acpi_name = pp_text_clean(f->arena, name, len);
	return entry->acpi_name ? 0 : pp_fail_oom(e, OBJECT);
}

static void dmar_fill_fields(struct pp_cursor *c, struct pp_dmar_entry *entry)
{
	switch (entry->type) {
	case PP_DMAR_DRHD:
		entry->flags = pp_cursor_u8(c);
		entry->size = pp_cursor_u8(c);
		entry->segment = pp_cursor_u16(c);
		entry->base = pp_cursor_u64(c);
		break;
	case PP_DMAR_RMRR:
		pp_cursor_skip(c, 2);
		entry->segment = pp_cursor_u16(c);
		entry->base = pp_cursor_u64(c);
		entry->limit_incl = pp_cursor_u64(c);
		break;
	case PP_DMAR_ATSR:
	case PP_DMAR_SATC:
		entry->flags = pp_cursor_u8(c);
		pp_cursor_skip(c, 1);
		entry->segment = pp_cursor_u16(c);
		break;
	case PP_DMAR_RHSA:
		pp_cursor_skip(c, 4);
		entry->base = pp_cursor_u64(c);
		entry->proximity = pp_cursor_u32(c);
		break;
	case PP_DMAR_ANDD:
		pp_cursor_skip(c, 3);
		entry->acpi_device = pp_cursor_u8(c);
		break;
	case PP_DMAR_SIDP:
		pp_cursor_skip(c, 2);
		entry->segment = pp_cursor_u16(c);
		break;
	}
}

static int fill_entry(struct fill *f, struct record *r, struct pp_error *e)
{
	struct pp_dmar_entry *entry = f->entry++;
	int err = 0;

	*entry = (struct pp_dmar_entry){ .type = r->type, .length = r->length };
	entry->offset = r->offset;
	entry->raw = PP_SPAN(r->c.data, r->c.len);
	if (r->type >= NR_KINDS) {
		pp_note(f->notes, OBJECT, r->offset, "structure of unknown type %u", r->type);
		return 0;
	}
	dmar_fill_fields(&r->c, entry);
	if (r->type == PP_DMAR_ANDD)
		err = dmar_fill_name(f, &r->c, entry, e);
	else if (kinds[r->type].has_scopes)
		err = fill_scopes(f, &r->c, entry, e);
	else if (pp_cursor_left(&r->c))
		pp_note(f->notes, OBJECT, pp_cursor_offset(&r->c),
		        "%zu bytes behind the fields of a %s", pp_cursor_left(&r->c),
		        kinds[r->type].name);
	if (r->type == PP_DMAR_RMRR)
		note_rmrr(f->notes, entry);
	if (r->type == PP_DMAR_DRHD && !entry->base)
		pp_note(f->notes, OBJECT, r->offset, "DRHD with its registers at 0");
	return err;
}

static int dmar_fill(struct fill *f, struct pp_cursor body, struct pp_error *e)
{
	struct record r;
	int err;

	while ((err = next_structure(&body, f->notes, &r, e)) > 0)
		if ((err = fill_entry(f, &r, e)) < 0)
			return err;
	return err;
}

int pp_dmar_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_dmar *ret, struct pp_error *e)
{
	struct pp_dmar d = { 0 };
	struct pp_cursor body;
	struct totals total;

	int err = pp_acpi_table_open(in, OBJECT, notes, &d.header, &body, e);
	if (err)
		return err;
	d.host_address_width = (uint16_t)(pp_cursor_u8(&body) + 1);
	d.flags = pp_cursor_u8(&body);
	pp_cursor_skip(&body, 10);
	if (body.bad)
		return pp_fail(e, EBADMSG, "%s+0x4: table length %u, need at least %d", OBJECT,
		               d.header.length, TABLE_HEADER_BYTES);
	if (d.host_address_width < MIN_ADDRESS_WIDTH || d.host_address_width > MAX_ADDRESS_WIDTH)
		pp_note(notes, OBJECT, PP_ACPI_HEADER_BYTES, "host address width of %u bits",
		        d.host_address_width);

	err = dmar_count(body, &total, e);
	if (err)
		return err;
	struct fill f = { .arena = a, .notes = notes };
	struct pp_dmar_entry *entries = PP_ARENA_ARRAY(a, total.entries, struct pp_dmar_entry);
	f.entry = entries;
	f.scope = PP_ARENA_ARRAY(a, total.scopes, struct pp_dmar_scope);
	f.hop = PP_ARENA_ARRAY(a, total.hops, struct pp_dmar_hop);
	if (!f.entry || !f.scope || !f.hop)
		return pp_fail_oom(e, OBJECT);
	err = dmar_fill(&f, body, e);
	if (err)
		return err;
	d.entries = entries;
	d.nr_entries = (uint32_t)total.entries;
	*ret = d;
	return 0;
}
