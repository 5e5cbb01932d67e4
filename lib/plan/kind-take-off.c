/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that takes an argument, or one option of it, off the kernel command line. */
#include "plan/kind.h"

static bool kind_take_off_copy(struct pp_arena *a, struct pp_step *s)
{
	s->argument.argument = pp_arena_strdup(a, s->argument.argument);
	return s->argument.argument;
}

static void kind_take_off_describe(struct pp_arena *a, struct pp_step *s)
{
	s->text = pp_arena_printf(a, "remove %s from the kernel command line, for every boot",
	                          s->argument.argument);
	s->undo = pp_arena_strdup(a, "add it again and reboot");
}

static json_t *kind_take_off_to_json(const struct pp_step *s)
{
	return json_pack("{s:s}", "argument", s->argument.argument);
}

static int kind_take_off_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *ret)
{
	int err = pp_json_read_text(r, o, "argument", &ret->argument.argument);

	return err || pp_argument_is_unwanted(ret->argument.argument)
	               ? err
	               : pp_json_bad(r, "'argument' is not one that a plan may remove");
}

static void kind_take_off_check(struct pp_checking *c, const struct pp_step *s)
{
	const char *argument = s->argument.argument;
	const char *what = pp_check_text(c, "the kernel was started without %s", argument);

	if (c->h->kernel.command_line.error)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "/proc/cmdline was not read");
	else if (pp_kernel_argument_given(c->h, argument))
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "/proc/cmdline: %s", argument);
	else
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "/proc/cmdline");
}

const struct pp_step_kind_ops pp_step_kind_take_off = {
	.name = "take-off",
	.summary = "removes an argument, or one option of it, from the kernel command line",
	.keys = "argument",
	.copy = kind_take_off_copy,
	.describe = kind_take_off_describe,
	.to_json = kind_take_off_to_json,
	.from_json = kind_take_off_from_json,
	.check = kind_take_off_check,
};
