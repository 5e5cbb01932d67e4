/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records what a survey reads, for a capture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/kernel-log.h"
#include "source/record-node.h"

static struct pp_recorder *recorder(struct pp_source *s)
{
	return (struct pp_recorder *)s;
}

static struct pp_node inner_of(const struct pp_recorder *r, struct pp_node n)
{
	return pp_node_is_none(n) ? PP_NODE_NONE : r->handles[n.index - 1].inner;
}

static uint32_t record_node_of(const struct pp_recorder *r, struct pp_node n)
{
	return pp_node_is_none(n) ? PP_TREE_TOP : r->handles[n.index - 1].node;
}

static uint32_t record_walk_in(struct pp_recorder *r, struct pp_node dir, const char *name,
                               bool follow, uint32_t *missing)
{
	r->at = inner_of(r, dir);
	r->at_node = pp_node_is_none(dir) ? 0 : record_node_of(r, dir);
	uint32_t node = pp_record_walk(r, record_node_of(r, dir), name, follow, missing);
	r->at_node = 0;
	return node;
}

static int handle_new(struct pp_recorder *r, struct pp_node inner, uint32_t node,
                      struct pp_node *ret)
{
	uint32_t i = 0;

	/* Few are open at a time. */
	while (i < r->handle_count && r->handles[i].used)
		i++;
	if (i == r->handle_count) {
		uint32_t count = i + 8;
		struct pp_handle *more = reallocarray(r->handles, count, sizeof(*more));
		if (!more) {
			r->inner->ops->close(r->inner, inner);
			return -ENOMEM;
		}
		memset(more + i, 0, (count - i) * sizeof(*more));
		r->handles = more;
		r->handle_count = count;
	}
	r->handles[i] = (struct pp_handle){ .inner = inner, .node = node, .used = true };
	*ret = (struct pp_node){ .fd = -1, .index = i + 1 };
	return 0;
}

static int record_open_dir(struct pp_source *s, const char *path, struct pp_node *ret)
{
	struct pp_recorder *r = recorder(s);
	uint32_t missing, node = pp_record_walk(r, PP_TREE_TOP, path, true, &missing);
	struct pp_node inner;

	int answer = r->inner->ops->open_dir(r->inner, path, &inner);
	pp_record_missing(r, missing, answer);
	if (node)
		pp_record_opened_dir(r, node, answer);
	return answer < 0 ? answer : handle_new(r, inner, node, ret);
}

/* Live, a directory opens as well; reading nothing from it tells, and asks nothing of a file. */
static bool is_directory(struct pp_recorder *r, struct pp_node opened, int answer)
{
	uint8_t byte;
	return answer == 0 && r->inner->kind == PP_SOURCE_LIVE &&
	       r->inner->ops->pread(r->inner, opened, &byte, 0, 0) == -EISDIR;
}

/* In an open directory most names are files: opened first, they need not be asked whether they are.
 */
static bool record_opens_first(const struct pp_recorder *r, struct pp_node dir, const char *name)
{
	return !pp_node_is_none(dir) && record_node_of(r, dir) && !strchr(name, '/');
}

static int record_open_file(struct pp_source *s, struct pp_node dir, const char *name,
                            struct pp_node *ret)
{
	struct pp_recorder *r = recorder(s);
	bool first = record_opens_first(r, dir, name);
	struct pp_node inner = PP_NODE_NONE;
	uint32_t missing;

	int answer = first ? r->inner->ops->open_file(r->inner, inner_of(r, dir), name, &inner) : 0;
	if (first && !answer && inner.plain)
		pp_record_plain(r, record_node_of(r, dir), name);
	uint32_t node = record_walk_in(r, dir, name, true, &missing);
	if (!first)
		answer = r->inner->ops->open_file(r->inner, inner_of(r, dir), name, &inner);
	pp_record_missing(r, missing, answer);
	if (node)
		pp_record_opened_file(r, node, is_directory(r, inner, answer) ? -EISDIR : answer);
	return answer < 0 ? answer : handle_new(r, inner, node, ret);
}

/* Less than was wanted came: the end of the file, or in a capture the beginning of a gap. */
static void note_short_read(struct pp_recorder *r, const struct pp_handle *h, uint64_t offset)
{
	uint8_t byte;
	ssize_t answer = 0;

	if (r->inner->capture)
		answer = r->inner->ops->pread(r->inner, h->inner, &byte, 1, offset);
	if (answer <= 0)
		pp_record_read(r, h->node, NULL, 1, offset, answer);
}

static ssize_t record_pread(struct pp_source *s, struct pp_node file, void *buf, size_t len,
                            uint64_t offset)
{
	struct pp_recorder *r = recorder(s);
	const struct pp_handle *h = &r->handles[file.index - 1];

	ssize_t answer = r->inner->ops->pread(r->inner, h->inner, buf, len, offset);
	if (!h->node)
		return answer;
	pp_record_read(r, h->node, buf, len, offset, answer);
	if (answer > 0 && (size_t)answer < len)
		note_short_read(r, h, offset + (uint64_t)answer);
	return answer;
}

static ssize_t record_readlink(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                               size_t size)
{
	struct pp_recorder *r = recorder(s);
	uint32_t missing, node = record_walk_in(r, dir, name, false, &missing);
	const struct pp_tree_node *n = pp_tree_at(&r->tree, node);

	/* It was read when it was looked at. */
	if (node && n->kind == PP_TREE_LINK) {
		size_t len = n->data.len < size ? n->data.len : size;
		memcpy(buf, n->data.data, len);
		return (ssize_t)len;
	}
	ssize_t answer = r->inner->ops->readlink(r->inner, inner_of(r, dir), name, buf, size);
	pp_record_missing(r, missing, answer);
	return answer;
}

/* A list was refused: it may be a directory all the same. */
static void note_refused_list(struct pp_recorder *r, uint32_t node, const char *path, int answer)
{
	struct pp_node inner;
	int opened = r->inner->ops->open_dir(r->inner, path, &inner);

	pp_record_opened_dir(r, node, opened);
	if (opened < 0)
		return;
	r->inner->ops->close(r->inner, inner);
	if (!pp_record_at(r, node)->listed)
		pp_tree_at(&r->tree, node)->error = (uint16_t)-answer;
}

static int record_list(struct pp_source *s, const char *path, struct pp_arena *a,
                       struct pp_names *ret)
{
	struct pp_recorder *r = recorder(s);
	uint32_t missing, node = pp_record_walk(r, PP_TREE_TOP, path, true, &missing);
	struct pp_names names;

	int answer = r->inner->ops->list(r->inner, path, a, &names);
	pp_record_missing(r, missing, answer);
	if (node && answer < 0)
		note_refused_list(r, node, path, answer);
	if (answer < 0)
		return answer;
	if (node)
		pp_record_listed(r, node, &names);
	*ret = names;
	return 0;
}

/* A directory that the host may not have: what goes there comes from elsewhere. */
static uint32_t record_directory(struct pp_recorder *r, const char *path)
{
	uint32_t missing, node = pp_record_walk(r, PP_TREE_TOP, path, true, &missing);

	if (node && pp_tree_at(&r->tree, node)->kind != PP_TREE_FILE)
		return node;
	node = PP_TREE_TOP;
	while (*path) {
		size_t len = strcspn(path, "/");
		if (pp_record_add(r, node, path, len, &node) < 0)
			return 0;
		pp_tree_at(&r->tree, node)->kind = PP_TREE_DIRECTORY;
		pp_record_at(r, node)->looked = PP_LOOKED;
		path += len + (path[len] == '/');
	}
	return node;
}

/* A file that was not read by its path; answer: 0, or why there is no content. */
static void record_file(struct pp_recorder *r, uint32_t directory, const char *name, int answer,
                        struct pp_span content)
{
	uint32_t node;

	if (!directory || pp_record_add(r, directory, name, strlen(name), &node))
		return;
	pp_tree_at(&r->tree, directory)->kind = PP_TREE_DIRECTORY;
	pp_tree_at(&r->tree, node)->kind = PP_TREE_THERE;
	pp_record_at(r, node)->looked = PP_LOOKED;
	pp_record_opened_file(r, node, answer);
	if (answer)
		return;
	pp_record_read(r, node, content.data, content.len, 0, (ssize_t)content.len);
	pp_record_ends(r, node, content.len);
}

static int record_kernel_log(struct pp_source *s, struct pp_arena *a, struct pp_span *ret)
{
	struct pp_recorder *r = recorder(s);
	struct pp_span log = { 0 };
	int answer = r->inner->ops->kernel_log(r->inner, a, &log);

	/* Not known there is not known here, without a word. */
	if (answer != -ENODATA)
		record_file(r, record_directory(r, "var/log"), "dmesg.txt", answer, log);
	if (answer == 0)
		*ret = log;
	return answer;
}

struct pp_source *pp_source_aside(struct pp_source *s)
{
	while (s->kind == PP_SOURCE_RECORDER)
		s = recorder(s)->inner;
	return s;
}

void pp_source_keep(struct pp_source *s, const char *path, struct pp_span content)
{
	const char *slash = strrchr(path, '/');
	char directory[64];

	if (s->kind != PP_SOURCE_RECORDER || !slash)
		return;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	record_file(recorder(s), record_directory(recorder(s), directory), slash + 1, 0, content);
}

static void record_close(struct pp_source *s, struct pp_node n)
{
	struct pp_recorder *r = recorder(s);

	r->inner->ops->close(r->inner, r->handles[n.index - 1].inner);
	r->handles[n.index - 1].used = false;
}

static void record_free(struct pp_source *s)
{
	struct pp_recorder *r = recorder(s);

	for (uint32_t i = 0; i < r->record_count; i++) {
		struct pp_bytes *b = r->records[i].bytes;
		if (b) {
			free(b->data);
			free(b->ranges);
			free(b);
		}
	}
	free(r->records);
	free(r->handles);
	pp_tree_fini(&r->tree);
	pp_arena_fini(&r->arena);
	free(r);
}

static const struct pp_source_ops record_ops = {
	.open_dir = record_open_dir,
	.open_file = record_open_file,
	.pread = record_pread,
	.readlink = record_readlink,
	.list = record_list,
	.kernel_log = record_kernel_log,
	.close = record_close,
	.free = record_free,
};

int pp_recorder_new(struct pp_source *inner, struct pp_source **ret, struct pp_error *e)
{
	struct pp_recorder *r = calloc(1, sizeof(*r));
	if (!r)
		return pp_fail_oom(e, "recorder");
	r->base = (struct pp_source){ .ops = &record_ops,
		                      .kind = PP_SOURCE_RECORDER,
		                      .capture = inner->capture };
	r->inner = inner;
	pp_arena_init(&r->arena, PP_MAX_TOTAL_BYTES);
	if (pp_tree_init(&r->tree, &r->arena) < 0) {
		free(r);
		return pp_fail_oom(e, "recorder");
	}
	r->record_count = r->tree.size;
	r->records = calloc(r->record_count, sizeof(*r->records));
	if (!r->records) {
		record_free(&r->base);
		return pp_fail_oom(e, "recorder");
	}
	r->records[PP_TREE_TOP].looked = PP_LOOKED;
	*ret = &r->base;
	return 0;
}
