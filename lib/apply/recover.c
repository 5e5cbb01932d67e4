/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an attach that was killed left, put back before anything else is done. */
#include "apply/recover.h"
#include "attach/leftover.h"

static void say_of_apply(void *ctx, const char *line)
{
	pp_apply_say(ctx, "%s", line);
}

int pp_apply_recover(struct pp_apply *a, bool *ret, struct pp_error *e)
{
	struct pp_leftover_options o = { .dry_run = a->options && a->options->dry_run,
		                         .say = say_of_apply,
		                         .ctx = a };

	*ret = false;
	/* Only root attaches. Where nothing was applied or left, nothing is made. */
	if (!a->sys->ops->is_privileged(a->sys) || (a->lock.fd < 0 && !pp_leftover_exists(a->sys)))
		return 0;
	int r = pp_leftover_lock(a->sys, o.dry_run, &a->attach_lock, e);
	return r ? r : pp_leftover_put_back(a->sys, &o, ret, e);
}
