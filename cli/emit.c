/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass emit: what to tell a hypervisor for devices that are free. */
#include <stdio.h>
#include <string.h>

#include <pcipass/emit.h>

#include "cli.h"

/* Of a refusal, which begins with the device's address: where its reasons and remedies are. */
static void emit_hint(const struct pp_survey *s, const struct pp_style *style, const char *target,
                      const struct pp_error *refusal)
{
	const char *end = strstr(refusal->text, ": ");
	const struct pp_row *row;
	struct pp_error e;
	char address[40];

	snprintf(address, sizeof(address), "%.*s", end ? (int)(end - refusal->text) : 0,
	         refusal->text);
	if (pp_survey_find_row(s, address, &row, &e) ||
	    pp_row_verdict(row) == PP_VERDICT_NOT_ENDPOINT)
		return;
	bool kvm = pp_target_of(target) == PP_TARGET_KVM;
	warn("to see what to do: %s explain %s%s%s", style->command, address, kvm ? "" : " --for ",
	     kvm ? "" : target);
}

static enum exit_code emit_run(const struct options *o, int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	enum exit_code code = EXIT_YES;
	struct options with = *o;
	struct look l;
	/* argv ends with NULL. */
	const char *const *names = (const char *const *)argv + 1;

	style.guest = o->vm;
	with.target = pp_target_name(pp_emit_target(argv[0]));
	if (look_open(&with, &l, &e))
		return complain(&e);
	if (pp_emit(l.survey, argv[0], names, &style, sink_stdout(), &e) || flush_stdout(&e)) {
		code = complain(&e);
		emit_hint(l.survey, &style, with.target, &e);
	}
	look_close(&l);
	return code;
}

const struct command command_emit = {
	.name = "emit",
	.arguments = "FORM DEVICE...",
	.help = "print a guest's configuration for a hypervisor",
	.takes = TAKES_FROM | TAKES_VM,
	.min_arguments = 2,
	.max_arguments = 17,
	.run = emit_run,
	.reads = true,
};
