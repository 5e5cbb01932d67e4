/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass groups: the IOMMU groups, or those that the kernel would make. */
#include "cli.h"

static enum exit_code groups_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct look l;

	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	enum exit_code code = EXIT_YES;
	if (pp_report_groups(l.host, o->computed, &style, sink_stdout(), &e) || flush_stdout(&e))
		code = complain(&e);
	look_close(&l);
	return code;
}

const struct command command_groups = {
	.name = "groups",
	.help = "list the IOMMU groups, or those the kernel would make",
	.takes = TAKES_FROM | TAKES_JSON | TAKES_COMPUTED | TAKES_COLOR,
	.run = groups_run,
	.reads = true,
};
