/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which boot loader starts this host, and what several of them have in common. */
#include <stdio.h>
#include <string.h>

#include "boot/loader.h"
#include "host/command-line.h"

#define CMDLINE PP_LOADER_CMDLINE

int pp_loader_line_with(struct pp_apply *a, const char *line, const char *word, const char *where,
                        const char **ret, struct pp_error *e)
{
	size_t at;

	if (!pp_command_line_end(line, &at))
		return pp_fail(e, ENOTSUP,
		               "/%.300s: a quotation mark on the kernel command line is not "
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

int pp_loader_read_text(struct pp_stage *s, const char *path, char **ret, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, path, &c, e);

	if (r)
		return r;
	*ret = pp_loader_text(s->apply, c.bytes);
	return *ret && strlen(*ret) == c.bytes.len
	               ? 0
	               : pp_fail(e, EBADMSG, "/%.300s: cannot be read as text", path);
}

int pp_loader_append_cmdline(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	char *text;
	int r = pp_loader_read_text(s, CMDLINE, &text, e);

	if (r)
		return r;
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
	struct pp_span bytes;

	return pp_boot_read(a, CMDLINE, &bytes) ? pp_loader_text(a, bytes) : NULL;
}

/* The names of all, for who has to do it by hand. */
static const char *loader_names(char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; pp_loaders[i] && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		                        !i                  ? ""
		                        : pp_loaders[i + 1] ? ", "
		                                            : " and ",
		                        pp_loaders[i]->name);
	return buf;
}

static int loader_unknown(struct pp_apply *a, enum pp_boot_style style, struct pp_error *e)
{
	char names[256];

	if (style == PP_BOOT_OTHER)
		return pp_fail(e, ENOTSUP,
		               "this host was started by %.100s, whose configuration pcipass does "
		               "not write. By hand: add the argument to the kernel command line "
		               "there",
		               pp_boot_loader(a));
	return pp_fail(e, ENOTSUP,
	               "this host's boot loader is not known (looked for %s). By hand: add the "
	               "argument to the kernel command line where the boot loader reads it",
	               loader_names(names, sizeof(names)));
}

/* The first from row i on that may have started this host; NULL: none. Sets *i behind it. */
static const struct pp_loader *loader_next(struct pp_apply *a, enum pp_boot_style style, size_t *i)
{
	while (pp_loaders[*i]) {
		const struct pp_loader *loader = pp_loaders[(*i)++];
		if (loader->boots & PP_BOOT_BIT(style) && loader->detect(a))
			return loader;
	}
	return NULL;
}

int pp_loader_find(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e)
{
	enum pp_boot_style style;
	size_t i = 0;
	int r = pp_boot_find(a, &style, e);

	if (r)
		return r;
	const struct pp_loader *found = loader_next(a, style, &i);
	if (!found)
		return loader_unknown(a, style, e);
	const struct pp_loader *other = style == PP_BOOT_UNKNOWN && !found->writes_others
	                                        ? loader_next(a, style, &i)
	                                        : NULL;
	if (other)
		return pp_fail(e, ENOTSUP,
		               "%s and %s are both installed, and neither /proc/cmdline nor the "
		               "EFI variables tell which of them starts this host. By hand: add "
		               "the argument where the one that does reads it (%s, %s)",
		               found->name, other->name, found->reads, other->reads);
	r = found->check ? found->check(a, e) : 0;
	if (!r)
		*ret = found;
	return r;
}
