/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries plans out, and takes them back. */
#include <errno.h>
#include <pcipass/apply.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define INTERRUPTED "pcipass: interrupted: finishing the current operation, then rolling back\n"

/* A host is being changed: its tools may take minutes. */
static bool apply_at_work;

static void apply_start(const char *said)
{
	signals_catch(said);
	apply_at_work = true;
	progress_begin("working");
}

static void apply_end(void)
{
	progress_end();
	apply_at_work = false;
}

static void apply_say(void *ctx, const char *line)
{
	warn("%s", line);
	if (apply_at_work)
		progress_begin(strncmp(line, "run ", 4) ? "working" : line);
}

static struct pp_apply_options apply_options(const struct options *o)
{
	return (struct pp_apply_options){
		.store = o->store,
		.dry_run = o->dry_run,
		.files_only = o->files,
		.say = apply_say,
		.stop = signals_stop,
	};
}

static enum exit_code apply_ask(const struct options *o, const char *what)
{
	return o->yes ? EXIT_YES : ask_yes_no(what, "nothing was changed");
}

const char *how_to_get_rights(void)
{
	return is_for_windows ? "run it in a console that was started as administrator"
	                      : "run it with sudo";
}

bool may_change_host(void)
{
	if (!geteuid())
		return true;
	warn("only %s can change this host; %s", is_for_windows ? "an administrator" : "root",
	     how_to_get_rights());
	return false;
}

/* A refusal is an answer; what could not be found out, or done, is none. */
static enum exit_code code_of_refusal(const struct pp_error *e)
{
	enum exit_code code = complain(e);

	return e->code == EBUSY ? EXIT_NO : code;
}

/* A plan that is shown, asked about and carried out. */
struct applying {
	const struct options *options;
	const struct pp_plan *plan;
	bool show_all; /* also a plan that changes nothing here */
	unsigned int changes;
	enum exit_code code; /* of showing it, and of the answer */
};

enum exit_code plan_show(const struct options *o, const struct pp_plan *p)
{
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 };

	style.plan_file = o->output ? o->output : o->plan;
	if (pp_report_plan(p, is_for_later(o) ? PP_PLAN_OFFERED : PP_PLAN_CARRIED_OUT, &style,
	                   sink_stdout(), &e) ||
	    flush_stdout(&e))
		return complain(&e);
	return EXIT_YES;
}

/* Everything is checked by now, so that nobody is asked about what would be refused. */
static bool confirm_plan(void *ctx, unsigned int changes)
{
	struct applying *a = ctx;
	const struct options *o = a->options;

	a->changes = changes;
	if (changes || a->show_all)
		a->code = plan_show(o, a->plan);
	if (a->code == EXIT_YES && changes && !o->dry_run)
		a->code = apply_ask(o, "Carry this out?");
	if (a->code != EXIT_YES || (!changes && !a->show_all))
		return false;
	if (!o->dry_run)
		apply_start(INTERRUPTED);
	return true;
}

static enum exit_code apply_one(const struct options *o, const struct pp_plan *p,
                                bool *ret_nothing);

/* What HP's conrep needs before its settings can be read is asked about first. */
static enum exit_code apply_driver(const struct options *o, const struct pp_plan *p)
{
	struct pp_apply_options options = apply_options(o);
	struct pp_plan *driver = NULL;
	struct pp_error e = { 0 };

	if (o->dry_run || !is_for_windows)
		return EXIT_YES;
	if (pp_apply_driver_plan(p, &options, &driver, &e))
		return complain(&e);
	if (!driver)
		return EXIT_YES;
	enum exit_code code = apply_one(o, driver, NULL);
	pp_plan_free(driver);
	return code;
}

static enum exit_code apply_driver_on(const struct options *o, const struct pp_host *h)
{
	struct pp_apply_options options = apply_options(o);
	struct pp_plan *driver = NULL;
	struct pp_error e = { 0 };

	if (pp_apply_driver_plan_on(h, &options, &driver, &e))
		return complain(&e);
	if (!driver)
		return EXIT_YES;
	enum exit_code code = EXIT_YES;
	if (o->yes && pp_apply_run(driver, &options, &e))
		code = code_of_refusal(&e);
	else if (o->yes) /* Standard output has only what was asked for. */
		warn("copied hpsstkio.sys, the driver of HP's conrep, into place; \"pcipass undo\" "
		     "removes it");
	else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		code = apply_one(o, driver, NULL);
	else
		warn("HP's conrep lacks its driver, hpsstkio.sys; to have it copied into place, run "
		     "pcipass settings at a terminal, or settings set with --yes");
	pp_plan_free(driver);
	return code;
}

enum exit_code offer_driver(const struct options *o)
{
	const struct options live = { 0 };
	struct pp_source *source = NULL;
	struct pp_host *host = NULL;
	struct pp_error e = { 0 };

	if (!is_for_windows || o->dry_run || geteuid() || (o->store && strncmp(o->store, "hp", 2)))
		return EXIT_YES;
	/* Where the devices cannot be listed, settings can be read all the same. */
	enum exit_code code = EXIT_YES;
	if (!source_open(&live, &source, &e) && !pp_host_read(source, &host, &e))
		code = apply_driver_on(o, host);
	pp_host_free(host);
	pp_source_free(source);
	return code;
}

enum exit_code show_and_apply(const struct options *o, const struct pp_plan *p, bool *ret_nothing)
{
	if (!may_change_host())
		return EXIT_UNSURE;
	enum exit_code code = apply_driver(o, p);
	return code == EXIT_YES ? apply_one(o, p, ret_nothing) : code;
}

static enum exit_code apply_one(const struct options *o, const struct pp_plan *p, bool *ret_nothing)
{
	struct applying a = { .options = o, .plan = p, .show_all = !ret_nothing };
	struct pp_apply_options options = apply_options(o);
	struct pp_error e = { 0 };

	options.confirm = confirm_plan;
	options.ctx = &a;
	if (ret_nothing)
		*ret_nothing = false;
	int r = pp_apply_run(p, &options, &e);
	apply_end();
	if (ret_nothing)
		*ret_nothing = r == -ECANCELED && !a.changes;
	if (r)
		return r == -ECANCELED ? a.code : code_of_refusal(&e);
	if (!o->dry_run && pp_plan_needs_reboot(p))
		say("Done. Reboot, then run \"pcipass verify\" to check that it worked; "
		    "\"pcipass undo\" undoes it.\n");
	return EXIT_YES;
}

bool apply_had_nothing(int r, bool is_left, const char *verb, const struct pp_error *e)
{
	if (r != -ENOENT || is_left)
		return false;
	say("Nothing to %s: %s.\n", verb, e->text);
	return true;
}

static enum exit_code resume_apply(const struct pp_apply_options *options)
{
	struct pp_error e = { 0 }, ignored;
	enum pp_apply_state state;
	bool booted, known = !pp_apply_status(options, &state, &booted, NULL, &ignored);

	apply_start(INTERRUPTED);
	int r = pp_apply_resume(options, &e);
	apply_end();
	if (apply_had_nothing(r, !known || state == PP_APPLY_PARTLY, "resume", &e))
		return EXIT_YES;
	return r ? complain(&e) : EXIT_YES;
}

static enum exit_code run_apply(const struct options *o, int argc, char **argv)
{
	const struct pp_apply_options options = apply_options(o);
	struct pp_error e = { 0 };
	struct pp_plan *plan;

	if (o->resume && o->plan)
		return complain_usage("apply: --plan and --resume exclude each other");
	if (!o->resume && !o->plan)
		return complain_usage("apply: need --plan FILE or --resume");
	if (o->resume && o->dry_run)
		return complain_usage("apply: --dry-run is for --plan");
	if (o->resume && o->store)
		return complain_usage(
			"apply: --store is for --plan; --resume uses the recorded store");
	if (!may_change_host())
		return EXIT_UNSURE;
	if (o->resume)
		return resume_apply(&options);
	if (plan_load(o->plan, &plan, &e))
		return complain(&e);
	enum exit_code code = show_and_apply(o, plan, NULL);
	pp_plan_free(plan);
	return code;
}

/* An undo that is asked about. */
struct undoing {
	const struct options *options;
	const char *question;
	unsigned int lines;
	enum exit_code code; /* of the answer */
};

static void show_undone(void *ctx, const char *line)
{
	struct undoing *u = ctx;
	char text[1024];

	snprintf(text, sizeof(text), "%s", line);
	pp_quote_terminal(text);
	if (!u->lines++)
		puts("This will be undone:");
	printf("  %s\n", text);
}

static void say_of_undo(void *ctx, const char *line)
{
	apply_say(NULL, line);
}

static bool confirm_undo(void *ctx, unsigned int changes)
{
	struct undoing *u = ctx;
	struct pp_error e = { 0 };

	u->code = flush_stdout(&e) ? complain(&e) : apply_ask(u->options, u->question);
	/* Half an undo would be neither: it is finished. */
	if (u->code == EXIT_YES)
		apply_start("pcipass: interrupted: completing the undo first\n");
	return u->code == EXIT_YES;
}

static enum exit_code undo_attach(const struct pp_apply_options *options)
{
	struct pp_error e = { 0 };

	signals_catch(NULL);
	if (pp_apply_undo(options, &e))
		return complain(&e);
	/* The last thing that was begun; what was applied before stays as it is. */
	say("What was applied stays: run \"pcipass undo\" again to undo it.\n");
	return EXIT_YES;
}

static enum exit_code undo_plan(const struct options *o, struct pp_apply_options *options,
                                enum pp_apply_state state, bool reboot)
{
	struct undoing u = { .options = o, .code = EXIT_YES };
	struct pp_error e = { 0 };

	u.question = state == PP_APPLY_PARTLY ? "Undo what was done of this?" : "Undo this?";
	options->say = say_of_undo;
	options->show = show_undone;
	options->confirm = confirm_undo;
	options->ctx = &u;
	int r = pp_apply_undo(options, &e);
	apply_end();
	if (apply_had_nothing(r, state == PP_APPLY_PARTLY || state == PP_APPLY_DONE, "undo", &e))
		return EXIT_YES;
	if (r)
		return u.code != EXIT_YES ? u.code : code_of_refusal(&e);
	say("Undone%s.\n", reboot ? "; it takes effect at the next boot" : "");
	return EXIT_YES;
}

static enum exit_code run_undo(const struct options *o, int argc, char **argv)
{
	struct pp_apply_options options = apply_options(o);
	struct pp_plan *plan = NULL;
	struct pp_error e = { 0 };
	enum pp_apply_state state;
	bool booted, left;

	if (!may_change_host())
		return EXIT_UNSURE;
	if (pp_apply_attach_left(&options, &left, &e))
		return complain(&e);
	if (left)
		return undo_attach(&options);
	if (pp_apply_status(&options, &state, &booted, &plan, &e))
		return complain(&e);
	bool reboot = plan && pp_plan_needs_reboot(plan);
	pp_plan_free(plan);
	return undo_plan(o, &options, state, reboot);
}

static const struct option_help apply_help[] = {
	{ "plan", "carry out the plan in FILE" },
	{ "store", "where the BIOS settings are: efivars or hp:PROGRAM" },
	{ 0 },
};

const struct command command_apply = {
	.name = "apply",
	.arguments = "--plan FILE\n--resume",
	.options = apply_help,
	.help = "carry out a plan, or continue an interrupted one",
	.takes = TAKES_PLAN | TAKES_RESUME | TAKES_DRY_RUN | TAKES_YES | TAKES_COLOR | TAKES_STORE,
	.run = run_apply,
};

const struct command command_undo = {
	.name = "undo",
	.help = "undo the last change; repeat it to go further back",
	.takes = TAKES_YES | TAKES_COLOR | TAKES_FILES,
	.run = run_undo,
};
