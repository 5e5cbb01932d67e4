/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass check: one line and the exit status. */
#include "cli.h"

static enum exit_code check_code_of(enum pp_verdict v)
{
	switch (v) {
	case PP_VERDICT_ASSIGNABLE:
	case PP_VERDICT_CARE:
		return EXIT_YES;
	case PP_VERDICT_UNKNOWN:
		return EXIT_UNSURE;
	default:
		return EXIT_NO;
	}
}

static enum exit_code check_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	enum pp_verdict verdict;
	enum exit_code code;
	struct look l;

	if (is_for_all_kernels(o))
		return complain_usage("check --kernel: need one release, such as 7.3");
	if (look_open_at(o, argv[0], &l, &e))
		return complain(&e);
	style.targets = look_for_all(o) ? l.surveys : NULL;
	if (pp_report_check(l.survey, argv[0], &style, sink_stdout(), &verdict, &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	else
		code = check_code_of(verdict);
	look_close(&l);
	return code;
}

const struct command command_check = {
	.name = "check",
	.arguments = "DEVICE",
	.help = "print the verdict in one line, and set the exit status",
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_JSON | TAKES_KERNEL,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = check_run,
	.reads = true,
};
