/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firmware table without what holds a device. */
#include <errno.h>
#include <pcipass/apply.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static void override_say(void *ctx, const char *line)
{
	puts(line);
}

static int plan_override(const struct look *l, const char *request, struct pp_plan **ret,
                         struct pp_error *e)
{
	struct pp_plan_options options = { .remedy = "table-override" };

	return pp_plan_new(l->survey, request, &options, ret, e);
}

struct override_output {
	const struct pp_plan *plan;
	struct pp_source *source;
	enum pp_apply_form form;
};

static int override_print(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	const struct override_output *out = ctx;

	return pp_apply_build(out->plan, out->source, out->form, sink, e);
}

/* FILE.cpio is the archive, anything else the bare table. */
static int write_table(const struct options *o, const struct look *l, const struct pp_plan *p,
                       struct pp_error *e)
{
	size_t len = strlen(o->output);
	bool archive = len > 5 && !strcmp(o->output + len - 5, ".cpio");
	struct override_output out = { p, l->source, archive ? PP_APPLY_ARCHIVE : PP_APPLY_TABLE };

	int r = output_write(o, override_print, &out, e);
	if (!r && strcmp(o->output, "-"))
		warn("wrote %s", o->output);
	return r;
}

static enum exit_code run_build(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;
	struct look l;

	if (!o->output)
		return complain_usage("override build: need -o FILE.cpio for an archive for an "
		                      "initrd, or -o with another name for the bare table");
	if (look_open_with_source(o, &l, &e))
		return complain(&e);
	int r = plan_override(&l, argv[0], &plan, &e);
	if (!r) {
		r = write_table(o, &l, plan, &e);
		pp_plan_free(plan);
	}
	look_close(&l);
	return r ? complain(&e) : EXIT_YES;
}

static enum exit_code run_install(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_plan *plan;
	struct look l;

	if (!may_change_host())
		return EXIT_UNSURE;
	if (look_open(o, &l, &e))
		return complain(&e);
	int r = plan_override(&l, argv[0], &plan, &e);
	look_close(&l);
	if (r)
		return complain(&e);
	enum exit_code code = show_and_apply(o, plan, NULL);
	pp_plan_free(plan);
	return code;
}

static enum exit_code run_status(const struct options *o, int argc, char **argv)
{
	struct pp_apply_options options = { .say = override_say };
	struct pp_error e = { 0 };
	bool in_effect;

	if (pp_apply_override_status(&options, &in_effect, &e) || flush_stdout(&e))
		return complain(&e);
	return in_effect ? EXIT_YES : EXIT_NO;
}

static enum exit_code run_remove(const struct options *o, int argc, char **argv)
{
	struct pp_apply_options options = { .say = override_say };
	struct pp_error e = { 0 }, ignored;
	enum pp_apply_state state;
	bool booted;

	if (!may_change_host())
		return EXIT_UNSURE;
	int r = pp_apply_override_remove(&options, &e);
	bool known = !pp_apply_status(&options, &state, &booted, NULL, &ignored);
	if (apply_had_nothing(r, !known || state == PP_APPLY_PARTLY || state == PP_APPLY_DONE,
	                      "remove", &e))
		return EXIT_YES;
	return r ? complain(&e) : EXIT_YES;
}

static const struct option_help override_help[] = {
	{ "from", "build a table for a capture or directory" },
	{ "output", "the file: FILE.cpio for an initrd, else the bare table" },
	{ 0 },
};

static const struct command build = {
	.name = "override build",
	.arguments = "DEVICE",
	.help = "write the table to the file that -o names",
	.options = override_help,
	.takes = TAKES_FROM | TAKES_OUTPUT | TAKES_FORCE,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_build,
	.reads = true,
};

static const struct command install = {
	.name = "override install",
	.linux_only = true,
	.arguments = "DEVICE",
	.help = "add the table to this host's initrds",
	.takes = TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_install,
};

static const struct command status = {
	.name = "override status",
	.linux_only = true,
	.help = "check whether the running kernel uses it; exit 1: no",
	.run = run_status,
};

static const struct command remove_it = {
	.name = "override remove",
	.linux_only = true,
	.help = "remove the table again",
	.run = run_remove,
};

const struct command command_override = {
	.name = "override",
	.arguments = "COMMAND",
	.help = "replace a firmware table by one without a device",
	.options = override_help,
	.takes = TAKES_FROM | TAKES_OUTPUT | TAKES_FORCE | TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR,
	.family = (const struct command *const[]){ &build, &install, &status, &remove_it, NULL },
};
