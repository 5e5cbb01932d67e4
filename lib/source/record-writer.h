/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/source: a recording on its way to a capture, whatever form that has. */
#ifndef PP_SOURCE_RECORD_WRITER_H
#define PP_SOURCE_RECORD_WRITER_H

#include "source/record-node.h"

/* One entry of the capture. Its content may be another one than what was read: the filter's. */
struct pp_record_output {
	uint32_t node;
	struct pp_span content;
};

struct pp_record_writer {
	struct pp_recorder *r;
	const struct pp_record_options *options;
	const char *path; /* of the capture, for messages */
	struct pp_error *e;
	struct pp_arena arena;
	struct pp_record_output *outputs;
	uint32_t output_count;
	char **lines; /* of the manifest, below its head */
	uint32_t line_count;
	struct pp_manifest manifest; /* what a reader will take from them */
};

/* Says that there is no memory, and gives -ENOMEM. */
int pp_record_writer_oom(struct pp_record_writer *w);

/*
 * What goes into the capture, by the options: the outputs, the lines of the manifest. They live in
 * the arena, which is the caller's. Negative errno value; *w->e says why.
 */
int pp_record_writer_prepare(struct pp_record_writer *w);

/* The whole manifest, after that. */
void pp_record_writer_manifest(const struct pp_record_writer *w, struct pp_buffer *b);

/* The directory of the manifest, which every capture has. */
bool pp_record_is_ours(const struct pp_recorder *r, uint32_t node);

#endif
