/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's settings: looking at them, comparing, changing. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define DEFAULT_SCHEMA "rmrds.xml"
#define LOOKS          (TAKES_STORE | TAKES_SCHEMA)
#define WRITES         (LOOKS | TAKES_JSON | TAKES_DRY_RUN | TAKES_YES)

static int schema_of(const struct options *o, const char **ret, struct pp_error *e)
{
	const char *name = o->schema ? o->schema : DEFAULT_SCHEMA;

	if (!*name) {
		e->code = EINVAL;
		snprintf(e->text, sizeof(e->text), "--schema: a file without a name");
		return -EINVAL;
	}
	if (schema_find(name, ret))
		return 0;
	e->code = ENOENT;
	snprintf(e->text, sizeof(e->text), "%.200s is neither here nor in ", name);
	for (unsigned int i = 0; schema_folder(i); i++) {
		size_t n = strlen(e->text);
		snprintf(e->text + n, sizeof(e->text) - n, "%s%.100s", i ? ", " : "",
		         schema_folder(i));
	}
	return -ENOENT;
}

/* Store, schema and all settings. */
static int settings_open(const struct options *o, bool may_write, struct pp_settings **ret,
                         struct pp_error *e)
{
	struct pp_settings_options options = { .store = o->store, .may_write = may_write };
	struct pp_settings *s;
	const char *schema;

	if (schema_of(o, &schema, e) || pp_settings_open(&options, &s, e))
		return -e->code;
	if (*pp_settings_recovered(s))
		warn("%s", pp_settings_recovered(s));
	if (pp_settings_schema(s, schema, e) || pp_settings_read(s, e)) {
		pp_settings_close(s);
		return -e->code;
	}
	*ret = s;
	return 0;
}

static void tell(void *ctx, const char *text)
{
	(void)ctx;
	warn("%s", text);
}

/* What was odd or left out comes last, where it is seen. */
static enum exit_code finish(struct pp_settings *s, enum exit_code code)
{
	pp_settings_remarks(s, tell, NULL);
	pp_settings_close(s);
	return code;
}

/* Settings that are for other machines: to a wish that is a no, to a look no answer. */
static enum exit_code refuse(const struct pp_error *e, bool wish)
{
	enum exit_code code = complain(e);

	return e->code == EPERM && wish ? EXIT_NO : code;
}

static enum exit_code run_list(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	struct pp_settings *s;
	enum exit_code code = EXIT_YES;

	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (pp_report_settings(s, (const char *const *)argv, (size_t)argc, &style, sink_stdout(),
	                       &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	return finish(s, code);
}

static enum exit_code run_save(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_settings *s;
	const char *text;
	size_t len;
	int r;

	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (o->output) {
		r = pp_settings_save(s, o->output, o->force, &e);
	} else {
		r = pp_settings_document(s, &text, &len, &e);
		if (!r)
			fwrite(text, 1, len, stdout);
		if (!r)
			r = flush_stdout(&e);
	}
	if (r == -EEXIST)
		snprintf(e.text, sizeof(e.text), "%.400s is there already: --force replaces it",
		         o->output);
	return finish(s, r ? complain(&e) : EXIT_YES);
}

/* Only where somebody sits who can answer. */
static bool must_ask(const struct options *o)
{
	return !o->yes && !o->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool agreed(void)
{
	char line[16] = "";

	fputs("Write that? [y/N] ", stderr);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int show(const struct options *o, const struct pp_settings_plan *plan, bool written,
                struct pp_error *e)
{
	struct pp_style style = style_of(o);
	int r = pp_report_changes(plan, written, &style, sink_stdout(), e);

	return r ? r : flush_stdout(e);
}

/* What is wrong with a file is no wrong use of the command. */
static int plan_file(struct pp_settings *s, const char *path, struct pp_settings_plan **ret,
                     struct pp_error *e)
{
	int r = pp_settings_plan_file(s, path, ret, e);

	if (r == -EINVAL)
		e->code = EBADMSG;
	return r;
}

static enum exit_code run_diff(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_settings_plan *plan;
	struct pp_settings *s;

	if (settings_open(o, false, &s, &e))
		return complain(&e);
	if (plan_file(s, argv[0], &plan, &e) || show(o, plan, false, &e))
		return finish(s, complain(&e));
	return finish(s, pp_settings_plan_count(plan) ? EXIT_NO : EXIT_YES);
}

/* The price is told before it is paid: with the question, else on standard error. */
static enum exit_code carry_out(const struct options *o, struct pp_settings *s,
                                struct pp_settings_plan *plan)
{
	bool nothing = o->dry_run || !pp_settings_plan_count(plan), asks = must_ask(o);
	struct pp_error e = { 0 };

	if ((nothing || asks) && show(o, plan, false, &e))
		return complain(&e);
	if (nothing)
		return EXIT_YES;
	if (!asks)
		pp_settings_plan_risks(plan, tell, NULL);
	else if (!agreed()) {
		warn("nothing was written");
		return EXIT_NO;
	}
	if (pp_settings_write(s, plan, &e))
		return complain(&e);
	if (asks)
		puts("Written; in force at the next boot.");
	if (asks ? flush_stdout(&e) : show(o, plan, true, &e)) {
		enum exit_code code = complain(&e);
		warn("the settings are written all the same; in force at the next boot");
		return code;
	}
	return EXIT_YES;
}

static enum exit_code run_set(const struct options *o, int argc, char **argv)
{
	struct pp_settings_plan *plan;
	struct pp_error e = { 0 };
	struct pp_settings *s;

	if (settings_open(o, !o->dry_run, &s, &e))
		return refuse(&e, true);
	if (pp_settings_plan_set(s, (const char *const *)argv, (size_t)argc, &plan, &e))
		return finish(s, refuse(&e, true));
	return finish(s, carry_out(o, s, plan));
}

static enum exit_code run_load(const struct options *o, int argc, char **argv)
{
	struct pp_settings_plan *plan;
	struct pp_error e = { 0 };
	struct pp_settings *s;

	if (settings_open(o, !o->dry_run, &s, &e))
		return refuse(&e, true);
	if (plan_file(s, argv[0], &plan, &e))
		return finish(s, refuse(&e, true));
	return finish(s, carry_out(o, s, plan));
}

static int make_blank(const struct options *o, const char *path, struct pp_error *e)
{
	struct pp_source *source;
	const char *schema;

	if (schema_of(o, &schema, e) || source_open(o, &source, e))
		return -e->code;
	int r = pp_settings_blank(source, schema, path, o->force, e);
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
	finish(s, EXIT_YES);
	return r;
}

static enum exit_code run_image(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };

	if (o->from && o->store)
		return complain_usage("settings image: either --from, a blank image with that "
		                      "machine's identity, or --store, a copy of it");
	int r = o->from ? make_blank(o, argv[0], &e) : make_copy(o, argv[0], &e);
	if (r == -EEXIST)
		snprintf(e.text, sizeof(e.text), "%.400s is there already: --force replaces it",
		         argv[0]);
	if (r)
		return complain(&e);
	fprintf(stderr, "%s: wrote %s%s\n", program_name, argv[0],
	        o->from ? ", all settings zero" : "");
	return EXIT_YES;
}

static const struct command list = {
	.name = "settings list",
	.help = "every setting and what it says",
	.takes = LOOKS | TAKES_JSON,
	.run = run_list,
};

static const struct command get = {
	.name = "settings get",
	.arguments = "NAME...",
	.help = "NAME=VALUE for each, as set takes it",
	.takes = LOOKS | TAKES_JSON,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run_list,
};

static const struct command set = {
	.name = "settings set",
	.arguments = "NAME=VALUE...",
	.help = "change settings, all of them or none",
	.takes = WRITES,
	.min_arguments = 1,
	.max_arguments = INT_MAX,
	.run = run_set,
};

static const struct command diff = {
	.name = "settings diff",
	.arguments = "FILE",
	.help = "what loading a data file would change; exit 1: something",
	.takes = LOOKS | TAKES_JSON,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_diff,
};

static const struct command save = {
	.name = "settings save",
	.help = "all settings as a data file of conrep's form",
	.takes = LOOKS | TAKES_OUTPUT | TAKES_FORCE,
	.run = run_save,
};

static const struct command load = {
	.name = "settings load",
	.arguments = "FILE",
	.help = "write a data file's settings, all of them or none",
	.takes = WRITES,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_load,
};

static const struct command image = {
	.name = "settings image",
	.arguments = "FILE",
	.help = "make an image: a copy, or with --from a blank one",
	.takes = LOOKS | TAKES_FROM | TAKES_FORCE,
	.min_arguments = 1,
	.max_arguments = 1,
	.run = run_image,
};

const struct command command_settings = {
	.name = "settings",
	.arguments = "COMMAND",
	.help = "the firmware's settings: look, compare, change",
	.takes = WRITES | TAKES_OUTPUT | TAKES_FORCE | TAKES_FROM,
	.family = (const struct command *const[]){ &list, &get, &set, &diff, &save, &load, &image,
	                                           NULL },
};
