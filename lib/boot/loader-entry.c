/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boot entries in files of their own: the Boot Loader Specification's type 1. */
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/loader.h"
#include "base/text.h"
#include "txn/context.h"

#define CMDLINE PP_LOADER_CMDLINE

/* systemd-boot: kernel-install writes each kernel's entry from /etc/kernel/cmdline. */
static bool detect_kernel_install(struct pp_apply *a)
{
	const char *folder = pp_boot_file(a, "loader/entries"), *release = pp_boot_release(a);
	const char *const *names =
		folder && release ? pp_sys_names(a->sys, folder, &a->arena) : NULL;

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
	return pp_stage_run(s,
	                    in_boot ? PP_TOOL_KERNEL_INSTALL_BOOT : PP_TOOL_KERNEL_INSTALL_MODULES,
	                    version, e);
}

int pp_loader_add_kernels(struct pp_stage *s, struct pp_error *e)
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

	return r ? r : pp_loader_add_kernels(s, e);
}

const struct pp_loader pp_loader_kernel_install = { "kernel-install", detect_kernel_install,
	                                            kernel_install_add, pp_loader_read_cmdline };

/* Fedora, RHEL: grubby edits each entry, and what entries to come are made from. */
static bool detect_grubby(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "grubby") &&
	       pp_sys_has_directory(a->sys, "boot/loader/entries");
}

/* The same in one way that can be taken back to the byte: the files that grubby would edit. */
static int entry_append(struct pp_stage *s, const char *path, const char *argument,
                        struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (r)
		return r;
	char *text = pp_loader_text(s->apply, c.bytes);
	char *options = text ? strstr(text, "\noptions ") : NULL;
	if (!options || strlen(text) != c.bytes.len)
		return pp_fail(e, ENOTSUP, "/%s: has no line of options; by hand: add %s to it",
		               path, argument);
	char *end = options + 1 + strcspn(options + 1, "\r\n");
	const char *line =
		pp_arena_strndup(&s->apply->arena, options + 1, (size_t)(end - options - 1));
	if (line && strchr(line, '$') && !strstr(line, "$tuned_params"))
		return pp_fail(e, ENOTSUP,
		               "/%s: takes its options from grubenv; by hand: grubby "
		               "--update-kernel=ALL --args=%s",
		               path, argument);
	r = line ? pp_loader_line_with(s->apply, line, argument, path, &line, e)
	         : pp_fail_oom(e, path);
	if (r)
		return r;
	const char *new = pp_arena_printf(&s->apply->arena, "%.*s%s%s", (int)(options + 1 - text),
	                                  text, line, end);
	return new ? pp_stage_puts(s, path, new, 0644, e) : pp_fail_oom(e, path);
}

#define ENTRIES "boot/loader/entries"

static int grubby_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->apply->sys, ENTRIES, &s->apply->arena);
	int r = names ? 0 : pp_fail_oom(e, ENTRIES);

	for (; !r && *names; names++) {
		char path[512];
		size_t len = strlen(*names);
		snprintf(path, sizeof(path), ENTRIES "/%s", *names);
		if (len > 5 && !strcmp(*names + len - 5, ".conf"))
			r = entry_append(s, path, argument, e);
	}
	/* For kernels to come. */
	if (!r && pp_sys_has(s->apply->sys, CMDLINE))
		r = pp_loader_append_cmdline(s, argument, e);
	if (!r && pp_sys_has(s->apply->sys, PP_LOADER_GRUB_DEFAULT))
		r = pp_loader_grub_edit(s, "GRUB_CMDLINE_LINUX", argument, e);
	return r;
}

static const char *entry_options(struct pp_apply *a, const char *path)
{
	struct pp_content c;
	struct pp_error ignored;
	char *text = pp_sys_content(a->sys, path, &a->arena, &c, &ignored) || !c.exists
	                     ? NULL
	                     : pp_loader_text(a, c.bytes);
	char *options = text ? strstr(text, "\noptions ") : NULL;

	if (!options)
		return NULL;
	options[1 + strcspn(options + 1, "\r\n")] = '\0';
	return options + strlen("\noptions ");
}

static const char *entries_command_line(struct pp_apply *a)
{
	const char *const *names = pp_sys_names(a->sys, ENTRIES, &a->arena);
	const char *options = NULL;

	for (; !options && names && *names; names++) {
		char path[512];
		snprintf(path, sizeof(path), ENTRIES "/%s", *names);
		options = entry_options(a, path);
	}
	return options;
}

const struct pp_loader pp_loader_grubby = { "grubby", detect_grubby, grubby_add,
	                                    entries_command_line };

/* An entry of systemd-boot that a person wrote: it stays as it is when kernels come and go. */
static const char *own_entry(struct pp_apply *a)
{
	const char *name = pp_boot_variable(a, "LoaderEntrySelected");
	const char *path = name ? pp_arena_printf(&a->arena, "loader/entries/%s", name) : NULL;

	return path ? pp_boot_file(a, path) : NULL;
}

static bool detect_entry(struct pp_apply *a)
{
	const char *path = own_entry(a), *release = pp_boot_release(a);

	return path && release && !strstr(path, release);
}

static int entry_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	return entry_append(s, own_entry(s->apply), argument, e);
}

static const char *entry_command_line(struct pp_apply *a)
{
	return entry_options(a, own_entry(a));
}

const struct pp_loader pp_loader_entry = { "systemd-boot", detect_entry, entry_add,
	                                   entry_command_line };
