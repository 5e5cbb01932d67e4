/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder keeps of each file. */
#include <stdlib.h>
#include <string.h>

#include "source/record-node.h"

static void give_up(struct pp_recorder *r, int code)
{
	if (!r->failed)
		r->failed = code;
}

int pp_record_add(struct pp_recorder *r, uint32_t parent, const char *name, size_t len,
                  uint32_t *ret)
{
	int failed = pp_tree_add(&r->tree, parent, name, len, ret);
	if (failed < 0) {
		give_up(r, failed);
		return failed;
	}
	if (r->record_count >= r->tree.size)
		return 0;
	struct pp_record *more = reallocarray(r->records, r->tree.size, sizeof(*more));
	if (!more) {
		give_up(r, -ENOMEM);
		return -ENOMEM;
	}
	memset(more + r->record_count, 0, (r->tree.size - r->record_count) * sizeof(*more));
	r->records = more;
	r->record_count = r->tree.size;
	return 0;
}

static void set_directory(struct pp_recorder *r, uint32_t node)
{
	struct pp_tree_node *n = pp_tree_at(&r->tree, node);

	if (n->kind == PP_TREE_DIRECTORY)
		return;
	n->kind = PP_TREE_DIRECTORY;
	n->error = 0;
	pp_record_at(r, node)->looked = PP_LOOKED;
	pp_record_at(r, node)->opened = false;
}

static int keep_link(struct pp_recorder *r, uint32_t node, const char *text, size_t len)
{
	char *copy = pp_arena_strndup(&r->arena, text, len);
	if (!copy) {
		give_up(r, -ENOMEM);
		return -ENOMEM;
	}
	pp_tree_at(&r->tree, node)->kind = PP_TREE_LINK;
	pp_tree_at(&r->tree, node)->data = PP_SPAN(copy, len);
	return 0;
}

int pp_record_look(struct pp_recorder *r, uint32_t node)
{
	struct pp_tree_node *n = pp_tree_at(&r->tree, node);
	struct pp_record *record = pp_record_at(r, node);
	char path[PP_MAX_PATH + 1], text[PP_MAX_LINK + 1];

	if (record->looked)
		return 0;
	bool at = r->at_node && n->parent == r->at_node;
	if (!at)
		pp_tree_path(&r->tree, node, path);
	ssize_t len = r->inner->ops->readlink(r->inner, at ? r->at : PP_NODE_NONE,
	                                      at ? n->name : path, text, sizeof(text));
	if (len == -ENOTDIR) {
		pp_tree_at(&r->tree, n->parent)->kind = PP_TREE_FILE;
		return -ENOTDIR;
	}
	/* Only a directory has or lacks names. */
	if (len >= 0 || len == -EINVAL || len == -ENOENT)
		set_directory(r, n->parent);
	record->looked = PP_LOOKED;
	if (len >= 0 && len <= PP_MAX_LINK)
		return keep_link(r, node, text, (size_t)len);
	if (len == -ENOENT || len == -ENODATA) {
		record->looked = PP_LOOKED_MISSING;
	} else if (len == -EINVAL) {
		n->kind = PP_TREE_THERE;
	} else {
		n->kind = PP_TREE_LOST;
		n->error = len < 0 ? (uint16_t)-len : ENAMETOOLONG;
	}
	return 0;
}

void pp_record_plain(struct pp_recorder *r, uint32_t parent, const char *name)
{
	uint32_t node;

	if (pp_record_add(r, parent, name, strlen(name), &node) || pp_record_at(r, node)->looked)
		return;
	set_directory(r, parent);
	pp_record_at(r, node)->looked = PP_LOOKED;
	pp_tree_at(&r->tree, node)->kind = PP_TREE_THERE;
}

/* A path goes on through it with "..": is it a directory? */
static int look_through(struct pp_recorder *r, uint32_t node)
{
	char path[PP_MAX_PATH + 1 + 3], text[1];

	pp_tree_path(&r->tree, node, path);
	strcat(path, "/..");
	ssize_t answer = r->inner->ops->readlink(r->inner, PP_NODE_NONE, path, text, sizeof(text));
	if (answer == -EINVAL)
		set_directory(r, node);
	if (answer == -ENOTDIR)
		pp_tree_at(&r->tree, node)->kind = PP_TREE_FILE;
	return answer == -EINVAL ? 0 : answer < 0 ? (int)answer : -ENOTDIR;
}

static int record_node_find(void *ctx, uint32_t parent, const char *name, size_t len, uint32_t *ret)
{
	struct pp_recorder *r = ctx;
	uint32_t node;

	if (len == 2 && name[0] == '.' && name[1] == '.')
		return look_through(r, parent);
	int failed = pp_record_add(r, parent, name, len, &node);
	if (failed == 0)
		failed = pp_record_look(r, node);
	if (failed < 0)
		return failed;
	*ret = pp_record_at(r, node)->looked == PP_LOOKED ? node : 0;
	return 0;
}

/* Nodes for the words of a path that leads nowhere. */
static uint32_t add_missing(struct pp_recorder *r, const struct pp_tree_place *place)
{
	uint32_t node = place->parent;

	for (const char *p = place->rest; *p;) {
		size_t len = strcspn(p, "/");
		if (pp_record_add(r, node, p, len, &node) < 0)
			return 0;
		p += len + (p[len] == '/');
	}
	return node;
}

uint32_t pp_record_walk(struct pp_recorder *r, uint32_t start, const char *path, bool follow,
                        uint32_t *missing)
{
	struct pp_tree_place place;

	*missing = 0;
	if (!start || pp_tree_walk(&r->tree, record_node_find, r, start, path, follow, &place) < 0)
		return 0;
	if (!place.node)
		*missing = add_missing(r, &place);
	return place.node;
}

void pp_record_missing(struct pp_recorder *r, uint32_t missing, ssize_t answer)
{
	struct pp_record *record = pp_record_at(r, missing);

	if (!missing || (answer != -ENOENT && answer != -ENODATA))
		return;
	record->absent = answer == -ENOENT;
	record->unknown = answer == -ENODATA;
	/* Only a directory lacks names. */
	uint32_t parent = pp_tree_at(&r->tree, missing)->parent;
	while (pp_tree_at(&r->tree, parent)->kind == PP_TREE_NOTHING)
		parent = pp_tree_at(&r->tree, parent)->parent;
	if (answer == -ENOENT && pp_tree_at(&r->tree, parent)->kind == PP_TREE_THERE)
		set_directory(r, parent);
}

/* A question other than whether it is a link failed: what that says of a thing that is there. */
static void refused(struct pp_recorder *r, uint32_t node, int answer)
{
	struct pp_tree_node *n = pp_tree_at(&r->tree, node);

	if (answer == -EISDIR)
		set_directory(r, node);
	else if (answer == -ENOTDIR && n->kind == PP_TREE_THERE && !n->error)
		n->kind = PP_TREE_FILE;
	else if (answer != -ENOTDIR && (n->kind == PP_TREE_THERE || n->kind == PP_TREE_FILE) &&
	         !pp_record_at(r, node)->opened)
		n->error = (uint16_t)-answer;
}

void pp_record_opened_dir(struct pp_recorder *r, uint32_t node, int answer)
{
	if (answer == 0)
		set_directory(r, node);
	else
		refused(r, node, answer);
}

void pp_record_opened_file(struct pp_recorder *r, uint32_t node, int answer)
{
	struct pp_tree_node *n = pp_tree_at(&r->tree, node);
	struct pp_record *record = pp_record_at(r, node);

	if (answer < 0) {
		refused(r, node, answer);
		return;
	}
	if (!record->opened)
		n->error = 0;
	n->kind = PP_TREE_FILE;
	record->opened = true;
	if (!record->bytes)
		record->bytes = calloc(1, sizeof(*record->bytes));
	if (!record->bytes)
		give_up(r, -ENOMEM);
}

static bool record_node_make_room(struct pp_recorder *r, struct pp_bytes *b, size_t end)
{
	size_t size = b->size ? b->size : 64;

	while (size < end)
		size *= 2;
	if (size > b->size) {
		uint8_t *data = realloc(b->data, size);
		if (!data) {
			give_up(r, -ENOMEM);
			return false;
		}
		memset(data + b->size, 0, size - b->size);
		r->bytes += size - b->size;
		b->data = data;
		b->size = size;
	}
	if (b->count == b->room) {
		uint32_t room = b->room ? b->room * 2 : 2;
		struct pp_range *ranges = reallocarray(b->ranges, room, sizeof(*ranges));
		if (!ranges) {
			give_up(r, -ENOMEM);
			return false;
		}
		b->ranges = ranges;
		b->room = room;
	}
	return true;
}

/* Puts a range among the others and joins what touches. */
static void add_range(struct pp_bytes *b, uint64_t first, uint64_t end)
{
	uint32_t at = 0, behind;

	while (at < b->count && b->ranges[at].end < first)
		at++;
	for (behind = at; behind < b->count && b->ranges[behind].first <= end; behind++) {
		first = first < b->ranges[behind].first ? first : b->ranges[behind].first;
		end = end > b->ranges[behind].end ? end : b->ranges[behind].end;
	}
	/* at == behind: nothing joined, one more; record_node_make_room() has seen to that. */
	memmove(&b->ranges[at + 1], &b->ranges[behind], (b->count - behind) * sizeof(*b->ranges));
	b->ranges[at] = (struct pp_range){ first, end };
	b->count = b->count - (behind - at) + 1;
}

static void keep_bytes(struct pp_recorder *r, struct pp_bytes *b, const void *buf, size_t len,
                       uint64_t offset)
{
	if (offset > PP_MAX_FILE_BYTES || len > PP_MAX_FILE_BYTES - offset ||
	    r->bytes > PP_MAX_TOTAL_BYTES) {
		give_up(r, -E2BIG);
		return;
	}
	if (!record_node_make_room(r, b, (size_t)offset + len))
		return;
	memcpy(b->data + offset, buf, len);
	add_range(b, offset, offset + len);
	if (b->len < offset + len)
		b->len = (size_t)offset + len;
	/* Files of proc grow between two reads. */
	if (b->ends && b->end < b->len)
		b->ends = false;
}

void pp_record_ends(struct pp_recorder *r, uint32_t node, uint64_t offset)
{
	struct pp_bytes *b = pp_record_at(r, node)->bytes;

	if (b && offset >= b->len && (!b->ends || offset < b->end)) {
		b->ends = true;
		b->end = offset;
	}
}

void pp_record_read(struct pp_recorder *r, uint32_t node, const void *buf, size_t len,
                    uint64_t offset, ssize_t answer)
{
	struct pp_bytes *b = pp_record_at(r, node)->bytes;

	if (!len || pp_tree_at(&r->tree, node)->kind != PP_TREE_FILE)
		return;
	if (answer == -EISDIR)
		set_directory(r, node);
	else if (answer < 0)
		pp_tree_at(&r->tree, node)->error = (uint16_t)-answer;
	else if (answer == 0)
		pp_record_ends(r, node, offset);
	else if (b)
		keep_bytes(r, b, buf, (size_t)answer, offset);
}

void pp_record_listed(struct pp_recorder *r, uint32_t node, const struct pp_names *names)
{
	set_directory(r, node);
	pp_record_at(r, node)->listed = true;
	pp_tree_at(&r->tree, node)->error = 0;
	for (uint32_t i = 0; i < names->count; i++) {
		uint32_t child;
		if (pp_record_add(r, node, names->names[i], strlen(names->names[i]), &child) < 0)
			return;
		struct pp_record *record = pp_record_at(r, child);
		record->in_list = true;
		if (record->looked == PP_LOOKED_MISSING)
			record->looked = PP_NOT_LOOKED;
	}
}
