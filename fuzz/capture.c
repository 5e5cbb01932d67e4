/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture of a fuzzer's input: an archive, or files of which "=== PATH" begins each. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "source/archive-read.h"
#include "source/stored.h"

static void capture_put(struct pp_stored *s, const char *path, bool is_link, struct pp_span content)
{
	struct pp_error e;
	uint32_t node;

	if (pp_stored_add(s, path, "entry", &node, &e) || node == PP_TREE_TOP)
		return;
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind != PP_TREE_NOTHING)
		return;
	if (is_link && content.len && content.data[content.len - 1] == '\n')
		content.len--;
	if (is_link &&
	    (!content.len || content.len > PP_MAX_LINK || memchr(content.data, '\0', content.len)))
		return;
	char *copy = pp_arena_strndup(&s->arena, (const char *)content.data, content.len);
	if (!copy)
		return;
	n->kind = is_link ? PP_TREE_LINK : PP_TREE_FILE;
	n->data = PP_SPAN(copy, content.len);
}

/* The beginning of the next section, or the end. */
static const uint8_t *capture_section(struct pp_span in)
{
	for (const uint8_t *at = in.data, *end = in.data + in.len; at < end;) {
		struct pp_span left = PP_SPAN(at, (size_t)(end - at));
		if (pp_span_starts(left, "=== ") || pp_span_starts(left, "=-> "))
			return at;
		at = memchr(at, '\n', left.len);
		if (!at)
			break;
		at++;
	}
	return in.data + in.len;
}

static void capture_fill(struct pp_stored *s, struct pp_span in)
{
	const uint8_t *end = in.data + in.len;

	for (const uint8_t *at = capture_section(in); at < end;) {
		const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((line ? line : end) - at);
		char path[300];
		if (!line)
			return;
		struct pp_span rest = PP_SPAN(line + 1, (size_t)(end - line) - 1);
		const uint8_t *next = capture_section(rest);
		snprintf(path, sizeof(path), "%.*s", (int)(n - 4), (const char *)at + 4);
		if (*path)
			capture_put(s, path, at[1] == '-',
			            PP_SPAN(rest.data, (size_t)(next - rest.data)));
		at = next;
	}
}

int capture_open(struct pp_span in, struct pp_source **ret)
{
	struct pp_error e = { 0 };
	struct pp_stored *s;

	if (!pp_span_starts(in, "=== ")) {
		int r = pp_source_open_bytes("fuzz", in, ret, &e);
		if (r && (r != -e.code || !e.text[0]))
			abort();
		return r;
	}
	if (pp_stored_new(PP_SOURCE_ARCHIVE, &s, &e))
		abort();
	capture_fill(s, in);
	int r = pp_stored_finish(s, &e);
	if (r)
		pp_source_free(&s->base);
	else
		*ret = &s->base;
	return r;
}
