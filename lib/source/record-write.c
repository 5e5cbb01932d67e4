/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a capture: the archive, and its manifest first. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lazy/library.h"
#include "sys/atomic.h"
#include "source/record-node.h"

#define MODE_FILE      0644 /* of a file in the archive */
#define MODE_ARCHIVE   0600 /* what a host is made of is nobody else's business */
#define MODE_DIRECTORY 0755
#define MODE_LINK      0777

/* One entry of the archive. Its content may be another one than what was read: the filter's. */
struct output {
	uint32_t node;
	struct pp_span content;
};

struct writer {
	struct pp_recorder *r;
	const struct pp_record_options *options;
	const char *path;
	struct pp_error *e;
	struct pp_arena arena;
	struct output *outputs;
	uint32_t output_count;
	char **lines; /* of the manifest, below its head */
	uint32_t line_count;
	struct pp_manifest manifest; /* what a reader will take from them */
};

static int no_memory(struct writer *w)
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

static bool is_ours(const struct pp_recorder *r, uint32_t node)
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
static void record_write_remove(struct pp_recorder *r, uint32_t node)
{
	struct pp_record *record = pp_record_at(r, node);

	record->out = record->opened;
	pp_tree_at(&r->tree, node)->kind = PP_TREE_NOTHING;
	pp_tree_at(&r->tree, node)->error = 0;
	record->in_list = record->opened = record->absent = record->unknown = false;
}

/* A name of that length below its parent, whose own name may be a new one. */
static int record_write_fit(struct writer *w, struct pp_tree_node *n, size_t len)
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
static int record_write_rename(struct writer *w)
{
	struct pp_recorder *r = w->r;
	char path[PP_MAX_PATH + 1];

	for (uint32_t i = PP_TREE_TOP + 1; w->options->name && i < r->tree.count; i++) {
		struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		const char *name;
		int failed = record_write_fit(w, n, n->name_len);
		if (failed)
			return failed;
		pp_tree_path(&r->tree, i, path);
		failed = w->options->name(w->options->name_ctx, path, &name);
		if (failed)
			return no_memory(w);
		if (!name) {
			record_write_remove(r, i);
			continue;
		}
		size_t len = strlen(name);
		failed = record_write_fit(w, n, len);
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

static void record_write_check_link(struct writer *w, uint32_t node)
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

static int apply_filter(struct writer *w, uint32_t node, struct pp_span *content, bool *out)
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

static int add_output(struct writer *w, uint32_t node)
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
		w->outputs[w->output_count++] = (struct output){ node, content };
	return 0;
}

/* Sorted by name within each directory, a directory before what is in it. */
static int record_write_collect(struct writer *w, uint32_t directory)
{
	const uint32_t *children;
	uint32_t count;

	if (pp_tree_children(&w->r->tree, directory, &w->arena, &children, &count) < 0)
		return no_memory(w);
	for (uint32_t i = 0; i < count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, children[i]);
		if (n->kind == PP_TREE_LOST || is_ours(w->r, children[i]))
			continue;
		record_write_check_link(w, children[i]);
		int r = add_output(w, children[i]);
		if (r == 0 && n->kind == PP_TREE_DIRECTORY)
			r = record_write_collect(w, children[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int record_write_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint32_t sort_unique(const char **list, uint32_t count)
{
	uint32_t n = 0;

	qsort(list, count, sizeof(*list), record_write_by_text);
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
		if (is_ours(r, at))
			return false;
		at = pp_tree_at(&r->tree, at)->parent;
		words = words && pp_tree_at(&r->tree, at)->kind == PP_TREE_NOTHING;
		if (!words && pp_tree_at(&r->tree, at)->kind != PP_TREE_DIRECTORY)
			return false;
	}
	return true;
}

static int collect_asked(struct writer *w)
{
	const struct pp_recorder *r = w->r;
	struct pp_manifest *m = &w->manifest;
	char path[PP_MAX_PATH + 1], pattern[PP_MAX_PATH + 1];

	m->asked = PP_ARENA_ARRAY(&w->arena, r->tree.count, const char *);
	if (!m->asked)
		return no_memory(w);
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		if (!pp_record_at(r, i)->absent ||
		    pp_tree_at(&r->tree, i)->kind != PP_TREE_NOTHING || !is_reachable(r, i))
			continue;
		pp_tree_path(&r->tree, i, path);
		pp_manifest_pattern(path, pattern);
		m->asked[m->asked_count] = pp_arena_strdup(&w->arena, pattern);
		if (!m->asked[m->asked_count++])
			return no_memory(w);
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
static void add_listed(struct writer *w, const struct directory *directories, uint32_t count)
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

static int collect_listed(struct writer *w)
{
	const struct pp_recorder *r = w->r;
	char path[PP_MAX_PATH + 1], pattern[PP_MAX_PATH + 1];
	struct directory *directories = PP_ARENA_ARRAY(&w->arena, r->tree.count, struct directory);
	uint32_t count = 0;

	w->manifest.listed = PP_ARENA_ARRAY(&w->arena, r->tree.count, const char *);
	if (!directories || !w->manifest.listed)
		return no_memory(w);
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
			return no_memory(w);
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

static int add_line(struct writer *w, struct pp_buffer *b)
{
	char *line = b->failed ? NULL : pp_arena_strndup(&w->arena, b->data, b->len);

	pp_buffer_fini(b);
	if (!line)
		return no_memory(w);
	w->lines[w->line_count++] = line;
	return 0;
}

static int add_unread(struct writer *w, const char *path, int error)
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
static int add_named(struct writer *w, const char *path)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_MAX_FILE_BYTES);
	pp_buffer_puts(&b, "named ");
	pp_manifest_put_path(&b, path);
	return add_line(w, &b);
}

static int add_partial(struct writer *w, const char *path, const struct pp_bytes *bytes)
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
static int describe_file(struct writer *w, uint32_t node, const char *path)
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

static int describe(struct writer *w, uint32_t node)
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

static int describe_all(struct writer *w)
{
	uint32_t count = w->r->tree.count;

	/* What was read in part, or is named only, takes two. */
	w->lines = PP_ARENA_ARRAY(&w->arena, 2 * (size_t)count, char *);
	if (!w->lines)
		return no_memory(w);
	for (uint32_t i = PP_TREE_TOP; i < count; i++) {
		int r = describe(w, i);
		if (r < 0)
			return r;
	}
	qsort(w->lines, w->line_count, sizeof(*w->lines), record_write_by_text);
	return 0;
}

static void put_manifest(const struct writer *w, struct pp_buffer *b)
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

static int archive_failed(struct writer *w, struct archive *a)
{
	const char *why = archive_error_string(a);
	int code = archive_errno(a);

	if (code == ENOMEM)
		return no_memory(w);
	return pp_fail(w->e, code > 0 ? code : EIO, "%.300s: cannot be written: %s", w->path,
	               why ? why : "no reason given");
}

static int put_entry(struct writer *w, struct archive *a, struct archive_entry *entry,
                     const char *path, mode_t mode, struct pp_span content)
{
	archive_entry_clear(entry);
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, 0);
	if ((mode & AE_IFMT) == AE_IFLNK) {
		char text[PP_MAX_LINK + 1];
		memcpy(text, content.data, content.len);
		text[content.len] = '\0';
		archive_entry_copy_symlink(entry, text);
		content = PP_SPAN(NULL, 0);
	} else {
		archive_entry_set_size(entry, (la_int64_t)content.len);
	}
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		return archive_failed(w, a);
	if (content.len &&
	    archive_write_data(a, content.data, content.len) != (la_ssize_t)content.len)
		return archive_failed(w, a);
	return 0;
}

static int put_node(struct writer *w, struct archive *a, struct archive_entry *entry,
                    const struct output *o)
{
	const struct pp_tree_node *n = pp_tree_at(&w->r->tree, o->node);
	char path[PP_MAX_PATH + 1];

	pp_tree_path(&w->r->tree, o->node, path);
	if (n->kind == PP_TREE_DIRECTORY)
		return put_entry(w, a, entry, path, AE_IFDIR | MODE_DIRECTORY, PP_SPAN(NULL, 0));
	if (n->kind == PP_TREE_LINK)
		return put_entry(w, a, entry, path, AE_IFLNK | MODE_LINK, n->data);
	return put_entry(w, a, entry, path, AE_IFREG | MODE_FILE, o->content);
}

static int put_entries(struct writer *w, struct archive *a)
{
	struct pp_buffer manifest;
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		return no_memory(w);
	pp_buffer_init(&manifest, PP_MAX_FILE_BYTES - 1);
	put_manifest(w, &manifest);
	int r = manifest.failed ? pp_fail(w->e, E2BIG,
	                                  "%.300s: the manifest takes more than %zu "
	                                  "bytes, or memory ran out",
	                                  w->path, PP_MAX_FILE_BYTES)
	                        : put_entry(w, a, entry, PP_MANIFEST_PATH, AE_IFREG | MODE_FILE,
	                                    PP_SPAN(manifest.data, manifest.len));
	pp_buffer_fini(&manifest);
	for (uint32_t i = 0; r == 0 && i < w->output_count; i++)
		r = put_node(w, a, entry, &w->outputs[i]);
	archive_entry_free(entry);
	return r;
}

static bool ends_in(const char *path, const char *ending)
{
	size_t len = strlen(path), n = strlen(ending);
	return len > n && !strcmp(path + len - n, ending);
}

/*
 * The filter that the name asks for; ARCHIVE_FATAL for a name that says nothing, ARCHIVE_WARN where
 * libarchive would run a program for it.
 */
static int set_compression(struct archive *a, const char *path)
{
	if (ends_in(path, ".tar"))
		return archive_write_add_filter_none(a);
	if (ends_in(path, ".tar.zst"))
		return archive_write_add_filter_zstd(a);
	if (!ends_in(path, ".tar.gz") && !ends_in(path, ".tgz"))
		return ARCHIVE_FATAL;
	int r = archive_write_add_filter_gzip(a);
	/* No time of day in the head. */
	return r == ARCHIVE_OK ? archive_write_set_filter_option(a, "gzip", "timestamp", NULL) : r;
}

static int check_ending(struct writer *w)
{
	if (ends_in(w->path, ".tar") || ends_in(w->path, ".tar.zst") ||
	    ends_in(w->path, ".tar.gz") || ends_in(w->path, ".tgz"))
		return 0;
	return pp_fail(w->e, EINVAL, "%.300s: a capture's name ends in .tar, .tar.gz or .tar.zst",
	               w->path);
}

static bool all_ascii(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		if (p[i] >= 0x80)
			return false;
	return true;
}

/*
 * Names are bytes, whatever the locale; for libarchive to write them as such every entry takes a
 * header of its own, that GNU tar complains of. So only where it is needed.
 */
static bool is_ascii(const struct writer *w)
{
	for (uint32_t i = 0; i < w->output_count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, w->outputs[i].node);
		if (!all_ascii(n->name, n->name_len) ||
		    (n->kind == PP_TREE_LINK && !all_ascii(n->data.data, n->data.len)))
			return false;
	}
	return true;
}

static int write_archive(struct writer *w, int fd)
{
	int opened = pp_lazy_archive(w->e);
	if (opened)
		return opened;
	struct archive *a = archive_write_new();
	if (!a)
		return no_memory(w);
	int r = 0, filter = set_compression(a, w->path);
	if (filter == ARCHIVE_WARN)
		r = pp_fail(w->e, EINVAL,
		            "%.300s: this program cannot compress with zstd; name the file .tar.gz",
		            w->path);
	else if (filter != ARCHIVE_OK || archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
	         (!is_ascii(w) &&
	          archive_write_set_options(a, "hdrcharset=BINARY") != ARCHIVE_OK) ||
	         archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	         archive_write_open_fd(a, fd) != ARCHIVE_OK)
		r = archive_failed(w, a);
	if (r == 0)
		r = put_entries(w, a);
	if (r == 0 && archive_write_close(a) != ARCHIVE_OK)
		r = archive_failed(w, a);
	archive_write_free(a);
	return r;
}

static int prepare(struct writer *w)
{
	settle_lists(w->r);
	settle_parents(w->r);
	if (w->r->failed)
		return pp_fail(w->e, -w->r->failed,
		               "%.300s: more was asked than a capture can hold (%s)", w->path,
		               strerror(-w->r->failed));
	w->outputs = PP_ARENA_ARRAY(&w->arena, w->r->tree.count, struct output);
	if (!w->outputs)
		return no_memory(w);
	int r = record_write_rename(w);
	if (r == 0)
		r = record_write_collect(w, PP_TREE_TOP);
	if (r == 0)
		r = collect_asked(w);
	if (r == 0)
		r = collect_listed(w);
	return r < 0 ? r : describe_all(w);
}

/* "f 12 proc/cmdline", and its bytes in the lines below. */
static void pack_entry(struct pp_buffer *b, char kind, const char *path, struct pp_span content)
{
	pp_buffer_printf(b, "%c %zu ", kind, content.len);
	pp_manifest_put_path(b, path);
	pp_buffer_puts(b, "\n");
	pp_buffer_append(b, content.data ? (const void *)content.data : "", content.len);
	pp_buffer_puts(b, "\n");
}

static int pack_all(struct writer *w, struct pp_buffer *b)
{
	struct pp_buffer manifest;

	pp_buffer_init(&manifest, PP_MAX_FILE_BYTES - 1);
	put_manifest(w, &manifest);
	pack_entry(b, 'f', PP_MANIFEST_PATH, PP_SPAN(manifest.data, manifest.len));
	bool failed = manifest.failed;
	pp_buffer_fini(&manifest);
	for (uint32_t i = 0; i < w->output_count; i++) {
		const struct output *o = &w->outputs[i];
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, o->node);
		char path[PP_MAX_PATH + 1];
		pp_tree_path(&w->r->tree, o->node, path);
		if (n->kind == PP_TREE_DIRECTORY)
			pack_entry(b, 'd', path, PP_SPAN(NULL, 0));
		else if (n->kind == PP_TREE_LINK)
			pack_entry(b, 'l', path, n->data);
		else
			pack_entry(b, 'f', path, o->content);
	}
	return failed || b->failed
	               ? pp_fail(w->e, E2BIG, "%s: more than %zu MiB, or memory ran out", w->path,
	                         PP_MAX_TOTAL_BYTES >> 20)
	               : 0;
}

static enum pp_record_fate record_write_fate(const struct writer *w, uint32_t node)
{
	const struct pp_record *record = pp_record_at(w->r, node);

	if (record->out)
		return PP_RECORD_OUT;
	if (pp_tree_at(&w->r->tree, node)->kind != PP_TREE_LINK && !record->opened)
		return PP_RECORD_NAME;
	return record->rewritten || record->renamed ? PP_RECORD_CHANGED : PP_RECORD_WHOLE;
}

struct record_listed {
	char *path;
	enum pp_record_fate fate;
};

static int record_listed_compare(const void *a, const void *b)
{
	return strcmp(((const struct record_listed *)a)->path,
	              ((const struct record_listed *)b)->path);
}

static int record_write_list(struct writer *w,
                             void (*tell)(void *ctx, const char *path, enum pp_record_fate fate),
                             void *ctx)
{
	const struct pp_recorder *r = w->r;
	struct record_listed *all = PP_ARENA_ARRAY(&w->arena, r->tree.count, struct record_listed);
	struct pp_buffer b;
	char path[PP_MAX_PATH + 1];
	uint32_t count = 0;

	if (!all)
		return no_memory(w);
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		const struct pp_record *record = pp_record_at(r, i);
		if (is_ours(r, i) || n->kind == PP_TREE_DIRECTORY ||
		    (n->kind == PP_TREE_NOTHING && !record->out) ||
		    (n->kind == PP_TREE_LOST && !record->in_list))
			continue;
		pp_tree_path(&r->tree, i, path);
		all[count].fate = record_write_fate(w, i);
		pp_buffer_init(&b, PP_MAX_FILE_BYTES);
		pp_manifest_put_path(&b, path);
		all[count].path = b.failed ? NULL : pp_arena_strdup(&w->arena, b.data);
		pp_buffer_fini(&b);
		if (!all[count++].path)
			return no_memory(w);
	}
	qsort(all, count, sizeof(*all), record_listed_compare);
	for (uint32_t i = 0; i < count; i++)
		tell(ctx, all[i].path, all[i].fate);
	return 0;
}

int pp_recorder_list(struct pp_source *recorder, const struct pp_record_options *options,
                     void (*tell)(void *ctx, const char *path, enum pp_record_fate fate), void *ctx,
                     struct pp_error *e)
{
	struct writer w = {
		.r = (struct pp_recorder *)recorder,
		.options = options,
		.path = "capture",
		.e = e,
	};

	pp_arena_init(&w.arena, 0);
	int r = prepare(&w);
	if (r == 0)
		r = record_write_list(&w, tell, ctx);
	pp_arena_fini(&w.arena);
	return r;
}

int pp_recorder_pack(struct pp_source *recorder, const struct pp_record_options *options,
                     struct pp_buffer *ret, struct pp_error *e)
{
	struct writer w = {
		.r = (struct pp_recorder *)recorder,
		.options = options,
		.path = "capture",
		.e = e,
	};

	pp_arena_init(&w.arena, 0);
	int r = prepare(&w);
	if (r == 0)
		r = pack_all(&w, ret);
	pp_arena_fini(&w.arena);
	return r;
}

int pp_recorder_write(struct pp_source *recorder, const char *path, bool overwrite,
                      const struct pp_record_options *options, struct pp_error *e)
{
	struct writer w = {
		.r = (struct pp_recorder *)recorder,
		.options = options,
		.path = path,
		.e = e,
	};
	struct pp_atomic file;

	int r = check_ending(&w);
	if (r == 0)
		r = pp_atomic_open(path, MODE_ARCHIVE, overwrite, &file, e);
	if (r < 0)
		return r;
	pp_arena_init(&w.arena, 0);
	r = prepare(&w);
	if (r == 0)
		r = write_archive(&w, file.fd);
	pp_arena_fini(&w.arena);
	if (r < 0) {
		pp_atomic_abort(&file);
		return r;
	}
	return pp_atomic_commit(&file, e);
}
