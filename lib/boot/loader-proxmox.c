/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proxmox VE with proxmox-boot-tool, which keeps several ESPs alike. */
#include "boot/loader.h"

#define CMDLINE PP_LOADER_CMDLINE
#define ESPS    "etc/kernel/proxmox-boot-uuids"

static const struct pp_tool proxmox_boot_tool = { "proxmox-boot-tool",
	                                          false,
	                                          { "proxmox-boot-tool", "refresh" } };

/*
 * Proxmox with several ESPs: GRUB under Secure Boot or without UEFI, else systemd-boot. Which of
 * them a host will boot next is not to be known, so both get the argument.
 */
static bool proxmox_detect(struct pp_apply *a)
{
	return pp_sys_has(a->sys, ESPS) && pp_sys_has_program(a->sys, "proxmox-boot-tool");
}

static int proxmox_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	bool cmdline = pp_sys_has(s->apply->sys, CMDLINE);
	int r = cmdline ? pp_loader_append_cmdline(s, argument, e) : 0;

	if (!r && pp_grub_is_here(s->apply))
		r = pp_grub_add(s, "GRUB_CMDLINE_LINUX_DEFAULT", argument, e);
	else if (!r && !cmdline)
		r = pp_fail(e, ENOTSUP,
		            "neither /" CMDLINE " nor GRUB's configuration is there; by hand: "
		            "add %s to the kernel command line",
		            argument);
	return r ? r : pp_stage_run(s, &proxmox_boot_tool, NULL, e);
}

/* From both, as it was added to both. */
static int proxmox_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { CMDLINE, PP_LOADER_GRUB_DEFAULT,
		                              "etc/default/grub.d/.cfg", NULL };
	int r = pp_loader_take_off_files(s, places, word, e);

	if (!r && pp_grub_is_here(s->apply))
		r = pp_grub_rebuild(s, e);
	return r ? r : pp_stage_run(s, &proxmox_boot_tool, NULL, e);
}

static const char *proxmox_command_line(struct pp_apply *a)
{
	return pp_sys_has(a->sys, CMDLINE) ? pp_loader_read_cmdline(a) : pp_grub_command_line(a);
}

static const struct pp_tool *const proxmox_tools[] = { &proxmox_boot_tool, NULL };

const struct pp_loader pp_loader_proxmox = {
	.name = "proxmox-boot-tool",
	.reads = "/" CMDLINE " and /" PP_LOADER_GRUB_DEFAULT,
	.boots = PP_BOOT_BIT(PP_BOOT_GRUB) | PP_BOOT_BIT(PP_BOOT_ENTRY) |
	         PP_BOOT_BIT(PP_BOOT_UNKNOWN),
	.writes_others = true,
	.detect = proxmox_detect,
	.add = proxmox_add,
	.take_off = proxmox_take_off,
	.command_line = proxmox_command_line,
	.tools = proxmox_tools,
};
