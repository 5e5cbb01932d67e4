/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The programs of the machine that an apply works on. */
#ifndef PP_TXN_TOOL_H
#define PP_TXN_TOOL_H

#include "txn/context.h"

static inline bool pp_tool_find(const struct pp_apply *a, const char *name, char *ret)
{
	return pp_sys_find_program(a->sys, name, ret);
}

static inline bool pp_tool_has(const struct pp_apply *a, const char *name)
{
	return pp_sys_has_program(a->sys, name);
}

static inline int pp_tool_run(const struct pp_apply *a, const char *const *argv,
                              unsigned int timeout_s, struct pp_error *e)
{
	return pp_sys_run(a->sys, argv, timeout_s, &a->lock, e);
}

#endif
