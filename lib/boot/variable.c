/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A variable in a file that a shell reads, such as /etc/default/grub: one more word in it. */
#include <ctype.h>
#include <string.h>
#include <sys/types.h>

#include "base/text.h"
#include "boot/loader.h"

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

int pp_loader_edit_variable(struct pp_stage *s, const char *path, const char *variable,
                            const char *word, const char *tool, struct pp_error *e)
{
	char *text;
	int r = pp_loader_read_text(s, path, &text, e);

	if (r)
		return r;
	ssize_t at = last_assignment(text, variable);
	const char *new;
	size_t len = strlen(text);
	if (at < 0 ? is_set_otherwise(text, variable) : !is_quoted(text + at))
		return pp_fail(e, ENOTSUP,
		               "/%s: %s is written in a way that pcipass does not edit. By hand: "
		               "add %s to it, and run %s",
		               path, variable, word, tool);
	if (at < 0) {
		new = pp_arena_printf(&s->apply->arena, "%s%s%s=\"%s\"\n", text,
		                      len && text[len - 1] != '\n' ? "\n" : "", variable, word);
	} else {
		size_t begin = (size_t)at + 1, end = begin + strcspn(text + begin, "\"'");
		const char *line = pp_arena_strndup(&s->apply->arena, text + begin, end - begin);
		r = line ? pp_loader_line_with(s->apply, line, word, path, &line, e)
		         : pp_fail_oom(e, path);
		if (r)
			return r;
		new = pp_arena_printf(&s->apply->arena, "%.*s%s%s", (int)begin, text, line,
		                      text + end);
	}
	return new ? pp_stage_puts(s, path, new, 0644, e) : pp_fail_oom(e, path);
}
