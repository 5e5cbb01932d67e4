/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that adds a kernel argument. */
#include "plan/kind.h"

static bool kind_argument_copy(struct pp_arena *a, struct pp_step *s)
{
	s->argument.argument = pp_arena_strdup(a, s->argument.argument);
	return s->argument.argument;
}

static void kind_argument_describe(struct pp_arena *a, struct pp_step *s)
{
	s->text = pp_arena_printf(a, "add %s to the kernel command line, for every boot",
	                          s->argument.argument);
	s->undo = pp_arena_strdup(a, "remove it and reboot");
}

static json_t *kind_argument_to_json(const struct pp_step *s)
{
	return json_pack("{s:s}", "argument", s->argument.argument);
}

static int kind_argument_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *ret)
{
	int err = pp_json_read_text(r, o, "argument", &ret->argument.argument);

	return err || pp_argument_is_known(ret->argument.argument)
	               ? err
	               : pp_json_bad(r, "'argument' is not one that a plan may add");
}

static void kind_argument_check(struct pp_checking *c, const struct pp_step *s)
{
	const char *what = pp_check_text(c, "the kernel was started with %s", s->argument.argument);

	if (c->h->kernel.command_line.error)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "/proc/cmdline was not read");
	else if (pp_kernel_argument_given(c->h, s->argument.argument))
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "/proc/cmdline");
	else
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "/proc/cmdline does not have it");
}

const struct pp_step_kind_ops pp_step_kind_argument = {
	.name = "argument",
	.summary = "adds an argument to the kernel command line",
	.keys = "argument",
	.copy = kind_argument_copy,
	.describe = kind_argument_describe,
	.to_json = kind_argument_to_json,
	.from_json = kind_argument_from_json,
	.check = kind_argument_check,
};
