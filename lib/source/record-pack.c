/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into a capture without an archive around it: packed into a text, or listed. */
#include <stdlib.h>
#include <string.h>

#include "source/record-writer.h"

/* "f 12 proc/cmdline", and its bytes in the lines below. */
static void record_pack_entry(struct pp_buffer *b, char kind, const char *path,
                              struct pp_span content)
{
	pp_buffer_printf(b, "%c %zu ", kind, content.len);
	pp_manifest_put_path(b, path);
	pp_buffer_puts(b, "\n");
	pp_buffer_append(b, content.data ? (const void *)content.data : "", content.len);
	pp_buffer_puts(b, "\n");
}

static int record_pack_all(struct pp_record_writer *w, struct pp_buffer *b)
{
	struct pp_buffer manifest;

	pp_buffer_init(&manifest, PP_MAX_FILE_BYTES - 1);
	pp_record_writer_manifest(w, &manifest);
	record_pack_entry(b, 'f', PP_MANIFEST_PATH, PP_SPAN(manifest.data, manifest.len));
	bool failed = manifest.failed;
	pp_buffer_fini(&manifest);
	for (uint32_t i = 0; i < w->output_count; i++) {
		const struct pp_record_output *o = &w->outputs[i];
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, o->node);
		char path[PP_MAX_PATH + 1];
		pp_tree_path(&w->r->tree, o->node, path);
		if (n->kind == PP_TREE_DIRECTORY)
			record_pack_entry(b, 'd', path, PP_SPAN(NULL, 0));
		else if (n->kind == PP_TREE_LINK)
			record_pack_entry(b, 'l', path, n->data);
		else
			record_pack_entry(b, 'f', path, o->content);
	}
	return failed || b->failed
	               ? pp_fail(w->e, E2BIG, "%s: more than %zu MiB, or memory ran out", w->path,
	                         PP_MAX_TOTAL_BYTES >> 20)
	               : 0;
}

static enum pp_record_fate record_pack_fate(const struct pp_record_writer *w, uint32_t node)
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

static int record_pack_list(struct pp_record_writer *w,
                            void (*tell)(void *ctx, const char *path, enum pp_record_fate fate),
                            void *ctx)
{
	const struct pp_recorder *r = w->r;
	struct record_listed *all = PP_ARENA_ARRAY(&w->arena, r->tree.count, struct record_listed);
	struct pp_buffer b;
	char path[PP_MAX_PATH + 1];
	uint32_t count = 0;

	if (!all)
		return pp_record_writer_oom(w);
	for (uint32_t i = PP_TREE_TOP + 1; i < r->tree.count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&r->tree, i);
		const struct pp_record *record = pp_record_at(r, i);
		if (pp_record_is_ours(r, i) || n->kind == PP_TREE_DIRECTORY ||
		    (n->kind == PP_TREE_NOTHING && !record->out) ||
		    (n->kind == PP_TREE_LOST && !record->in_list))
			continue;
		pp_tree_path(&r->tree, i, path);
		all[count].fate = record_pack_fate(w, i);
		pp_buffer_init(&b, PP_MAX_FILE_BYTES);
		pp_manifest_put_path(&b, path);
		all[count].path = b.failed ? NULL : pp_arena_strdup(&w->arena, b.data);
		pp_buffer_fini(&b);
		if (!all[count++].path)
			return pp_record_writer_oom(w);
	}
	qsort(all, count, sizeof(*all), record_listed_compare);
	for (uint32_t i = 0; i < count; i++)
		tell(ctx, all[i].path, all[i].fate);
	tell(ctx, PP_MANIFEST_PATH, PP_RECORD_ADDED);
	return 0;
}

static struct pp_record_writer record_pack_begin(struct pp_source *recorder,
                                                 const struct pp_record_options *options,
                                                 struct pp_error *e)
{
	struct pp_record_writer w = {
		.r = (struct pp_recorder *)recorder,
		.options = options,
		.path = "capture",
		.e = e,
	};

	pp_arena_init(&w.arena, 0);
	return w;
}

int pp_recorder_list(struct pp_source *recorder, const struct pp_record_options *options,
                     void (*tell)(void *ctx, const char *path, enum pp_record_fate fate), void *ctx,
                     struct pp_error *e)
{
	struct pp_record_writer w = record_pack_begin(recorder, options, e);
	int r = pp_record_writer_prepare(&w);

	if (r == 0)
		r = record_pack_list(&w, tell, ctx);
	pp_arena_fini(&w.arena);
	return r;
}

int pp_recorder_pack(struct pp_source *recorder, const struct pp_record_options *options,
                     struct pp_buffer *ret, struct pp_error *e)
{
	struct pp_record_writer w = record_pack_begin(recorder, options, e);
	int r = pp_record_writer_prepare(&w);

	if (r == 0)
		r = record_pack_all(&w, ret);
	pp_arena_fini(&w.arena);
	return r;
}
