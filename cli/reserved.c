/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass reserved: every reserved region, from the tables and from the kernel. */
#include "cli.h"

static enum exit_code reserved_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct look l;

	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	enum exit_code code = EXIT_YES;
	if (pp_report_reserved(l.host, argc ? argv[0] : NULL, &style, sink_stdout(), &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	else if (pp_host_table_error(l.host, &e) || pp_host_table_denied(l.host))
		code = EXIT_UNSURE;
	look_close(&l);
	return code;
}

static const struct option_help reserved_options[] = {
	{ "all", "show also the interrupt window of each group" },
	{ 0 },
};

const struct command command_reserved = {
	.name = "reserved",
	.arguments = "[DEVICE]",
	.help = "list the reserved memory regions and their devices",
	.max_arguments = 1,
	.options = reserved_options,
	.takes = TAKES_FROM | TAKES_JSON | TAKES_ALL | TAKES_COLOR,
	.run = reserved_run,
	.reads = true,
};
