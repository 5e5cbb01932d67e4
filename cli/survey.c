/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass without a command: every device with its verdict. */
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool survey_is_table(const struct options *o)
{
	return o->columns || o->noheadings || o->filter || o->sort;
}

/* What output_write() hands on. */
struct survey_output {
	const struct options *o;
	const struct look *l;
	struct pp_style style;
};

static int survey_report(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	const struct survey_output *p = ctx;

	return look_for_all(p->o) ? pp_report_targets(p->l->surveys, &p->style, sink, e)
	                          : pp_report_survey(p->l->survey, &p->style, sink, e);
}

static int survey_print(const struct options *o, const struct look *l, const char *host,
                        struct pp_error *e)
{
	struct survey_output p = { .o = o, .l = l, .style = style_of(o) };
	struct options to = *o;

	p.style.host = host;
	to.output = o->output ? o->output : "-";
	return output_write(&to, survey_report, &p, e);
}

static bool survey_is_unsure(const struct options *o, const struct look *l)
{
	struct pp_error e = { 0 };
	bool unsure = pp_survey_count(l->survey, PP_VERDICT_UNKNOWN);

	for (int t = 1; look_for_all(o) && t < PP_TARGET_COUNT; t++)
		unsure |= pp_survey_count(l->surveys[t], PP_VERDICT_UNKNOWN) > 0;
	return unsure || pp_host_table_error(l->host, &e);
}

static enum exit_code survey_one(const struct options *o, const char *host)
{
	struct pp_error e = { 0 };
	struct look l;

	if (is_for_all_kernels(o))
		return survey_is_table(o) ? complain_usage("--kernel all has a table of its own")
		                          : kernels_compare(o, NULL);
	if (look_open(o, &l, &e))
		return complain(&e);
	pager_begin(o);
	enum exit_code code = survey_print(o, &l, host, &e) ? complain(&e)
	                      : survey_is_unsure(o, &l)     ? EXIT_UNSURE
	                                                    : EXIT_YES;
	look_close(&l);
	return code;
}

static enum exit_code survey_run(const struct options *o, int argc, char **argv)
{
	struct pp_host_list *list = NULL;
	struct pp_error e = { 0 };
	bool many = false;

	if (o->json && (survey_is_table(o) || o->list_columns))
		return complain_usage("JSON has no columns: it has all fields");
	if (o->list_columns) {
		struct pp_style style = style_of(o);
		if (pp_report_columns(&style, sink_stdout(), &e) || flush_stdout(&e))
			return complain(&e);
		return EXIT_YES;
	}
	if ((o->prometheus || o->nfd) &&
	    (o->json || survey_is_table(o) || (o->nfd && o->prometheus)))
		return complain_usage("--%s takes no other format, and nothing of a table",
		                      o->nfd ? "nfd" : "prometheus");
	if ((o->prometheus || o->nfd) && is_for_all_kernels(o))
		return complain_usage("--kernel all has a table of its own");
	if (argc && !o->from)
		return access(argv[0], F_OK)
		               ? complain_usage("unexpected argument '%s'", argv[0])
		               : complain_near(
					 "unexpected argument '%s': hosts are given with --from; "
					 "try pcipass survey --from %s",
					 argv[0], argv[0]);
	if (is_another_host(o) && strncmp(o->from, "live:", 5) &&
	    fleet_list(o, argc, argv, &list, &many, &e))
		return complain(&e);
	if (many && o->nfd) {
		pp_host_list_free(list);
		return complain_usage("--%s: need one host, not its result nor several", "nfd");
	}
	if (!many && (o->nfd || o->prometheus)) {
		pp_host_list_free(list);
		return fleet_survey(o, NULL);
	}
	enum exit_code code = many ? fleet_survey(o, list)
	                           : survey_one(o, list ? pp_host_list_name(list, 0) : "localhost");
	pp_host_list_free(list);
	return code;
}

static const struct option_help survey_options[] = {
	{ "kernel", "verdict for another Linux release, or for all" },
	{ "all", "show also bridges, all notes, and chipset devices" },
	{ 0 },
};

const struct command command_survey = {
	.name = "survey",
	.arguments = "[PATH]...",
	.help = "list every device with verdict and reasons (the default)",
	.options = survey_options,
	.takes = TAKES_FROM | TAKES_TARGET | TAKES_JSON | TAKES_ALL | TAKES_COLOR | TAKES_COLUMNS |
	         TAKES_LIST_COLUMNS | TAKES_OUTPUT | TAKES_FORCE | TAKES_NO_HEADINGS |
	         TAKES_FILTER | TAKES_SORT | TAKES_KERNEL,
	.max_arguments = MAX_WORDS,
	.run = survey_run,
	.reads = true,
	.examples = "  $ pcipass survey --filter 'verdict=blocked*' --sort driver,group\n"
		    "  $ pcipass survey --columns ADDRESS,VERDICT,REASON\n"
		    "  $ pcipass survey --columns +ID --noheadings | grep blocked\n"
		    "  $ pcipass survey --kernel all     what another kernel would change\n"
		    "  $ pcipass survey --from hosts     one table of all hosts in a directory\n",
};
