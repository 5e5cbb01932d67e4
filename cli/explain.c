/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass explain: everything about a device, slot or group. */
#include "cli.h"

static enum exit_code explain_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct look l;

	if (look_open(o, &l, &e))
		return complain(&e);
	enum exit_code code = EXIT_YES;
	if (pp_report_explain(l.survey, argv[0], &style, sink_stdout(), &e) || flush_stdout(&e))
		code = complain(&e);
	look_close(&l);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "DEVICE",
	.help = "all about a device: reasons, evidence, remedies",
	.takes = TAKES_FROM | TAKES_JSON | TAKES_COLOR,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = explain_run,
};
