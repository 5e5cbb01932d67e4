/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes a capture from the process that read it, and believes it nothing. */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "source/packed-form.h"

struct packed_head {
	uint8_t kind, told, capture, has_tool, as_root, redacted;
	uint32_t nodes, root, asked, listed, unread, partial;
	uint64_t records, strings, data;
};

struct packed_taker {
	struct packed_head head;
	struct pp_stored *s;
	struct pp_cursor records;
	struct pp_span strings; /* in the arena, as what is left of it */
	struct pp_span data;    /* in the arena */
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
	    h->data > PP_MAX_TOTAL_BYTES)
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

/* Whether a node of that kind may have so many bytes. */
static bool packed_fits(uint8_t kind, uint32_t len, uint32_t more, uint32_t period)
{
	if (kind == PP_TREE_FILE && more)
		return len <= PP_MAX_FILE_BYTES && more <= PACKED_MAX_MORE && period &&
		       period <= len && period <= UINT8_MAX;
	if (kind == PP_TREE_FILE)
		return len <= PP_MAX_FILE_BYTES && !period;
	return !more && !period && (kind == PP_TREE_LINK ? len && len <= PP_MAX_LINK : !len);
}

static int packed_take_node(struct packed_taker *t, uint32_t i)
{
	uint8_t kind = pp_cursor_u8(&t->records), named = pp_cursor_u8(&t->records);
	uint16_t error = pp_cursor_u16(&t->records);
	uint32_t parent = pp_cursor_u32(&t->records), partial = pp_cursor_u32(&t->records);
	uint32_t len = pp_cursor_u32(&t->records), more = pp_cursor_u32(&t->records);
	uint32_t period = pp_cursor_u32(&t->records);
	uint64_t offset = pp_cursor_u64(&t->records);
	int r = i == PP_TREE_TOP ? 0 : packed_add_node(t, i, parent);

	if (r)
		return r;
	if (kind > PP_TREE_LOST || named > 1 || error >= PACKED_MAX_ERRNO ||
	    (i == PP_TREE_TOP && kind != PP_TREE_DIRECTORY) || (kind == PP_TREE_LOST && !error))
		return packed_lie(t, "a kind of file that there is not", i);
	if (!packed_fits(kind, len, more, period) || offset > t->data.len ||
	    len > t->data.len - offset)
		return packed_lie(t, "a file of more bytes than there are", i);
	if (partial && (kind != PP_TREE_FILE || partial > t->head.partial))
		return packed_lie(t, "a part of a file that is not there", i);
	struct pp_span data = PP_SPAN(len ? t->data.data + offset : NULL, len);
	if (kind == PP_TREE_LINK && memchr(data.data, 0, len))
		return packed_lie(t, "a link's text with an end in it", i);
	struct pp_tree_node *n = pp_tree_at(&t->s->tree, i);
	n->kind = kind;
	n->named = named;
	n->error = error;
	n->partial = partial;
	n->data = data;
	n->more = more & PACKED_MAX_MORE;
	n->period = period & UINT8_MAX;
	return 0;
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

static int packed_take_all(struct packed_taker *t)
{
	const struct packed_head *h = &t->head;

	if (pp_tree_reserve(&t->s->tree, h->nodes))
		return pp_fail_oom(t->e, "capture");
	for (uint32_t i = PP_TREE_TOP; i < h->nodes; i++) {
		int r = packed_take_node(t, i);
		if (r)
			return r;
	}
	int r = packed_take_manifest(t);
	if (r)
		return r;
	if (t->records.bad || pp_cursor_left(&t->records) || t->strings.len)
		return packed_lie(t, "bytes too many or too few", t->strings.len);
	r = packed_check_partial(t);
	if (r)
		return r;
	struct pp_tree *tree = &t->s->tree;
	if (h->root < PP_TREE_TOP || h->root >= h->nodes ||
	    pp_tree_at(tree, h->root)->kind != PP_TREE_DIRECTORY)
		return packed_lie(t, "a root that is not a directory", h->root);
	tree->root = h->root;
	t->s->told = h->told;
	t->s->base.capture = h->capture ? &t->s->manifest.info : NULL;
	return 0;
}

/* The three parts behind the head; *records is the caller's in any case. */
static int packed_receive_parts(struct packed_taker *t, pp_packed_receive receive, void *ctx,
                                uint8_t **records)
{
	const struct packed_head *h = &t->head;
	struct pp_arena *a = &t->s->arena;
	uint8_t *strings = pp_arena_alloc(a, (size_t)h->strings);
	uint8_t *data = pp_arena_alloc(a, (size_t)h->data);

	*records = malloc(h->records ? (size_t)h->records : 1);
	if (!strings || !data || !*records)
		return pp_fail_oom(t->e, "capture");
	int r = receive(ctx, *records, (size_t)h->records);
	if (!r)
		r = receive(ctx, strings, (size_t)h->strings);
	if (!r)
		r = receive(ctx, data, (size_t)h->data);
	if (r)
		return pp_fail(t->e, -r, "what was read came back cut off");
	pp_cursor_init(&t->records, PP_SPAN(*records, h->records), "capture", 0);
	t->strings = PP_SPAN(strings, h->strings);
	t->data = PP_SPAN(data, h->data);
	return 0;
}

int pp_packed_take(pp_packed_receive receive, void *ctx, struct pp_source **ret, struct pp_error *e)
{
	PP_CLEANUP(pp_cleanup_free) uint8_t *records = NULL;
	struct packed_taker t = { .e = e };
	uint8_t head[PACKED_HEAD_BYTES];
	struct pp_cursor c;
	int r = receive(ctx, head, sizeof(head));

	if (r)
		return pp_fail(e, -r, "what was read came back cut off");
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
	r = packed_receive_parts(&t, receive, ctx, &records);
	if (!r)
		r = packed_take_all(&t);
	if (r)
		pp_source_free(&t.s->base);
	else
		*ret = &t.s->base;
	return r;
}
