/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An IVRS with device ids taken out of its memory blocks. 48882 5.2.2.3. */
#include <string.h>

#include "acpi/ivrs.h"
#include "base/buffer.h"
#include "override/override.h"

/* Offsets in an IVMD. */
#define TYPE      0
#define FIRST_ID  4
#define LAST_ID   6
#define ALL_FIRST 0x0000
#define ALL_LAST  0xffff

struct id_range {
	uint32_t first, last; /* 32 bits: one past the last id is a number too */
};

static struct id_range range_of(const struct pp_ivrs_block *b)
{
	if (b->type == PP_IVMD_ALL)
		return (struct id_range){ ALL_FIRST, ALL_LAST };
	if (b->type == PP_IVMD_RANGE)
		return (struct id_range){ b->devid, b->end_devid };
	return (struct id_range){ b->devid, b->devid };
}

static bool covers(const struct pp_ivrs_block *b, uint16_t segment, uint16_t devid)
{
	struct id_range range = range_of(b);

	return pp_ivrs_is_ivmd(b->type) && b->segment == segment && range.first <= devid &&
	       devid <= range.last;
}

static void put_u16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* The same block for a part of its devices. */
static void put_part(struct pp_buffer *out, const struct pp_ivrs_block *b, struct id_range part)
{
	size_t at = out->len;
	pp_buffer_append(out, b->raw.data, b->raw.len);
	if (out->failed)
		return;
	uint8_t *block = (uint8_t *)out->data + at;
	block[TYPE] = part.first == part.last ? PP_IVMD_SELECT : PP_IVMD_RANGE;
	put_u16(block + FIRST_ID, part.first);
	put_u16(block + LAST_ID, part.first == part.last ? 0 : part.last);
}

/* The lowest id from first on that is taken out, or one past the last of the range. */
static uint32_t next_out(struct id_range range, const uint16_t *devids, uint32_t nr)
{
	uint32_t next = range.last + 1;

	for (uint32_t i = 0; i < nr; i++)
		if (devids[i] >= range.first && devids[i] < next)
			next = devids[i];
	return next;
}

static void put_block(struct pp_buffer *out, const struct pp_ivrs_block *b, uint16_t segment,
                      const uint16_t *devids, uint32_t nr)
{
	struct id_range range = range_of(b);

	if (!pp_ivrs_is_ivmd(b->type) || b->segment != segment ||
	    next_out(range, devids, nr) > range.last) {
		pp_buffer_append(out, b->raw.data, b->raw.len);
		return;
	}
	while (range.first <= range.last) {
		uint32_t next = next_out(range, devids, nr);
		if (next > range.first)
			put_part(out, b, (struct id_range){ range.first, next - 1 });
		range.first = next + 1;
	}
}

static int ivrs_check(const struct pp_ivrs *t, uint16_t segment, const uint16_t *devids,
                      uint32_t nr, struct pp_error *e)
{
	if (!nr)
		return pp_fail(e, EINVAL, "IVRS: no device was named to be taken out");
	for (uint32_t i = 0; i < nr; i++) {
		bool found = false;
		for (uint32_t j = 0; j < t->nr_blocks && !found; j++)
			found = covers(&t->blocks[j], segment, devids[i]);
		if (!found)
			return pp_fail(e, EINVAL, "IVRS: no memory block covers %02x:%02x.%x",
			               devids[i] >> 8, devids[i] >> 3 & 0x1f, devids[i] & 7);
	}
	return 0;
}

static int ivrs_rebuild(struct pp_buffer *out, struct pp_span table, const struct pp_ivrs *t,
                        uint16_t segment, const uint16_t *devids, uint32_t nr)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i < t->nr_blocks; i++) {
		const struct pp_ivrs_block *b = &t->blocks[i];
		pp_buffer_append(out, table.data + from, b->offset - from);
		put_block(out, b, segment, devids, nr);
		from = b->offset + b->length;
	}
	pp_buffer_append(out, table.data + from, t->header.length - from);
	return out->failed ? -ENOMEM : 0;
}

int pp_override_ivrs(struct pp_span table, uint16_t segment, const uint16_t *devids,
                     uint32_t nr_devids, struct pp_arena *a, struct pp_span *ret,
                     struct pp_error *e)
{
	struct pp_ivrs t;
	int r = pp_ivrs_parse(table, a, NULL, &t, e);

	if (!r)
		r = ivrs_check(&t, segment, devids, nr_devids, e);
	if (r)
		return r;
	struct pp_buffer out PP_CLEANUP(pp_buffer_fini);
	pp_buffer_init(&out, PP_ACPI_TABLE_MAX_BYTES);
	r = ivrs_rebuild(&out, table, &t, segment, devids, nr_devids);
	if (r)
		return pp_fail(e, E2BIG, "IVRS: split around the devices it grows beyond %d bytes",
		               PP_ACPI_TABLE_MAX_BYTES);
	r = pp_override_add_checksum("IVRS", (uint8_t *)out.data, out.len, e);
	if (r)
		return r;
	uint8_t *copy = PP_ARENA_ARRAY(a, out.len, uint8_t);
	if (!copy)
		return pp_fail_oom(e, "the new IVRS");
	memcpy(copy, out.data, out.len);
	*ret = PP_SPAN(copy, out.len);
	return 0;
}
