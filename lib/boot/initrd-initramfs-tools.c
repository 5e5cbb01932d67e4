/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Debian's initramfs-tools. */
#include "boot/initrd.h"

/* initramfs-tools: mkinitramfs runs each hook, also for kernels to come. */
#define HOOKS "etc/initramfs-tools/hooks"

static bool initramfs_tools_detect(struct pp_apply *a)
{
	/* Newer dracut brings an update-initramfs, and a removed package leaves its /etc. */
	return pp_sys_has_directory(a->sys, "etc/initramfs-tools") &&
	       pp_sys_has_program(a->sys, "update-initramfs") &&
	       pp_sys_has(a->sys, "usr/share/initramfs-tools/hook-functions");
}

static const char *const initramfs_tools_words[] = { "firmware/acpi", "acpi-override",
	                                             "acpi_override", NULL };

static int initramfs_tools_foreign(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	int r = pp_initrd_search(s, HOOKS, initramfs_tools_words, ret, e);

	if (!r && !*ret)
		r = pp_initrd_search(s, "usr/share/initramfs-tools/hooks", initramfs_tools_words,
		                     ret, e);
	return r;
}

static int initramfs_tools_install(struct pp_stage *s, const struct pp_span *tables,
                                   uint32_t nr_tables, struct pp_span cpio, struct pp_error *e)
{
	static const char hook[] = "#!/bin/sh\n" PP_STAGE_MARK
				   "# Puts the firmware table that pcipass changed in front of "
				   "the initrd.\n"
				   "[ \"$1\" = prereqs ] && exit 0\n"
				   ". /usr/share/initramfs-tools/hook-functions\n"
				   "prepend_earlyinitramfs /" PP_INITRD_CPIO "\n";
	return pp_stage_put_ours(s, HOOKS "/pcipass", hook, 0755, e);
}

/* Debian's: it hands each new initrd on to kernel-install. */
static bool initramfs_tools_feeds(struct pp_apply *a)
{
	return initramfs_tools_detect(a) &&
	       pp_sys_has(a->sys, "etc/initramfs/post-update.d/systemd-boot");
}

static const struct pp_tool update_initramfs = { "update-initramfs",
	                                         true,
	                                         { "update-initramfs", "-u", "-k", "all" } };

const struct pp_initrd pp_initrd_initramfs_tools = {
	.name = "initramfs-tools",
	.detect = initramfs_tools_detect,
	.feeds_kernel_install = initramfs_tools_feeds,
	.foreign = initramfs_tools_foreign,
	.install = initramfs_tools_install,
	.rebuild = &update_initramfs,
};
