/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dracut, also where it makes unified kernel images. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "boot/boot.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/uki.h"

/* Behind all others: an assignment in a later file would take the word away again. */
#define DRACUT_CMDLINE "etc/dracut.conf.d/zz-pcipass-cmdline.conf"

/* dracut: dracut.conf(5), acpi_override, acpi_table_dir. */
#define DRACUT_CONF   "etc/dracut.conf.d/pcipass.conf"
#define DRACUT_TABLES PP_APPLY_STATE "/acpi"

static bool dracut_detect(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "dracut");
}

static const char *const dracut_words[] = { "acpi_override", "acpi_table_dir", NULL };

static int dracut_foreign(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, "etc/dracut.conf", &c, e);

	if (!r && c.exists && pp_span_find(c.bytes, "\nacpi_override"))
		*ret = "/etc/dracut.conf sets acpi_override";
	if (!r && !*ret)
		r = pp_initrd_search(s, "etc/dracut.conf.d", dracut_words, ret, e);
	if (!r && !*ret)
		r = pp_initrd_search(s, "usr/lib/dracut/dracut.conf.d", dracut_words, ret, e);
	return r;
}

static int dracut_install(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                          struct pp_span cpio, struct pp_error *e)
{
	int r = pp_stage_put_ours(s, DRACUT_CONF,
	                          PP_STAGE_MARK
	                          "acpi_override=\"yes\"\nacpi_table_dir=\"/" DRACUT_TABLES "\"\n",
	                          0644, e);

	if (!r)
		r = pp_initrd_put_tables(s, DRACUT_TABLES, tables, nr_tables, e);
	return r;
}

static bool dracut_makes(struct pp_apply *a, const char *image)
{
	const char *uefi =
		pp_sys_has_program(a->sys, "dracut") ? pp_config_dracut(a, "uefi") : NULL;

	return uefi && !strcmp(uefi, "yes") && pp_uki_is_of_running_kernel(a, image, "linux-");
}

static bool dracut_signs_uki(struct pp_apply *a, bool by_kernel_install)
{
	return pp_config_dracut(a, "uefi_secureboot_key") &&
	       pp_config_dracut(a, "uefi_secureboot_cert");
}

static int dracut_add_to_uki(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	if (!pp_config_dracut(s->apply, "kernel_cmdline"))
		return pp_uki_no_source("dracut", "kernel_cmdline= of a file in /etc/dracut.conf.d",
		                        e);
	return pp_uki_put_line(
		s, DRACUT_CMDLINE,
		pp_arena_printf(&s->apply->arena, "kernel_cmdline+=\" %s \"\n", argument), e);
}

/*
 * Debian's, from version 105 on: run-parts of /etc/initramfs/post-update.d hands each new initrd on
 * to kernel-install.
 */
static bool dracut_feeds(struct pp_apply *a)
{
	const char *release = pp_boot_release(a);
	char path[256];

	snprintf(path, sizeof(path), "boot/initrd.img-%s", release ? release : "");
	return release && pp_sys_has(a->sys, path) &&
	       pp_sys_has(a->sys, "etc/initramfs/post-update.d/systemd-boot") &&
	       pp_initrd_program_has(a, "dracut", "post-update.d");
}

static const struct pp_tool dracut = { "dracut", true, { "dracut", "-f", "--regenerate-all" } };
/*
 * The one in /boot, which its kernel package makes. For --regenerate-all that depends on what else
 * is there, and kernel-install puts the one in /boot, with what was taken back, into the next
 * entry.
 */
static const struct pp_tool dracut_in_boot = { "dracut-boot",
	                                       true,
	                                       { "dracut", "-f", "--kver", PP_TOOL_KERNEL,
	                                         "/boot/initrd.img-" PP_TOOL_KERNEL } };

const struct pp_initrd pp_initrd_dracut = {
	.name = "dracut",
	.detect = dracut_detect,
	.feeds_kernel_install = dracut_feeds,
	.feed = &dracut_in_boot,
	.foreign = dracut_foreign,
	.install = dracut_install,
	.include = { "etc/dracut.conf.d/pcipass-bind.conf", "install_items+=\" /%s \"\n", NULL },
	.rebuild = &dracut,
	.makes_uki = dracut_makes,
	.signs_uki = dracut_signs_uki,
	.add_to_uki = dracut_add_to_uki,
};
