/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans, shows, asks and carries out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static int free_make_plan(const struct options *o, const char *request, struct pp_plan **ret,
                          struct pp_error *e)
{
	struct pp_plan_options options = { .remedy = o->by, .store = o->store };
	struct look l;
	int r = look_open(o, &l, e);

	if (r)
		return r;
	r = pp_plan_new(l.survey, request, &options, ret, e);
	look_close(&l);
	return r;
}

static int free_print_plan(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	const struct pp_style style = { .format = PP_FORMAT_JSON };

	return pp_report_plan(ctx, PP_PLAN_OFFERED, &style, sink, e);
}

bool is_for_later(const struct options *o)
{
	return o->dry_run || o->output;
}

/* To the end: the file is written, or the host is as the plan wants it. */
static enum exit_code free_work(const struct options *o, const struct pp_plan *p)
{
	struct pp_error e = { 0 };

	if (o->output) {
		if (output_write(o, free_print_plan, (void *)p, &e))
			return complain(&e);
		if (!strcmp(o->output, "-"))
			return EXIT_YES;
		warn("wrote %s", o->output);
	}
	if (!is_for_later(o) && pp_plan_steps(p))
		return show_and_apply(o, p, NULL);
	enum exit_code code = plan_show(o, p);
	/* The report says what is left to a person. Who only looks has to know as well: the server
	 * may be drained next. */
	bool by_hand = !pp_plan_steps(p) && pp_plan_instructions(p);
	return code == EXIT_YES && !o->output && by_hand ? EXIT_NO : code;
}

/* Where there is no plan, "explain" has the reasons. */
static enum exit_code free_complain(const struct options *o, const char *request,
                                    const struct pp_error *e)
{
	enum exit_code code = complain(e);

	if (request && (code == EXIT_NO || code == EXIT_UNSURE))
		warn("next: %s explain %s", style_of(o).command, request);
	return code;
}

static enum exit_code free_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;

	if (argc && o->plan)
		return complain_usage("free: DEVICE and --plan FILE exclude each other");
	if (!argc && !o->plan)
		return complain_usage("free: need DEVICE or --plan FILE");
	if (o->plan && (o->by || o->store || is_another_host(o) || o->output))
		return complain_usage(
			"free --plan: --by, --store, --from and -o are for making a plan");
	if (is_another_host(o) && !o->dry_run && !o->output)
		return complain_usage(
			"free --from: cannot change another host; add --dry-run or -o FILE");
	if (o->kernel && (!o->dry_run || o->output || o->plan || is_for_all_kernels(o)))
		return complain_usage(
			"free --kernel: that kernel does not run here; need --dry-run "
			"and one release, such as 7.3");
	if (!is_for_later(o) && !may_change_host())
		return EXIT_UNSURE;
	if (o->plan ? plan_load(o->plan, &plan, &e) : free_make_plan(o, argv[0], &plan, &e))
		return free_complain(o, argc ? argv[0] : NULL, &e);
	enum exit_code code = free_work(o, plan);
	pp_plan_free(plan);
	return code;
}

static const struct option_help free_options[] = {
	{ "from", "plan for a capture or directory; with --dry-run or -o" },
	{ "kernel", "plan as for another Linux release; with --dry-run" },
	{ "output", "write the plan to FILE (-: standard output)" },
	{ "plan", "carry out the plan in FILE" },
	{ "store", "where the BIOS settings are: efivars or hp:PROGRAM" },
	{ 0 },
};

const struct command command_free = {
	.name = "free",
	.arguments = "DEVICE\n--plan FILE",
	.help = "show what would free a device, ask, and do it",
	.options = free_options,
	.takes = TAKES_FROM | TAKES_JSON | TAKES_COLOR | TAKES_OUTPUT | TAKES_FORCE |
	         TAKES_DRY_RUN | TAKES_YES | TAKES_BY | TAKES_PLAN | TAKES_STORE | TAKES_KERNEL,
	.max_arguments = 1,
	.run = free_run,
	.reads = true,
};
