/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of steps that add an argument to the kernel command line, and remove one from it. */
#include "plan/kind.h"

static void kind_argument_describe(struct pp_arena *a, struct pp_step *s)
{
	s->text = pp_arena_printf(a, "add %s to the kernel command line, for every boot",
	                          s->argument.argument);
	s->undo = pp_arena_strdup(a, "remove it and reboot");
}

static void kind_take_off_describe(struct pp_arena *a, struct pp_step *s)
{
	s->text = pp_arena_printf(a, "remove %s from the kernel command line, for every boot",
	                          s->argument.argument);
	s->undo = pp_arena_strdup(a, "add it again and reboot");
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

#define ARGUMENT "argument", &pp_row_text, PP_KIND_AT(argument.argument)
static const struct pp_json_row argument_rows[] = {
	{ ARGUMENT, .is_fine = pp_argument_is_known,
	  .otherwise = "is not one that a plan may add" },
	{ NULL },
};
static const struct pp_json_row take_off_rows[] = {
	{ ARGUMENT, .is_fine = pp_argument_is_unwanted,
	  .otherwise = "is not one that a plan may remove" },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_argument = {
	.name = "argument",
	.summary = "adds an argument to the kernel command line",
	.rows = argument_rows,
	.describe = kind_argument_describe,
	.check = kind_argument_check,
};

const struct pp_step_kind_ops pp_step_kind_take_off = {
	.name = "take-off",
	.summary = "removes an argument, or one option of it, from the kernel command line",
	.rows = take_off_rows,
	.describe = kind_take_off_describe,
	.check = kind_take_off_check,
};
