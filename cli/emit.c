/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass emit: what to tell a hypervisor for devices that are free. */
#include <pcipass/emit.h>

#include "cli.h"

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
	if (pp_emit(l.survey, argv[0], names, &style, sink_stdout(), &e) || flush_stdout(&e))
		code = complain(&e);
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
