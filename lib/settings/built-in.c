/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schemas that are compiled in, by name. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rmrds-bytes.h"
#include "settings/built-in.h"

static const struct pp_built_in rmrds = {
	.name = PP_BUILT_IN_RMRDS,
	.bytes = { .data = rmrds_bytes, .len = sizeof(rmrds_bytes) },
};

const struct pp_built_in *pp_built_in_find(const char *name)
{
	static const char *const names[] = { PP_BUILT_IN_RMRDS, "conrep_rmrds.xml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return &rmrds;
	return NULL;
}
