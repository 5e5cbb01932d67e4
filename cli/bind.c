/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To vfio-pci, and back to the host. */
#include <pcipass/apply.h>

#include "cli.h"

static unsigned int bind_when(const struct options *o)
{
	return (o->now ? PP_BIND_NOW : 0u) | (o->boot ? PP_BIND_AT_BOOT : 0u);
}

static int bind_make_plan(const struct options *o, const char *what,
                          int (*make)(const struct pp_survey *s, const char *what,
                                      unsigned int when, struct pp_plan **ret, struct pp_error *e),
                          struct pp_plan **ret, struct pp_error *e)
{
	struct look l;
	int r = look_open(o, &l, e);

	if (r)
		return r;
	r = make(l.survey, what, bind_when(o), ret, e);
	look_close(&l);
	return r;
}

static enum exit_code run_bind(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;

	if (!may_change_host())
		return EXIT_UNSURE;
	if (bind_make_plan(o, argv[0], pp_apply_bind_plan, &plan, &e))
		return complain(&e);
	enum exit_code code = show_and_apply(o, plan, NULL);
	pp_plan_free(plan);
	return code;
}

static enum exit_code run_unbind(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;
	bool nothing;

	if (!may_change_host())
		return EXIT_UNSURE;
	if (bind_make_plan(o, argv[0], pp_apply_unbind_plan, &plan, &e))
		return complain(&e);
	enum exit_code code = show_and_apply(o, plan, &nothing);
	pp_plan_free(plan);
	if (!nothing)
		return code;
	warn("%s: nothing to change: %s", argv[0],
	     !(bind_when(o) & PP_BIND_AT_BOOT) && bind_when(o) ? "it is not bound to vfio-pci"
	     : bind_when(o) & PP_BIND_NOW || !bind_when(o)
	             ? "it is bound to vfio-pci neither now nor at boot"
	             : "nothing is known to bind it at boot");
	return EXIT_YES;
}

const struct command command_bind = {
	.name = "bind",
	.linux_only = true,
	.arguments = "DEVICE",
	.help = "bind a device to vfio-pci, now and at every boot",
	.takes = TAKES_WHEN | TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_bind,
};

const struct command command_unbind = {
	.name = "unbind",
	.linux_only = true,
	.arguments = "DEVICE",
	.help = "give a device back to its host driver",
	.takes = TAKES_WHEN | TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_unbind,
};
