/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pcipass/apply.h>

#include "cli.h"

static enum exit_code run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;
	struct look l;

	if (look_open(o, &l, &e))
		return complain(&e);
	int r = pp_apply_bind_plan(l.survey, argv[0], &plan, &e);
	look_close(&l);
	if (r)
		return complain(&e);
	return show_and_apply(o, plan);
}

const struct command command_bind = {
	.name = "bind",
	.arguments = "DEVICE",
	.help = "bind it to vfio-pci, now and at every boot",
	.takes = TAKES_WHEN | TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run,
};
