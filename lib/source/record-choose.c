/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a recording goes into a capture, under which names, and what the manifest says of it. */
#include <stdlib.h>
#include <string.h>

#include "source/record-writer.h"

int pp_record_writer_oom(struct pp_record_writer *w)
{
	return pp_fail_oom(w->e, w->path);
}

/* Names that only came up in a list: a link is kept as such, of the rest that they are there. */
static void settle_lists(struct pp_recorder *r)
{
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		struct pp_record *record = pp_record_at(r, i);
		struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		if (!record->in_list)
			continue;
		if (pp_record_look(r, i) == 0 && n->kind != PP_TREE_NOTHING)
			continue;
		/* Gone since, or never known: it was in the list nevertheless. */
		record->looked = PP_LOOKED;
		n->kind = PP_TREE_LOST;
		n->error = ENODATA;
	}
}

/* Something below it was asked for and refused: what holds it is a directory. */
static void settle_parents(struct pp_recorder *r)
{
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		struct pp_tree_node *parent = pp_tree_at(&r->tree, n->parent);
		if (n->kind == PP_TREE_LOST && parent->kind == PP_TREE_THERE && !parent->error)
			parent->kind = PP_TREE_DIRECTORY;
	}
}

bool pp_record_is_ours(const struct pp_recorder *r, uint32_t node)
{
	const struct pp_tree_node *n = pp_tree_at(&r->tree, node);
	return n->parent == PP_TREE_TOP && !strcmp(n->name, PP_MANIFEST_DIRECTORY);
}

/* As if it had never been asked for. */
static void leave_out(struct pp_recorder *r, uint32_t node)
{
	struct pp_record *record = pp_record_at(r, node);
	struct pp_tree_node *n = pp_tree_at(&r->tree, node);

	n->kind = record->in_list ? PP_TREE_THERE : PP_TREE_NOTHING;
	n->error = record->in_list ? ENODATA : 0;
	record->unknown = !record->in_list;
	record->opened = false;
	record->out = true;
}

/* As if it were not there. */
static void record_choose_remove(struct pp_recorder *r, uint32_t node)
{
	struct pp_record *record = pp_record_at(r, node);

	record->out = record->opened;
	pp_tree_at(&r->tree, node)->kind = PP_TREE_NOTHING;
	pp_tree_at(&r->tree, node)->error = 0;
	record->in_list = record->opened = record->absent = record->unknown = false;
}

/* A name of that length below its parent, whose own name may be a new one. */
static int record_choose_fit(struct pp_record_writer *w, struct pp_tree_node *n, size_t len)
{
	const struct pp_tree_node *parent = pp_tree_at(&w->r->tree, n->parent);
	size_t path_len = parent->path_len + (parent->path_len > 0) + len;

	if (!len || len > PP_MAX_NAME || path_len > PP_MAX_PATH)
		return pp_fail(w->e, ENAMETOOLONG,
		               "a path that ends in %.300s: too long for a capture", n->name);
	n->path_len = (uint16_t)path_len;
	return 0;
}

/* Parents come before what is below them, so that a path is made of new names. */
static int record_choose_rename(struct pp_record_writer *w)
{
	struct pp_recorder *r = w->r;
	char path[PP_MAX_PATH + 1];

	for (uint32_t i = PP_TREE_TOP + 1; w->options->name && i < r->tree.count; i++) {
		struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		const char *name;
		int failed = record_choose_fit(w, n, n->name_len);
		if (failed)
			return failed;
		pp_tree_path(&r->tree, i, path);
		failed = w->options->name(w->options->name_ctx, path, &name);
		if (failed)
			return pp_record_writer_oom(w);
		if (!name) {
			record_choose_remove(r, i);
			continue;
		}
		size_t len = strlen(name);
		failed = record_choose_fit(w, n, len);
		if (failed)
			return failed;
		/* The same may stand in path itself, which goes. */
		if (!strcmp(name, n->name))
			continue;
		pp_record_at(r, i)->renamed = true;
		n->name = name;
		n->name_len = (uint8_t)len;
	}
	return 0;
}

static void record_choose_check_link(struct pp_record_writer *w, uint32_t node)
{
	struct pp_tree_node *n = pp_tree_at(&w->r->tree, node);
	char path[PP_MAX_PATH + 1];

	if (n->kind != PP_TREE_LINK || !w->options->link)
		return;
	pp_tree_path(&w->r->tree, node, path);
	if (w->options->link(path, n->data))
		return;
	n->kind = PP_TREE_THERE;
	n->error = ENODATA;
	pp_record_at(w->r, node)->out = true;
}

static int apply_filter(struct pp_record_writer *w, uint32_t node, struct pp_span *content,
                        bool *out)
{
	char path[PP_MAX_PATH + 1];

	*out = false;
	if (!w->options->filter)
		return 0;
	pp_tree_path(&w->r->tree, node, path);
	struct pp_span read = *content;
	int r = w->options->filter(w->options->filter_ctx, path, content, &w->arena, w->e);
	/* The ranges that were read say nothing of other content. */
	pp_record_at(w->r, node)->rewritten =
		content->len != read.len ||
		(read.len && memcmp(content->data, read.data, read.len));
	if (r == -ENOENT) {
		leave_out(w->r, node);
		*out = pp_tree_at(&w->r->tree, node)->kind == PP_TREE_NOTHING;
		*content = PP_SPAN(NULL, 0);
		return 0;
	}
	if (r == 0 && content->len > PP_MAX_FILE_BYTES)
		return pp_fail(w->e, E2BIG, "%.300s: %zu bytes, a capture takes %zu", path,
		               content->len, PP_MAX_FILE_BYTES);
	return r;
}

static int add_output(struct pp_record_writer *w, uint32_t node)
{
	struct pp_record *record = pp_record_at(w->r, node);
	struct pp_span content = PP_SPAN(NULL, 0);
	bool out = false;

	if (record->opened && record->bytes) {
		content = PP_SPAN(record->bytes->data, record->bytes->len);
		int r = apply_filter(w, node, &content, &out);
		if (r < 0)
			return r;
	}
	if (!out)
		w->outputs[w->output_count++] = (struct pp_record_output){ node, content };
	return 0;
}

/* Sorted by name within each directory, a directory before what is in it. */
static int record_choose_collect(struct pp_record_writer *w, uint32_t directory)
{
	const uint32_t *children;
	uint32_t count;

	if (pp_tree_children(&w->r->tree, directory, &w->arena, &children, &count) < 0)
		return pp_record_writer_oom(w);
	for (uint32_t i = 0; i < count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, children[i]);
		if (n->kind == PP_TREE_LOST || pp_record_is_ours(w->r, children[i]))
			continue;
		record_choose_check_link(w, children[i]);
		int r = add_output(w, children[i]);
		if (r == 0 && n->kind == PP_TREE_DIRECTORY)
			r = record_choose_collect(w, children[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int record_choose_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint32_t sort_unique(const char **list, uint32_t count)
{
	uint32_t n = 0;

	qsort(list, count, sizeof(*list), record_choose_by_text);
	for (uint32_t i = 0; i < count; i++)
		if (!n || strcmp(list[i], list[n - 1]) != 0)
			list[n++] = list[i];
	return n;
}

/* In a directory that the archive will hold, or only words behind such a directory. */
static bool is_reachable(const struct pp_recorder *r, uint32_t node)
{
	bool words = pp_tree_at(&r->tree, node)->kind == PP_TREE_NOTHING;
	uint32_t at = node;

	while (at != PP_TREE_TOP) {
		if (pp_record_is_ours(r, at))
			return false;
		at = pp_tree_at(&r->tree, at)->parent;
		words = words && pp_tree_at(&r->tree, at)->kind == PP_TREE_NOTHING;
		if (!words && pp_tree_at(&r->tree, at)->kind != PP_TREE_DIRECTORY)
			return false;
	}
	return true;
}

static int collect_asked(struct pp_record_writer *w)
{
	const struct pp_recorder *r = w->r;
	struct pp_manifest *m = &w->manifest;
	char path[PP_MAX_PATH + 1], pattern[PP_MAX_PATH + 1];

	m->asked = PP_ARENA_ARRAY(&w->arena, r->tree.count, const char *);
	if (!m->asked)
		return pp_record_writer_oom(w);
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		if (!pp_record_at(r, i)->absent ||
		    pp_tree_at(&r->tree, i)->kind != PP_TREE_NOTHING || !is_reachable(r, i))
			continue;
		pp_tree_path(&r->tree, i, path);
		pp_manifest_pattern(path, pattern);
		m->asked[m->asked_count] = pp_arena_strdup(&w->arena, pattern);
		if (!m->asked[m->asked_count++])
			return pp_record_writer_oom(w);
	}
	m->asked_count = sort_unique(m->asked, m->asked_count);
	return 0;
}

struct directory {
	const char *pattern, *path;
	bool listed;
};

static int by_pattern(const void *a, const void *b)
{
	return strcmp(((const struct directory *)a)->pattern,
	              ((const struct directory *)b)->pattern);
}

/* Where not every directory of a pattern was listed the pattern would say too much. */
static void add_listed(struct pp_record_writer *w, const struct directory *directories,
                       uint32_t count)
{
	struct pp_manifest *m = &w->manifest;
	bool all = true;

	for (uint32_t i = 0; i < count; i++)
		all = all && directories[i].listed;
	if (all) {
		m->listed[m->listed_count++] = directories[0].pattern;
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		if (directories[i].listed)
			m->listed[m->listed_count++] = directories[i].path;
}

static int collect_listed(struct pp_record_writer *w)
{
	const struct pp_recorder *r = w->r;
	char path[PP_MAX_PATH + 1], pattern[PP_MAX_PATH + 1];
	struct directory *directories = PP_ARENA_ARRAY(&w->arena, r->tree.count, struct directory);
	uint32_t count = 0;

	w->manifest.listed = PP_ARENA_ARRAY(&w->arena, r->tree.count, const char *);
	if (!directories || !w->manifest.listed)
		return pp_record_writer_oom(w);
	for (uint32_t i = PP_TREE_TOP; i < r->tree.count; i++) {
		if (pp_tree_at(&r->tree, i)->kind != PP_TREE_DIRECTORY || !is_reachable(r, i))
			continue;
		pp_tree_path(&r->tree, i, path);
		pp_manifest_pattern(path, pattern);
		directories[count] = (struct directory){
			.path = pp_arena_strdup(&w->arena, path),
			.pattern = pp_arena_strdup(&w->arena, pattern),
			.listed = pp_record_at(r, i)->listed,
		};
		if (!directories[count].path || !directories[count].pattern)
			return pp_record_writer_oom(w);
		count++;
	}
	qsort(directories, count, sizeof(*directories), by_pattern);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i;
		     end < count && !strcmp(directories[end].pattern, directories[i].pattern);)
			end++;
		add_listed(w, directories + i, end - i);
	}
	w->manifest.listed_count = sort_unique(w->manifest.listed, w->manifest.listed_count);
	return 0;
}

static int add_line(struct pp_record_writer *w, struct pp_buffer *b)
{
	char *line = b->failed ? NULL : pp_arena_strndup(&w->arena, b->data, b->len);

	pp_buffer_fini(b);
	if (!line)
		return pp_record_writer_oom(w);
	w->lines[w->line_count++] = line;
	return 0;
}

static int add_unread(struct pp_record_writer *w, const char *path, int error)
{
	struct pp_buffer b;
	char name[24];

	pp_buffer_init(&b, PP_MAX_FILE_BYTES);
	pp_errno_name(error, name);
	pp_buffer_printf(&b, "unread %s ", name);
	pp_manifest_put_path(&b, path);
	return add_line(w, &b);
}

/* Not in the archive, and in its directory's list nevertheless. */
static int add_named(struct pp_record_writer *w, const char *path)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_MAX_FILE_BYTES);
	pp_buffer_puts(&b, "named ");
	pp_manifest_put_path(&b, path);
	return add_line(w, &b);
}

static int add_partial(struct pp_record_writer *w, const char *path, const struct pp_bytes *bytes)
{
	struct pp_buffer b;
	const char *comma = "";

	pp_buffer_init(&b, PP_MAX_FILE_BYTES);
	pp_buffer_puts(&b, "partial ");
	pp_manifest_put_path(&b, path);
	pp_buffer_puts(&b, " ");
	for (uint32_t i = 0; bytes && i < bytes->count; i++) {
		pp_buffer_printf(&b, "%s%llx-%llx", comma,
		                 (unsigned long long)bytes->ranges[i].first,
		                 (unsigned long long)bytes->ranges[i].end - 1);
		comma = ",";
	}
	if (bytes && bytes->ends)
		pp_buffer_printf(&b, "%s%llx-", comma, (unsigned long long)bytes->end);
	else if (!bytes || !bytes->count)
		pp_buffer_puts(&b, "-");
	return add_line(w, &b);
}

/* What the entry of anything but a link does not say by itself. */
static int describe_file(struct pp_record_writer *w, uint32_t node, const char *path)
{
	const struct pp_tree_node *n = pp_tree_at(&w->r->tree, node);
	const struct pp_record *record = pp_record_at(w->r, node);

	if (!record->opened && n->kind == PP_TREE_FILE && !n->error)
		return add_partial(w, path, NULL);
	if (!record->opened)
		return add_unread(w, path, n->error ? n->error : ENODATA);
	if (record->rewritten || pp_bytes_complete(record->bytes))
		return 0;
	int r = add_partial(w, path, record->bytes);
	return r == 0 && n->error ? add_unread(w, path, n->error) : r;
}

static int describe(struct pp_record_writer *w, uint32_t node)
{
	const struct pp_tree_node *n = pp_tree_at(&w->r->tree, node);
	const struct pp_record *record = pp_record_at(w->r, node);
	char path[PP_MAX_PATH + 1];

	if (!is_reachable(w->r, node))
		return 0;
	pp_tree_path(&w->r->tree, node, path);
	if (n->kind == PP_TREE_FILE || n->kind == PP_TREE_THERE)
		return describe_file(w, node, path);
	if (n->kind == PP_TREE_LOST && record->in_list) {
		int r = add_named(w, path);
		if (r < 0 || n->error == ENODATA)
			return r;
	}
	/* An unlisted directory's list is unread anyway. */
	if (n->kind == PP_TREE_LOST ||
	    (n->kind == PP_TREE_DIRECTORY && n->error && n->error != ENODATA))
		return add_unread(w, path, n->error);
	/* Not known here, though a pattern will say of such paths that they are absent. */
	if (n->kind == PP_TREE_NOTHING && record->unknown && pp_manifest_asked(&w->manifest, path))
		return add_unread(w, path, ENODATA);
	return 0;
}

static int describe_all(struct pp_record_writer *w)
{
	uint32_t count = w->r->tree.count;

	/* What was read in part, or is named only, takes two. */
	w->lines = PP_ARENA_ARRAY(&w->arena, 2 * (size_t)count, char *);
	if (!w->lines)
		return pp_record_writer_oom(w);
	for (uint32_t i = PP_TREE_TOP; i < count; i++) {
		int r = describe(w, i);
		if (r < 0)
			return r;
	}
	qsort(w->lines, w->line_count, sizeof(*w->lines), record_choose_by_text);
	return 0;
}

void pp_record_writer_manifest(const struct pp_record_writer *w, struct pp_buffer *b)
{
	const struct pp_record_options *o = w->options;
	const struct pp_manifest *m = &w->manifest;

	pp_buffer_printf(b, "pcipass-capture %d\n", PP_MANIFEST_VERSION);
	if (o->tool)
		pp_buffer_printf(b, "tool %s\n", o->tool);
	pp_buffer_printf(b, "root %s\nredacted %s\n", o->as_root ? "yes" : "no",
	                 o->redacted ? "yes" : "no");
	for (uint32_t i = 0; i < m->asked_count; i++) {
		pp_buffer_puts(b, "asked ");
		pp_manifest_put_path(b, m->asked[i]);
		pp_buffer_puts(b, "\n");
	}
	for (uint32_t i = 0; i < m->listed_count; i++) {
		pp_buffer_puts(b, "asked ");
		pp_manifest_put_path(b, m->listed[i]);
		pp_buffer_puts(b, "/\n");
	}
	for (uint32_t i = 0; i < w->line_count; i++) {
		pp_buffer_puts(b, w->lines[i]);
		pp_buffer_puts(b, "\n");
	}
}

int pp_record_writer_prepare(struct pp_record_writer *w)
{
	settle_lists(w->r);
	settle_parents(w->r);
	if (w->r->failed)
		return pp_fail(w->e, -w->r->failed,
		               "%.300s: more was asked than a capture can hold (%s)", w->path,
		               strerror(-w->r->failed));
	w->outputs = PP_ARENA_ARRAY(&w->arena, w->r->tree.count, struct pp_record_output);
	if (!w->outputs)
		return pp_record_writer_oom(w);
	int r = record_choose_rename(w);
	if (r == 0)
		r = record_choose_collect(w, PP_TREE_TOP);
	if (r == 0)
		r = collect_asked(w);
	if (r == 0)
		r = collect_listed(w);
	return r < 0 ? r : describe_all(w);
}
