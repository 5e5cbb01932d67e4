/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One text that holds the output of several commands. */
#ifndef PP_IMPORT_PARTS_H
#define PP_IMPORT_PARTS_H

#include "import/import.h"

/*
 * Reads each part of the text by its own reader, if it holds texts of several kinds; whole is the
 * reader that knows all of it, or NULL. *ret_any: a part was read; false where the text is of one
 * kind, and where no part of it can be read, which is noted. 0, or what else a reader fails with.
 */
int pp_import_parts(struct pp_import *in, const struct pp_reader *whole, struct pp_span text,
                    bool *ret_any, struct pp_error *e);

#endif
