/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line inside a unified kernel image. Each maker takes it whole from one place, and
 * makes one up where that is empty (/proc/cmdline, what it finds of the root file system): one word
 * put there alone would be the whole command line, and the host would not find its disk. So a word
 * is only ever added to what somebody has written there already.
 */
#include <stdio.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/config.h"
#include "boot/loader.h"
#include "boot/uki.h"
#include "base/text.h"
#include "host/command-line.h"
#include "txn/context.h"

#define CMDLINE_D     "etc/cmdline.d"
#define CMDLINE_D_OWN CMDLINE_D "/pcipass.conf"
/* Behind all others: an assignment in a later file would take the word away again. */
#define DRACUT_OWN "etc/dracut.conf.d/zz-pcipass-cmdline.conf"

static const char *loader_uki_command_line(struct pp_apply *a)
{
	struct pp_uki u;
	struct pp_uki_image image;
	struct pp_error ignored;

	if (pp_uki_find(a, &u, &ignored) || pp_uki_open(a, u.path, &image, &ignored))
		return NULL;
	const char *text =
		pp_text_clean(&a->arena, image.command_line.data, image.command_line.len);
	pp_uki_close(a, &image);
	return text;
}

/* What a loader hands over counts in place of the image's own, Secure Boot apart. */
static int check_running(struct pp_apply *a, const struct pp_uki *u, struct pp_error *e)
{
	const char *own = loader_uki_command_line(a), *running = pp_boot_command_line(a);
	struct pp_span rest = PP_SPAN(own ? own : "", own ? strlen(own) : 0), w;

	if (!rest.len)
		return pp_fail(
			e, ENOTSUP,
			"/%s has no command line of its own: it comes from the boot loader. By "
			"hand: add the argument there",
			u->path);
	while (pp_command_line_next(&rest, &w)) {
		const char *word = pp_arena_strndup(&a->arena, (const char *)w.data, w.len);
		if (!word)
			return pp_fail_oom(e, "command line");
		/* Ours may wait for the reboot. */
		if (!pp_argument_is_known(word) && !pp_command_line_has(running, word))
			return pp_fail(
				e, ENOTSUP,
				"the running kernel was not given the command line of /%s (%.60s "
				"is missing): the boot loader hands over another, or the image "
				"is newer than this boot. Reboot; if this is said again, add the "
				"argument where the boot loader reads it",
				u->path, word);
	}
	return 0;
}

static int no_source(const char *maker, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP,
	               "%s makes up the command line of this host's unified kernel image, since "
	               "nothing says what it should be. By hand: write it to %s (what "
	               "/proc/cmdline says, without BOOT_IMAGE= and initrd=), then try again",
	               maker,
	               strcmp(maker, "dracut") ? "/" PP_LOADER_CMDLINE
	                                       : "kernel_cmdline= of a file in /etc/dracut.conf.d");
}

/* Somebody has written a command line there; a file without one is as good as none. */
static bool has_cmdline(struct pp_apply *a)
{
	const char *text = pp_loader_read_cmdline(a);
	struct pp_span rest = PP_SPAN(text ? text : "", text ? strlen(text) : 0), line, word;

	while (pp_text_line(&rest, &line))
		if (pp_text_word(&line, &word) && *word.data != '#')
			return true;
	return false;
}

static bool has_dropins(struct pp_apply *a)
{
	const char *const *names = pp_sys_names(a->sys, CMDLINE_D, &a->arena);

	for (; names && *names; names++) {
		size_t len = strlen(*names);
		if (len > 5 && !strcmp(*names + len - 5, ".conf"))
			return true;
	}
	return false;
}

/* A file of our own with one line a word, behind all that the line has already. */
static int put_line(struct pp_stage *s, const char *path, const char *line, struct pp_error *e)
{
	const char *now = loader_uki_command_line(s->apply);

	if (now && pp_command_line_has_rest(now))
		return pp_fail(e, ENOTSUP,
		               "the command line has \"--\", behind which all is for init, and "
		               "what is added in a file of its own would stand there. By hand: add "
		               "the argument before it");
	return line ? pp_stage_add_ours(s, path, line, line, e) : pp_fail_oom(e, path);
}

static int mkinitcpio_source(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	const char *options = NULL;

	for (unsigned int n = 0; (options = pp_config_preset(a, "_options", n)); n++)
		if (strstr(options, "cmdline"))
			break;
	if (options || pp_config_preset(a, "_cmdline", 0))
		return pp_fail(
			e, ENOTSUP,
			"a preset in /etc/mkinitcpio.d says where the command line comes from. "
			"By hand: add %s there, and run mkinitcpio -P",
			argument);
	if (has_cmdline(a))
		return pp_loader_append_cmdline(s, argument, e);
	if (!has_dropins(a))
		return no_source("mkinitcpio", e);
	return put_line(s, CMDLINE_D_OWN, pp_arena_printf(&a->arena, "%s\n", argument), e);
}

static int dracut_source(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	if (!pp_config_dracut(s->apply, "kernel_cmdline"))
		return no_source("dracut", e);
	return put_line(s, DRACUT_OWN,
	                pp_arena_printf(&s->apply->arena, "kernel_cmdline+=\" %s \"\n", argument),
	                e);
}

static int ukify_source(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	if (!has_cmdline(s->apply))
		return no_source("ukify", e);
	return pp_loader_append_cmdline(s, argument, e);
}

static int loader_uki_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_uki u;
	int r = pp_uki_find(s->apply, &u, e);

	if (!r)
		r = check_running(s->apply, &u, e);
	if (r)
		return r;
	s->image = u.path;
	r = !strcmp(u.generator, "mkinitcpio") ? mkinitcpio_source(s, argument, e)
	    : !strcmp(u.generator, "dracut")   ? dracut_source(s, argument, e)
	                                       : ukify_source(s, argument, e);
	if (r)
		return r;
	if (u.maker == PP_UKI_KERNEL_INSTALL)
		return pp_loader_add_kernels(s, e);
	/* With a table in the same plan one run does both. */
	return pp_stage_run(s, u.maker == PP_UKI_DRACUT ? PP_TOOL_DRACUT : PP_TOOL_MKINITCPIO, NULL,
	                    e);
}

static bool detect(struct pp_apply *a)
{
	enum pp_boot_style way;
	struct pp_error ignored;

	return !pp_boot_find(a, &way, &ignored) && way == PP_BOOT_UKI;
}

static const struct pp_loader loader = { "the unified kernel image", detect, loader_uki_add,
	                                 loader_uki_command_line };

int pp_loader_find_uki(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e)
{
	struct pp_uki u;
	int r = pp_uki_find(a, &u, e);

	if (!r)
		*ret = &loader;
	return r;
}
