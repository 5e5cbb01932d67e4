/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's settings: looking at them, comparing, changing. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define LOOKS  (TAKES_STORE | TAKES_SCHEMA | TAKES_VERBOSE)
#define WRITES (LOOKS | TAKES_JSON | TAKES_DRY_RUN | TAKES_YES)

static int check_schema_name(const struct options *o, struct pp_error *e)
{
	if (!o->schema || *o->schema)
		return 0;
	e->code = EINVAL;
	snprintf(e->text, sizeof(e->text), "--schema: empty file name");
	return -EINVAL;
}

/* Store, schema and all settings. */
static int settings_open(const struct options *o, bool may_write, struct pp_settings **ret,
                         struct pp_error *e)
{
	struct pp_settings_options options = { .store = o->store,
		                               .may_write = may_write,
		                               .name = device_name };
	struct pp_settings *s;

	if (check_schema_name(o, e) || pp_settings_open(&options, &s, e))
		return -e->code;
	if (*pp_settings_recovered(s))
		warn("%s", pp_settings_recovered(s));
	if (pp_settings_schema(s, o->schema, e) || pp_settings_read(s, e)) {
		pp_settings_close(s);
		return -e->code;
	}
	*ret = s;
	return 0;
}

static void settings_tell(void *ctx, const char *text)
{
	(void)ctx;
	warn("%s", text);
}

static void tell_remarks(const struct options *o, const struct pp_settings *s,
                         enum pp_settings_detail detail)
{
	fflush(stdout);
	pp_settings_remarks(s, o->verbose ? PP_SETTINGS_EVERYTHING : detail, settings_tell, NULL);
}

/* Settings that are for other machines: to a wish that is a no, to a look no answer. */
static enum exit_code settings_refuse(const struct pp_error *e, bool wish)
{
	enum exit_code code = complain(e);

	return e->code == EPERM && wish ? EXIT_NO : code;
}

/* All of them, or those that are named. */
static enum exit_code run_list(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct pp_settings *s;
	enum exit_code code = offer_driver(o);

	if (code != EXIT_YES)
		return code;
	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (pp_report_settings(s, (const char *const *)argv, (size_t)argc, &style, sink_stdout(),
	                       &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	tell_remarks(o, s, argc ? PP_SETTINGS_ASKED : PP_SETTINGS_ALL_ASKED);
	pp_settings_close(s);
	return code;
}

static int print_document(struct pp_settings *s, struct pp_error *e)
{
	const char *text;
	size_t len;
	int r = pp_settings_document(s, &text, &len, e);

	if (r)
		return r;
	fwrite(text, 1, len, stdout);
	return flush_stdout(e);
}

static enum exit_code run_save(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_settings *s;

	if (argc && strcmp(argv[0], "-"))
		return complain_usage("unexpected argument '%s': -o FILE writes a file", argv[0]);
	if (argc && o->output)
		return complain_usage("settings save: either - or -o FILE");
	enum exit_code code = offer_driver(o);
	if (code != EXIT_YES)
		return code;
	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (o->output && strcmp(o->output, "-"))
		signals_finish_file();
	int r = o->output && strcmp(o->output, "-") ? pp_settings_save(s, o->output, o->force, &e)
	                                            : print_document(s, &e);
	r = output_failed(r, &e);
	tell_remarks(o, s, PP_SETTINGS_ALL_ASKED);
	pp_settings_close(s);
	return r ? complain(&e) : EXIT_YES;
}

/* Only where somebody sits who can answer. */
static bool must_ask(const struct options *o)
{
	return !o->yes && !o->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int settings_show(const struct options *o, const struct pp_settings_plan *plan, bool written,
                         struct pp_error *e)
{
	struct pp_style style = style_of(o);
	int r = pp_report_changes(plan, written, &style, sink_stdout(), e);

	return r ? r : flush_stdout(e);
}

/* "-" is standard input. What is wrong with a file is no wrong use of the command. */
static int plan_file(struct pp_settings *s, const char *path, struct pp_settings_plan **ret,
                     struct pp_error *e)
{
	int r = strcmp(path, "-") ? pp_settings_plan_file(s, path, ret, e) : plan_stdin(s, ret, e);

	if (r == -EINVAL)
		e->code = EBADMSG;
	return r;
}

static enum exit_code run_diff(const struct options *o, int argc, char **argv)
{
	enum exit_code code = offer_driver(o);
	struct pp_error e = { 0 };
	struct pp_settings_plan *plan;
	struct pp_settings *s;

	if (code != EXIT_YES)
		return code;
	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (plan_file(s, argv[0], &plan, &e)) {
		code = complain(&e);
	} else {
		tell_remarks(o, s, PP_SETTINGS_ASKED);
		if (settings_show(o, plan, false, &e))
			code = complain(&e);
		else if (pp_settings_plan_count(plan))
			code = EXIT_NO;
	}
	pp_settings_close(s);
	return code;
}

/* The side effect is shown with the changes, before anybody is asked. */
static enum exit_code settings_carry_out(const struct options *o, struct pp_settings *s,
                                         struct pp_settings_plan *plan)
{
	bool nothing = o->dry_run || !pp_settings_plan_count(plan), asks = must_ask(o);
	struct pp_error e = { 0 };

	tell_remarks(o, s, PP_SETTINGS_ASKED);
	if ((nothing || asks) && settings_show(o, plan, false, &e))
		return complain(&e);
	if (nothing)
		return EXIT_YES;
	if (asks && ask_yes_no("Write these changes?", "nothing was written") != EXIT_YES)
		return EXIT_NO;
	if (pp_settings_write(s, plan, &e))
		return complain(&e);
	if (asks)
		puts("Written; takes effect at the next boot.");
	if (asks ? flush_stdout(&e) : settings_show(o, plan, true, &e)) {
		enum exit_code code = complain(&e);
		warn("the settings have been written; they take effect at the next boot");
		return code;
	}
	return EXIT_YES;
}

static enum exit_code run_set(const struct options *o, int argc, char **argv)
{
	struct pp_settings_plan *plan;
	struct pp_error e = { 0 };
	struct pp_settings *s;

	enum exit_code code = offer_driver(o);
	if (code != EXIT_YES)
		return code;
	if (settings_open(o, !o->dry_run, &s, &e))
		return settings_refuse(&e, true);
	code = pp_settings_plan_set(s, (const char *const *)argv, (size_t)argc, &plan, &e)
	               ? settings_refuse(&e, true)
	               : settings_carry_out(o, s, plan);
	pp_settings_close(s);
	return code;
}

static enum exit_code run_load(const struct options *o, int argc, char **argv)
{
	struct pp_settings_plan *plan;
	struct pp_error e = { 0 };
	struct pp_settings *s;

	enum exit_code code = offer_driver(o);
	if (code != EXIT_YES)
		return code;
	if (settings_open(o, !o->dry_run, &s, &e))
		return settings_refuse(&e, true);
	code = plan_file(s, argv[0], &plan, &e) ? settings_refuse(&e, true)
	                                        : settings_carry_out(o, s, plan);
	pp_settings_close(s);
	return code;
}

static int make_blank(const struct options *o, const char *path, struct pp_error *e)
{
	struct pp_source *source;

	if (check_schema_name(o, e) || source_open(o, &source, e))
		return -e->code;
	int r = pp_settings_blank(source, o->schema, path, o->force, e);
	pp_source_free(source);
	return r;
}

static int make_copy(const struct options *o, const char *path, struct pp_error *e)
{
	struct pp_settings *s;
	int r = settings_open(o, false, &s, e);

	if (r)
		return r;
	r = pp_settings_copy(s, path, o->force, e);
	tell_remarks(o, s, PP_SETTINGS_ALL_ASKED);
	pp_settings_close(s);
	return r;
}

static enum exit_code run_image(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };

	if (o->from && o->store)
		return complain_usage("settings image: either --from, a blank image with that "
		                      "machine's identity, or --store, a copy of it");
	enum exit_code code = o->from ? EXIT_YES : offer_driver(o);
	if (code != EXIT_YES)
		return code;
	int r = o->from ? make_blank(o, argv[0], &e) : make_copy(o, argv[0], &e);
	if (output_failed(r, &e))
		return complain(&e);
	warn("wrote %s%s", argv[0], o->from ? ", all settings zero" : "");
	return EXIT_YES;
}

static const struct option_help settings_help[] = {
	{ "from", "the machine that a blank image is for" },
	{ "output", "write to FILE instead of standard output" },
	{ "verbose", "also report settings that were left out, and warnings" },
	{ 0 },
};

static const struct command list = {
	.name = "settings list",
	.help = "list every setting and its value",
	.options = settings_help,
	.takes = LOOKS | TAKES_JSON,
	.run = run_list,
};

static const struct command get = {
	.name = "settings get",
	.arguments = "NAME...",
	.help = "print NAME=VALUE for each, as set takes it",
	.options = settings_help,
	.takes = LOOKS | TAKES_JSON,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run_list,
};

static const struct command set = {
	.name = "settings set",
	.arguments = "NAME=VALUE...",
	.help = "change settings, all of them or none",
	.options = settings_help,
	.takes = WRITES,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run_set,
};

static const struct command diff = {
	.name = "settings diff",
	.arguments = "FILE",
	.help = "show what loading FILE (-: stdin) would change",
	.options = settings_help,
	.takes = LOOKS | TAKES_JSON,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_diff,
};

static const struct command save = {
	.name = "settings save",
	.arguments = "[-]",
	.help = "all settings as a data file in conrep's format",
	.options = settings_help,
	.takes = LOOKS | TAKES_OUTPUT | TAKES_FORCE,
	.max_arguments = 1,
	.run = run_save,
};

static const struct command load = {
	.name = "settings load",
	.arguments = "FILE",
	.help = "write FILE's settings (-: stdin), all of them or none",
	.options = settings_help,
	.takes = WRITES,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_load,
};

static const struct command image = {
	.name = "settings image",
	.arguments = "FILE",
	.help = "make an image: a copy or, with --from, a blank one",
	.options = settings_help,
	.takes = LOOKS | TAKES_FROM | TAKES_FORCE,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_image,
};

const struct command command_settings = {
	.name = "settings",
	.arguments = "COMMAND",
	.help = "read, compare and change BIOS settings",
	.options = settings_help,
	.takes = WRITES | TAKES_OUTPUT | TAKES_FORCE | TAKES_FROM,
	.family = (const struct command *const[]){ &list, &get, &set, &diff, &save, &load, &image,
	                                           NULL },
};
