/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what strangers wrote in the process that asks for it. */
#include <stdlib.h>
#include <string.h>

#include "source/source.h"

int pp_source_open_unconfined(const struct pp_confined_open *how, struct pp_source **ret,
                              char **notes, struct pp_error *e)
{
	struct pp_source *source = NULL;
	const char *said = NULL;
	int r = how->open(how->ctx, &source, &said, e);

	*notes = NULL;
	if (r)
		return r;
	if (said && *said && !(*notes = strdup(said))) {
		pp_source_free(source);
		return pp_fail_oom(e, "notes");
	}
	*ret = source;
	return 0;
}
