/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a plan was made for the host that it is to be carried out on, which is read anew. */
#include "apply/steps.h"
#include "host/host.h"

int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	struct pp_source *source;
	struct pp_host *host;

	/* A plan that names no host at all was not made of one. */
	if (!p->product && !p->bios_version && !p->kernel)
		return 0;
	int r = pp_source_open(*a->root ? a->root : NULL, &source, e);
	if (r)
		return r;
	r = pp_host_read(source, &host, e);
	pp_source_free(source);
	if (r)
		return r;
	r = pp_plan_check_host(p, host, e);
	pp_host_free(host);
	return r;
}
