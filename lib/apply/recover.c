/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an attach that was killed left, put back before anything else is done. */
#include "apply/recover.h"
#include "attach/leftover.h"

static void say_of_apply(void *ctx, const char *line)
{
	pp_apply_say(ctx, "%s", line);
}

static int clear(struct pp_apply *a, struct pp_system *s, bool *ret, struct pp_error *e)
{
	struct pp_leftover_options o = { .dry_run = a->options && a->options->dry_run,
		                         .say = say_of_apply,
		                         .ctx = a };

	/* Where nothing was applied or left, nothing is made. */
	if (a->lock.fd < 0 && !pp_leftover_exists(s))
		return 0;
	int r = pp_leftover_lock(s, o.dry_run, &a->attach_lock, e);
	return r ? r : pp_leftover_put_back(s, &o, ret, e);
}

int pp_apply_recover(struct pp_apply *a, bool *ret, struct pp_error *e)
{
	struct pp_system *s = a->settings->system;

	*ret = false;
	if (s)
		return clear(a, s, ret, e);
	if (*a->root)
		return 0;
	int r = pp_system_new(&s, e);
	if (r)
		return r;
	r = clear(a, s, ret, e);
	pp_system_free(s);
	return r;
}
