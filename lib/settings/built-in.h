/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schemas that are compiled in, by name. */
#ifndef PP_SETTINGS_BUILT_IN_H
#define PP_SETTINGS_BUILT_IN_H

#include "base/span.h"

#define PP_BUILT_IN_RMRDS "rmrds.xml"

struct pp_built_in {
	const char *name;
	struct pp_span bytes;
};

/*
 * The schema of that name. "conrep_rmrds.xml", as HP's file for the same settings is called, means
 * ours too. NULL: none.
 */
const struct pp_built_in *pp_built_in_find(const char *name);

#endif
