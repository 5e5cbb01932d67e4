/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line inside a unified kernel image. Each maker takes it whole from one place, and
 * makes one up where that is empty (/proc/cmdline, what it finds of the root file system): one word
 * put there alone would be the whole command line, and the host would not find its disk. So a word
 * is only ever added to what somebody has written there already.
 */
#include <string.h>

#include "base/text.h"
#include "boot/loader.h"
#include "boot/uki.h"
#include "host/command-line.h"

/* The command line in the image that runs, in the arena; NULL: none. */
static const char *uki_command_line(struct pp_apply *a)
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
static int uki_check_running(struct pp_apply *a, const struct pp_uki *u, struct pp_error *e)
{
	const char *own = uki_command_line(a), *running = pp_boot_command_line(a);
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

int pp_uki_no_source(const char *maker, const char *where, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP,
	               "%s makes up the command line of this host's unified kernel image, since "
	               "nothing says what it should be. By hand: write it to %s (what "
	               "/proc/cmdline says, without BOOT_IMAGE= and initrd=), then try again",
	               maker, where);
}

/* Somebody has written a command line there; a file without one is as good as none. */
bool pp_uki_has_cmdline(struct pp_apply *a)
{
	const char *text = pp_loader_read_cmdline(a);
	struct pp_span rest = PP_SPAN(text ? text : "", text ? strlen(text) : 0), line, word;

	while (pp_text_line(&rest, &line))
		if (pp_text_word(&line, &word) && *word.data != '#')
			return true;
	return false;
}

/* A file of our own with one line a word, behind all that the line has already. */
int pp_uki_put_line(struct pp_stage *s, const char *path, const char *line, struct pp_error *e)
{
	const char *now = uki_command_line(s->apply);

	if (now && pp_command_line_has_rest(now))
		return pp_fail(e, ENOTSUP,
		               "the command line has \"--\", behind which all is for init, and "
		               "what is added in a file of its own would stand there. By hand: add "
		               "the argument before it");
	return line ? pp_stage_add_ours(s, path, line, line, e) : pp_fail_oom(e, path);
}

/* With a table in the same plan one run does both. */
static int loader_uki_rebuild(struct pp_stage *s, const struct pp_uki *u, struct pp_error *e)
{
	return u->by_kernel_install ? pp_kernel_install_run(s, e)
	                            : pp_stage_run(s, u->maker->rebuild, NULL, e);
}

static int loader_uki_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { PP_LOADER_CMDLINE, "etc/cmdline.d/.conf",
		                              "etc/dracut.conf.d/.conf", "etc/dracut.conf", NULL };
	struct pp_uki u;
	int r = pp_uki_find(s->apply, &u, e);

	if (!r)
		r = uki_check_running(s->apply, &u, e);
	if (r)
		return r;
	s->image = u.path;
	r = pp_loader_take_off_files(s, places, word, e);
	return r ? r : loader_uki_rebuild(s, &u, e);
}

static int loader_uki_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_uki u;
	int r = pp_uki_find(s->apply, &u, e);

	if (!r)
		r = uki_check_running(s->apply, &u, e);
	if (r)
		return r;
	s->image = u.path;
	r = u.maker->add_to_uki(s, argument, e);
	return r ? r : loader_uki_rebuild(s, &u, e);
}

/* The style of the boot says it. */
static bool loader_uki_detect(struct pp_apply *a)
{
	return true;
}

static int loader_uki_check(struct pp_apply *a, struct pp_error *e)
{
	struct pp_uki u;

	return pp_uki_find(a, &u, e);
}

const struct pp_loader pp_loader_uki = {
	.name = "a unified kernel image",
	.reads = "what the unified kernel image is made from",
	.boots = PP_BOOT_BIT(PP_BOOT_UKI),
	.detect = loader_uki_detect,
	.check = loader_uki_check,
	.add = loader_uki_add,
	.take_off = loader_uki_take_off,
	.command_line = uki_command_line,
};
