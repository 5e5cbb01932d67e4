/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a capture from the process that read it, and believes it nothing. */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "source/packed-form.h"
#include "sys/pages.h"

struct packed_head {
	uint8_t kind, told, capture, has_tool, as_root, redacted;
	uint32_t nodes, root, asked, listed, unread, partial;
	uint64_t records, strings, data;
};

struct packed_taker {
	struct packed_head head;
	struct pp_stored *s;
	pp_packed_receive receive;
	void *ctx;
	struct pp_cursor records; /* of the manifest, behind those of the nodes */
	struct pp_span strings;   /* in the arena, as what is left of it */
	struct pp_span data;      /* in the arena */
	struct pp_error *e;
};

static int packed_lie(const struct packed_taker *t, const char *what, uint64_t number)
{
	return pp_fail(t->e, EPROTO, "what was read came back damaged: %s (%llu)", what,
	               (unsigned long long)number);
}

static void packed_read_head(struct pp_cursor *c, struct packed_head *ret)
{
	uint8_t *const bytes[] = { &ret->kind,     &ret->told,    &ret->capture,
		                   &ret->has_tool, &ret->as_root, &ret->redacted };
	uint32_t *const numbers[] = { &ret->nodes,  &ret->root,   &ret->asked,
		                      &ret->listed, &ret->unread, &ret->partial };

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		*bytes[i] = pp_cursor_u8(c);
	pp_cursor_skip(c, 2);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = pp_cursor_u32(c);
	ret->records = pp_cursor_u64(c);
	ret->strings = pp_cursor_u64(c);
	ret->data = pp_cursor_u64(c);
}

static bool packed_is_stored(uint8_t kind)
{
	return kind == PP_SOURCE_DIRECTORY || kind == PP_SOURCE_ARCHIVE || kind == PP_SOURCE_TABLE;
}

/* All before anything of that size is allocated. */
static int packed_check_head(const struct packed_taker *t)
{
	const struct packed_head *h = &t->head;

	if (!packed_is_stored(h->kind) || h->told > 1 || h->capture > 1 || h->has_tool > 1 ||
	    h->as_root > PP_YES || h->redacted > PP_YES)
		return packed_lie(t, "a kind of source that there is not", h->kind);
	if (h->nodes <= PP_TREE_TOP || h->nodes > PACKED_MAX_NODES)
		return packed_lie(t, "too few or too many files", h->nodes);
	if (h->records > PACKED_MAX_RECORDS || h->strings > PACKED_MAX_STRINGS ||
	    h->data > PACKED_MAX_DATA)
		return packed_lie(t, "too many bytes", h->data);
	/* Each has its part of the records, and each string at least a NUL. */
	uint64_t paths = (uint64_t)h->asked + h->listed + h->unread + h->partial;
	if (paths > PACKED_MAX_PATHS || paths + h->nodes > h->strings + PP_TREE_TOP ||
	    (uint64_t)(h->nodes - PP_TREE_TOP) * PACKED_NODE_BYTES > h->records)
		return packed_lie(t, "more names than there are bytes for them", paths + h->nodes);
	return 0;
}

static int packed_next_string(struct packed_taker *t, size_t max, const char **ret, size_t *ret_len)
{
	const uint8_t *end = t->strings.len ? memchr(t->strings.data, 0, t->strings.len) : NULL;
	size_t len = end ? (size_t)(end - t->strings.data) : 0;

	if (!end || len > max)
		return packed_lie(t, "a name that is too long or has no end", len);
	*ret = (const char *)t->strings.data;
	*ret_len = len;
	t->strings = PP_SPAN(end + 1, t->strings.len - len - 1);
	return 0;
}

static bool packed_is_name(const char *name, size_t len)
{
	return len && !memchr(name, '/', len) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int packed_add_node(struct packed_taker *t, uint32_t i, uint32_t parent)
{
	struct pp_tree *tree = &t->s->tree;
	const char *name = "";
	uint32_t node = 0;
	size_t len = 0;

	int r = packed_next_string(t, PP_MAX_NAME, &name, &len);
	if (r)
		return r;
	if (!packed_is_name(name, len))
		return packed_lie(t, "a name that cannot be a file's", i);
	/* A directory is told before what it holds. */
	if (parent < PP_TREE_TOP || parent >= i)
		return packed_lie(t, "a file without a directory", i);
	uint8_t above = pp_tree_at(tree, parent)->kind;
	if (above != PP_TREE_DIRECTORY && above != PP_TREE_NOTHING)
		return packed_lie(t, "a file below another", i);
	r = pp_tree_add_new(tree, parent, name, len, &node);
	if (r == -ENOMEM)
		return pp_fail_oom(t->e, "capture");
	if (r)
		return packed_lie(t, r == -EEXIST ? "a file twice" : "a path that is too long", i);
	return 0;
}

struct packed_record {
	uint8_t kind, named, period;
	uint16_t error;
	uint32_t parent, partial, len, more, offset;
};

static uint32_t packed_number(const uint8_t *at, size_t bytes)
{
	uint32_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint32_t)at[i] << 8 * i;
	return v;
}

/* Of PACKED_NODE_BYTES. */
static struct packed_record packed_read_record(const uint8_t *at)
{
	return (struct packed_record){
		.kind = at[0],
		.named = at[1],
		.error = (uint16_t)packed_number(at + 2, 2),
		.parent = packed_number(at + 4, 4),
		.partial = packed_number(at + 8, 4),
		.len = packed_number(at + 12, 4),
		.more = packed_number(at + 16, 3),
		.period = at[19],
		.offset = packed_number(at + 20, 4),
	};
}

/* Whether a node of that kind may have so many bytes. */
static bool packed_fits(const struct packed_record *r)
{
	if (r->kind == PP_TREE_FILE && r->more)
		return r->len <= PP_MAX_FILE_BYTES && r->period && r->period <= r->len;
	if (r->kind == PP_TREE_FILE)
		return r->len <= PP_MAX_FILE_BYTES && !r->period;
	return !r->more && !r->period &&
	       (r->kind == PP_TREE_LINK ? r->len && r->len <= PP_MAX_LINK : !r->len);
}

static int packed_take_node(struct packed_taker *t, uint32_t i, const uint8_t *at)
{
	const struct packed_record has = packed_read_record(at);
	int r = i == PP_TREE_TOP ? 0 : packed_add_node(t, i, has.parent);

	if (r)
		return r;
	if (has.kind > PP_TREE_LOST || has.named > 1 || has.error >= PACKED_MAX_ERRNO ||
	    (i == PP_TREE_TOP && has.kind != PP_TREE_DIRECTORY) ||
	    (has.kind == PP_TREE_LOST && !has.error))
		return packed_lie(t, "a kind of file that there is not", i);
	if (!packed_fits(&has) || has.offset > t->data.len || has.len > t->data.len - has.offset)
		return packed_lie(t, "a file of more bytes than there are", i);
	if (has.partial && (has.kind != PP_TREE_FILE || has.partial > t->head.partial))
		return packed_lie(t, "a part of a file that is not there", i);
	struct pp_span data = PP_SPAN(has.len ? t->data.data + has.offset : NULL, has.len);
	if (has.kind == PP_TREE_LINK && memchr(data.data, 0, has.len))
		return packed_lie(t, "a link's text with an end in it", i);
	struct pp_tree_node *n = pp_tree_at(&t->s->tree, i);
	n->kind = has.kind;
	n->named = has.named;
	n->error = has.error;
	n->partial = has.partial;
	n->data = data;
	n->more = has.more & 0xffffff;
	n->period = has.period;
	return 0;
}

static int packed_cut_off(const struct packed_taker *t, int error)
{
	return pp_fail(t->e, -error, "what was read came back cut off");
}

/* Piece by piece: they are not kept. */
static int packed_take_nodes(struct packed_taker *t)
{
	uint8_t piece[512 * PACKED_NODE_BYTES];
	const uint32_t most = sizeof(piece) / PACKED_NODE_BYTES;
	int r = 0;

	for (uint32_t i = PP_TREE_TOP; !r && i < t->head.nodes; i += most) {
		uint32_t count = t->head.nodes - i < most ? t->head.nodes - i : most;
		r = t->receive(t->ctx, piece, (size_t)count * PACKED_NODE_BYTES);
		if (r)
			return packed_cut_off(t, r);
		for (uint32_t k = 0; !r && k < count; k++)
			r = packed_take_node(t, i + k, piece + (size_t)k * PACKED_NODE_BYTES);
	}
	return r;
}

/* Sorted, because they are searched; *before is the one before it. */
static int packed_take_path(struct packed_taker *t, const char **before, const char **ret)
{
	size_t len = 0;
	int r = packed_next_string(t, PP_MAX_PATH, ret, &len);

	if (!r && before && *before && strcmp(*before, *ret) > 0)
		return packed_lie(t, "paths in no order", len);
	if (before)
		*before = *ret;
	return r;
}

static int packed_take_paths(struct packed_taker *t, uint32_t count, const char ***ret,
                             uint32_t *ret_count)
{
	const char **paths = PP_ARENA_ARRAY(&t->s->arena, count, const char *), *before = NULL;

	if (!paths)
		return pp_fail_oom(t->e, "capture");
	for (uint32_t i = 0; i < count; i++) {
		int r = packed_take_path(t, &before, &paths[i]);
		if (r)
			return r;
	}
	*ret = paths;
	*ret_count = count;
	return 0;
}

static int packed_take_unread(struct packed_taker *t)
{
	uint32_t count = t->head.unread;
	struct pp_unread *unread = PP_ARENA_ARRAY(&t->s->arena, count, struct pp_unread);
	const char *before = NULL;

	if (!unread)
		return pp_fail_oom(t->e, "capture");
	for (uint32_t i = 0; i < count; i++) {
		uint32_t error = pp_cursor_u32(&t->records);
		unread[i].line = pp_cursor_u32(&t->records);
		if (!error || error >= PACKED_MAX_ERRNO)
			return packed_lie(t, "an error that there is not", error);
		unread[i].error = (int)error;
		int r = packed_take_path(t, &before, &unread[i].path);
		if (r)
			return r;
	}
	t->s->manifest.unread = unread;
	t->s->manifest.unread_count = count;
	return 0;
}

static int packed_take_ranges(struct packed_taker *t, struct pp_partial *p)
{
	uint64_t behind = 0;

	/* The records bound how many there can be. */
	if (p->count > pp_cursor_left(&t->records) / 16)
		return packed_lie(t, "more ranges than there are bytes for them", p->count);
	p->ranges = PP_ARENA_ARRAY(&t->s->arena, p->count, struct pp_range);
	if (!p->ranges)
		return pp_fail_oom(t->e, "capture");
	for (uint32_t i = 0; i < p->count; i++) {
		struct pp_range *range = &p->ranges[i];
		range->first = pp_cursor_u64(&t->records);
		range->end = pp_cursor_u64(&t->records);
		if (range->first >= range->end || (i && range->first <= behind) ||
		    range->end > PP_MAX_FILE_BYTES)
			return packed_lie(t, "ranges in no order", i);
		behind = range->end;
	}
	return p->ends && p->end < behind ? packed_lie(t, "a file that ends before its ranges", 0)
	                                  : 0;
}

static int packed_take_partial(struct packed_taker *t)
{
	uint32_t count = t->head.partial;
	struct pp_partial *partial = PP_ARENA_ARRAY(&t->s->arena, count, struct pp_partial);

	if (!partial)
		return pp_fail_oom(t->e, "capture");
	for (uint32_t i = 0; i < count; i++) {
		struct pp_partial *p = &partial[i];
		p->line = pp_cursor_u32(&t->records);
		p->ends = pp_cursor_u32(&t->records) != 0;
		p->end = pp_cursor_u64(&t->records);
		p->count = pp_cursor_u32(&t->records);
		int r = packed_take_ranges(t, p);
		if (!r)
			r = packed_take_path(t, NULL, &p->path);
		if (r)
			return r;
	}
	t->s->manifest.partial = partial;
	t->s->manifest.partial_count = count;
	return 0;
}

/* What was read of a file lies in the bytes that are there. */
static int packed_check_partial(const struct packed_taker *t)
{
	const struct pp_tree *tree = &t->s->tree;

	for (uint32_t i = PP_TREE_TOP; i < tree->count; i++) {
		const struct pp_tree_node *n = pp_tree_at(tree, i);
		if (!n->partial)
			continue;
		const struct pp_partial *p = &t->s->manifest.partial[n->partial - 1];
		if (p->count && p->ranges[p->count - 1].end > pp_tree_content_len(n))
			return packed_lie(t, "a range behind the end of its file", i);
	}
	return 0;
}

static int packed_take_manifest(struct packed_taker *t)
{
	const struct packed_head *h = &t->head;
	struct pp_manifest *m = &t->s->manifest;
	const char *tool = "";
	size_t len = 0;

	int r = packed_next_string(t, PACKED_MAX_TOOL, &tool, &len);
	if (!r)
		r = packed_take_paths(t, h->asked, &m->asked, &m->asked_count);
	if (!r)
		r = packed_take_paths(t, h->listed, &m->listed, &m->listed_count);
	if (!r)
		r = packed_take_unread(t);
	if (!r)
		r = packed_take_partial(t);
	if (r)
		return r;
	char *clean = pp_text_clean(&t->s->arena, tool, len);
	if (!clean)
		return pp_fail_oom(t->e, "capture");
	m->info.tool = h->has_tool ? clean : NULL;
	m->info.as_root = (enum pp_tri)h->as_root;
	m->info.redacted = (enum pp_tri)h->redacted;
	return 0;
}

/* All but the nodes, whose records are taken before; records has room for what is left of them. */
static int packed_take_rest(struct packed_taker *t, uint8_t *records, size_t len)
{
	int r = t->receive(t->ctx, records, len);

	if (r)
		return packed_cut_off(t, r);
	pp_cursor_init(&t->records, PP_SPAN(records, len), "capture", 0);
	r = packed_take_manifest(t);
	if (r)
		return r;
	if (t->records.bad || pp_cursor_left(&t->records) || t->strings.len)
		return packed_lie(t, "bytes too many or too few", t->strings.len);
	return packed_check_partial(t);
}

static int packed_take_all(struct packed_taker *t)
{
	const struct packed_head *h = &t->head;
	size_t len = (size_t)h->records - (size_t)(h->nodes - PP_TREE_TOP) * PACKED_NODE_BYTES;
	struct pp_tree *tree = &t->s->tree;

	if (pp_tree_reserve(tree, h->nodes))
		return pp_fail_oom(t->e, "capture");
	int r = packed_take_nodes(t);
	if (r)
		return r;
	uint8_t *records = malloc(len + 1);
	r = records ? packed_take_rest(t, records, len) : pp_fail_oom(t->e, "capture");
	free(records);
	if (r)
		return r;
	if (h->root < PP_TREE_TOP || h->root >= h->nodes ||
	    pp_tree_at(tree, h->root)->kind != PP_TREE_DIRECTORY)
		return packed_lie(t, "a root that is not a directory", h->root);
	tree->root = h->root;
	t->s->told = h->told;
	t->s->base.capture = h->capture ? &t->s->manifest.info : NULL;
	return 0;
}

/* What the nodes rest on. */
static int packed_take_bytes(struct packed_taker *t)
{
	const struct packed_head *h = &t->head;
	uint8_t *strings = pp_arena_alloc(&t->s->arena, (size_t)h->strings);
	uint8_t *data = pp_arena_alloc(&t->s->arena, (size_t)h->data);

	if (!strings || !data)
		return pp_fail_oom(t->e, "capture");
	pp_pages_touch(strings, (size_t)h->strings);
	int r = t->receive(t->ctx, strings, (size_t)h->strings);
	if (!r) {
		pp_pages_touch(data, (size_t)h->data);
		r = t->receive(t->ctx, data, (size_t)h->data);
	}
	if (r)
		return packed_cut_off(t, r);
	t->strings = PP_SPAN(strings, h->strings);
	t->data = PP_SPAN(data, h->data);
	return 0;
}

int pp_packed_take(pp_packed_receive receive, void *ctx, struct pp_source **ret, struct pp_error *e)
{
	struct packed_taker t = { .receive = receive, .ctx = ctx, .e = e };
	uint8_t head[PACKED_HEAD_BYTES];
	struct pp_cursor c;
	int r = receive(ctx, head, sizeof(head));

	if (r)
		return packed_cut_off(&t, r);
	pp_cursor_init(&c, PP_SPAN(head, sizeof(head)), "capture", 0);
	if (pp_cursor_u32(&c) != PACKED_MAGIC)
		return packed_lie(&t, "no capture", 0);
	packed_read_head(&c, &t.head);
	r = packed_check_head(&t);
	if (!r)
		r = pp_stored_new((enum pp_source_kind)t.head.kind, &t.s, e);
	if (r)
		return r;
	/* The bytes are bounded above; the arena holds the lists besides. */
	t.s->arena.limit_bytes = 4 * PP_MAX_TOTAL_BYTES;
	r = packed_take_bytes(&t);
	if (!r)
		r = packed_take_all(&t);
	if (r)
		pp_source_free(&t.s->base);
	else
		*ret = &t.s->base;
	return r;
}
