/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a child process that a capture has taken over may send in place of the capture. */
#include <stdlib.h>
#include <string.h>

#include "../tests/source/packed-span.h"
#include "source/packed.h"

#define MAX_QUESTIONS 2000

/* All of the tree, by its links as well; nothing in it leads out. */
static void ask_all(struct pp_source *s)
{
	const struct pp_tree *t = &pp_stored_of(s)->tree;
	char path[PP_MAX_PATH + 1], link[PP_MAX_LINK + 1];
	struct pp_arena a;
	struct pp_names names;
	struct pp_span bytes;

	pp_arena_init(&a, 0);
	for (uint32_t i = PP_TREE_TOP; i < t->count && i < MAX_QUESTIONS; i++) {
		if (t->root != PP_TREE_TOP && i <= t->root)
			continue;
		uint32_t above = i;
		while (above != t->root && above != PP_TREE_TOP)
			above = pp_tree_at(t, above)->parent;
		if (above != t->root)
			continue;
		pp_tree_path(t, i, path);
		(void)!pp_source_read_all(s, path, PP_MAX_FILE_BYTES, &a, &bytes);
		(void)!pp_source_read_link(s, PP_NODE_NONE, path, link, sizeof(link));
		(void)!pp_source_list(s, path, &a, &names);
	}
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_span rest = PP_SPAN(data, size);
	struct pp_source *s = NULL;
	struct pp_error e = { 0 };
	int r = pp_packed_take(packed_receive_from_span, &rest, &s, &e);

	/* Every refusal is a sentence, and leaves nothing. */
	if (r && (s || e.code != -r || !e.text[0]))
		abort();
	if (!r)
		ask_all(s);
	pp_source_free(s);
	return 0;
}
