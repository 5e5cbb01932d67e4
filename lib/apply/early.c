/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "apply/early.h"
#include "apply/loader.h"
#include "apply/tool.h"
#include "base/text.h"
#include "override/override.h"

#define MARK PP_STAGE_MARK

static bool has_tool(struct pp_apply *a, const char *name)
{
	char path[4096];

	return pp_tool_find(a, name, path);
}

/* Whether one of the files in a folder, none of them ours, holds one of the words. */
static int search_folder(struct pp_stage *s, const char *folder, const char *const *words,
                         const char **ret, struct pp_error *e)
{
	const char *const *names = pp_place_list(s->apply, folder);

	if (!names)
		return pp_fail_oom(e, folder);
	for (; *names; names++) {
		struct pp_content c;
		struct pp_error ignored;
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", folder, *names);
		/* Links and folders are left: what runs them decides, and it is no override then.
		 */
		if (pp_place_read(s->apply, path, &c, &ignored) || pp_stage_is_ours(&c))
			continue;
		for (const char *const *w = words; *w; w++)
			if (pp_span_find(c.bytes, *w)) {
				*ret = pp_arena_printf(&s->apply->arena,
				                       "/%s puts tables into the initrd", path);
				return *ret ? 0 : pp_fail_oom(e, folder);
			}
	}
	return 0;
}

/* A file of ours: not there yet, or with our mark. */
static int put_ours(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                    struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (r)
		return r;
	if (c.exists && !pp_stage_is_ours(&c))
		return pp_fail(e, EEXIST, "/%s: is there, and not made by pcipass", path);
	return pp_stage_puts(s, path, text, mode, e);
}

/* initramfs-tools: mkinitramfs runs each hook, also for kernels to come. */
#define HOOKS "etc/initramfs-tools/hooks"

static bool detect_initramfs_tools(struct pp_apply *a)
{
	return pp_place_has_folder(a, "etc/initramfs-tools") && has_tool(a, "update-initramfs");
}

static const char *const update_initramfs[] = { "update-initramfs", "-u", "-k", "all", NULL };
static const char *const acpi_words[] = { "firmware/acpi", "acpi-override", "acpi_override", NULL };

static int foreign_initramfs_tools(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	int r = search_folder(s, HOOKS, acpi_words, ret, e);

	if (!r && !*ret)
		r = search_folder(s, "usr/share/initramfs-tools/hooks", acpi_words, ret, e);
	return r;
}

static int install_initramfs_tools(struct pp_stage *s, const struct pp_span *tables,
                                   uint32_t nr_tables, struct pp_span cpio, struct pp_error *e)
{
	static const char hook[] =
		"#!/bin/sh\n" MARK "# Puts the firmware table that pcipass changed in front of "
		"the initrd.\n"
		"[ \"$1\" = prereqs ] && exit 0\n"
		". /usr/share/initramfs-tools/hook-functions\n"
		"prepend_earlyinitramfs /" PP_EARLY_CPIO "\n";
	int r = put_ours(s, HOOKS "/pcipass", hook, 0755, e);

	return r ? r : pp_stage_run(s, PP_DEED_INITRD, update_initramfs, e);
}

/* dracut: dracut.conf(5), acpi_override, acpi_table_dir. */
#define DRACUT_CONF   "etc/dracut.conf.d/pcipass.conf"
#define DRACUT_TABLES PP_APPLY_STATE "/acpi"

static bool detect_dracut(struct pp_apply *a)
{
	return has_tool(a, "dracut");
}

static const char *const run_dracut[] = { "dracut", "-f", "--regenerate-all", NULL };
static const char *const dracut_words[] = { "acpi_override", "acpi_table_dir", NULL };

static int foreign_dracut(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, "etc/dracut.conf", &c, e);

	if (!r && c.exists && pp_span_find(c.bytes, "\nacpi_override"))
		*ret = "/etc/dracut.conf sets acpi_override";
	if (!r && !*ret)
		r = search_folder(s, "etc/dracut.conf.d", dracut_words, ret, e);
	if (!r && !*ret)
		r = search_folder(s, "usr/lib/dracut/dracut.conf.d", dracut_words, ret, e);
	return r;
}

static int put_tables(struct pp_stage *s, const char *folder, const struct pp_span *tables,
                      uint32_t nr_tables, struct pp_error *e)
{
	for (uint32_t i = 0; i < nr_tables; i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%.4s.aml", folder, (const char *)tables[i].data);
		int r = pp_stage_put(s, path, tables[i], 0644, e);
		if (r)
			return r;
	}
	return 0;
}

static int install_dracut(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                          struct pp_span cpio, struct pp_error *e)
{
	int r = put_ours(s, DRACUT_CONF,
	                 MARK "acpi_override=\"yes\"\nacpi_table_dir=\"/" DRACUT_TABLES "\"\n",
	                 0644, e);

	if (!r)
		r = put_tables(s, DRACUT_TABLES, tables, nr_tables, e);
	return r ? r : pp_stage_run(s, PP_DEED_INITRD, run_dracut, e);
}

/* mkinitcpio: the hook acpi_override takes *.aml from a folder. */
#define MKINITCPIO_TABLES "etc/initcpio/acpi_override"
#define MKINITCPIO_CONF   "etc/mkinitcpio.conf.d/pcipass.conf"

static bool detect_mkinitcpio(struct pp_apply *a)
{
	return has_tool(a, "mkinitcpio");
}

static const char *const run_mkinitcpio[] = { "mkinitcpio", "-P", NULL };

/* A table there that is none of those in our archive. */
static int foreign_mkinitcpio(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	const char *const *names = pp_place_list(s->apply, MKINITCPIO_TABLES);
	const struct pp_span *tables;
	uint32_t nr;
	int r = names ? pp_early_tables(s, &tables, &nr, e) : pp_fail_oom(e, "mkinitcpio");

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

static int install_mkinitcpio(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                              struct pp_span cpio, struct pp_error *e)
{
	struct pp_content conf;

	if (!pp_place_has(s->apply, "usr/lib/initcpio/install/acpi_override"))
		return pp_fail(e, ENOTSUP,
		               "this mkinitcpio has no hook acpi_override; by hand: put "
		               "the table (pcipass override build) in front of the "
		               "initrd as an uncompressed cpio");
	int r = put_tables(s, MKINITCPIO_TABLES, tables, nr_tables, e);
	if (!r)
		r = pp_stage_read(s, "etc/mkinitcpio.conf", &conf, e);
	if (r)
		return r;
	if (!pp_span_find(conf.bytes, "acpi_override")) {
		/* Drop-ins are read from mkinitcpio 36 on, which makes the folder. */
		if (!pp_place_has_folder(s->apply, "etc/mkinitcpio.conf.d"))
			return pp_fail(e, ENOTSUP,
			               "this mkinitcpio reads no drop-ins; by hand: add "
			               "acpi_override to HOOKS in "
			               "/etc/mkinitcpio.conf, then try again");
		r = put_ours(s, MKINITCPIO_CONF, MARK "HOOKS+=(acpi_override)\n", 0644, e);
	}
	return r ? r : pp_stage_run(s, PP_DEED_INITRD, run_mkinitcpio, e);
}

/* No initrd tool that is known: GRUB itself loads a second initrd in front. */
#define GRUB_FILE "boot/pcipass-acpi.cpio"

static bool detect_grub(struct pp_apply *a)
{
	return pp_loader_is_grub(a);
}

static int foreign_grub(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, GRUB_FILE, &c, e);

	if (!r && c.exists && !pp_place_has(s->apply, PP_EARLY_CPIO))
		*ret = "/" GRUB_FILE " is there, and not known";
	return r;
}

static int install_grub(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                        struct pp_span cpio, struct pp_error *e)
{
	int r = pp_stage_put(s, GRUB_FILE, cpio, 0644, e);

	return r ? r
	         : pp_loader_grub_add(s, "GRUB_EARLY_INITRD_LINUX_CUSTOM", "pcipass-acpi.cpio", e);
}

static const struct pp_early earlies[] = {
	{ "initramfs-tools", detect_initramfs_tools, foreign_initramfs_tools,
	  install_initramfs_tools, update_initramfs },
	{ "dracut", detect_dracut, foreign_dracut, install_dracut, run_dracut },
	{ "mkinitcpio", detect_mkinitcpio, foreign_mkinitcpio, install_mkinitcpio, run_mkinitcpio },
	{ "GRUB", detect_grub, foreign_grub, install_grub, NULL },
};

int pp_early_find(struct pp_apply *a, const struct pp_early **ret, struct pp_error *e)
{
	for (size_t i = 0; i < sizeof(earlies) / sizeof(earlies[0]); i++)
		if (earlies[i].detect(a)) {
			*ret = &earlies[i];
			return 0;
		}
	return pp_fail(e, ENOTSUP,
	               "what makes this host's initrd is not known (looked for initramfs-tools, "
	               "dracut, mkinitcpio, GRUB). By hand: \"pcipass override build\" makes the "
	               "archive; it must stand first among the initrds of the boot entry");
}

int pp_early_tables(struct pp_stage *s, const struct pp_span **ret, uint32_t *ret_nr,
                    struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, PP_EARLY_CPIO, &c, e);

	*ret = NULL;
	*ret_nr = 0;
	if (r || !c.exists)
		return r;
	r = pp_override_cpio_read(c.bytes, &s->apply->arena, ret, ret_nr, e);
	for (uint32_t i = 0; !r && i < *ret_nr; i++)
		if ((*ret)[i].len < 4)
			r = pp_fail(e, EBADMSG, "/" PP_EARLY_CPIO ": a table of %zu bytes",
			            (*ret)[i].len);
	return r;
}
