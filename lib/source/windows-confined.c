/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows: what strangers wrote is read by the program itself. */
#include <stdio.h>

#include "source/source.h"

int pp_source_open_confined(const struct pp_confined_open *how, struct pp_source **ret,
                            char **notes, struct pp_error *e)
{
	return pp_source_open_unconfined(how, ret, notes, e);
}

void pp_confinement_text(char *buf, size_t size)
{
	snprintf(buf, size, "by this process: Windows has no confinement for it here");
}
