/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GRUB: what its menu is made of, and who makes it. */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "host/command-line.h"

#define GRUB_DEFAULT PP_LOADER_GRUB_DEFAULT
#define GRUB_DROPIN  "etc/default/grub.d/pcipass.cfg"

static const struct pp_tool update_grub = { "update-grub", false, { "update-grub" } };
static const struct pp_tool grub2_mkconfig = { "grub2-mkconfig",
	                                       false,
	                                       { "grub2-mkconfig", "-o", "/boot/grub2/grub.cfg" } };
static const struct pp_tool grub_mkconfig = { "grub-mkconfig",
	                                      false,
	                                      { "grub-mkconfig", "-o", "/boot/grub/grub.cfg" } };

/* The first that is there. */
static const struct pp_tool *const grub_tools[] = { &update_grub, &grub2_mkconfig, &grub_mkconfig,
	                                            NULL };

static const struct pp_tool *grub_program(struct pp_apply *a)
{
	const struct pp_tool *const *t = grub_tools;

	while (*t && !pp_sys_has_program(a->sys, (*t)->argv[0]))
		t++;
	return *t;
}

static const char *grub_menu(struct pp_apply *a)
{
	return pp_sys_has(a->sys, "boot/grub2/grub.cfg") ? "boot/grub2/grub.cfg"
	                                                 : "boot/grub/grub.cfg";
}

bool pp_grub_is_here(struct pp_apply *a)
{
	return pp_sys_has(a->sys, grub_menu(a)) && pp_sys_has(a->sys, GRUB_DEFAULT) &&
	       grub_program(a);
}

/* Debian's and its children's reads /etc/default/grub.d behind /etc/default/grub. */
static bool grub_reads_dropins(struct pp_apply *a)
{
	return pp_initrd_program_has(a, "grub-mkconfig", "default/grub.d") ||
	       pp_initrd_program_has(a, "grub2-mkconfig", "default/grub.d");
}

int pp_grub_rebuild(struct pp_stage *s, struct pp_error *e)
{
	const struct pp_tool *tool = grub_program(s->apply);

	return tool ? pp_stage_run(s, tool, NULL, e)
	            : pp_fail(e, ENOENT,
	                      "update-grub or grub-mkconfig is needed, but the host does not have it");
}

/*
 * In GRUB's language ";" ends the command, and what stands behind it reaches no kernel; but for
 * quotes and a backslash, which pci=disable_acs_redir= of several devices needs.
 */
static struct pp_span grub_command(struct pp_span line)
{
	uint8_t quote = 0;

	for (size_t i = 0; i < line.len; i++) {
		uint8_t c = line.data[i];
		if (c == '\\' && quote != '\'')
			i++;
		else if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == ';')
			return PP_SPAN(line.data, i);
	}
	return line;
}

/* Of the first entry, which is what boots where nobody chooses. */
const char *pp_grub_command_line(struct pp_apply *a)
{
	struct pp_span rest, line;

	if (!pp_boot_read(a, grub_menu(a), &rest))
		return NULL;
	while (pp_text_line(&rest, &line)) {
		struct pp_span left = line, word;
		if (pp_text_word(&left, &word) &&
		    (pp_span_is(word, "linux") || pp_span_is(word, "linux16") ||
		     pp_span_is(word, "linuxefi")))
			return pp_loader_text(a, grub_command(left));
	}
	return NULL;
}

/* Behind what the variable holds; before it where there is "--", behind which all is for init. */
static int grub_dropin(struct pp_stage *s, const char *variable, const char *word,
                       struct pp_error *e)
{
	const char *now = pp_grub_command_line(s->apply);
	const char *line = now && pp_command_line_has_rest(now)
	                           ? pp_arena_printf(&s->apply->arena, "%s=\"%s $%s\"\n", variable,
	                                             word, variable)
	                           : pp_arena_printf(&s->apply->arena, "%s=\"$%s %s\"\n", variable,
	                                             variable, word);

	return line ? pp_stage_add_ours(s, GRUB_DROPIN, line, line, e)
	            : pp_fail_oom(e, GRUB_DROPIN);
}

int pp_grub_edit(struct pp_stage *s, const char *variable, const char *word, struct pp_error *e)
{
	const struct pp_tool *tool = grub_program(s->apply);

	return pp_loader_edit_variable(s, GRUB_DEFAULT, variable, word,
	                               tool ? tool->argv[0] : "grub2-mkconfig", e);
}

/* Fedora's command: entries come from files then, and the menu's variables do not count. */
static bool grub_reads_entries(struct pp_apply *a)
{
	struct pp_span rest, line, word;

	if (!pp_boot_read(a, grub_menu(a), &rest))
		return false;
	while (pp_text_line(&rest, &line))
		if (pp_text_word(&line, &word) && pp_span_is(word, "blscfg"))
			return true;
	return false;
}

int pp_grub_add(struct pp_stage *s, const char *variable, const char *word, struct pp_error *e)
{
	if (grub_reads_entries(s->apply))
		return pp_fail(e, ENOTSUP,
		               "GRUB takes its entries from files (blscfg), and the host has no "
		               "grubby to edit them. By hand: add what %s should get, %s, to the "
		               "files in the directory loader/entries",
		               variable, word);
	int r = grub_reads_dropins(s->apply) ? grub_dropin(s, variable, word, e)
	                                     : pp_grub_edit(s, variable, word, e);

	return r ? r : pp_grub_rebuild(s, e);
}

static int grub_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	return pp_grub_add(s, "GRUB_CMDLINE_LINUX_DEFAULT", argument, e);
}

static int grub_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { GRUB_DEFAULT, "etc/default/grub.d/.cfg", NULL };
	int r = pp_loader_take_off_files(s, places, word, e);

	return r ? r : pp_grub_rebuild(s, e);
}

const struct pp_loader pp_loader_grub = {
	.name = "GRUB",
	.reads = "/" GRUB_DEFAULT,
	.boots = PP_BOOT_BIT(PP_BOOT_GRUB) | PP_BOOT_BIT(PP_BOOT_UNKNOWN),
	.detect = pp_grub_is_here,
	.add = grub_add,
	.take_off = grub_take_off,
	.command_line = pp_grub_command_line,
	.tools = grub_tools,
};
