/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EFI variables as files of efivarfs, or of a plain directory that stands for it. */
#ifndef PP_SYS_VARIABLE_H
#define PP_SYS_VARIABLE_H

#include <stdbool.h>

#include "base/span.h"

/* Whether this system shows the variables of its firmware as files. */
extern const bool pp_variables_are_files;

/*
 * Makes or replaces a variable by one write() of the whole file, attributes and content; synced.
 * The kernel makes each variable immutable: that is taken off for the write. -errno; one that was
 * made by a write that failed is removed again.
 */
int pp_variable_write(const char *path, struct pp_span bytes);
/* Removes one, immutable or not; 0 as well where there is none. -errno. */
int pp_variable_remove(const char *path);

#endif
