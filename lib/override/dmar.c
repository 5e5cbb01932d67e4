/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DMAR with scopes cut out of its regions. VT-d 8.1, 8.4. */
#include <string.h>

#include "acpi/dmar.h"
#include "override/override.h"

#define ENTRY_LENGTH 2 /* offset of the length in a remapping structure */

static bool is_cut(const struct pp_dmar_scope *s, const uint32_t *scopes, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (scopes[i] == s->offset)
			return true;
	return false;
}

static bool is_scope(const struct pp_dmar *d, uint32_t offset)
{
	for (uint32_t i = 0; i < d->nr_entries; i++) {
		const struct pp_dmar_entry *r = &d->entries[i];
		for (uint32_t j = 0; r->type == PP_DMAR_RMRR && j < r->nr_scopes; j++)
			if (r->scopes[j].offset == offset)
				return true;
	}
	return false;
}

/* Bytes of the region that go: all of it when no scope is left. */
static uint32_t cut_bytes(const struct pp_dmar_entry *r, const uint32_t *scopes, uint32_t nr)
{
	uint32_t bytes = 0, kept = 0;

	for (uint32_t j = 0; j < r->nr_scopes; j++) {
		if (is_cut(&r->scopes[j], scopes, nr))
			bytes += r->scopes[j].length;
		else
			kept++;
	}
	return bytes && !kept ? r->length : bytes;
}

/* Appends the table's bytes [*from, to) and goes on at next. */
static void dmar_keep(uint8_t *out, size_t *len, struct pp_span table, uint32_t *from, uint32_t to,
                      uint32_t next)
{
	memcpy(out + *len, table.data + *from, to - *from);
	*len += to - *from;
	*from = next;
}

static void cut_region(const struct pp_dmar_entry *r, const uint32_t *scopes, uint32_t nr,
                       struct pp_span table, uint32_t *from, uint8_t *out, size_t *len)
{
	uint32_t bytes = cut_bytes(r, scopes, nr);

	if (!bytes)
		return;
	if (bytes == r->length) {
		dmar_keep(out, len, table, from, r->offset, r->offset + r->length);
		return;
	}
	dmar_keep(out, len, table, from, r->offset, r->offset);
	uint8_t *entry = out + *len;
	for (uint32_t j = 0; j < r->nr_scopes; j++) {
		const struct pp_dmar_scope *s = &r->scopes[j];
		if (is_cut(s, scopes, nr))
			dmar_keep(out, len, table, from, s->offset, s->offset + s->length);
	}
	dmar_keep(out, len, table, from, r->offset + r->length, r->offset + r->length);
	uint32_t length = r->length - bytes;
	entry[ENTRY_LENGTH] = (uint8_t)length;
	entry[ENTRY_LENGTH + 1] = (uint8_t)(length >> 8);
}

int pp_override_dmar(struct pp_span table, const uint32_t *scopes, uint32_t nr_scopes,
                     struct pp_arena *a, struct pp_span *ret, struct pp_error *e)
{
	struct pp_dmar d;
	int r = pp_dmar_parse(table, a, NULL, &d, e);

	if (r)
		return r;
	if (!nr_scopes)
		return pp_fail(e, EINVAL, "DMAR: no scope was named to be taken out");
	for (uint32_t i = 0; i < nr_scopes; i++)
		if (!is_scope(&d, scopes[i]))
			return pp_fail(e, EINVAL, "DMAR+0x%x: no region's scope begins here",
			               scopes[i]);
	uint8_t *out = PP_ARENA_ARRAY(a, d.header.length, uint8_t);
	if (!out)
		return pp_fail_oom(e, "the new DMAR");
	size_t len = 0;
	uint32_t from = 0;
	for (uint32_t i = 0; i < d.nr_entries; i++)
		if (d.entries[i].type == PP_DMAR_RMRR)
			cut_region(&d.entries[i], scopes, nr_scopes, table, &from, out, &len);
	dmar_keep(out, &len, table, &from, d.header.length, d.header.length);
	r = pp_override_add_checksum("DMAR", out, len, e);
	if (r)
		return r;
	*ret = PP_SPAN(out, len);
	return 0;
}
