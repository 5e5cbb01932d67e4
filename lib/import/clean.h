/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a text went through on its way is taken out of it, before a reader sees it. */
#ifndef PP_IMPORT_CLEAN_H
#define PP_IMPORT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/*
 * What mails, forums, web pages, terminals and Windows add: quotation marks, entities and tags,
 * colours, blanks that do not break, CR. In place; how long the text is then.
 */
size_t pp_import_clean(char *text, size_t len);

/* The text of UTF-16, or as it is, in text, which has room for in.len bytes; how many it has. */
size_t pp_import_narrow(struct pp_span in, char *text);

/*
 * Takes off what all lines begin with: their numbers, a list's mark, the name of a file as grep
 * writes it. In place; how long the text is then, which is left alone where lines begin
 * differently.
 */
size_t pp_import_unmark(char *text, size_t len);

#endif
