/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the reserved regions of the DMAR. */
#include "table.h"

#define FIRST_STRUCTURE 48
#define TYPE_RMRR       1
#define RMRR_BYTES      24
#define SCOPE_BYTES     6
#define SCOPE_ENDPOINT  1

/* The table under way. */
struct writer {
	uint8_t *to;
	uint32_t length;
	uint32_t room;
	bool full;
};

static void put(struct writer *w, uint64_t value, unsigned int bytes)
{
	if (w->full || w->room - w->length < bytes) {
		w->full = true;
		return;
	}
	for (; bytes; bytes--, value >>= 8)
		w->to[w->length++] = value & 0xff;
}

static void put_bytes(struct writer *w, const uint8_t *from, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		put(w, from[i], 1);
}

static uint32_t u16_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32_at(const uint8_t *p)
{
	return u16_at(p) | u16_at(p + 2) << 16;
}

bool lab_sums_to_zero(const uint8_t *bytes, uint32_t length)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < length; i++)
		sum += bytes[i];
	return sum == 0;
}

void lab_seal(uint8_t *table, uint32_t length)
{
	uint8_t sum = 0;

	table[9] = 0;
	for (uint32_t i = 0; i < length; i++)
		sum += table[i];
	table[9] = -sum;
}

/* VT-d 8.3.1 */
static void put_scope(struct writer *w, const struct lab_endpoint *e)
{
	put(w, SCOPE_ENDPOINT, 1);
	put(w, SCOPE_BYTES + 2 * e->nr_hops, 1);
	put(w, 0, 3); /* reserved, enumeration id */
	put(w, e->start_bus, 1);
	for (uint8_t i = 0; i < e->nr_hops; i++) {
		put(w, e->hops[i].device, 1);
		put(w, e->hops[i].function, 1);
	}
}

/* VT-d 8.4 */
static void put_region(struct writer *w, const struct lab_board *b, const struct lab_region *r)
{
	uint32_t bytes = RMRR_BYTES;

	for (uint16_t i = 0; i < b->nr_endpoints; i++)
		if (b->endpoints[i].slot == r->slot)
			bytes += SCOPE_BYTES + 2 * b->endpoints[i].nr_hops;
	put(w, TYPE_RMRR, 2);
	put(w, bytes, 2);
	put(w, 0, 2);
	put(w, b->slots[r->slot].segment, 2);
	put(w, r->base, 8);
	put(w, r->end, 8);
	for (uint16_t i = 0; i < b->nr_endpoints; i++)
		if (b->endpoints[i].slot == r->slot)
			put_scope(w, &b->endpoints[i]);
}

/* Where the first structure behind the regions begins; 0: the structures do not add up. */
static uint32_t behind_regions(const uint8_t *table, uint32_t length)
{
	uint32_t at = FIRST_STRUCTURE, ret = 0;

	while (at < length) {
		if (length - at < 4)
			return 0;
		uint32_t type = u16_at(table + at), bytes = u16_at(table + at + 2);

		if (bytes < 4 || bytes > length - at)
			return 0;
		if (type > TYPE_RMRR && !ret)
			ret = at;
		at += bytes;
	}
	return ret ? ret : length;
}

static const char *objection(const uint8_t *old, uint32_t length)
{
	if (length < FIRST_STRUCTURE || u32_at(old + 4) != length)
		return "its length is wrong";
	if (!lab_sums_to_zero(old, length))
		return "its checksum is wrong";
	if (!behind_regions(old, length))
		return "its structures do not add up";
	return NULL;
}

uint32_t lab_dmar_extend(const uint8_t *old, uint32_t length, const struct lab_board *board,
                         const struct lab_region *regions, unsigned int nr_regions, uint32_t room,
                         uint8_t *ret, const char **why)
{
	const char *wrong = objection(old, length);
	if (wrong) {
		*why = wrong;
		return 0;
	}

	struct writer w = { .to = ret, .room = room };
	uint32_t split = behind_regions(old, length);
	put_bytes(&w, old, split);
	for (unsigned int i = 0; i < nr_regions; i++)
		put_region(&w, board, &regions[i]);
	put_bytes(&w, old + split, length - split);
	if (w.full) {
		*why = "no room for the regions";
		return 0;
	}
	for (unsigned int i = 0; i < 4; i++)
		ret[4 + i] = w.length >> 8 * i & 0xff;
	lab_seal(ret, w.length);
	return w.length;
}
