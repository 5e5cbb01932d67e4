/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VIOT table (ACPI 6.5, 5.2.34): bytes in, const model out. */
#include "acpi/viot.h"

#define OBJECT             "VIOT"
#define TABLE_HEADER_BYTES 48u
#define NODE_HEADER_BYTES  4u

/* need: the bytes of the node. */
static const struct kind {
	const char *name;
	uint16_t need;
} kinds[] = {
	[PP_VIOT_PCI_RANGE] = { "PCI range", 24 },
	[PP_VIOT_MMIO_ENDPOINT] = { "MMIO endpoint", 24 },
	[PP_VIOT_IOMMU_PCI] = { "virtio-iommu (PCI)", 16 },
	[PP_VIOT_IOMMU_MMIO] = { "virtio-iommu (MMIO)", 16 },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *pp_viot_type_name(uint8_t type)
{
	return type < NR_KINDS ? kinds[type].name : NULL;
}

bool pp_viot_is_iommu(const struct pp_viot_node *n)
{
	return n->type == PP_VIOT_IOMMU_PCI || n->type == PP_VIOT_IOMMU_MMIO;
}

static uint16_t node_need(uint8_t type)
{
	return pp_viot_type_name(type) ? kinds[type].need : NODE_HEADER_BYTES;
}

/* 1: *ret is the next node's header, *c is behind it; 0: the table ends; negative: failed. */
static int next_node(struct pp_cursor *body, struct pp_viot_node *ret, struct pp_cursor *c,
                     struct pp_error *e)
{
	const size_t left = pp_cursor_left(body);
	struct pp_viot_node n = { .offset = (uint32_t)pp_cursor_offset(body) };
	struct pp_cursor peek = *body;

	if (!left)
		return 0;
	n.type = pp_cursor_u8(&peek);
	pp_cursor_skip(&peek, 1);
	n.length = pp_cursor_u16(&peek);
	if (peek.bad)
		return pp_cursor_fail(&peek, e);
	if (n.length < node_need(n.type))
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a node of type %u, need at least %u", OBJECT,
		               n.offset + 2, n.length, n.type, node_need(n.type));
	if (n.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a node of type %u, but only %zu bytes "
		               "are left",
		               OBJECT, n.offset + 2, n.length, n.type, left);
	pp_cursor_sub(body, n.length, c);
	pp_cursor_skip(c, NODE_HEADER_BYTES);
	*ret = n;
	return 1;
}

/* The first of two walks: checks every length, so that the second cannot fail. */
static int viot_count(struct pp_cursor body, uint32_t nr_nodes, uint32_t *ret, struct pp_error *e)
{
	struct pp_viot_node n;
	struct pp_cursor c;
	uint32_t count = 0;
	int err = 0;

	while (count < nr_nodes && (err = next_node(&body, &n, &c, e)) > 0)
		count++;
	if (err < 0)
		return err;
	*ret = count;
	return 0;
}

static void fill_range(struct pp_viot_node *n, struct pp_cursor *c, struct pp_notes *notes)
{
	n->endpoint = pp_cursor_u32(c);
	n->segment_first = pp_cursor_u16(c);
	n->segment_last_incl = pp_cursor_u16(c);
	n->requester_first = pp_cursor_u16(c);
	n->requester_last_incl = pp_cursor_u16(c);
	n->output_reference = pp_cursor_u16(c);
	if (n->segment_first > n->segment_last_incl || n->requester_first > n->requester_last_incl)
		pp_note(notes, OBJECT, n->offset, "PCI range ends before it begins");
}

static void viot_fill_node(struct pp_viot_node *n, struct pp_cursor *c, struct pp_notes *notes)
{
	switch (n->type) {
	case PP_VIOT_PCI_RANGE:
		fill_range(n, c, notes);
		break;
	case PP_VIOT_MMIO_ENDPOINT:
		n->endpoint = pp_cursor_u32(c);
		n->base = pp_cursor_u64(c);
		n->output_reference = pp_cursor_u16(c);
		break;
	case PP_VIOT_IOMMU_PCI:
		n->segment_first = n->segment_last_incl = pp_cursor_u16(c);
		n->requester_first = n->requester_last_incl = pp_cursor_u16(c);
		break;
	case PP_VIOT_IOMMU_MMIO:
		pp_cursor_skip(c, 4);
		n->base = pp_cursor_u64(c);
		break;
	default:
		pp_note(notes, OBJECT, n->offset, "node of unknown type %u", n->type);
	}
}

/* The IOMMU that begins at offset; the walk left the nodes in that order. */
static const struct pp_viot_node *iommu_at(const struct pp_viot_node *nodes, uint32_t n,
                                           uint32_t offset)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (nodes[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && nodes[low].offset == offset && pp_viot_is_iommu(&nodes[low]) ? &nodes[low]
	                                                                               : NULL;
}

static void viot_resolve(struct pp_viot_node *nodes, uint32_t nr, struct pp_notes *notes)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct pp_viot_node *n = &nodes[i];
		if (n->type != PP_VIOT_PCI_RANGE && n->type != PP_VIOT_MMIO_ENDPOINT)
			continue;
		n->output = iommu_at(nodes, nr, n->output_reference);
		if (!n->output)
			pp_note(notes, OBJECT, n->offset,
			        "%s of the IOMMU at 0x%x, where none begins, is skipped",
			        pp_viot_type_name(n->type), n->output_reference);
	}
}

/* Leaves body at the first node. */
static int viot_open_table(struct pp_span in, struct pp_notes *notes, struct pp_viot *t,
                           uint32_t *nr_nodes, struct pp_cursor *body, struct pp_error *e)
{
	int err = pp_acpi_table_open(in, OBJECT, notes, &t->header, body, e);
	if (err)
		return err;
	const uint16_t count = pp_cursor_u16(body), at = pp_cursor_u16(body);
	pp_cursor_skip(body, 8);
	if (body->bad)
		return pp_fail(e, EBADMSG, "%s+0x4: table length %u, need at least %u", OBJECT,
		               t->header.length, TABLE_HEADER_BYTES);
	if (count && (at < TABLE_HEADER_BYTES || at > t->header.length))
		return pp_fail(e, EBADMSG, "%s+0x26: nodes at 0x%x, need 0x%x to 0x%x", OBJECT, at,
		               TABLE_HEADER_BYTES, t->header.length);
	if (count)
		pp_cursor_skip(body, at - TABLE_HEADER_BYTES);
	*nr_nodes = count;
	return 0;
}

int pp_viot_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_viot *ret, struct pp_error *e)
{
	struct pp_viot t = { 0 };
	struct pp_cursor body, c;
	uint32_t said = 0;

	int err = viot_open_table(in, notes, &t, &said, &body, e);
	if (!err)
		err = viot_count(body, said, &t.nr_nodes, e);
	if (err)
		return err;
	if (t.nr_nodes < said)
		pp_note(notes, OBJECT, PP_ACPI_HEADER_BYTES,
		        "%u nodes are said to be there, but only %u are", said, t.nr_nodes);
	struct pp_viot_node *nodes = PP_ARENA_ARRAY(a, t.nr_nodes, struct pp_viot_node);
	if (!nodes)
		return pp_fail_oom(e, OBJECT);
	for (uint32_t i = 0; i < t.nr_nodes; i++) {
		err = next_node(&body, &nodes[i], &c, e);
		if (err < 0)
			return err;
		viot_fill_node(&nodes[i], &c, notes);
	}
	if (pp_cursor_left(&body))
		pp_note(notes, OBJECT, pp_cursor_offset(&body), "%zu bytes behind the last node",
		        pp_cursor_left(&body));
	viot_resolve(nodes, t.nr_nodes, notes);
	t.nodes = nodes;
	*ret = t;
	return 0;
}

const struct pp_viot_node *pp_viot_find_range(const struct pp_viot *t, uint32_t segment,
                                              uint32_t requester_id)
{
	for (uint32_t i = t->nr_nodes; i-- > 0;) {
		const struct pp_viot_node *n = &t->nodes[i];
		if (n->type == PP_VIOT_PCI_RANGE && n->output && segment >= n->segment_first &&
		    segment <= n->segment_last_incl && requester_id >= n->requester_first &&
		    requester_id <= n->requester_last_incl)
			return n;
	}
	return NULL;
}
