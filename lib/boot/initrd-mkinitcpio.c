/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arch's mkinitcpio, also where it makes unified kernel images. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "boot/uki.h"

#define CMDLINE_D     "etc/cmdline.d"
#define CMDLINE_D_OWN CMDLINE_D "/pcipass.conf"

/* mkinitcpio: the hook acpi_override takes *.aml from a directory. */
#define MKINITCPIO_TABLES "etc/initcpio/acpi_override"
#define MKINITCPIO_CONF   "etc/mkinitcpio.conf.d/pcipass.conf"

static bool mkinitcpio_detect(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "mkinitcpio");
}

/* A table there that is none of those in our archive. */
static int mkinitcpio_foreign(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->apply->sys, MKINITCPIO_TABLES, &s->apply->arena);
	const struct pp_span *tables;
	uint32_t nr;
	int r = names ? pp_initrd_tables(s, &tables, &nr, e) : pp_fail_oom(e, "mkinitcpio");

	for (; !r && *names && !*ret; names++) {
		bool ours = false;
		for (uint32_t i = 0; i < nr; i++)
			ours |= !strncmp(*names, (const char *)tables[i].data, 4) &&
			        !strcmp(*names + 4, ".aml");
		if (!ours)
			*ret = pp_arena_printf(&s->apply->arena,
			                       "/" MKINITCPIO_TABLES "/%s is there", *names);
	}
	return r;
}

static bool mkinitcpio_has_word(const char *text, const char *word)
{
	struct pp_span rest = PP_SPAN(text, strlen(text)), w;

	while (pp_text_word(&rest, &w))
		if (pp_span_is(w, word))
			return true;
	return false;
}

static int mkinitcpio_install(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                              struct pp_span cpio, struct pp_error *e)
{
	if (!pp_sys_has(s->apply->sys, "usr/lib/initcpio/install/acpi_override"))
		return pp_fail(e, ENOTSUP,
		               "this mkinitcpio has no hook acpi_override; by hand: put "
		               "the table (pcipass override build) in front of the "
		               "initrd as an uncompressed cpio");
	int r = pp_initrd_put_tables(s, MKINITCPIO_TABLES, tables, nr_tables, e);
	if (r)
		return r;
	const char *hooks = pp_config_value(s->apply, "etc/mkinitcpio.conf", "HOOKS");
	if (!hooks || !mkinitcpio_has_word(hooks, "acpi_override")) {
		/* Drop-ins are read from mkinitcpio 36 on, which makes the directory. */
		if (!pp_sys_has_directory(s->apply->sys, "etc/mkinitcpio.conf.d"))
			return pp_fail(e, ENOTSUP,
			               "this mkinitcpio reads no drop-ins; by hand: add "
			               "acpi_override to HOOKS in "
			               "/etc/mkinitcpio.conf, then try again");
		/* Nor where a preset names its configuration. */
		if (pp_config_preset(s->apply, "_config", 0))
			return pp_fail(e, ENOTSUP,
			               "a preset in /etc/mkinitcpio.d names its configuration, and "
			               "mkinitcpio then reads no drop-ins; by hand: take the "
			               "_config= out of it, or add acpi_override to HOOKS there, "
			               "then try again");
		r = pp_stage_put_ours(s, MKINITCPIO_CONF, PP_STAGE_MARK "HOOKS+=(acpi_override)\n",
		                      0644, e);
	}
	return r;
}

static bool mkinitcpio_makes(struct pp_apply *a, const char *image)
{
	const char *path;

	if (!pp_sys_has_program(a->sys, "mkinitcpio"))
		return false;
	for (unsigned int n = 0; (path = pp_config_preset(a, "_uki", n)); n++)
		if (pp_sys_is_same_file(a->sys, image, path))
			return true;
	return false;
}

static bool mkinitcpio_signs_uki(struct pp_apply *a, bool by_kernel_install)
{
	static const char *const hooks[] = { "etc/initcpio/post", "usr/lib/initcpio/post" };

	/* ukify signs for it, too, where it is installed. */
	if (pp_initrd_ukify.signs_uki(a, by_kernel_install))
		return true;
	for (size_t i = 0; !by_kernel_install && i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		const char *const *names = pp_sys_names(a->sys, hooks[i], &a->arena);
		for (; names && *names; names++)
			if (!strncmp(*names, "sbctl", strlen("sbctl")))
				return true;
	}
	return false;
}

static bool mkinitcpio_has_dropins(struct pp_apply *a)
{
	const char *const *names = pp_sys_names(a->sys, CMDLINE_D, &a->arena);

	for (; names && *names; names++) {
		size_t len = strlen(*names);
		if (len > 5 && !strcmp(*names + len - 5, ".conf"))
			return true;
	}
	return false;
}

static int mkinitcpio_add_to_uki(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	const char *options = NULL;

	for (unsigned int n = 0; (options = pp_config_preset(a, "_options", n)); n++)
		if (strstr(options, "cmdline"))
			break;
	if (options || pp_config_preset(a, "_cmdline", 0))
		return pp_fail(
			e, ENOTSUP,
			"a preset in /etc/mkinitcpio.d says where the command line comes from. "
			"By hand: add %s there, and run mkinitcpio -P",
			argument);
	if (pp_uki_has_cmdline(a))
		return pp_loader_append_cmdline(s, argument, e);
	if (!mkinitcpio_has_dropins(a))
		return pp_uki_no_source("mkinitcpio", "/" PP_LOADER_CMDLINE, e);
	return pp_uki_put_line(s, CMDLINE_D_OWN, pp_arena_printf(&a->arena, "%s\n", argument), e);
}

static const struct pp_tool mkinitcpio = { "mkinitcpio", true, { "mkinitcpio", "-P" } };

const struct pp_initrd pp_initrd_mkinitcpio = {
	.name = "mkinitcpio",
	.detect = mkinitcpio_detect,
	.foreign = mkinitcpio_foreign,
	.install = mkinitcpio_install,
	.include = { "etc/mkinitcpio.conf.d/pcipass-bind.conf", "FILES+=(/%s)\n",
	             "etc/mkinitcpio.conf.d" },
	.rebuild = &mkinitcpio,
	.makes_uki = mkinitcpio_makes,
	.signs_uki = mkinitcpio_signs_uki,
	.add_to_uki = mkinitcpio_add_to_uki,
};
