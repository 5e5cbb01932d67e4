/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boot entries in files of their own, the Boot Loader Specification's type 1: their line of
 * options, and the entries of systemd-boot that a person wrote.
 */
#include <string.h>

#include "base/text.h"
#include "boot/loader.h"

int pp_entry_append(struct pp_stage *s, const char *path, const char *argument, struct pp_error *e)
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

const char *pp_entry_options(struct pp_apply *a, const char *path)
{
	struct pp_span bytes;
	char *text = pp_boot_read(a, path, &bytes) ? pp_loader_text(a, bytes) : NULL;
	char *options = text ? strstr(text, "\noptions ") : NULL;

	if (!options)
		return NULL;
	options[1 + strcspn(options + 1, "\r\n")] = '\0';
	return options + strlen("\noptions ");
}

/* An entry of systemd-boot that a person wrote: it stays as it is when kernels come and go. */
static const char *entry_own(struct pp_apply *a)
{
	const char *name = pp_boot_variable(a, "LoaderEntrySelected");
	const char *path = name ? pp_arena_printf(&a->arena, "loader/entries/%s", name) : NULL;

	return path ? pp_boot_file(a, path) : NULL;
}

static bool entry_detect(struct pp_apply *a)
{
	const char *path = entry_own(a), *release = pp_boot_release(a);

	return path && release && !strstr(path, release);
}

static int entry_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	return pp_entry_append(s, entry_own(s->apply), argument, e);
}

static int entry_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	const char *const places[] = { entry_own(s->apply), NULL };

	return pp_loader_take_off_files(s, places, word, e);
}

static const char *entry_command_line(struct pp_apply *a)
{
	return pp_entry_options(a, entry_own(a));
}

const struct pp_loader pp_loader_entry = {
	.name = "systemd-boot",
	.reads = "the options of the entry that this host starts from",
	.boots = PP_BOOT_BIT(PP_BOOT_ENTRY),
	.detect = entry_detect,
	.add = entry_add,
	.take_off = entry_take_off,
	.command_line = entry_command_line,
};
