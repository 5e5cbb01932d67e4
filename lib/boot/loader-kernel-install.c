/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel-install, which writes the entries of systemd-boot and makes unified kernel images. */
#include <stdio.h>
#include <string.h>

#include "boot/loader.h"

#define CMDLINE PP_LOADER_CMDLINE

/* One kernel, whose image lies in /boot, or in /lib/modules. */
static const struct pp_tool kernel_install_boot = { "kernel-install-boot",
	                                            false,
	                                            { "kernel-install", "add", PP_TOOL_KERNEL,
	                                              "/boot/vmlinuz-" PP_TOOL_KERNEL } };
static const struct pp_tool kernel_install_modules = {
	"kernel-install-modules",
	false,
	{ "kernel-install", "add", PP_TOOL_KERNEL, "/lib/modules/" PP_TOOL_KERNEL "/vmlinuz" }
};
const struct pp_tool pp_tool_kernel_install_all = { "kernel-install-all",
	                                            true,
	                                            { "kernel-install", "add-all" } };

const struct pp_tool pp_tool_kernel_install_initrd = { "kernel-install-initrd",
	                                               true,
	                                               { "kernel-install", "add", PP_TOOL_KERNEL,
	                                                 "/boot/vmlinuz-" PP_TOOL_KERNEL } };

/* systemd-boot: kernel-install writes each kernel's entry from /etc/kernel/cmdline. */
bool pp_kernel_install_is_here(struct pp_apply *a)
{
	const char *directory = pp_boot_file(a, "loader/entries"), *release = pp_boot_release(a);
	const char *const *names =
		directory && release ? pp_sys_names(a->sys, directory, &a->arena) : NULL;

	if (!pp_sys_has(a->sys, CMDLINE) || !pp_sys_has_program(a->sys, "kernel-install"))
		return false;
	/* Its entries have the kernel in their names; those of a person mostly have not. */
	for (; names && *names; names++)
		if (strstr(*names, release))
			return true;
	return false;
}

static int add_kernel(struct pp_stage *s, const char *version, bool *found, struct pp_error *e)
{
	char path[512];

	snprintf(path, sizeof(path), "boot/vmlinuz-%s", version);
	bool in_boot = pp_sys_has(s->apply->sys, path);
	snprintf(path, sizeof(path), "lib/modules/%s/vmlinuz", version);
	if (!in_boot && !pp_sys_has(s->apply->sys, path))
		return 0;
	*found = true;
	return pp_stage_run(s, in_boot ? &kernel_install_boot : &kernel_install_modules, version,
	                    e);
}

int pp_kernel_install_run(struct pp_stage *s, struct pp_error *e)
{
	const char *const *versions = pp_sys_names(s->apply->sys, "lib/modules", &s->apply->arena);
	bool found = false;
	int r = versions ? 0 : pp_fail_oom(e, "kernel-install");

	for (; !r && *versions; versions++)
		r = add_kernel(s, *versions, &found, e);
	if (!r && !found)
		r = pp_fail(e, ENOENT, "no kernel was found in /boot or /lib/modules");
	return r;
}

static int kernel_install_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	int r = pp_loader_append_cmdline(s, argument, e);

	return r ? r : pp_kernel_install_run(s, e);
}

static int kernel_install_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { CMDLINE, NULL };
	int r = pp_loader_take_off_files(s, places, word, e);

	return r ? r : pp_kernel_install_run(s, e);
}

static const struct pp_tool *const kernel_install_tools[] = {
	&kernel_install_boot, &kernel_install_modules, &pp_tool_kernel_install_all,
	&pp_tool_kernel_install_initrd, NULL
};

const struct pp_loader pp_loader_kernel_install = {
	.name = "kernel-install",
	.reads = "/" CMDLINE,
	.boots = PP_BOOT_BIT(PP_BOOT_ENTRY) | PP_BOOT_BIT(PP_BOOT_UNKNOWN),
	.detect = pp_kernel_install_is_here,
	.add = kernel_install_add,
	.take_off = kernel_install_take_off,
	.command_line = pp_loader_read_cmdline,
	.tools = kernel_install_tools,
};
