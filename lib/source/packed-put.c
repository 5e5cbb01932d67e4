/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends a capture in memory to the process that asked for it. */
#include <stdlib.h>
#include <string.h>

#include "source/packed-form.h"

/* What is sent at once; small pieces go together. */
#define PIECE_BYTES ((size_t)64 * 1024)

static void packed_put_number(struct pp_buffer *b, uint64_t v, size_t bytes)
{
	uint8_t piece[8];

	for (size_t i = 0; i < bytes; i++)
		piece[i] = (uint8_t)(v >> 8 * i);
	pp_buffer_append(b, piece, bytes);
}

static void packed_put_u16(struct pp_buffer *b, uint16_t v)
{
	packed_put_number(b, v, sizeof(v));
}

static void packed_put_u32(struct pp_buffer *b, uint32_t v)
{
	packed_put_number(b, v, sizeof(v));
}

static void packed_put_u64(struct pp_buffer *b, uint64_t v)
{
	packed_put_number(b, v, sizeof(v));
}

static void packed_put_string(struct pp_buffer *b, const char *s)
{
	pp_buffer_append(b, s, strlen(s) + 1);
}

/*
 * Where the bytes of each node stand in what is sent: the same ones, such as a hard link's, once.
 * Few memory pages are touched: a host of many functions has as many nodes.
 */
#define PACKED_IS_FIRST 0x80000000u /* of the nodes with these bytes */
#define PACKED_SHORT    4096u

struct packed_places {
	const struct pp_tree *tree;
	uint32_t *offsets; /* of each node's bytes */
	/* Nodes that are the first with their bytes, by address; of short ones the last of each. */
	uint32_t *table, *shorts;
	uint32_t mask;
	uint64_t end;
};

static void packed_places_fini(struct packed_places *p)
{
	free(p->offsets);
	free(p->table);
	free(p->shorts);
}

static int packed_places_init(struct packed_places *p, const struct pp_tree *t)
{
	uint32_t size = 16, count = 0;

	for (uint32_t i = PP_TREE_TOP; i < t->count; i++)
		count += pp_tree_at(t, i)->data.len > PACKED_SHORT_BYTES;
	while (size < 2 * count)
		size *= 2;
	*p = (struct packed_places){ .tree = t,
		                     .offsets = malloc(t->count * sizeof(*p->offsets)),
		                     .table = calloc(size, sizeof(*p->table)),
		                     .shorts = calloc(PACKED_SHORT, sizeof(*p->shorts)),
		                     .mask = size - 1 };
	return p->offsets && p->table && p->shorts ? 0 : -ENOMEM;
}

static bool packed_has(const struct packed_places *p, uint32_t node, struct pp_span data)
{
	struct pp_span its = pp_tree_at(p->tree, node)->data;

	return node && its.data == data.data && its.len == data.len;
}

/* Where the number of the node that is the first with these bytes is, or is to be put. */
static uint32_t *packed_first(struct packed_places *p, struct pp_span data)
{
	uint32_t hash = (uint32_t)((uintptr_t)data.data >> 3) * 0x9e3779b1u;

	if (data.len <= PACKED_SHORT_BYTES)
		return &p->shorts[(hash ^ hash >> 16) % PACKED_SHORT];
	uint32_t i = (hash ^ hash >> 16) & p->mask;
	while (p->table[i] && !packed_has(p, p->table[i], data))
		i = (i + 1) & p->mask;
	return &p->table[i];
}

static void packed_place(struct packed_places *p, uint32_t node)
{
	struct pp_span data = pp_tree_at(p->tree, node)->data;
	uint32_t *first = data.len ? packed_first(p, data) : NULL;

	p->offsets[node] = 0;
	if (first && packed_has(p, *first, data)) {
		p->offsets[node] = p->offsets[*first] & ~PACKED_IS_FIRST;
	} else if (first) {
		*first = node;
		p->offsets[node] = (uint32_t)p->end | PACKED_IS_FIRST;
		p->end += data.len;
	}
}

/* -E2BIG: more than an offset can tell. */
static int packed_place_all(struct packed_places *p)
{
	for (uint32_t i = PP_TREE_TOP; i < p->tree->count; i++) {
		packed_place(p, i);
		if (p->end > PACKED_MAX_DATA)
			return -E2BIG;
	}
	return 0;
}

static void packed_put_partial(const struct pp_partial *p, struct pp_buffer *records)
{
	packed_put_u32(records, p->line);
	packed_put_u32(records, p->ends);
	packed_put_u64(records, p->end);
	packed_put_u32(records, p->count);
	for (uint32_t i = 0; i < p->count; i++) {
		packed_put_u64(records, p->ranges[i].first);
		packed_put_u64(records, p->ranges[i].end);
	}
}

static void packed_put_manifest(const struct pp_manifest *m, struct pp_buffer *records,
                                struct pp_buffer *strings)
{
	packed_put_string(strings, m->info.tool ? m->info.tool : "");
	for (uint32_t i = 0; i < m->asked_count; i++)
		packed_put_string(strings, m->asked[i]);
	for (uint32_t i = 0; i < m->listed_count; i++)
		packed_put_string(strings, m->listed[i]);
	for (uint32_t i = 0; i < m->unread_count; i++) {
		packed_put_u32(records, (uint32_t)m->unread[i].error);
		packed_put_u32(records, m->unread[i].line);
		packed_put_string(strings, m->unread[i].path);
	}
	for (uint32_t i = 0; i < m->partial_count; i++) {
		packed_put_partial(&m->partial[i], records);
		packed_put_string(strings, m->partial[i].path);
	}
}

static void packed_put_head(const struct pp_stored *s, size_t records, size_t strings,
                            uint64_t data, struct pp_buffer *head)
{
	const struct pp_capture_info *info = s->base.capture;
	const struct pp_manifest *m = &s->manifest;
	const uint8_t bytes[] = { s->base.kind,
		                  s->told,
		                  info != NULL,
		                  info && info->tool,
		                  info ? info->as_root : PP_UNKNOWN,
		                  info ? info->redacted : PP_UNKNOWN };

	packed_put_u32(head, PACKED_MAGIC);
	pp_buffer_append(head, bytes, sizeof(bytes));
	packed_put_u16(head, 0);
	packed_put_u32(head, s->tree.count);
	packed_put_u32(head, s->tree.root);
	packed_put_u32(head, m->asked_count);
	packed_put_u32(head, m->listed_count);
	packed_put_u32(head, m->unread_count);
	packed_put_u32(head, m->partial_count);
	packed_put_u64(head, records);
	packed_put_u64(head, strings);
	packed_put_u64(head, data);
}

struct packed_sender {
	uint8_t *piece;
	size_t len;
	pp_packed_send send;
	void *ctx;
	int error;
};

static void packed_flush(struct packed_sender *s)
{
	if (!s->error && s->len)
		s->error = s->send(s->ctx, s->piece, s->len);
	s->len = 0;
}

/* Room for so many bytes, at most PIECE_BYTES, which the caller fills. */
static uint8_t *packed_room(struct packed_sender *s, size_t len)
{
	if (s->len + len > PIECE_BYTES)
		packed_flush(s);
	s->len += len;
	return s->piece + s->len - len;
}

static void packed_send(struct packed_sender *s, const void *bytes, size_t len)
{
	if (len <= PIECE_BYTES) {
		if (len)
			memcpy(packed_room(s, len), bytes, len);
		return;
	}
	packed_flush(s);
	if (!s->error)
		s->error = s->send(s->ctx, bytes, len);
}

static void packed_send_buffer(struct packed_sender *s, const struct pp_buffer *b)
{
	if (b->failed && !s->error)
		s->error = -ENOMEM;
	packed_send(s, b->data, b->len);
}

static void packed_send_names(struct packed_sender *s, const struct pp_tree *t)
{
	for (uint32_t i = PP_TREE_TOP + 1; !s->error && i < t->count; i++) {
		const struct pp_tree_node *n = pp_tree_at(t, i);
		uint8_t *to = packed_room(s, (size_t)n->name_len + 1);
		memcpy(to, n->name, n->name_len);
		to[n->name_len] = '\0';
	}
}

static void packed_send_data(struct packed_sender *s, const struct packed_places *places)
{
	for (uint32_t i = PP_TREE_TOP; !s->error && i < places->tree->count; i++) {
		struct pp_span data = pp_tree_at(places->tree, i)->data;
		if (places->offsets[i] & PACKED_IS_FIRST)
			packed_send(s, data.data, data.len);
	}
}

static uint8_t *packed_write(uint8_t *to, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*to++ = (uint8_t)(v >> 8 * i);
	return to;
}

static void packed_send_nodes(struct packed_sender *s, const struct packed_places *places)
{
	for (uint32_t i = PP_TREE_TOP; !s->error && i < places->tree->count; i++) {
		const struct pp_tree_node *n = pp_tree_at(places->tree, i);
		uint8_t *to = packed_room(s, PACKED_NODE_BYTES);
		*to++ = n->kind;
		*to++ = n->named;
		to = packed_write(to, n->error, 2);
		to = packed_write(to, n->parent, 4);
		to = packed_write(to, n->partial, 4);
		to = packed_write(to, (uint32_t)n->data.len, 4);
		to = packed_write(to, n->more, 3);
		*to++ = n->more ? n->period : 0;
		packed_write(to, places->offsets[i] & ~PACKED_IS_FIRST, 4);
	}
}

static size_t packed_names_len(const struct pp_tree *t)
{
	size_t len = 0;

	for (uint32_t i = PP_TREE_TOP + 1; i < t->count; i++)
		len += (size_t)pp_tree_at(t, i)->name_len + 1;
	return len;
}

static void packed_send_all(struct packed_sender *sender, const struct pp_stored *s,
                            const struct packed_places *places)
{
	size_t nodes = (size_t)(s->tree.count - PP_TREE_TOP) * PACKED_NODE_BYTES;
	struct pp_buffer head, records, strings;

	pp_buffer_init(&head, PACKED_HEAD_BYTES);
	pp_buffer_init(&records, PACKED_MAX_RECORDS);
	pp_buffer_init(&strings, PACKED_MAX_STRINGS);
	packed_put_manifest(&s->manifest, &records, &strings);
	packed_put_head(s, nodes + records.len, packed_names_len(&s->tree) + strings.len,
	                places->end, &head);
	packed_send_buffer(sender, &head);
	packed_send_names(sender, &s->tree);
	packed_send_buffer(sender, &strings);
	packed_send_data(sender, places);
	packed_send_nodes(sender, places);
	packed_send_buffer(sender, &records);
	pp_buffer_fini(&head);
	pp_buffer_fini(&records);
	pp_buffer_fini(&strings);
}

int pp_packed_put(const struct pp_stored *s, pp_packed_send send, void *ctx)
{
	struct packed_sender sender = { .piece = malloc(PIECE_BYTES), .send = send, .ctx = ctx };
	struct packed_places places;

	sender.error = packed_places_init(&places, &s->tree);
	if (!sender.error && !sender.piece)
		sender.error = -ENOMEM;
	if (!sender.error)
		sender.error = packed_place_all(&places);
	if (!sender.error) {
		packed_send_all(&sender, s, &places);
		packed_flush(&sender);
	}
	packed_places_fini(&places);
	free(sender.piece);
	return sender.error;
}
