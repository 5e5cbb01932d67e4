/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IORT table (Arm DEN 0049): bytes in, const model out. */
#include <inttypes.h>
#include <string.h>

#include "acpi/iort.h"
#include "base/text.h"

#define OBJECT             "IORT"
#define TABLE_HEADER_BYTES 48
#define NODE_HEADER_BYTES  16
#define ELEMENT_BYTES      20u /* of a mapping, and of a memory range */
#define RMR_COUNT_AT       20
/* DEN 0049 wants this of a range; the kernel rounds what is not to its pages. */
#define RANGE_ALIGNMENT 65536u

/* need: the fields that are read, which all revisions of the node have. */
static const struct kind {
	const char *name;
	uint16_t need;
} kinds[] = {
	[PP_IORT_ITS_GROUP] = { "ITS group", NODE_HEADER_BYTES },
	[PP_IORT_NAMED_COMPONENT] = { "named component", 29 },
	[PP_IORT_ROOT_COMPLEX] = { "root complex", 32 },
	[PP_IORT_SMMU] = { "SMMU", 24 },
	[PP_IORT_SMMU_V3] = { "SMMUv3", 24 },
	[PP_IORT_PMCG] = { "PMCG", NODE_HEADER_BYTES },
	[PP_IORT_RMR] = { "RMR", 28 },
	[PP_IORT_IWB] = { "IWB", NODE_HEADER_BYTES },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *pp_iort_type_name(uint8_t type)
{
	return type < NR_KINDS ? kinds[type].name : NULL;
}

static uint16_t node_need(uint8_t type)
{
	return type < NR_KINDS ? kinds[type].need : NODE_HEADER_BYTES;
}

/* An array in a node: what the node says of it. */
struct array {
	uint32_t count, at;
};

/* A node found by the walk: its arrays, checked, and a cursor over the whole, at its begin. */
struct record {
	uint8_t type;
	uint16_t length;
	uint32_t offset;
	struct array mappings, ranges;
	struct pp_cursor c;
};

/* Takes an array's count and place, which c is at; the kernel takes one at 0 for none. */
static int read_array(const struct record *r, struct pp_cursor *c, const char *what,
                      struct array *ret, struct pp_error *e)
{
	const size_t where = pp_cursor_offset(c);
	const uint32_t count = pp_cursor_u32(c), at = pp_cursor_u32(c);

	if (!count || !at)
		return 0;
	if (at < node_need(r->type) || at > r->length || count > (r->length - at) / ELEMENT_BYTES)
		return pp_fail(e, EBADMSG,
		               "%s+0x%zx: %u %s at 0x%x do not lie in their node of %u "
		               "bytes",
		               OBJECT, where, count, what, at, r->length);
	*ret = (struct array){ .count = count, .at = at };
	return 0;
}

/* 1: *ret is the next node; 0: the table ends; negative: failed. */
static int next_node(struct pp_cursor *body, struct record *ret, struct pp_error *e)
{
	const size_t left = pp_cursor_left(body);
	struct record r = { .offset = (uint32_t)pp_cursor_offset(body) };
	struct pp_cursor peek = *body;

	if (!left)
		return 0;
	r.type = pp_cursor_u8(&peek);
	r.length = pp_cursor_u16(&peek);
	if (peek.bad)
		return pp_cursor_fail(&peek, e);
	if (r.length < node_need(r.type))
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a node of type %u, need at least %u", OBJECT,
		               r.offset + 1, r.length, r.type, node_need(r.type));
	if (r.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a node of type %u, but only %zu bytes "
		               "are left",
		               OBJECT, r.offset + 1, r.length, r.type, left);
	pp_cursor_sub(body, r.length, &r.c);
	peek = r.c;
	pp_cursor_skip(&peek, 8);
	int err = read_array(&r, &peek, "mappings", &r.mappings, e);
	if (!err && r.type == PP_IORT_RMR) {
		pp_cursor_skip(&peek, RMR_COUNT_AT - NODE_HEADER_BYTES);
		err = read_array(&r, &peek, "memory ranges", &r.ranges, e);
	}
	if (err)
		return err;
	*ret = r;
	return 1;
}

struct totals {
	size_t nodes, mappings, ranges;
};

/* The first of two walks: checks every length, so that the second can only run out of memory. */
static int iort_count(struct pp_cursor body, uint32_t nr_nodes, struct totals *ret,
                      struct pp_error *e)
{
	struct totals t = { 0 };
	struct record r;
	int err = 0;

	while (t.nodes < nr_nodes && (err = next_node(&body, &r, e)) > 0) {
		t.nodes++;
		t.mappings += r.mappings.count;
		t.ranges += r.ranges.count;
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
	struct pp_iort_node *nodes, *node;
	struct pp_iort_mapping *mapping;
	struct pp_iort_range *range;
	uint8_t revision; /* of the table */
};

/* The place is from the begin of the node, wherever its cursor is now. */
static struct pp_cursor array_cursor(const struct record *r, struct array array)
{
	struct pp_cursor c;

	pp_cursor_init(&c, PP_SPAN(r->c.data + array.at, (size_t)array.count * ELEMENT_BYTES),
	               OBJECT, r->offset + array.at);
	return c;
}

/* DEN 0049 3.1, table 4 */
static void fill_mappings(struct fill *f, const struct record *r, struct pp_iort_node *node)
{
	struct pp_cursor c = array_cursor(r, r->mappings);

	node->mappings = f->mapping;
	node->nr_mappings = (uint16_t)r->mappings.count;
	for (uint32_t i = 0; i < r->mappings.count; i++) {
		struct pp_iort_mapping *m = f->mapping++;
		*m = (struct pp_iort_mapping){ .offset = (uint32_t)pp_cursor_offset(&c) };
		m->input_base = pp_cursor_u32(&c);
		m->ids_minus_1 = pp_cursor_u32(&c);
		m->output_base = pp_cursor_u32(&c);
		m->output_reference = pp_cursor_u32(&c);
		m->flags = pp_cursor_u32(&c);
	}
}

static void note_range(struct pp_notes *notes, const struct pp_iort_range *m)
{
	if (!m->length_bytes)
		pp_note(notes, OBJECT, m->offset, "RMR with an empty memory range");
	else if (m->length_bytes - 1 > UINT64_MAX - m->base)
		pp_note(notes, OBJECT, m->offset, "RMR range passes the end of the address space");
	if (m->base % RANGE_ALIGNMENT || m->length_bytes % RANGE_ALIGNMENT)
		pp_note(notes, OBJECT, m->offset,
		        "RMR range at 0x%" PRIx64 " of 0x%" PRIx64
		        " bytes is not aligned to 64 KiB",
		        m->base, m->length_bytes);
}

/* DEN 0049 3.1.1.5; a node the kernel skips is kept, for people to see. */
static void fill_rmr(struct fill *f, const struct record *r, struct pp_iort_node *node)
{
	struct pp_cursor c = array_cursor(r, r->ranges);

	node->ranges = f->range;
	node->nr_ranges = (uint16_t)r->ranges.count;
	for (uint32_t i = 0; i < r->ranges.count; i++) {
		struct pp_iort_range *m = f->range++;
		*m = (struct pp_iort_range){ .offset = (uint32_t)pp_cursor_offset(&c) };
		m->base = pp_cursor_u64(&c);
		m->length_bytes = pp_cursor_u64(&c);
		pp_cursor_skip(&c, 4);
		note_range(f->notes, m);
	}
	if (!node->nr_ranges)
		pp_note(f->notes, OBJECT, node->offset, "RMR without a memory range is skipped");
	if (!node->nr_mappings)
		pp_note(f->notes, OBJECT, node->offset, "RMR without an id mapping is skipped");
	if (f->revision < PP_IORT_RMR_REVISION)
		pp_note(f->notes, OBJECT, node->offset, "RMR in a table of revision %u is skipped",
		        f->revision);
}

static int iort_fill_name(struct fill *f, const struct record *r, struct pp_cursor *c,
                          struct pp_iort_node *node, struct pp_error *e)
{
	/* The mappings follow the name, which may be padded, and have zeroes of their own. */
	const uint32_t end = r->mappings.count ? r->mappings.at : r->length;
	const size_t at = pp_cursor_offset(c), len = end - node_need(r->type);
	const uint8_t *name = pp_cursor_take(c, len);

	if (!len || !memchr(name, 0, len))
		pp_note(f->notes, OBJECT, at, "name of a component is not NUL-terminated");
	node->name = pp_text_clean(f->arena, name, len);
	return node->name ? 0 : pp_fail_oom(e, OBJECT);
}

static int iort_fill_fields(struct fill *f, struct record *r, struct pp_iort_node *node,
                            struct pp_error *e)
{
	struct pp_cursor *c = &r->c;

	switch (node->type) {
	case PP_IORT_NAMED_COMPONENT:
		node->flags = pp_cursor_u32(c);
		pp_cursor_skip(c, 9); /* memory properties, address limit */
		return iort_fill_name(f, r, c, node, e);
	case PP_IORT_ROOT_COMPLEX:
		pp_cursor_skip(c, 8);
		node->ats = pp_cursor_u32(c);
		node->segment = pp_cursor_u32(c);
		return 0;
	case PP_IORT_SMMU:
	case PP_IORT_SMMU_V3:
		node->base = pp_cursor_u64(c);
		return 0;
	case PP_IORT_RMR:
		node->flags = pp_cursor_u32(c);
		fill_rmr(f, r, node);
		return 0;
	default:
		if (!pp_iort_type_name(node->type))
			pp_note(f->notes, OBJECT, node->offset, "node of unknown type %u",
			        node->type);
		return 0;
	}
}

static int fill_node(struct fill *f, struct record *r, struct pp_error *e)
{
	struct pp_iort_node *node = f->node++;
	struct pp_cursor *c = &r->c;

	*node = (struct pp_iort_node){ .offset = r->offset, .length = r->length };
	node->raw = PP_SPAN(c->data, c->len);
	node->type = pp_cursor_u8(c);
	pp_cursor_skip(c, 2);
	node->revision = pp_cursor_u8(c);
	node->identifier = pp_cursor_u32(c);
	pp_cursor_skip(c, 8); /* the array of mappings */
	fill_mappings(f, r, node);
	return iort_fill_fields(f, r, node, e);
}

/* The node that begins at offset; the walk left them in that order. */
static const struct pp_iort_node *node_at(const struct fill *f, uint32_t offset)
{
	const struct pp_iort_node *low = f->nodes, *high = f->node;

	while (low < high) {
		const struct pp_iort_node *middle = low + (high - low) / 2;
		if (middle->offset == offset)
			return middle;
		if (middle->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void iort_resolve(const struct fill *f, struct pp_iort_mapping *mappings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pp_iort_mapping *m = &mappings[i];
		m->output = node_at(f, m->output_reference);
		if (!m->output)
			pp_note(f->notes, OBJECT, m->offset,
			        "id mapping to 0x%x, where no node begins", m->output_reference);
	}
}

static int iort_fill(struct fill *f, struct pp_cursor body, const struct totals *total,
                     struct pp_error *e)
{
	struct pp_iort_mapping *mappings = f->mapping;
	struct record r;

	for (size_t i = 0; i < total->nodes; i++) {
		int err = next_node(&body, &r, e);
		if (err > 0)
			err = fill_node(f, &r, e);
		if (err < 0)
			return err;
	}
	if (pp_cursor_left(&body))
		pp_note(f->notes, OBJECT, pp_cursor_offset(&body), "%zu bytes behind the last node",
		        pp_cursor_left(&body));
	iort_resolve(f, mappings, total->mappings);
	return 0;
}

/* Leaves body at the first node. */
static int iort_open_table(struct pp_span in, struct pp_notes *notes, struct pp_iort *t,
                           uint32_t *nr_nodes, struct pp_cursor *body, struct pp_error *e)
{
	int err = pp_acpi_table_open(in, OBJECT, notes, &t->header, body, e);
	if (err)
		return err;
	const uint32_t count = pp_cursor_u32(body), at = pp_cursor_u32(body);
	pp_cursor_skip(body, 4);
	if (body->bad)
		return pp_fail(e, EBADMSG, "%s+0x4: table length %u, need at least %d", OBJECT,
		               t->header.length, TABLE_HEADER_BYTES);
	if (count && (at < TABLE_HEADER_BYTES || at > t->header.length))
		return pp_fail(e, EBADMSG, "%s+0x28: nodes at 0x%x, need 0x%x to 0x%x", OBJECT, at,
		               TABLE_HEADER_BYTES, t->header.length);
	if (count)
		pp_cursor_skip(body, at - TABLE_HEADER_BYTES);
	*nr_nodes = count;
	return 0;
}

int pp_iort_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_iort *ret, struct pp_error *e)
{
	struct pp_iort t = { 0 };
	struct pp_cursor body;
	struct totals total;
	uint32_t said = 0;

	int err = iort_open_table(in, notes, &t, &said, &body, e);
	if (!err)
		err = iort_count(body, said, &total, e);
	if (err)
		return err;
	if (total.nodes < said)
		pp_note(notes, OBJECT, PP_ACPI_HEADER_BYTES,
		        "%u nodes are said to be there, but only %zu are", said, total.nodes);
	struct fill f = { .arena = a, .notes = notes, .revision = t.header.revision };
	f.node = f.nodes = PP_ARENA_ARRAY(a, total.nodes, struct pp_iort_node);
	f.mapping = PP_ARENA_ARRAY(a, total.mappings, struct pp_iort_mapping);
	f.range = PP_ARENA_ARRAY(a, total.ranges, struct pp_iort_range);
	if (!f.nodes || !f.mapping || !f.range)
		return pp_fail_oom(e, OBJECT);
	err = iort_fill(&f, body, &total, e);
	if (err)
		return err;
	t.nodes = f.nodes;
	t.nr_nodes = (uint32_t)total.nodes;
	*ret = t;
	return 0;
}
