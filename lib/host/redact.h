/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture leaves out of the files that it holds. */
#ifndef PP_HOST_REDACT_H
#define PP_HOST_REDACT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

struct pp_source;

/*
 * What a capture keeps of a file: a row for each that a survey reads says it. What names a machine,
 * a person or a network and decides nothing is left out, and a file without a row is left out as a
 * whole
 * (-ENOENT). Fits pp_record_filter.
 */
int pp_redact(void *ctx, const char *path, struct pp_span *content, struct pp_arena *a,
              struct pp_error *e);

/* The paths of a row, '*' for what has no slash and "**" for anything; NULL behind the last row. */
const char *pp_redact_pattern(size_t row);

/* Whether the text of a link may be kept. Fits pp_record_link. */
bool pp_redact_link(const char *path, struct pp_span text);

/*
 * The names that files have in a capture; made of a recorder that was asked everything, in an
 * arena, which has to outlive them. -ENOMEM.
 */
struct pp_redact_names;
int pp_redact_names_new(struct pp_source *recorder, struct pp_arena *a,
                        struct pp_redact_names **ret);
/* Fits pp_record_name; ctx: the names. */
int pp_redact_name(void *ctx, const char *path, const char **ret);

#endif
