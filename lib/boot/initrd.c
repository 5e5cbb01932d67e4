/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tools that make initrds, and what they put at the beginning of one. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "boot/uki.h"
#include "base/text.h"
#include "override/override.h"
#include "txn/context.h"

#define MARK PP_STAGE_MARK

/* Whether one of the files in a directory, none of them ours, holds one of the words. */
static int search_folder(struct pp_stage *s, const char *folder, const char *const *words,
                         const char **ret, struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->apply->sys, folder, &s->apply->arena);

	if (!names)
		return pp_fail_oom(e, folder);
	for (; *names; names++) {
		struct pp_content c;
		struct pp_error ignored;
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", folder, *names);
		/* Links and directories are left: what runs them decides, and it is no override
		 * then.
		 */
		if (pp_sys_content(s->apply->sys, path, &s->apply->arena, &c, &ignored) ||
		    pp_stage_is_ours(&c))
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

/* initramfs-tools: mkinitramfs runs each hook, also for kernels to come. */
#define HOOKS "etc/initramfs-tools/hooks"

static bool detect_initramfs_tools(struct pp_apply *a)
{
	/* Newer dracut brings an update-initramfs, and a removed package leaves its /etc. */
	return pp_sys_has_directory(a->sys, "etc/initramfs-tools") &&
	       pp_sys_has_program(a->sys, "update-initramfs") &&
	       pp_sys_has(a->sys, "usr/share/initramfs-tools/hook-functions");
}

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
		"prepend_earlyinitramfs /" PP_INITRD_CPIO "\n";
	return pp_stage_put_ours(s, HOOKS "/pcipass", hook, 0755, e);
}

/* dracut: dracut.conf(5), acpi_override, acpi_table_dir. */
#define DRACUT_CONF   "etc/dracut.conf.d/pcipass.conf"
#define DRACUT_TABLES PP_APPLY_STATE "/acpi"

static bool detect_dracut(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "dracut");
}

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
	int r = pp_stage_put_ours(
		s, DRACUT_CONF,
		MARK "acpi_override=\"yes\"\nacpi_table_dir=\"/" DRACUT_TABLES "\"\n", 0644, e);

	if (!r)
		r = put_tables(s, DRACUT_TABLES, tables, nr_tables, e);
	return r;
}

/* mkinitcpio: the hook acpi_override takes *.aml from a directory. */
#define MKINITCPIO_TABLES "etc/initcpio/acpi_override"
#define MKINITCPIO_CONF   "etc/mkinitcpio.conf.d/pcipass.conf"

static bool detect_mkinitcpio(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "mkinitcpio");
}

/* A table there that is none of those in our archive. */
static int foreign_mkinitcpio(struct pp_stage *s, const char **ret, struct pp_error *e)
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

static bool has_word(const char *text, const char *word)
{
	struct pp_span rest = PP_SPAN(text, strlen(text)), w;

	while (pp_text_word(&rest, &w))
		if (pp_span_is(w, word))
			return true;
	return false;
}

static int install_mkinitcpio(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                              struct pp_span cpio, struct pp_error *e)
{
	if (!pp_sys_has(s->apply->sys, "usr/lib/initcpio/install/acpi_override"))
		return pp_fail(e, ENOTSUP,
		               "this mkinitcpio has no hook acpi_override; by hand: put "
		               "the table (pcipass override build) in front of the "
		               "initrd as an uncompressed cpio");
	int r = put_tables(s, MKINITCPIO_TABLES, tables, nr_tables, e);
	if (r)
		return r;
	const char *hooks = pp_config_value(s->apply, "etc/mkinitcpio.conf", "HOOKS");
	if (!hooks || !has_word(hooks, "acpi_override")) {
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
		r = pp_stage_put_ours(s, MKINITCPIO_CONF, MARK "HOOKS+=(acpi_override)\n", 0644, e);
	}
	return r;
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

	if (!r && c.exists && !pp_sys_has(s->apply->sys, PP_INITRD_CPIO))
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

static const struct pp_initrd earlies[] = {
	{ "initramfs-tools", detect_initramfs_tools, foreign_initramfs_tools,
	  install_initramfs_tools, PP_TOOL_UPDATE_INITRAMFS },
	{ "dracut", detect_dracut, foreign_dracut, install_dracut, PP_TOOL_DRACUT },
	{ "mkinitcpio", detect_mkinitcpio, foreign_mkinitcpio, install_mkinitcpio,
	  PP_TOOL_MKINITCPIO },
	{ "GRUB", detect_grub, foreign_grub, install_grub, PP_HOST_TOOLS },
};
enum { INITRAMFS_TOOLS, DRACUT, MKINITCPIO, GRUB };

/* The same makers, where kernel-install runs them and takes what they make. */
static const struct pp_initrd installed[] = {
	[DRACUT] = { "dracut", detect_dracut, foreign_dracut, install_dracut,
	             PP_TOOL_KERNEL_INSTALL_ALL },
	[MKINITCPIO] = { "mkinitcpio", detect_mkinitcpio, foreign_mkinitcpio, install_mkinitcpio,
	                 PP_TOOL_KERNEL_INSTALL_ALL },
};

#define PLUGINS "usr/lib/kernel/install.d"

static bool has_plugin(struct pp_apply *a, const char *name)
{
	const char *generator = pp_config_kernel_install(a, "initrd_generator");
	char path[256];

	snprintf(path, sizeof(path), PLUGINS "/50-%s.install", name);
	return pp_sys_has(a->sys, path) && (!generator || !strcmp(generator, name));
}

/* kernel-install(8): from systemd 255 on, for kernels in /usr/lib/modules. */
static bool has_add_all(struct pp_apply *a)
{
	const char *release = pp_boot_release(a);
	char whole[PATH_MAX], path[256];
	struct pp_content c;
	struct pp_error ignored;

	if (!release || !pp_sys_find_program(a->sys, "kernel-install", whole) ||
	    pp_sys_content(a->sys, whole + strlen(a->root) + 1, &a->arena, &c, &ignored) ||
	    !pp_span_find(c.bytes, "add-all"))
		return false;
	snprintf(path, sizeof(path), "lib/modules/%s/vmlinuz", release);
	return pp_sys_has(a->sys, path);
}

/* Debian's: it hands each new initrd on to kernel-install. */
static bool initramfs_tools_installs(struct pp_apply *a)
{
	return detect_initramfs_tools(a) &&
	       pp_sys_has(a->sys, "etc/initramfs/post-update.d/systemd-boot");
}

/* NULL: kernel-install has no maker of initrds of its own, or cannot be run for all kernels. */
static const struct pp_initrd *initrd_find_installed(struct pp_apply *a)
{
	if (initramfs_tools_installs(a))
		return &earlies[INITRAMFS_TOOLS];
	if (!has_add_all(a))
		return NULL;
	return has_plugin(a, "dracut") && detect_dracut(a)           ? &installed[DRACUT]
	       : has_plugin(a, "mkinitcpio") && detect_mkinitcpio(a) ? &installed[MKINITCPIO]
	                                                             : NULL;
}

static int find_of_uki(struct pp_apply *a, const struct pp_initrd **ret, struct pp_error *e)
{
	struct pp_uki u;
	int r = pp_uki_find(a, &u, e);

	if (r)
		return r;
	const struct pp_initrd *early = u.maker == PP_UKI_MKINITCPIO ? &earlies[MKINITCPIO]
	                                : u.maker == PP_UKI_DRACUT   ? &earlies[DRACUT]
	                                                             : initrd_find_installed(a);
	if (!early)
		return pp_fail(
			e, ENOTSUP,
			"kernel-install makes this host's unified kernel image, and pcipass "
			"can do that anew only with systemd 255 or later, with an initrd of "
			"dracut or mkinitcpio and kernels in /usr/lib/modules, or with "
			"initramfs-tools as on Debian. By hand: put the table (pcipass override "
			"build) in front of the initrd, then run kernel-install add");
	*ret = early;
	return 0;
}

/* What is there beside another may be a leftover; then nothing tells whose initrd it is. */
static int find_single(struct pp_apply *a, const struct pp_initrd **ret, struct pp_error *e)
{
	const struct pp_initrd *found = NULL;

	for (size_t i = 0; i < GRUB; i++) {
		if (!earlies[i].detect(a))
			continue;
		if (found)
			return pp_fail(
				e, ENOTSUP,
				"%s and %s are both installed, and which of them makes this "
				"host's initrd is not known: remove the one that does not, then "
				"try again",
				found->name, earlies[i].name);
		found = &earlies[i];
	}
	*ret = found;
	return 0;
}

int pp_initrd_find(struct pp_apply *a, const struct pp_initrd **ret, struct pp_error *e)
{
	const struct pp_initrd *found = NULL;
	enum pp_boot_style way;
	int r = pp_boot_find(a, &way, e);

	if (r)
		return r;
	if (way == PP_BOOT_UKI)
		return find_of_uki(a, ret, e);
	if (way == PP_BOOT_ENTRY && pp_loader_kernel_install.detect(a))
		found = initrd_find_installed(a);
	if (!found)
		r = find_single(a, &found, e);
	if (r)
		return r;
	if (!found && (way == PP_BOOT_GRUB || way == PP_BOOT_UNKNOWN) && detect_grub(a))
		found = &earlies[GRUB];
	if (found) {
		*ret = found;
		return 0;
	}
	return pp_fail(e, ENOTSUP,
	               "what makes this host's initrd is not known (looked for initramfs-tools, "
	               "dracut, mkinitcpio, GRUB). By hand: \"pcipass override build\" makes the "
	               "archive; it must stand first among the initrds of the boot entry");
}

int pp_initrd_install(struct pp_stage *s, const struct pp_initrd *early,
                      const struct pp_span *tables, uint32_t nr_tables, struct pp_span cpio,
                      struct pp_error *e)
{
	enum pp_boot_style way;
	struct pp_uki u;
	int r = pp_boot_find(s->apply, &way, e);

	if (!r && way == PP_BOOT_UKI) {
		r = pp_uki_find(s->apply, &u, e);
		s->image = r ? NULL : u.path;
	}
	if (!r)
		r = early->install(s, tables, nr_tables, cpio, e);
	return r || !pp_initrd_rebuilds(early) ? r : pp_stage_run(s, early->rebuild, NULL, e);
}

int pp_initrd_tables(struct pp_stage *s, const struct pp_span **ret, uint32_t *ret_nr,
                     struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, PP_INITRD_CPIO, &c, e);

	*ret = NULL;
	*ret_nr = 0;
	if (r || !c.exists)
		return r;
	r = pp_override_cpio_read(c.bytes, &s->apply->arena, ret, ret_nr, e);
	for (uint32_t i = 0; !r && i < *ret_nr; i++)
		if ((*ret)[i].len < 4)
			r = pp_fail(e, EBADMSG, "/" PP_INITRD_CPIO ": a table of %zu bytes",
			            (*ret)[i].len);
	return r;
}
