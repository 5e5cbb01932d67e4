/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fedora's and Red Hat's entries, which grubby edits. */
#include <stdio.h>
#include <string.h>

#include "boot/loader.h"

#define ENTRIES "boot/loader/entries"

/* Fedora, RHEL: grubby edits each entry, and what entries to come are made from. */
static bool grubby_detect(struct pp_apply *a)
{
	return pp_sys_has_program(a->sys, "grubby") && pp_sys_has_directory(a->sys, ENTRIES);
}

/* rpm and editors leave others beside the entries: "x.conf.rpmsave". */
static bool grubby_is_entry(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && !strcmp(name + len - 5, ".conf");
}

/* What grubby would do, in a way that can be taken back to the byte: the files that it edits. */
static int grubby_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->apply->sys, ENTRIES, &s->apply->arena);
	int r = names ? 0 : pp_fail_oom(e, ENTRIES);

	for (; !r && *names; names++) {
		char path[512];
		snprintf(path, sizeof(path), ENTRIES "/%s", *names);
		if (grubby_is_entry(*names))
			r = pp_entry_append(s, path, argument, e);
	}
	/* For kernels to come. */
	if (!r && pp_sys_has(s->apply->sys, PP_LOADER_CMDLINE))
		r = pp_loader_append_cmdline(s, argument, e);
	if (!r && pp_sys_has(s->apply->sys, PP_LOADER_GRUB_DEFAULT))
		r = pp_grub_edit(s, "GRUB_CMDLINE_LINUX", argument, e);
	return r;
}

static int grubby_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { ENTRIES "/.conf", PP_LOADER_CMDLINE,
		                              PP_LOADER_GRUB_DEFAULT, NULL };

	return pp_loader_take_off_files(s, places, word, e);
}

static const char *grubby_command_line(struct pp_apply *a)
{
	const char *const *names = pp_sys_names(a->sys, ENTRIES, &a->arena);
	const char *options = NULL;

	for (; !options && names && *names; names++) {
		char path[512];
		snprintf(path, sizeof(path), ENTRIES "/%s", *names);
		if (grubby_is_entry(*names))
			options = pp_entry_options(a, path);
	}
	return options;
}

const struct pp_loader pp_loader_grubby = {
	.name = "grubby",
	.reads = "/" ENTRIES,
	.boots = PP_BOOT_BIT(PP_BOOT_GRUB) | PP_BOOT_BIT(PP_BOOT_ENTRY) |
	         PP_BOOT_BIT(PP_BOOT_UNKNOWN),
	.writes_others = true,
	.detect = grubby_detect,
	.add = grubby_add,
	.take_off = grubby_take_off,
	.command_line = grubby_command_line,
};
