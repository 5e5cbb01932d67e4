/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass explain: everything about a device, slot or group. */
#include <stdio.h>

#include "cli.h"

static enum exit_code explain_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct look l;

	if (o->log)
		return explain_log(o, argc, argv);
	if (!argc)
		return complain_usage("explain needs DEVICE, or --log");
	if (argc > 1)
		return complain_usage("unexpected argument '%s'", argv[1]);
	if (is_for_all_kernels(o))
		return kernels_compare(o, argv[0]);
	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	enum exit_code code = EXIT_YES;
	/* One document holds all targets; for people each has its own part. */
	if (look_for_all(o) && o->json)
		style.targets = l.surveys;
	int r = pp_report_explain(l.survey, argv[0], &style, sink_stdout(), &e);
	for (int t = 1; !r && look_for_all(o) && !o->json && t < PP_TARGET_COUNT; t++) {
		puts("");
		r = pp_report_explain(l.surveys[t], argv[0], &style, sink_stdout(), &e);
	}
	if (r || flush_stdout(&e))
		code = complain(&e);
	look_close(&l);
	return code;
}

static const struct option_help explain_options[] = {
	{ "kernel", "verdict for another Linux release, or for all" },
	{ "verbose", "show all evidence, and where the kernel decides" },
	{ 0 },
};

const struct command command_explain = {
	.name = "explain",
	.arguments = "DEVICE\n--log [TEXT | FILE | -]",
	.help = "show everything about a device; or what a log says",
	.options = explain_options,
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_JSON | TAKES_COLOR | TAKES_KERNEL | TAKES_LOG |
	         TAKES_VERBOSE,
	.max_arguments = MAX_WORDS,
	.run = explain_run,
	.reads = true,
};
