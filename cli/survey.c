/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass without a command: every device with its verdict. */
#include "cli.h"

static enum exit_code survey_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct look l;

	const bool with_table = o->columns || o->noheadings || o->filter || o->sort;

	if (o->json && (with_table || o->list_columns))
		return complain_usage("JSON has no columns: it has all fields");
	if (o->list_columns) {
		if (pp_report_columns(&style, sink_stdout(), &e) || flush_stdout(&e))
			return complain(&e);
		return EXIT_YES;
	}
	if (is_for_all_kernels(o))
		return with_table ? complain_usage("--kernel all has a table of its own")
		                  : kernels_compare(o, NULL);
	if (look_for_all(o) && (o->filter || o->sort))
		return complain_usage("--for all has a table of its own");
	if (look_open(o, &l, &e))
		return complain(&e);
	enum exit_code code = EXIT_YES;
	int r = look_for_all(o) ? pp_report_targets(l.surveys, &style, sink_stdout(), &e)
	                        : pp_report_survey(l.survey, &style, sink_stdout(), &e);
	if (r || flush_stdout(&e))
		code = complain(&e);
	else if (pp_survey_count(l.survey, PP_VERDICT_UNKNOWN))
		code = EXIT_UNSURE;
	for (int t = 1; code == EXIT_YES && look_for_all(o) && t < PP_TARGET_COUNT; t++)
		if (pp_survey_count(l.surveys[t], PP_VERDICT_UNKNOWN))
			code = EXIT_UNSURE;
	if (code == EXIT_YES && pp_host_table_error(l.host, &e))
		code = EXIT_UNSURE;
	look_close(&l);
	return code;
}

static const struct option_help survey_options[] = {
	{ "all", "show also bridges, all notes, and chipset devices" },
	{ 0 },
};

const struct command command_survey = {
	.name = "survey",
	.help = "list every device with verdict and reasons (the default)",
	.options = survey_options,
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_JSON | TAKES_ALL | TAKES_COLOR | TAKES_COLUMNS |
	         TAKES_LIST_COLUMNS | TAKES_NO_HEADINGS | TAKES_FILTER | TAKES_SORT | TAKES_KERNEL,
	.run = survey_run,
	.examples = "  $ pcipass survey --filter 'verdict=blocked*' --sort driver,group\n"
		    "  $ pcipass survey --columns ADDRESS,VERDICT,REASON\n"
		    "  $ pcipass survey --columns +ID --noheadings | grep blocked\n"
		    "  $ pcipass survey --kernel all     what another kernel would change\n",
};
