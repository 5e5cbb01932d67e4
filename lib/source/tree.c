/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a capture by path. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/random.h>
#endif

#include "source/tree.h"
#include "sys/pages.h"

#define FIRST_NODES    64u
#define SLOTS_PER_NODE 2u
/* Room for the rest of a path with the texts of links put before it. */
#define WALK_BYTES (2 * (PP_MAX_PATH + 1))

static inline uint64_t rotate(uint64_t v, unsigned int by)
{
	return v << by | v >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 with a random key: an archive cannot choose names that all fall into one chain. */
static uint32_t tree_hash(const struct pp_tree *t, uint32_t parent, const char *name, size_t len)
{
	uint64_t v[4] = {
		t->key[0] ^ 0x736f6d6570736575ull,
		t->key[1] ^ 0x646f72616e646f6dull,
		t->key[0] ^ 0x6c7967656e657261ull,
		t->key[1] ^ 0x7465646279746573ull,
	};
	uint64_t word = parent | (uint64_t)len << 32;

	for (size_t at = 0;; at += 8) {
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		if (at >= len)
			break;
		word = 0;
		memcpy(&word, name + at, len - at < 8 ? len - at : 8);
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

int pp_tree_init(struct pp_tree *t, struct pp_arena *a)
{
	*t = (struct pp_tree){
		.arena = a,
		.nodes = calloc(FIRST_NODES, sizeof(*t->nodes)),
		.slots = calloc(SLOTS_PER_NODE * FIRST_NODES, sizeof(*t->slots)),
		.count = PP_TREE_TOP + 1,
		.size = FIRST_NODES,
		.slot_count = SLOTS_PER_NODE * FIRST_NODES,
		.root = PP_TREE_TOP,
	};
	if (!t->nodes || !t->slots) {
		pp_tree_fini(t);
		return -ENOMEM;
	}
	/* Without randomness (a very early boot) the tree still works, only less evenly. */
	if (getrandom(t->key, sizeof(t->key), GRND_NONBLOCK) != (ssize_t)sizeof(t->key))
		t->key[0] = 1;
	t->nodes[PP_TREE_TOP].kind = PP_TREE_DIRECTORY;
	t->nodes[PP_TREE_TOP].name = "";
	return 0;
}

void pp_tree_fini(struct pp_tree *t)
{
	free(t->nodes);
	free(t->slots);
	*t = (struct pp_tree){ 0 };
}

/* A slot: the node's number, and above it bits of its hash, so that few nodes are looked at. */
#define SLOT_NODE ((1u << 20) - 1)
_Static_assert(PP_MAX_ENTRIES + PP_TREE_TOP + 2 <= SLOT_NODE, "a slot holds every node's number");

/* The slot that a name is in, or the free one where it would go. */
static uint32_t *tree_slot(const struct pp_tree *t, uint32_t hash, uint32_t parent,
                           const char *name, size_t len)
{
	uint32_t i = hash & (t->slot_count - 1);

	for (; t->slots[i]; i = (i + 1) & (t->slot_count - 1)) {
		if ((t->slots[i] ^ hash) & ~SLOT_NODE)
			continue;
		const struct pp_tree_node *n = &t->nodes[t->slots[i] & SLOT_NODE];
		if (n->parent == parent && n->name_len == len && !memcmp(n->name, name, len))
			break;
	}
	return &t->slots[i];
}

uint32_t pp_tree_child(const struct pp_tree *t, uint32_t parent, const char *name, size_t len)
{
	return *tree_slot(t, tree_hash(t, parent, name, len), parent, name, len) & SLOT_NODE;
}

static uint32_t *tree_free_slot(const struct pp_tree *t, uint32_t hash)
{
	uint32_t i = hash & (t->slot_count - 1);

	while (t->slots[i])
		i = (i + 1) & (t->slot_count - 1);
	return &t->slots[i];
}

static void tree_fill_slots(struct pp_tree *t)
{
	for (uint32_t node = PP_TREE_TOP + 1; node < t->count; node++) {
		uint32_t hash = t->nodes[node].hash;
		*tree_free_slot(t, hash) = node | (hash & ~SLOT_NODE);
	}
}

/* From here on; a small tree touches its few pages itself. */
#define TOUCH_FROM  1024u
#define TOUCH_NODES 2048u

/* size: a power of two. */
static int tree_grow(struct pp_tree *t, uint32_t size)
{
	struct pp_tree_node *nodes = realloc(t->nodes, size * sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	t->nodes = nodes;
	uint32_t *slots = calloc((size_t)SLOTS_PER_NODE * size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	if (size >= TOUCH_FROM)
		pp_pages_touch(slots, (size_t)SLOTS_PER_NODE * size * sizeof(*slots));
	free(t->slots);
	t->slots = slots;
	t->size = size;
	t->slot_count = SLOTS_PER_NODE * size;
	tree_fill_slots(t);
	return 0;
}

static void tree_touch(struct pp_tree *t, uint32_t count)
{
	uint32_t end = count < t->size ? count : t->size;

	if (end < TOUCH_FROM || end <= t->touched)
		return;
	uint32_t from = t->touched > t->count ? t->touched : t->count;
	pp_pages_touch(t->nodes + from, (end - from) * sizeof(*t->nodes));
	t->touched = end;
}

int pp_tree_reserve(struct pp_tree *t, uint32_t count)
{
	uint32_t size = t->size;

	while (size < count && size < UINT32_MAX / 2)
		size *= 2;
	return size > t->size ? tree_grow(t, size) : 0;
}

#define SHARED       512
#define SHARED_FROM  256 /* nodes */
#define SHARED_BYTES 48  /* longer ones are rarely the same */

/* Any will do: what falls together is only shared less. */
static struct pp_span *tree_shared(struct pp_tree *t, const uint8_t *bytes, size_t len)
{
	uint32_t hash = (uint32_t)len;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x01000193u;
	return &t->shared[(hash ^ hash >> 16) % SHARED];
}

const uint8_t *pp_tree_keep(struct pp_tree *t, const void *bytes, size_t len)
{
	if (!t->shared && t->count > SHARED_FROM)
		t->shared = PP_ARENA_ARRAY(t->arena, SHARED, struct pp_span);
	struct pp_span *last =
		t->shared && len && len <= SHARED_BYTES ? tree_shared(t, bytes, len) : NULL;
	if (last && last->len == len && !memcmp(last->data, bytes, len))
		return last->data;
	const uint8_t *copy = (const uint8_t *)pp_arena_strndup(t->arena, bytes, len);
	if (last && copy)
		*last = PP_SPAN(copy, len);
	return copy;
}

/* Larger files are texts, which end in something else. */
#define REPEATING_BYTES 8192
#define LONGEST_PERIOD  64

/* What the end may repeat: a zero byte, as in a configuration space, or a line, as in a resource.
 */
static size_t tree_period(struct pp_span content)
{
	size_t at = content.len - 1;

	if (content.data[at] != '\n')
		return 1;
	while (at && content.data[at - 1] != '\n' && content.len - at < LONGEST_PERIOD)
		at--;
	return content.len - at;
}

/* What is left without bytes that repeat those before them; at first in steps. */
static size_t tree_cut(struct pp_span content, size_t period)
{
	const size_t step = 64;
	size_t len = content.len;

	while (len > step + period &&
	       !memcmp(content.data + len - step, content.data + len - step - period, step))
		len -= step;
	while (len > period && content.data[len - 1] == content.data[len - 1 - period])
		len--;
	return len;
}

int pp_tree_set_content(struct pp_tree *t, uint32_t node, struct pp_span content)
{
	struct pp_tree_node *n = &t->nodes[node];
	size_t len = content.len, period = 0;

	if (len > LONGEST_PERIOD && len <= REPEATING_BYTES) {
		period = tree_period(content);
		len = tree_cut(content, period);
	}
	const uint8_t *copy = pp_tree_keep(t, content.data, len);
	if (!copy)
		return pp_tree_full(t, len + 1);
	n->data = PP_SPAN(copy, len);
	n->more = (uint32_t)(content.len - len) & 0xffffff;
	n->period = period & 0xff;
	return 0;
}

void pp_tree_copy_content(const struct pp_tree_node *n, size_t offset, void *buf, size_t len)
{
	uint8_t *to = buf;
	size_t stored = offset < n->data.len ? n->data.len - offset : 0;

	stored = stored < len ? stored : len;
	if (stored)
		memcpy(to, n->data.data + offset, stored);
	if (n->period == 1 && stored < len) {
		memset(to + stored, n->data.data[n->data.len - 1], len - stored);
		return;
	}
	if (stored == len)
		return;
	const uint8_t *period = n->data.data + n->data.len - n->period;
	size_t at = (offset + stored - n->data.len) % n->period;
	for (size_t i = stored; i < len; i++) {
		to[i] = period[at++];
		at = at == n->period ? 0 : at;
	}
}

int pp_tree_full(const struct pp_tree *t, size_t bytes)
{
	size_t left = t->arena->limit_bytes - t->arena->used_bytes;
	/* The arena rounds up. */
	return bytes > left || left - bytes < 2 * sizeof(max_align_t) ? -E2BIG : -ENOMEM;
}

/* Whether one more of that name can be below parent, and room for it; *slot moves with that. */
static int tree_make_room(struct pp_tree *t, uint32_t **slot, uint32_t hash, uint32_t parent,
                          size_t len)
{
	size_t path_len = t->nodes[parent].path_len + len + (parent != PP_TREE_TOP);

	if (!len || len > PP_MAX_NAME || path_len > PP_MAX_PATH ||
	    t->nodes[parent].depth >= PP_MAX_DEPTH)
		return -ENAMETOOLONG;
	if (t->count > PP_MAX_ENTRIES + PP_TREE_TOP)
		return -E2BIG;
	if (t->count == t->size) {
		if (tree_grow(t, t->size * 2))
			return -ENOMEM;
		*slot = tree_free_slot(t, hash);
	}
	if (t->count >= t->touched)
		tree_touch(t, t->count + TOUCH_NODES);
	return 0;
}

static uint32_t tree_put(struct pp_tree *t, uint32_t *slot, uint32_t hash, uint32_t parent,
                         const char *name, size_t len)
{
	uint32_t child = t->count++;

	t->nodes[child] = (struct pp_tree_node){
		.name = name,
		.name_len = (uint8_t)len,
		.path_len = (uint16_t)(t->nodes[parent].path_len + len + (parent != PP_TREE_TOP)),
		.depth = (uint8_t)(t->nodes[parent].depth + 1),
		.parent = parent,
		.next = t->nodes[parent].first,
		.hash = hash,
	};
	t->nodes[parent].first = child;
	*slot = child | (hash & ~SLOT_NODE);
	return child;
}

int pp_tree_add(struct pp_tree *t, uint32_t parent, const char *name, size_t len, uint32_t *ret)
{
	uint32_t hash = tree_hash(t, parent, name, len);
	uint32_t *slot = tree_slot(t, hash, parent, name, len);
	if (*slot) {
		*ret = *slot & SLOT_NODE;
		return 0;
	}
	int r = tree_make_room(t, &slot, hash, parent, len);
	if (r)
		return r;
	const uint8_t *copy = pp_tree_keep(t, name, len);
	if (!copy)
		return pp_tree_full(t, len + 1);
	*ret = tree_put(t, slot, hash, parent, (const char *)copy, len);
	return 0;
}

int pp_tree_add_new(struct pp_tree *t, uint32_t parent, const char *name, size_t len, uint32_t *ret)
{
	uint32_t hash = tree_hash(t, parent, name, len);
	uint32_t *slot = tree_slot(t, hash, parent, name, len);

	if (*slot)
		return -EEXIST;
	int r = tree_make_room(t, &slot, hash, parent, len);
	if (!r)
		*ret = tree_put(t, slot, hash, parent, name, len);
	return r;
}

void pp_tree_path(const struct pp_tree *t, uint32_t node, char buf[PP_MAX_PATH + 1])
{
	size_t at = t->nodes[node].path_len, base = t->nodes[t->root].path_len;

	/* Below a root that is not the top the path begins behind the root's and its slash. */
	size_t skip = base ? base + 1 : 0;
	if (node == t->root) {
		buf[0] = '\0';
		return;
	}
	buf[at - skip] = '\0';
	for (; node != t->root; node = t->nodes[node].parent) {
		const struct pp_tree_node *n = &t->nodes[node];
		at -= n->name_len;
		memcpy(buf + at - skip, n->name, n->name_len);
		if (at > skip)
			buf[--at - skip] = '/';
	}
}

static int by_name(const void *a, const void *b, void *ctx)
{
	const struct pp_tree_node *nodes = ctx;
	return strcmp(nodes[*(const uint32_t *)a].name, nodes[*(const uint32_t *)b].name);
}

static bool is_listed(const struct pp_tree_node *n)
{
	return n->kind != PP_TREE_NOTHING && (n->kind != PP_TREE_LOST || n->named);
}

int pp_tree_children(const struct pp_tree *t, uint32_t node, struct pp_arena *a,
                     const uint32_t **ret, uint32_t *count)
{
	uint32_t n = 0;

	for (uint32_t i = t->nodes[node].first; i; i = t->nodes[i].next)
		n += is_listed(&t->nodes[i]);
	uint32_t *list = PP_ARENA_ARRAY(a, n, uint32_t);
	if (!list)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = t->nodes[node].first; i; i = t->nodes[i].next)
		if (is_listed(&t->nodes[i]))
			list[n++] = i;
	qsort_r(list, n, sizeof(*list), by_name, t->nodes);
	*ret = list;
	*count = n;
	return 0;
}

/* A path on its way: what is left of it, in one of two buffers. */
struct walk {
	char text[2][WALK_BYTES];
	unsigned int in_use, hops;
	const char *rest;
};

/* Puts a link's text before the rest. */
static int expand(struct walk *w, struct pp_span link)
{
	char *to = w->text[!w->in_use];
	size_t rest = strlen(w->rest);

	if (++w->hops > PP_MAX_HOPS)
		return -ELOOP;
	if (!link.len)
		return -ENOENT;
	if (link.len + 1 + rest >= WALK_BYTES)
		return -ENAMETOOLONG;
	memcpy(to, link.data, link.len);
	to[link.len] = '/';
	memcpy(to + link.len + 1, w->rest, rest + 1);
	w->in_use = !w->in_use;
	w->rest = to;
	return 0;
}

static size_t next_component(struct walk *w, const char **ret)
{
	w->rest += strspn(w->rest, "/");
	*ret = w->rest;
	size_t len = strcspn(w->rest, "/");
	w->rest += len;
	w->rest += strspn(w->rest, "/");
	return len;
}

/* What follows a missing component is words, no places, dots among them. */
static void keep_rest(const char *name, char rest[PP_MAX_PATH + 1])
{
	size_t to = 0;

	for (const char *p = name; *p;) {
		size_t n = strcspn(p, "/");
		if (to + 1 + n > PP_MAX_PATH)
			break;
		if (to)
			rest[to++] = '/';
		memcpy(rest + to, p, n);
		to += n;
		p += n;
		p += strspn(p, "/");
	}
	rest[to] = '\0';
}

bool pp_tree_place_path(const struct pp_tree *t, const struct pp_tree_place *place,
                        char buf[PP_MAX_PATH + 1])
{
	pp_tree_path(t, place->parent, buf);
	size_t len = strlen(buf), more = strlen(place->rest);
	if (len + 1 + more > PP_MAX_PATH)
		return false;
	if (len)
		buf[len++] = '/';
	memcpy(buf + len, place->rest, more + 1);
	return true;
}

static bool is_dots(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static int find_child(struct pp_tree *t, pp_tree_find find, void *ctx, uint32_t parent,
                      const char *name, size_t len, uint32_t *ret)
{
	if (len > PP_MAX_NAME)
		return -ENAMETOOLONG;
	if (find)
		return find(ctx, parent, name, len, ret);
	uint32_t child = pp_tree_child(t, parent, name, len);
	*ret = child && t->nodes[child].kind != PP_TREE_NOTHING ? child : 0;
	return 0;
}

/* Whether the walk may go on below a node that is not a link. */
static int tree_pass(const struct pp_tree_node *n, bool last, bool searching)
{
	if (n->kind == PP_TREE_LOST)
		return -n->error;
	if (last || n->kind == PP_TREE_DIRECTORY)
		return 0;
	if (n->kind == PP_TREE_THERE)
		return searching ? 0 : -n->error;
	return -ENOTDIR;
}

int pp_tree_walk(struct pp_tree *t, pp_tree_find find, void *ctx, uint32_t start, const char *path,
                 bool follow, struct pp_tree_place *ret)
{
	struct walk w; /* large: not filled with zeros for each look-up */
	uint32_t at = start;
	const char *name;
	size_t len;

	if (strlen(path) > PP_MAX_PATH)
		return -ENAMETOOLONG;
	w.in_use = w.hops = 0;
	w.rest = strcpy(w.text[0], path);
	while ((len = next_component(&w, &name))) {
		bool last = !*w.rest;
		uint32_t child;
		if (is_dots(name, len)) {
			int r = t->nodes[at].kind == PP_TREE_THERE ? find(ctx, at, "..", 2, &child)
			                                           : 0;
			if (r < 0)
				return r;
			if (len == 2 && at != t->root)
				at = t->nodes[at].parent;
			continue;
		}
		int r = find_child(t, find, ctx, at, name, len, &child);
		if (r < 0)
			return r;
		if (!child) {
			ret->node = 0;
			ret->parent = at;
			ret->last = last;
			keep_rest(name, ret->rest);
			return 0;
		}
		const struct pp_tree_node *n = &t->nodes[child];
		if (n->kind == PP_TREE_LINK && (follow || !last)) {
			if (n->data.len && n->data.data[0] == '/')
				at = t->root;
			r = expand(&w, n->data);
		} else {
			r = n->kind == PP_TREE_LINK ? 0 : tree_pass(n, last, find != NULL);
			at = child;
		}
		if (r < 0)
			return r;
	}
	ret->node = at;
	return 0;
}
