/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as they would be by now, and what a step writes into them. */
#include <string.h>
#include <unistd.h>

#include "txn/stage.h"
#include "base/text.h"

static struct pp_op *stage_find(const struct pp_stage *s, const struct pp_op_ops *ops,
                                const char *path)
{
	for (uint32_t i = 0; i < s->nr_ops; i++) {
		struct pp_op *op = &s->ops[i];
		if (op->ops == ops &&
		    !strcmp(ops == &pp_op_file ? op->file.path : op->directory.path, path))
			return op;
	}
	return NULL;
}

int pp_stage_read(struct pp_stage *s, const char *path, struct pp_content *ret, struct pp_error *e)
{
	const struct pp_op *op = stage_find(s, &pp_op_file, path);

	if (!op)
		return pp_sys_content(s->apply->sys, path, &s->apply->arena, ret, e);
	*ret = op->file.after;
	return 0;
}

/* The directories above path that are not there yet, the topmost first. */
static int stage_add_directories(struct pp_stage *s, const char *path, struct pp_error *e)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *above = pp_arena_strndup(&s->apply->arena, path, (size_t)(slash - path));
		if (!above)
			return pp_fail_oom(e, path);
		if (pp_sys_has_directory(s->apply->sys, above) ||
		    stage_find(s, &pp_op_directory, above))
			continue;
		if (pp_sys_has(s->apply->sys, above))
			return pp_fail(e, ENOTDIR, "/%.300s: not a directory", above);
		struct pp_op *op = pp_stage_add(s, &pp_op_directory, e);
		if (!op)
			return -e->code;
		op->directory.path = above;
	}
	return 0;
}

static int stage_set(struct pp_stage *s, const char *path, const struct pp_content *new,
                     struct pp_error *e)
{
	struct pp_op *op = stage_find(s, &pp_op_file, path);
	struct pp_content old;

	if (op) {
		s->touched |= !pp_content_same(&op->file.after, new);
		op->file.after = *new;
		return 0;
	}
	int r = pp_sys_content(s->apply->sys, path, &s->apply->arena, &old, e);
	if (r || pp_content_same(&old, new))
		return r;
	if (old.nr_links > 1)
		return pp_fail(e, EMLINK,
		               "/%.300s: has %u hard links, and replacing it would separate them: "
		               "edit it by hand, or replace it with a copy first",
		               path, old.nr_links);
	if (old.is_signed)
		return pp_fail(e, EKEYREJECTED,
		               "/%.300s: is signed (security.ima), and an edit would break the "
		               "signature",
		               path);
	r = stage_add_directories(s, path, e);
	if (r)
		return r;
	op = pp_stage_add(s, &pp_op_file, e);
	if (!op)
		return -e->code;
	s->touched = true;
	op->file.path = pp_arena_strdup(&s->apply->arena, path);
	op->file.before = old;
	op->file.after = *new;
	return op->file.path ? 0 : pp_fail_oom(e, path);
}

int pp_stage_put(struct pp_stage *s, const char *path, struct pp_span bytes, mode_t mode,
                 struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (r)
		return r;
	if (!c.exists)
		c = (struct pp_content){
			.exists = true, .mode = mode, .uid = geteuid(), .gid = getegid()
		};
	c.bytes = bytes;
	return stage_set(s, path, &c, e);
}

int pp_stage_puts(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                  struct pp_error *e)
{
	return pp_stage_put(s, path, PP_SPAN(text, strlen(text)), mode, e);
}

static int stage_read_ours(struct pp_stage *s, const char *path, struct pp_content *ret,
                           struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (!r && c.exists && !pp_stage_is_ours(&c))
		r = pp_fail(e, EEXIST, "/%s: exists and was not made by pcipass", path);
	if (!r)
		*ret = c;
	return r;
}

int pp_stage_put_ours(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                      struct pp_error *e)
{
	struct pp_content c;
	int r = stage_read_ours(s, path, &c, e);

	return r ? r : pp_stage_puts(s, path, text, mode, e);
}

int pp_stage_add_ours(struct pp_stage *s, const char *path, const char *words, const char *text,
                      struct pp_error *e)
{
	struct pp_arena *a = &s->apply->arena;
	struct pp_content c;
	int r = stage_read_ours(s, path, &c, e);

	if (r)
		return r;
	const char *old = c.exists ? pp_arena_strndup(a, (const char *)c.bytes.data, c.bytes.len)
	                           : PP_STAGE_MARK;
	if (!old)
		return pp_fail_oom(e, path);
	if (strstr(old, words))
		return 0;
	/* Somebody's last line need not have an end. */
	bool ended = !*old || old[strlen(old) - 1] == '\n';
	const char *new = pp_arena_printf(a, "%s%s%s", old, ended ? "" : "\n", text);
	return new ? pp_stage_puts(s, path, new, 0644, e) : pp_fail_oom(e, path);
}

int pp_stage_remove(struct pp_stage *s, const char *path, struct pp_error *e)
{
	return stage_set(s, path, &(struct pp_content){ 0 }, e);
}

bool pp_stage_is_ours(const struct pp_content *c)
{
	return c->exists && pp_span_find(c->bytes, PP_STAGE_MARK);
}
