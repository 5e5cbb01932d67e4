/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass report: the host as one HTML page. */
#include "cli.h"

struct report {
	const struct look *look;
	struct pp_style style;
};

static int report_print(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	const struct report *r = ctx;

	return pp_report_page(r->look->surveys, &r->style, sink, e);
}

static enum exit_code report_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct options every = *o;
	struct look l;

	if (!o->output)
		return complain_usage("report: need -o FILE, such as -o report.html");
	if (is_for_all_kernels(o))
		return complain_usage("report --kernel: need one release, such as 7.3");
	every.target = "all";
	if (look_open(&every, &l, &e))
		return complain(&e);
	struct report r = { .look = &l, .style = style_of(o) };
	/* A page is for anybody's screen: the same bytes in each terminal. */
	r.style.width = 0;
	r.style.cut = false;
	int written = output_write(o, report_print, &r, &e);
	look_close(&l);
	if (written)
		return complain(&e);
	if (o->output[0] != '-' || o->output[1])
		warn("wrote %s: open it in a browser", o->output);
	return EXIT_YES;
}

static const struct option_help report_options[] = {
	{ "kernel", "for another Linux release" },
	{ "output", "the file to write, such as report.html; -: standard output" },
	{ 0 },
};

const struct command command_report = {
	.name = "report",
	.arguments = "-o FILE",
	.help = "write one HTML page with all verdicts and findings",
	.options = report_options,
	.takes = TAKES_FROM | TAKES_OUTPUT | TAKES_FORCE | TAKES_KERNEL,
	.run = report_run,
	.reads = true,
	.examples = "  $ pcipass report -o report.html\n",
};
