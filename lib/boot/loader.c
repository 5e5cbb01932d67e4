/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot loaders: which one starts this host, and its kernel arguments. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/loader.h"
#include "base/buffer.h"
#include "base/text.h"
#include "host/command-line.h"
#include "txn/context.h"

#define CMDLINE      PP_LOADER_CMDLINE
#define GRUB_DEFAULT "etc/default/grub"
#define GRUB_DROPIN  "etc/default/grub.d/pcipass.cfg"
#define ESPS         "etc/kernel/proxmox-boot-uuids"

int pp_loader_line_with(struct pp_apply *a, const char *line, const char *word, const char *where,
                        const char **ret, struct pp_error *e)
{
	size_t at;

	if (!pp_command_line_end(line, &at))
		return pp_fail(e, ENOTSUP,
		               "/%.300s: a quotation mark on the kernel's command line is not "
		               "closed, and would swallow %s: close it, then try again",
		               where, word);
	bool before = pp_command_line_has_rest(line);
	const char *new = pp_command_line_has(line, word)
	                          ? line
	                          : pp_arena_printf(&a->arena, "%.*s%s%s%s%s", (int)at, line,
	                                            at && !before ? " " : "", word,
	                                            before ? " " : "", line + at);
	if (!new)
		return pp_fail_oom(e, where);
	*ret = new;
	return 0;
}

char *pp_loader_text(struct pp_apply *a, struct pp_span bytes)
{
	return pp_arena_strndup(&a->arena, (const char *)bytes.data, bytes.len);
}

/* GRUB */

static const char *grub_program(struct pp_apply *a)
{
	static const char *const names[] = { "update-grub", "grub2-mkconfig", "grub-mkconfig" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pp_sys_has_program(a->sys, names[i]))
			return names[i];
	return NULL;
}

static const char *grub_menu(struct pp_apply *a)
{
	return pp_sys_has(a->sys, "boot/grub2/grub.cfg") ? "boot/grub2/grub.cfg"
	                                                 : "boot/grub/grub.cfg";
}

bool pp_loader_is_grub(struct pp_apply *a)
{
	return pp_sys_has(a->sys, grub_menu(a)) && pp_sys_has(a->sys, GRUB_DEFAULT) &&
	       grub_program(a);
}

/* Debian's and its children's reads /etc/default/grub.d behind /etc/default/grub. */
static bool grub_reads_dropins(struct pp_apply *a)
{
	static const char *const names[] = { "grub-mkconfig", "grub2-mkconfig" };
	char whole[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct pp_content c;
		struct pp_error ignored;
		if (!pp_sys_find_program(a->sys, names[i], whole))
			continue;
		if (!pp_sys_content(a->sys, whole + strlen(a->root) + 1, &a->arena, &c, &ignored) &&
		    pp_span_find(c.bytes, "default/grub.d"))
			return true;
	}
	return false;
}

static int grub_rebuild(struct pp_stage *s, struct pp_error *e)
{
	const char *name = grub_program(s->apply);

	if (!name)
		return pp_fail(e, ENOENT,
		               "update-grub or grub-mkconfig is needed, and the host "
		               "has no such program");
	return pp_stage_run(s,
	                    !strcmp(name, "update-grub")      ? PP_TOOL_UPDATE_GRUB
	                    : !strcmp(name, "grub2-mkconfig") ? PP_TOOL_GRUB2_MKCONFIG
	                                                      : PP_TOOL_GRUB_MKCONFIG,
	                    NULL, e);
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
static const char *grub_command_line(struct pp_apply *a)
{
	struct pp_content c;
	struct pp_error ignored;

	if (pp_sys_content(a->sys, grub_menu(a), &a->arena, &c, &ignored) || !c.exists)
		return NULL;
	struct pp_span rest = c.bytes, line;
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
	const char *now = grub_command_line(s->apply);
	const char *line = now && pp_command_line_has_rest(now)
	                           ? pp_arena_printf(&s->apply->arena, "%s=\"%s $%s\"\n", variable,
	                                             word, variable)
	                           : pp_arena_printf(&s->apply->arena, "%s=\"$%s %s\"\n", variable,
	                                             variable, word);

	return line ? pp_stage_add_ours(s, GRUB_DROPIN, line, line, e)
	            : pp_fail_oom(e, GRUB_DROPIN);
}

static bool is_name_char(char c)
{
	return c == '_' || isalnum((unsigned char)c);
}

/* The last assignment of the variable: offset of what stands behind the equals sign, or -1. */
static ssize_t last_assignment(const char *text, const char *variable)
{
	size_t len = strlen(variable);
	ssize_t at = -1;

	for (const char *line = text; line && *line;) {
		if (!strncmp(line, variable, len) && line[len] == '=')
			at = line + len + 1 - text;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return at;
}

/* Set in other words: exported, indented, appended to. One more assignment would replace that. */
static bool is_set_otherwise(const char *text, const char *variable)
{
	struct pp_span rest = PP_SPAN(text, strlen(text)), line;
	size_t len = strlen(variable);
	const uint8_t *at;

	while (pp_text_line(&rest, &line)) {
		struct pp_span left = line, word;
		if (!pp_text_word(&left, &word) || *word.data == '#')
			continue;
		for (left = line; (at = pp_span_find(left, variable));
		     left = PP_SPAN(at + 1, (size_t)(line.data + line.len - at) - 1)) {
			size_t behind = (size_t)(line.data + line.len - at) - len;
			if ((at == line.data || !is_name_char(at[-1])) &&
			    (!behind || !is_name_char(at[len])))
				return true;
		}
	}
	return false;
}

/* One pair of quotes, and nothing that the shell would join to it. */
static bool is_quoted(const char *value)
{
	if (*value != '"' && *value != '\'')
		return false;
	const char *end = value + 1 + strcspn(value + 1, "\"'\\`\n");
	return *end == *value && strchr(" \t\n;", end[1]);
}

/* /etc/default/grub is a shell script; only the plain form is edited, anything else refused. */
int pp_loader_grub_edit(struct pp_stage *s, const char *variable, const char *word,
                        struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, GRUB_DEFAULT, &c, e);

	if (r)
		return r;
	char *text = pp_loader_text(s->apply, c.bytes);
	if (!text || strlen(text) != c.bytes.len)
		return pp_fail(e, EBADMSG, "/" GRUB_DEFAULT ": cannot be read as text");
	ssize_t at = last_assignment(text, variable);
	const char *new;
	size_t len = strlen(text);
	const char *program = grub_program(s->apply);
	if (at < 0 ? is_set_otherwise(text, variable) : !is_quoted(text + at))
		return pp_fail(e, ENOTSUP,
		               "/" GRUB_DEFAULT ": %s is written in a way that is not "
		               "edited by programs; by hand: add %s to it, and run %s",
		               variable, word, program ? program : "grub2-mkconfig");
	if (at < 0) {
		new = pp_arena_printf(&s->apply->arena, "%s%s%s=\"%s\"\n", text,
		                      len && text[len - 1] != '\n' ? "\n" : "", variable, word);
	} else {
		size_t begin = (size_t)at + 1, end = begin + strcspn(text + begin, "\"'");
		const char *line = pp_arena_strndup(&s->apply->arena, text + begin, end - begin);
		r = line ? pp_loader_line_with(s->apply, line, word, GRUB_DEFAULT, &line, e)
		         : pp_fail_oom(e, GRUB_DEFAULT);
		if (r)
			return r;
		new = pp_arena_printf(&s->apply->arena, "%.*s%s%s", (int)begin, text, line,
		                      text + end);
	}
	return new ? pp_stage_puts(s, GRUB_DEFAULT, new, 0644, e) : pp_fail_oom(e, GRUB_DEFAULT);
}

/* Fedora's command: entries come from files then, and the menu's variables do not count. */
static bool grub_reads_entries(struct pp_apply *a)
{
	struct pp_content c;
	struct pp_error ignored;
	struct pp_span line, word;

	if (pp_sys_content(a->sys, grub_menu(a), &a->arena, &c, &ignored) || !c.exists)
		return false;
	while (pp_text_line(&c.bytes, &line))
		if (pp_text_word(&line, &word) && pp_span_is(word, "blscfg"))
			return true;
	return false;
}

int pp_loader_grub_add(struct pp_stage *s, const char *variable, const char *word,
                       struct pp_error *e)
{
	if (grub_reads_entries(s->apply))
		return pp_fail(e, ENOTSUP,
		               "GRUB takes its entries from files (blscfg), and the host has no "
		               "grubby to edit them. By hand: add what %s should get, %s, to the "
		               "files in the directory loader/entries",
		               variable, word);
	int r = grub_reads_dropins(s->apply) ? grub_dropin(s, variable, word, e)
	                                     : pp_loader_grub_edit(s, variable, word, e);

	return r ? r : grub_rebuild(s, e);
}

static int grub_argument(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	return pp_loader_grub_add(s, "GRUB_CMDLINE_LINUX_DEFAULT", argument, e);
}

int pp_loader_append_cmdline(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, CMDLINE, &c, e);

	if (r)
		return r;
	char *text = pp_loader_text(s->apply, c.bytes);
	if (!text || strlen(text) != c.bytes.len)
		return pp_fail(e, EBADMSG, "/" CMDLINE ": cannot be read as text");
	size_t len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (memchr(text, '\n', len))
		return pp_fail(e, ENOTSUP, "/" CMDLINE ": has more than one line; by hand: add %s",
		               argument);
	const char *line = pp_arena_strndup(&s->apply->arena, text, len), *end = text + len;
	r = line ? pp_loader_line_with(s->apply, line, argument, CMDLINE, &line, e)
	         : pp_fail_oom(e, CMDLINE);
	if (r)
		return r;
	const char *new = pp_arena_printf(&s->apply->arena, "%s%s", line,
	                                  *end || len == strlen(line) ? end : "\n");
	return new ? pp_stage_puts(s, CMDLINE, new, 0644, e) : pp_fail_oom(e, CMDLINE);
}

const char *pp_loader_read_cmdline(struct pp_apply *a)
{
	struct pp_content c;
	struct pp_error ignored;

	return pp_sys_content(a->sys, CMDLINE, &a->arena, &c, &ignored) || !c.exists
	               ? NULL
	               : pp_loader_text(a, c.bytes);
}

/*
 * Proxmox with several ESPs: GRUB under Secure Boot or without UEFI, else systemd-boot. Which of
 * them a host will boot next is not to be known, so both get the argument.
 */
static bool detect_proxmox(struct pp_apply *a)
{
	return pp_sys_has(a->sys, ESPS) && pp_sys_has_program(a->sys, "proxmox-boot-tool");
}

static int proxmox_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	bool cmdline = pp_sys_has(s->apply->sys, CMDLINE);
	int r = cmdline ? pp_loader_append_cmdline(s, argument, e) : 0;

	if (!r && pp_loader_is_grub(s->apply))
		r = grub_argument(s, argument, e);
	else if (!r && !cmdline)
		r = pp_fail(e, ENOTSUP,
		            "neither /" CMDLINE " nor GRUB's configuration is there; by hand: "
		            "add %s to the kernel's command line",
		            argument);
	return r ? r : pp_stage_run(s, PP_TOOL_PROXMOX_BOOT, NULL, e);
}

static const char *proxmox_command_line(struct pp_apply *a)
{
	return pp_sys_has(a->sys, CMDLINE) ? pp_loader_read_cmdline(a) : grub_command_line(a);
}

static const struct pp_loader loaders[] = {
	{ "proxmox-boot-tool", detect_proxmox, proxmox_add, proxmox_command_line },
	{ "GRUB", pp_loader_is_grub, grub_argument, grub_command_line },
};

static const struct pp_loader *loader_first_of(struct pp_apply *a,
                                               const struct pp_loader *const *list)
{
	for (; *list; list++)
		if ((*list)->detect(a))
			return *list;
	return NULL;
}

static int unknown_loader(struct pp_apply *a, enum pp_boot_style way, struct pp_error *e)
{
	if (way == PP_BOOT_OTHER)
		return pp_fail(e, ENOTSUP,
		               "this host was started by %.100s, whose configuration pcipass does "
		               "not write. By hand: add the argument to the kernel's command line "
		               "there",
		               pp_boot_loader(a));
	return pp_fail(e, ENOTSUP,
	               "this host's boot loader is not known (looked for GRUB, proxmox-boot-tool, "
	               "grubby, kernel-install and systemd-boot's entries). By hand: add the "
	               "argument to the kernel's command line where the boot loader reads it");
}

int pp_loader_find(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e)
{
	/* The first two keep the others' files. */
	const struct pp_loader *const all[] = { &loaders[0], &pp_loader_grubby,
		                                &pp_loader_kernel_install, &loaders[1], NULL };
	const struct pp_loader *const grub[] = { &loaders[0], &pp_loader_grubby, &loaders[1],
		                                 NULL };
	const struct pp_loader *const entry[] = { &loaders[0], &pp_loader_grubby,
		                                  &pp_loader_kernel_install, &pp_loader_entry,
		                                  NULL };
	enum pp_boot_style way;
	int r = pp_boot_find(a, &way, e);

	if (r)
		return r;
	if (way == PP_BOOT_UKI)
		return pp_loader_find_uki(a, ret, e);
	const struct pp_loader *found = way == PP_BOOT_OTHER   ? NULL
	                                : way == PP_BOOT_GRUB  ? loader_first_of(a, grub)
	                                : way == PP_BOOT_ENTRY ? loader_first_of(a, entry)
	                                                       : loader_first_of(a, all);
	if (!found)
		return unknown_loader(a, way, e);
	if (way == PP_BOOT_UNKNOWN && found == &pp_loader_kernel_install && pp_loader_is_grub(a))
		return pp_fail(
			e, ENOTSUP,
			"GRUB and systemd-boot are both installed, and neither /proc/cmdline "
			"nor the EFI variables tell which of them starts this host. By hand: "
			"add the argument where the one that does reads it");
	*ret = found;
	return 0;
}
