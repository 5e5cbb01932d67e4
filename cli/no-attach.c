/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify --attach where there is no VFIO. */
#include "cli.h"

enum exit_code verify_attach(const struct options *o, const struct pp_host *h)
{
	return complain_near("verify --attach works on Linux only");
}
