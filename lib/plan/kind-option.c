/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that turns an option of a kernel module on. */
#include "plan/kind.h"

static void kind_option_describe(struct pp_arena *a, struct pp_step *s)
{
	s->text = pp_arena_printf(a, "load the kernel module %s with %s=1, from the next boot on",
	                          s->option.module, s->option.option);
	s->undo = pp_arena_strdup(a, "remove the option and reboot");
}

static int kind_option_check_fields(struct pp_json_reader *r, struct pp_step *s)
{
	return pp_module_option_find(s->option.module, s->option.option)
	               ? 0
	               : pp_json_bad(r, "'option' is not one that a plan may set");
}

static void kind_option_check(struct pp_checking *c, const struct pp_step *s)
{
	const struct pp_step_option *o = &s->option;
	const struct pp_text_fact *fact =
		pp_module_option_fact(pp_module_option_find(o->module, o->option), &c->h->kernel);
	const char *what = pp_check_text(c, "the option %s of %s is on", o->option, o->module);

	if (!fact->text && fact->error != ENOENT)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		             "/sys/module/%s/parameters/%s was not read", o->module, o->option);
	else
		pp_check_add(c, NULL,
		             fact->text && *fact->text == 'Y' ? PP_VERIFIED_YES : PP_VERIFIED_NO,
		             what, "/sys/module, or what the module would be loaded with: %s",
		             fact->text ? fact->text : "it is set nowhere");
}

static const struct pp_json_row rows[] = {
	{ "module", &pp_row_name, PP_KIND_AT(option.module) },
	{ "option", &pp_row_name, PP_KIND_AT(option.option) },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_option = {
	.name = "option",
	.summary =
		"sets an option of VFIO's kernel modules: a line of `/etc/modprobe.d/pcipass.conf`, "
		"or an argument where the module is built into the kernel",
	.rows = rows,
	.check_fields = kind_option_check_fields,
	.describe = kind_option_describe,
	.check = kind_option_check,
};
