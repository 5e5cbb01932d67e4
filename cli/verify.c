/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did it take? By a plan and a new look, or by a real attach. */
#include <errno.h>
#include <pcipass/apply.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static enum exit_code code_of_checks(enum pp_verified v)
{
	switch (v) {
	case PP_VERIFIED_YES:
		return EXIT_YES;
	case PP_VERIFIED_NO:
		return EXIT_NO;
	default:
		return EXIT_UNSURE;
	}
}

/* The plan that was applied last; or one that is named, by which it is said that it was applied. */
static int find_plan(const struct options *o, struct pp_plan **ret, enum pp_booted *ret_booted,
                     struct pp_error *e)
{
	enum pp_apply_state state;
	bool booted = false;

	*ret_booted = PP_BOOTED_ASSUMED;
	if (o->plan)
		return plan_load(o->plan, ret, e);
	int r = pp_apply_status(NULL, &state, &booted, ret, e);
	*ret_booted = booted ? PP_BOOTED_SINCE : PP_BOOTED_NOT;
	if ((r == -EACCES || r == -EPERM) && geteuid()) {
		size_t n = strlen(e->text);
		snprintf(e->text + n, sizeof(e->text) - n,
		         "; %s, or check against a plan with --plan FILE", how_to_get_rights());
	}
	if (r || state == PP_APPLY_DONE)
		return r;
	pp_plan_free(*ret);
	e->code = ENODATA;
	snprintf(e->text, sizeof(e->text), "%s%s",
	         state == PP_APPLY_PARTLY ? "an apply was interrupted: pcipass apply --resume "
	                                    "continues it, pcipass undo undoes it"
	                                  : "nothing is applied here: need --plan FILE",
	         state == PP_APPLY_PARTLY || is_for_windows ? "" : " or --attach DEVICE");
	return -ENODATA;
}

static enum exit_code hold_against_plan(const struct options *o)
{
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 };
	enum pp_verified answer;
	struct pp_plan *plan;
	struct look l;
	enum pp_booted booted;

	if (find_plan(o, &plan, &booted, &e))
		return complain(&e);
	enum exit_code code;
	if (look_open(o, &l, &e)) {
		code = complain(&e);
	} else {
		if (pp_report_verify(plan, l.survey, booted, &style, sink_stdout(), &answer, &e) ||
		    flush_stdout(&e))
			code = complain(&e);
		else
			code = code_of_checks(answer);
		look_close(&l);
	}
	pp_plan_free(plan);
	return code;
}

/* One line for the log of the boot. */
struct verify_line {
	char text[2000];
	size_t len;
};

static int verify_keep(void *ctx, const char *bytes, size_t len)
{
	struct verify_line *l = ctx;
	size_t room = sizeof(l->text) - 1 - l->len;

	memcpy(l->text + l->len, bytes, len < room ? len : room);
	l->len += len < room ? len : room;
	return 0;
}

/* With a priority where systemd reads it: sd-daemon(3). */
static enum exit_code verify_log(enum exit_code code, const char *line)
{
	const char *level = code == EXIT_YES ? "<6>" : code == EXIT_NO ? "<4>" : "<5>";
	struct pp_error e = { 0 };

	printf("%s%s%s", getenv("JOURNAL_STREAM") ? level : "", line,
	       strchr(line, '\n') ? "" : "\n");
	return flush_stdout(&e) ? complain(&e) : code;
}

/* The one warning after a boot: of what was applied and is not in effect any more. */
static enum exit_code verify_boot(const struct options *o)
{
	struct pp_style style = style_of(o);
	struct verify_line line = { .len = 0 };
	struct pp_error e = { 0 };
	enum pp_apply_state state;
	enum pp_verified answer;
	struct pp_plan *plan;
	struct look l;
	bool booted;

	if (pp_apply_status(NULL, &state, &booted, &plan, &e))
		return complain(&e);
	if (state != PP_APPLY_DONE) {
		pp_plan_free(plan);
		return state != PP_APPLY_PARTLY
		               ? EXIT_YES
		               : verify_log(EXIT_NO,
		                            "an apply was interrupted: pcipass apply --resume "
		                            "continues it, pcipass undo undoes it");
	}
	style.one_line = true;
	int r = look_open(o, &l, &e);
	if (!r) {
		r = pp_report_verify(plan, l.survey, booted ? PP_BOOTED_SINCE : PP_BOOTED_NOT,
		                     &style, (struct pp_sink){ verify_keep, &line }, &answer, &e);
		look_close(&l);
	}
	pp_plan_free(plan);
	return r ? complain(&e) : verify_log(code_of_checks(answer), line.text);
}

static enum exit_code verify_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_source *source;
	struct pp_host *host;

	if (o->attach && o->plan)
		return complain_usage("verify: --plan and --attach exclude each other");
	if (!o->attach && (o->take || o->reset))
		return complain_usage("verify: --take and --reset are for --attach");
	if (o->now)
		return complain_usage("verify does not take --now");
	if (o->boot && (o->plan || o->attach || o->from || o->json))
		return complain_usage("verify --boot takes no option but --color");
	if (o->boot)
		return verify_boot(o);
	/* What was applied here says nothing of another host. */
	if (is_another_host(o) && !o->plan && !o->attach)
		return complain_usage(
			"verify --from: need --plan FILE, the plan that was applied there");
	if (!o->attach)
		return hold_against_plan(o);
	if (o->from)
		return complain_usage(
			"verify --attach: cannot try a device of another host: leave out --from");
	if (source_open(o, &source, &e))
		return complain(&e);
	int r = pp_host_read(source, &host, &e);
	pp_source_free(source);
	if (r)
		return complain(&e);
	enum exit_code code = verify_attach(o, host);
	pp_host_free(host);
	return code;
}

static const struct option_help verify_options[] = {
	{ "from", "with --plan: check a capture of that host" },
	{ "plan", "check the plan in FILE, not the one applied last" },
	{ "boot", "print one line for the log of a boot" },
	{ "now", "" },
	{ 0 },
};

const struct command command_verify = {
	.name = "verify",
	.arguments = "\n--plan FILE\n--attach DEVICE [--take] [--reset]\n--boot",
	.help = "check after the reboot that it worked",
	.options = verify_options,
	.takes = TAKES_FROM | TAKES_PLAN | TAKES_ATTACH | TAKES_TAKE | TAKES_RESET | TAKES_JSON |
	         TAKES_COLOR | TAKES_WHEN,
	.run = verify_run,
	.reads = true,
};
