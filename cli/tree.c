/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass tree: the devices below the bridges that lead to them. */
#include "cli.h"

static enum exit_code tree_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	enum exit_code code = EXIT_YES;
	struct look l;

	style.ascii = !locale_is_utf8();
	if (look_for_all(o))
		return complain_usage("tree: need one hypervisor, not --for all");
	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	if (pp_report_tree(l.survey, argc ? argv[0] : NULL, &style, sink_stdout(), &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	look_close(&l);
	return code;
}

static const struct option_help tree_options[] = {
	{ "all", "show also bridges that lead to no device" },
	{ 0 },
};

const struct command command_tree = {
	.name = "tree",
	.arguments = "[DEVICE]",
	.help = "show the devices as a tree with slots, groups, verdicts",
	.max_arguments = 1,
	.options = tree_options,
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_KERNEL | TAKES_ALL | TAKES_COLOR,
	.run = tree_run,
	.reads = true,
};
