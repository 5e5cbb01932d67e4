/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends a capture in memory to the process that asked for it. */
#include <stdlib.h>
#include <string.h>

#include "source/packed-form.h"

/* What is sent at once; small files are collected. */
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

/* Where the bytes of a tree stand in what is sent: the same ones, such as a hard link's, once. */
struct packed_place {
	struct pp_span data; /* of no bytes: free */
	uint64_t offset;
};

struct packed_places {
	struct packed_place *table; /* by address */
	uint32_t mask;
	uint64_t end;
};

static int packed_places_init(struct packed_places *p, uint32_t count)
{
	uint32_t size = 16;

	while (size < 2 * count)
		size *= 2;
	*p = (struct packed_places){ .table = calloc(size, sizeof(*p->table)), .mask = size - 1 };
	return p->table ? 0 : -ENOMEM;
}

/* The offset of a node's bytes. *is_new: no earlier node has them. */
static uint64_t packed_place(struct packed_places *p, struct pp_span data, bool *is_new)
{
	uint32_t i = (uint32_t)(((uintptr_t)data.data >> 3) * 0x9e3779b1u) & p->mask;

	*is_new = false;
	if (!data.len)
		return 0;
	while (p->table[i].data.len &&
	       (p->table[i].data.data != data.data || p->table[i].data.len != data.len))
		i = (i + 1) & p->mask;
	*is_new = !p->table[i].data.len;
	if (*is_new) {
		p->table[i] = (struct packed_place){ .data = data, .offset = p->end };
		p->end += data.len;
	}
	return p->table[i].offset;
}

static void packed_put_nodes(const struct pp_tree *t, struct packed_places *places,
                             struct pp_buffer *records, struct pp_buffer *strings)
{
	bool is_new;

	for (uint32_t i = PP_TREE_TOP; i < t->count; i++) {
		const struct pp_tree_node *n = pp_tree_at(t, i);
		const uint8_t bytes[] = { n->kind, n->named };
		pp_buffer_append(records, bytes, sizeof(bytes));
		packed_put_u16(records, n->error);
		packed_put_u32(records, n->parent);
		packed_put_u32(records, n->partial);
		packed_put_u32(records, (uint32_t)n->data.len);
		packed_put_u32(records, n->more);
		packed_put_u32(records, n->more ? n->period : 0);
		packed_put_u64(records, packed_place(places, n->data, &is_new));
		if (i > PP_TREE_TOP)
			packed_put_string(strings, n->name);
	}
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

/* Small pieces go together. */
struct packed_sender {
	struct pp_buffer piece;
	pp_packed_send send;
	void *ctx;
	int error;
};

static void packed_flush(struct packed_sender *s)
{
	if (!s->error && s->piece.failed)
		s->error = -ENOMEM;
	if (!s->error && s->piece.len)
		s->error = s->send(s->ctx, s->piece.data, s->piece.len);
	s->piece.len = 0;
}

static void packed_send(struct packed_sender *s, const void *bytes, size_t len)
{
	if (s->piece.len + len > PIECE_BYTES)
		packed_flush(s);
	if (len > PIECE_BYTES && !s->error)
		s->error = s->send(s->ctx, bytes, len);
	else if (len)
		pp_buffer_append(&s->piece, bytes, len);
}

static void packed_send_buffer(struct packed_sender *s, const struct pp_buffer *b)
{
	if (b->failed && !s->error)
		s->error = -ENOMEM;
	packed_send(s, b->data, b->len);
}

/* In the order in which the records were made. */
static void packed_send_data(struct packed_sender *s, const struct pp_tree *t,
                             struct packed_places *places)
{
	for (uint32_t i = PP_TREE_TOP; !s->error && i < t->count; i++) {
		struct pp_span data = pp_tree_at(t, i)->data;
		bool is_new;
		packed_place(places, data, &is_new);
		if (is_new)
			packed_send(s, data.data, data.len);
	}
}

/* The parts before the data. */
static void packed_send_lists(struct packed_sender *sender, const struct pp_stored *s,
                              struct packed_places *places)
{
	struct pp_buffer head, records, strings;

	pp_buffer_init(&head, PACKED_HEAD_BYTES);
	pp_buffer_init(&records, PACKED_MAX_RECORDS);
	pp_buffer_init(&strings, PACKED_MAX_STRINGS);
	packed_put_nodes(&s->tree, places, &records, &strings);
	packed_put_manifest(&s->manifest, &records, &strings);
	packed_put_head(s, records.len, strings.len, places->end, &head);
	packed_send_buffer(sender, &head);
	packed_send_buffer(sender, &records);
	packed_send_buffer(sender, &strings);
	pp_buffer_fini(&head);
	pp_buffer_fini(&records);
	pp_buffer_fini(&strings);
}

int pp_packed_put(const struct pp_stored *s, pp_packed_send send, void *ctx)
{
	struct packed_sender sender = { .send = send, .ctx = ctx };
	struct packed_places places = { 0 }, again = { 0 };

	pp_buffer_init(&sender.piece, 2 * PIECE_BYTES);
	sender.error = packed_places_init(&places, s->tree.count);
	if (!sender.error)
		packed_send_lists(&sender, s, &places);
	if (!sender.error)
		sender.error = packed_places_init(&again, s->tree.count);
	if (!sender.error)
		packed_send_data(&sender, &s->tree, &again);
	packed_flush(&sender);
	free(places.table);
	free(again.table);
	pp_buffer_fini(&sender.piece);
	return sender.error;
}
