/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Support bundles that strangers send: any files in them. "=== PATH" begins each. */
#include <stdio.h>
#include <string.h>

#include <pcipass/import.h>

#include "base/text.h"
#include "source/stored.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] = "=== ";

static void bundle_put(struct pp_stored *s, const char *path, struct pp_span content)
{
	struct pp_error e;
	uint32_t node;

	if (pp_stored_add(s, path, "entry", &node, &e) || node == PP_TREE_TOP)
		return;
	struct pp_tree_node *n = pp_tree_at(&s->tree, node);
	if (n->kind != PP_TREE_NOTHING)
		return;
	uint8_t *copy = pp_arena_alloc(&s->arena, content.len ? content.len : 1);
	if (!copy)
		return;
	if (content.len)
		memcpy(copy, content.data, content.len);
	n->kind = PP_TREE_FILE;
	n->data = PP_SPAN(copy, content.len);
}

static void bundle_fill(struct pp_stored *s, struct pp_span in)
{
	while (in.len) {
		const uint8_t *line = memchr(in.data, '\n', in.len);
		size_t n = line ? (size_t)(line - in.data) : in.len;
		char path[256] = "";
		if (pp_span_starts(in, head) && n - 4 < sizeof(path)) {
			memcpy(path, in.data + 4, n - 4);
			path[n - 4] = '\0';
		}
		size_t begin = n + (n < in.len);
		struct pp_span rest = PP_SPAN(in.data + begin, in.len - begin);
		const uint8_t *next = pp_span_find(rest, "\n=== ");
		size_t len = next ? (size_t)(next + 1 - rest.data) : rest.len;
		if (*path)
			bundle_put(s, path, PP_SPAN(rest.data, len));
		in = PP_SPAN(rest.data + len, rest.len - len);
	}
}

static void bundle_touch(struct pp_source *host)
{
	struct pp_arena a;
	struct pp_names names;

	pp_arena_init(&a, 0);
	if (!pp_source_list(host, "sys/bus/pci/devices", &a, &names))
		for (uint32_t i = 0; i < names.count; i++) {
			char path[300], buf[64];
			snprintf(path, sizeof(path), "sys/bus/pci/devices/%.200s/config",
			         names.names[i]);
			pp_source_read_text(host, PP_NODE_NONE, path, buf, sizeof(buf));
		}
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_error e = { 0 };
	struct pp_source *host;
	struct pp_import *in;
	struct pp_stored *s;

	if (pp_stored_new(PP_SOURCE_ARCHIVE, &s, &e))
		return 0;
	bundle_fill(s, PP_SPAN(data, size));
	if (!pp_stored_finish(s, &e) && !pp_import_new(&in, &e)) {
		if (!pp_import_add_bundle(in, "bundle", &s->base, &e) &&
		    !pp_import_finish(in, &host, &e)) {
			bundle_touch(host);
			pp_source_free(host);
		}
		pp_import_free(in);
	}
	pp_source_free(&s->base);
	return 0;
}
