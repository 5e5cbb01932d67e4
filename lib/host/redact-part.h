/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/host: the parts of what a capture leaves out. */
#ifndef PP_HOST_REDACT_PART_H
#define PP_HOST_REDACT_PART_H

#include "base/buffer.h"
#include "base/span.h"

#define REDACT_MAX_BYTES ((size_t)16 * 1024 * 1024)

/* What may be kept of a kernel command line, in one line without its end. */
void pp_redact_command_line(struct pp_span line, struct pp_buffer *b);

/*
 * A kernel's release, "6.12.9-amd64": a part that is neither a number nor a word of a distribution
 * was given by whoever built it, and is written as its checksum. Two releases stay two.
 */
void pp_redact_release(struct pp_span release, struct pp_buffer *b);

/* The lines of modprobe's configuration that decide something, without comments. */
void pp_redact_options(struct pp_span text, struct pp_buffer *b);

/* Whether a file at the path, or below it, has a place in a capture. */
bool pp_redact_takes_path(const char *path);

#endif
