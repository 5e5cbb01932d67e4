/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzz target of one reader of lib/import: FUZZ_READER, whether it knows the bytes or not. */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include <stdio.h>

#include "import/import.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every file of the host that was made, and what the reader said of it. */
static inline void reader_touch(struct pp_import *in)
{
	const struct pp_tree *t = &in->stored->tree;

	for (uint32_t i = PP_TREE_TOP; i < t->count; i++) {
		const struct pp_tree_node *n = pp_tree_at(t, i);
		if (n->kind == PP_TREE_FILE || n->kind == PP_TREE_LINK)
			touch(n->data.data, n->data.len);
	}
	for (const char *s = pp_import_notes(in); *s; s++)
		if ((*s < 0x20 && *s != '\n') || *s == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_span text = PP_SPAN(data, size);
	struct pp_source *source;
	struct pp_import *in;
	struct pp_error e = { 0 };

	if (pp_import_new(&in, &e))
		return 0;
	FUZZ_READER.knows(text);
	pp_import_begin(in, "text");
	int r = pp_import_read(in, &FUZZ_READER, text, &e);
	in->nr_read += !r;
	if (r && (r != -e.code || !*e.text))
		abort();
	/* The same once more is no other fact. */
	if (!r)
		pp_import_read(in, &FUZZ_READER, text, &e);
	reader_touch(in);
	if (!r && !pp_import_finish(in, &source, &e))
		pp_source_free(source);
	pp_import_free(in);
	return 0;
}

#endif
