/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host as a source, for Windows. */
#include "source/fsroot.h"

int pp_live_new(struct pp_source **ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "this build for Windows reads captures only: need --from FILE");
}
