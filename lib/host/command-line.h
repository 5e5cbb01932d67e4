/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a kernel command line, as the kernel itself divides it (lib/cmdline.c). */
#ifndef PP_HOST_COMMAND_LINE_H
#define PP_HOST_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/*
 * Where a word ends: lib/ctype.c has 0xa0 among them, a space of Latin-1 that does not break lines.
 * In UTF-8 it is the second byte of that space, as it comes along from web pages, and of "à".
 */
bool pp_command_line_is_blank(uint8_t c);
/*
 * The next word for the kernel as it is written, with its quotation marks; blanks between double
 * quotes do not end it. false: no more, or "--" is next, behind which all is for init.
 */
bool pp_command_line_next(struct pp_span *rest, struct pp_span *ret);
/* The kernel gets this word: "quiet", "intel_iommu=on"; quotation marks do not matter. */
bool pp_command_line_has(const char *line, const char *word);
/*
 * Where one more word for the kernel goes: before "--", or behind the last word. false: a quotation
 * mark is not closed, and would swallow it.
 */
bool pp_command_line_end(const char *line, size_t *ret);
/* "--" is in it. */
bool pp_command_line_has_rest(const char *line);

#endif
