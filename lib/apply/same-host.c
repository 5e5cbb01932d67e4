/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a plan or a journal is this host's, which is read anew; and which devices it still has.
 */
#include "apply/steps.h"
#include "host/host.h"

int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, const char *otherwise,
                        struct pp_error *e)
{
	struct pp_host *host;

	/* A plan that names no host at all was not made of one. */
	if (!p->host.product && !p->host.bios_version && !p->host.kernel)
		return 0;
	int r = pp_apply_read_host(a, &host, e);
	if (r)
		return r;
	r = pp_plan_check_host(p, host, e);
	pp_host_free(host);
	if (r == -EBUSY)
		pp_fail_suffix(e, otherwise);
	return r;
}
