/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture in memory as a source. */
#include <stdlib.h>
#include <string.h>

#include "source/kernel-log.h"
#include "source/stored.h"
#include "sys/pages.h"

static struct pp_stored *stored(struct pp_source *s)
{
	return (struct pp_stored *)s;
}

/* What a missing name means. */
static int stored_missing(struct pp_stored *s, const struct pp_tree_place *place)
{
	char path[PP_MAX_PATH + 1];

	if (!s->told)
		return place->last ? -ENOENT : -ENODATA;
	pp_tree_path(&s->tree, place->parent, path);
	if (place->last && pp_manifest_listed(&s->manifest, path))
		return -ENOENT;
	if (!pp_tree_place_path(&s->tree, place, path))
		return -ENODATA;
	const struct pp_unread *u = pp_manifest_unread(&s->manifest, path);
	if (u)
		return -u->error;
	return pp_manifest_asked(&s->manifest, path) ? -ENOENT : -ENODATA;
}

static int look_up(struct pp_stored *s, uint32_t start, const char *path, bool follow,
                   uint32_t *ret)
{
	struct pp_tree_place place;
	int r = pp_tree_walk(&s->tree, NULL, NULL, start, path, follow, &place);

	if (r < 0)
		return r;
	if (!place.node)
		return stored_missing(s, &place);
	*ret = place.node;
	return 0;
}

static uint32_t start_of(struct pp_stored *s, struct pp_node dir)
{
	return pp_node_is_none(dir) ? s->tree.root : dir.index;
}

/* Why what is there could not be read. */
static int refusal(const struct pp_tree_node *n)
{
	return n->error ? -n->error : -ENODATA;
}

/* A directory, for opening and listing. */
static int look_up_directory(struct pp_stored *s, const char *path, uint32_t *ret)
{
	uint32_t node;
	int r = look_up(s, s->tree.root, path, true, &node);
	if (r < 0)
		return r;
	const struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind == PP_TREE_THERE)
		return refusal(n);
	if (n->kind != PP_TREE_DIRECTORY)
		return -ENOTDIR;
	*ret = node;
	return 0;
}

static int stored_open_dir(struct pp_source *source, const char *path, struct pp_node *ret)
{
	uint32_t node;
	int r = look_up_directory(stored(source), path, &node);
	if (r < 0)
		return r;
	*ret = (struct pp_node){ .fd = -1, .index = node };
	return 0;
}

static int stored_open_file(struct pp_source *source, struct pp_node dir, const char *name,
                            struct pp_node *ret)
{
	struct pp_stored *s = stored(source);
	uint32_t node;
	int r = look_up(s, start_of(s, dir), name, true, &node);
	if (r < 0)
		return r;
	const struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind == PP_TREE_THERE)
		return refusal(n);
	if (n->kind != PP_TREE_FILE)
		return -EISDIR;
	*ret = (struct pp_node){ .fd = -1, .index = node };
	return 0;
}

/* How many bytes can be read from offset on, or why none. */
static ssize_t readable(const struct pp_stored *s, const struct pp_tree_node *n, uint64_t offset)
{
	if (!n->partial)
		return offset < pp_tree_content_len(n) ? (ssize_t)(pp_tree_content_len(n) - offset)
		                                       : 0;
	const struct pp_partial *p = &s->manifest.partial[n->partial - 1];
	for (uint32_t i = 0; i < p->count; i++)
		if (offset >= p->ranges[i].first && offset < p->ranges[i].end)
			return (ssize_t)(p->ranges[i].end - offset);
	if (p->ends && offset >= p->end)
		return 0;
	return refusal(n);
}

static ssize_t stored_pread(struct pp_source *source, struct pp_node file, void *buf, size_t len,
                            uint64_t offset)
{
	struct pp_stored *s = stored(source);
	const struct pp_tree_node *n = pp_tree_at(&s->tree, file.index);
	if (n->kind != PP_TREE_FILE)
		return -EISDIR;
	ssize_t left = readable(s, n, offset);
	if (left <= 0)
		return left;
	size_t take = len < (size_t)left ? len : (size_t)left;
	pp_tree_copy_content(n, (size_t)offset, buf, take);
	return (ssize_t)take;
}

static ssize_t stored_readlink(struct pp_source *source, struct pp_node dir, const char *name,
                               char *buf, size_t size)
{
	struct pp_stored *s = stored(source);
	uint32_t node;
	int r = look_up(s, start_of(s, dir), name, false, &node);
	if (r < 0)
		return r;
	const struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind != PP_TREE_LINK)
		return -EINVAL;
	size_t take = n->data.len < size ? n->data.len : size;
	if (take)
		memcpy(buf, n->data.data, take);
	return (ssize_t)take;
}

static int stored_list(struct pp_source *source, const char *path, struct pp_arena *a,
                       struct pp_names *ret)
{
	struct pp_stored *s = stored(source);
	char place[PP_MAX_PATH + 1];
	const uint32_t *children;
	uint32_t node, count;

	int r = look_up_directory(s, path, &node);
	if (r < 0)
		return r;
	if (pp_tree_at(&s->tree, node)->error)
		return -pp_tree_at(&s->tree, node)->error;
	pp_tree_path(&s->tree, node, place);
	/* A directory that is only there because something in it was asked for says nothing. */
	if (s->told && !pp_manifest_listed(&s->manifest, place))
		return -ENODATA;
	r = pp_tree_children(&s->tree, node, a, &children, &count);
	if (r < 0)
		return r;
	const char **names = PP_ARENA_ARRAY(a, count, const char *);
	if (!names)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&s->tree, children[i]);
		names[i] = pp_arena_strndup(a, n->name, n->name_len);
		if (!names[i])
			return -ENOMEM;
	}
	*ret = (struct pp_names){ .names = names, .count = count };
	return 0;
}

static void stored_close(struct pp_source *source, struct pp_node n)
{
}

static void stored_free(struct pp_source *source)
{
	struct pp_stored *s = stored(source);

	pp_tree_fini(&s->tree);
	pp_arena_fini(&s->arena);
	free(s);
}

static const struct pp_source_ops stored_ops = {
	.open_dir = stored_open_dir,
	.open_file = stored_open_file,
	.pread = stored_pread,
	.readlink = stored_readlink,
	.list = stored_list,
	.kernel_log = pp_kernel_log_from_files,
	.close = stored_close,
	.free = stored_free,
};

const struct pp_stored *pp_stored_of(const struct pp_source *s)
{
	return s->ops == &stored_ops ? (const struct pp_stored *)s : NULL;
}

int pp_stored_new(enum pp_source_kind kind, struct pp_stored **ret, struct pp_error *e)
{
	struct pp_stored *s = calloc(1, sizeof(*s));
	if (!s)
		return pp_fail_oom(e, "source");
	s->base = (struct pp_source){ .ops = &stored_ops, .kind = kind };
	pp_pages_arena_init(&s->arena, PP_MAX_TOTAL_BYTES);
	if (pp_tree_init(&s->tree, &s->arena) < 0) {
		free(s);
		return pp_fail_oom(e, "source");
	}
	*ret = s;
	return 0;
}

static int add_failed(const struct pp_stored *s, int r, const char *path, const char *what,
                      struct pp_error *e)
{
	if (r == -ENOMEM)
		return pp_fail_oom(e, what);
	if (r == -E2BIG && s->tree.count > PP_MAX_ENTRIES)
		return pp_fail(
			e, E2BIG,
			"%s '%.200s': more than %u files and directories, which is the limit", what,
			path, PP_MAX_ENTRIES);
	if (r == -E2BIG)
		return pp_fail(e, E2BIG,
		               "%s '%.200s': more than %zu MiB to keep, which is the limit", what,
		               path, PP_MAX_TOTAL_BYTES >> 20);
	return pp_fail(
		e, EBADMSG,
		"%s '%.200s': longer than %u bytes, %u in a name, or deeper than %u directories",
		what, path, PP_MAX_PATH, PP_MAX_NAME, PP_MAX_DEPTH);
}

/* Where the last component of a path begins, slashes at its end aside. */
static size_t stored_last_component(const char *path)
{
	size_t at = strlen(path);

	while (at && path[at - 1] == '/')
		at--;
	while (at && path[at - 1] != '/')
		at--;
	return at;
}

int pp_stored_add(struct pp_stored *s, const char *path, const char *what, uint32_t *ret,
                  struct pp_error *e)
{
	size_t begin = stored_last_component(path);
	const char *p = path;
	uint32_t node = PP_TREE_TOP;

	if (path[0] == '/')
		return pp_fail(e, EBADMSG, "%s '%.200s': an absolute name", what, path);
	if (begin && begin == s->last_len && !memcmp(path, s->last, begin)) {
		node = s->last_parent;
		p += begin;
	}
	while (*p) {
		size_t len = strcspn(p, "/");
		const char *name = p;
		p += len;
		p += strspn(p, "/");
		if (!len || (len == 1 && name[0] == '.'))
			continue;
		if (len == 2 && !memcmp(name, "..", 2))
			return pp_fail(e, EBADMSG, "%s '%.200s': a name that leads out", what,
			               path);
		struct pp_tree_node *n = pp_tree_at(&s->tree, node);
		if (n->kind == PP_TREE_NOTHING)
			n->kind = PP_TREE_DIRECTORY;
		if (n->kind != PP_TREE_DIRECTORY)
			return pp_fail(e, EBADMSG,
			               "%s '%.200s': lies below '%s', which is not a directory",
			               what, path, n->name);
		if (name == path + begin && begin < sizeof(s->last)) {
			memcpy(s->last, path, begin);
			s->last_len = begin;
			s->last_parent = node;
		}
		int r = pp_tree_add(&s->tree, node, name, len, &node);
		if (r < 0)
			return add_failed(s, r, path, what, e);
	}
	*ret = node;
	return 0;
}

static bool child_is(const struct pp_tree *t, uint32_t parent, const char *name, int kind)
{
	uint32_t node = pp_tree_child(t, parent, name, strlen(name));
	return node && pp_tree_at(t, node)->kind == kind;
}

static bool stored_is_host(const struct pp_tree *t, uint32_t node)
{
	uint32_t ours =
		pp_tree_child(t, node, PP_MANIFEST_DIRECTORY, strlen(PP_MANIFEST_DIRECTORY));

	return child_is(t, node, "sys", PP_TREE_DIRECTORY) ||
	       child_is(t, node, "proc", PP_TREE_DIRECTORY) ||
	       (ours && child_is(t, ours, "manifest", PP_TREE_FILE));
}

/* "host/sys/…", "sosreport-x/sys/…": a single directory at the top that holds the host. */
static void find_root(struct pp_tree *t)
{
	uint32_t only = 0;

	if (stored_is_host(t, PP_TREE_TOP))
		return;
	for (uint32_t i = pp_tree_at(t, PP_TREE_TOP)->first; i; i = pp_tree_at(t, i)->next) {
		if (pp_tree_at(t, i)->kind != PP_TREE_DIRECTORY)
			continue;
		if (only)
			return;
		only = i;
	}
	if (only && stored_is_host(t, only))
		t->root = only;
}

/*
 * The node of a path of the manifest, made if only the last component is missing; 0 if the
 * directory that would hold it is missing: then the path is looked up in the manifest itself.
 */
static int find_reported(struct pp_stored *s, const char *path, unsigned int line, uint32_t *ret,
                         struct pp_error *e)
{
	uint32_t node = s->tree.root;

	*ret = 0;
	if (pp_path_check(path, true) < 0)
		return 0; /* with dots in it: words, no place */
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");
		const struct pp_tree_node *n = pp_tree_at(&s->tree, node);
		if (n->kind != PP_TREE_DIRECTORY)
			return pp_fail(e, EBADMSG,
			               PP_MANIFEST_PATH " line %u: '%s' is not a directory", line,
			               n->name);
		uint32_t parent = node;
		node = pp_tree_child(&s->tree, parent, p, len);
		int r = node || p[len] ? 0 : pp_tree_add(&s->tree, parent, p, len, &node);
		if (r < 0)
			return add_failed(s, r, path, PP_MANIFEST_PATH, e);
		if (!node || (p[len] && pp_tree_at(&s->tree, node)->kind == PP_TREE_NOTHING))
			return 0;
		p += len + (p[len] == '/');
	}
	*ret = node;
	return 0;
}

static int apply_partial(struct pp_stored *s, uint32_t i, struct pp_error *e)
{
	const struct pp_partial *p = &s->manifest.partial[i];
	uint32_t node;
	int r = find_reported(s, p->path, p->line, &node, e);
	if (r < 0)
		return r;
	/* Node 0 is nothing, and never a file. */
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind != PP_TREE_FILE || n->partial)
		return pp_fail(e, EBADMSG,
		               PP_MANIFEST_PATH
		               " line %u: '%s' is not a file in the archive, or named "
		               "twice",
		               p->line, p->path);
	if (p->count && p->ranges[p->count - 1].end > pp_tree_content_len(n))
		return pp_fail(e, EBADMSG,
		               PP_MANIFEST_PATH " line %u: bytes up to 0x%llx, '%s' has 0x%zx",
		               p->line, (unsigned long long)p->ranges[p->count - 1].end, p->path,
		               pp_tree_content_len(n));
	n->partial = i + 1;
	return 0;
}

static int apply_named(struct pp_stored *s, const struct pp_unread *u, struct pp_error *e)
{
	uint32_t node;
	int r = find_reported(s, u->path, u->line, &node, e);
	if (r < 0)
		return r;
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (!node || n->kind != PP_TREE_NOTHING)
		return pp_fail(e, EBADMSG,
		               PP_MANIFEST_PATH
		               " line %u: '%s' is in the archive, or its directory not",
		               u->line, u->path);
	n->kind = PP_TREE_LOST;
	n->error = ENODATA;
	n->named = true;
	return 0;
}

static int apply_unread(struct pp_stored *s, const struct pp_unread *u, struct pp_error *e)
{
	uint32_t node;
	int r = find_reported(s, u->path, u->line, &node, e);
	if (r < 0 || !node)
		return r;
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind == PP_TREE_LINK)
		return pp_fail(e, EBADMSG, PP_MANIFEST_PATH " line %u: '%s' is a link", u->line,
		               u->path);
	n->error = (uint16_t)u->error;
	if (n->kind == PP_TREE_NOTHING)
		n->kind = PP_TREE_LOST;
	else if (n->kind == PP_TREE_FILE && !n->partial)
		n->kind = PP_TREE_THERE;
	return 0;
}

/* A file's content in one piece. */
static int stored_whole(struct pp_stored *s, const struct pp_tree_node *n, struct pp_span *ret,
                        struct pp_error *e)
{
	size_t len = pp_tree_content_len(n);
	uint8_t *copy = n->more ? pp_arena_alloc(&s->arena, len) : NULL;

	if (n->more && !copy)
		return pp_fail_oom(e, PP_MANIFEST_PATH);
	if (copy)
		pp_tree_copy_content(n, 0, copy, len);
	*ret = copy ? PP_SPAN(copy, len) : n->data;
	return 0;
}

static int apply_manifest(struct pp_stored *s, struct pp_span text, struct pp_error *e)
{
	struct pp_manifest *m = &s->manifest;
	int r = pp_manifest_parse(text, &s->arena, m, e);

	for (uint32_t i = 0; r == 0 && i < m->partial_count; i++)
		r = apply_partial(s, i, e);
	for (uint32_t i = 0; r == 0 && i < m->named_count; i++)
		r = apply_named(s, &m->named[i], e);
	for (uint32_t i = 0; r == 0 && i < m->unread_count; i++)
		r = apply_unread(s, &m->unread[i], e);
	if (r < 0)
		return r;
	s->told = true;
	s->base.capture = &m->info;
	return 0;
}

int pp_stored_finish(struct pp_stored *s, struct pp_error *e)
{
	struct pp_tree *t = &s->tree;

	find_root(t);
	uint32_t ours =
		pp_tree_child(t, t->root, PP_MANIFEST_DIRECTORY, strlen(PP_MANIFEST_DIRECTORY));
	if (!ours || !child_is(t, ours, "manifest", PP_TREE_FILE))
		return 0;
	uint32_t node = pp_tree_child(t, ours, "manifest", strlen("manifest"));
	struct pp_span text;
	int r = stored_whole(s, pp_tree_at(t, node), &text, e);
	if (!r)
		r = apply_manifest(s, text, e);
	/* It is no part of the host. */
	pp_tree_at(t, ours)->kind = PP_TREE_NOTHING;
	return r;
}
