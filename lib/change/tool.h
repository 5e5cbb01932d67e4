/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CHANGE_TOOL_H
#define PP_CHANGE_TOOL_H

#include "change/context.h"

/*
 * The host's own programs (update-grub …): no shell, a fixed PATH and environment, nothing on
 * standard input. With a root of its own a program is looked for below it, and PCIPASS_ROOT names
 * the root to it; it runs on this machine all the same, so such a root is for tests.
 */

/* The whole path of a program by its name, in ret of PATH_MAX bytes; false: the host lacks it. */
bool pp_tool_find(const struct pp_apply *a, const char *name, char *ret);
bool pp_tool_has(const struct pp_apply *a, const char *name);

/*
 * argv ends with NULL. -ENOENT: no such program. -ETIMEDOUT: it was stopped. -ECHILD: it failed;
 * the text has its last lines.
 */
int pp_tool_run(const struct pp_apply *a, const char *const *argv, unsigned int timeout_s,
                struct pp_error *e);

#endif
