/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass status: what pcipass has changed on this host, from its journal. */
#include <errno.h>
#include <pcipass/apply.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What there is to do about it: one sentence that ends in something to type. */
static const char *status_next(enum pp_apply_state state, bool reboot, bool booted)
{
	if (state == PP_APPLY_PARTLY)
		return "pcipass apply --resume continues it, pcipass undo undoes it";
	if (reboot && !booted)
		return "reboot, then pcipass verify checks that it worked; pcipass undo undoes it";
	return "pcipass verify checks that it works; pcipass undo undoes it";
}

static enum exit_code status_show(const struct options *o, const struct pp_plan *p,
                                  enum pp_apply_state state, bool booted)
{
	bool reboot = pp_plan_needs_reboot(p);
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 };

	printf("%s\n\n", state == PP_APPLY_PARTLY ? "Interrupted while this was applied:"
	                 : !reboot                ? "Applied:"
	                 : booted                 ? "Applied, and the host has been rebooted since:"
	                          : "Applied, but the host has not been rebooted since:");
	if (pp_report_plan(p, PP_PLAN_APPLIED, &style, sink_stdout(), &e))
		return complain(&e);
	printf("\nNext: %s\n", status_next(state, reboot, booted));
	return flush_stdout(&e) ? complain(&e) : EXIT_YES;
}

static enum exit_code status_none(void)
{
	struct pp_error e = { 0 };

	puts("pcipass has changed nothing on this host that is still in place.\n"
	     "Next: pcipass");
	return flush_stdout(&e) ? complain(&e) : EXIT_NO;
}

static enum exit_code status_write(const struct options *o, const struct pp_plan *p,
                                   enum pp_apply_state state, bool booted)
{
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 };

	if (pp_report_status(p, state == PP_APPLY_PARTLY, booted, &style, sink_stdout(), &e) ||
	    flush_stdout(&e))
		return complain(&e);
	return p ? EXIT_YES : EXIT_NO;
}

static enum exit_code status_run(const struct options *o, int argc, char **argv)
{
	struct pp_plan *plan = NULL;
	struct pp_error e = { 0 };
	enum pp_apply_state state;
	bool booted = false;

	int r = pp_apply_status(NULL, &state, &booted, &plan, &e);
	if ((r == -EACCES || r == -EPERM) && geteuid()) {
		size_t n = strlen(e.text);
		snprintf(e.text + n, sizeof(e.text) - n, "; %s", how_to_get_rights());
	}
	if (r)
		return complain(&e);
	enum exit_code code;
	bool applied = (state == PP_APPLY_DONE || state == PP_APPLY_PARTLY) && plan;
	if (o->json)
		code = status_write(o, applied ? plan : NULL, state, booted);
	else
		code = applied ? status_show(o, plan, state, booted) : status_none();
	pp_plan_free(plan);
	return code;
}

const struct command command_status = {
	.name = "status",
	.help = "show what pcipass has changed on this host",
	.takes = TAKES_COLOR | TAKES_JSON,
	.run = status_run,
};
