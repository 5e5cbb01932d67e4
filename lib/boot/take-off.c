/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words taken off the kernel command line, in whatever files a boot loader reads them from. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "boot/loader.h"

/* "intel_iommu=igfx_off" as what it is looked for by. */
struct take_off {
	const char *name, *option; /* "intel_iommu", "igfx_off"; NULL: "nointremap" is one word */
	size_t name_len, option_len;
	unsigned int found;
	const char *comment; /* the file that has it in a comment; NULL: none */
};

static bool take_off_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where words begin and end in these files: at blanks, and at the quotation marks of a shell. */
static bool take_off_is_edge(char c)
{
	return !c || take_off_is_blank(c) || strchr("\"'\r\n", c);
}

static bool take_off_names(const char *at, size_t len, const struct take_off *t)
{
	if (t->option ? len <= t->name_len : len != t->name_len)
		return false;
	for (size_t i = 0; i < t->name_len; i++)
		if ((at[i] == '-' ? '_' : at[i]) != (t->name[i] == '-' ? '_' : t->name[i]))
			return false;
	return !t->option || at[t->name_len] == '=';
}

/* The options of one word without ours, into b; the number that stay. */
static unsigned int take_off_options(struct take_off *t, struct pp_buffer *b, const char *list,
                                     size_t len)
{
	unsigned int left = 0;

	t->found += !t->option;
	for (size_t at = 0; at < len;) {
		const char *comma = memchr(list + at, ',', len - at);
		size_t n = comma ? (size_t)(comma - list) - at : len - at;
		if (n == t->option_len && !memcmp(list + at, t->option, n)) {
			t->found++;
		} else {
			pp_buffer_append(b, left ? "," : "=", 1);
			pp_buffer_append(b, list + at, n);
			left++;
		}
		at += n + (comma != NULL);
	}
	return left;
}

static void take_off_back(struct pp_buffer *b, size_t len)
{
	if (b->failed)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/* The line without the word; what it is not about keeps its bytes. */
static void take_off_line(struct take_off *t, struct pp_buffer *b, const char *line, size_t len)
{
	size_t start = b->len;

	for (size_t at = 0; at < len;) {
		bool begins = !at || take_off_is_edge(line[at - 1]);
		size_t end = at;
		while (end < len && !take_off_is_edge(line[end]))
			end++;
		if (!begins || !take_off_names(line + at, end - at, t)) {
			pp_buffer_append(b, line + at, 1);
			at++;
			continue;
		}
		size_t before = b->len;
		unsigned int found = t->found;
		pp_buffer_append(b, line + at, t->name_len);
		size_t list = t->name_len + (t->option != NULL);
		unsigned int left = take_off_options(t, b, line + at + list, end - at - list);
		if (found == t->found) {
			take_off_back(b, before);
			pp_buffer_append(b, line + at, end - at);
		} else if (!left) {
			take_off_back(b, before);
			/* One of the blanks that it stood between. */
			if (end < len && take_off_is_blank(line[end]))
				end++;
			else if (b->len > start && take_off_is_blank(b->data[b->len - 1]))
				take_off_back(b, b->len - 1);
		}
		at = end;
	}
}

static bool take_off_is_comment(const char *line, size_t len)
{
	struct pp_span rest = PP_SPAN(line, len), word;

	return !pp_text_word(&rest, &word) || *word.data == '#';
}

/* Whether the word stands in a comment, which some readers do not know for one. */
static bool take_off_is_in(const struct take_off *t, const char *line, size_t len)
{
	struct pp_buffer ignored PP_CLEANUP(pp_buffer_fini);
	struct take_off look = *t;

	pp_buffer_init(&ignored, PP_CONTENT_MAX_BYTES);
	take_off_line(&look, &ignored, line, len);
	return look.found != t->found;
}

static int take_off_file(struct pp_stage *s, const char *path, struct take_off *t,
                         struct pp_error *e)
{
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	unsigned int found = t->found;
	char *text;

	pp_buffer_init(&b, PP_CONTENT_MAX_BYTES);
	int r = pp_loader_read_text(s, path, &text, e);
	if (r)
		return r;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		if (take_off_is_comment(line, len)) {
			pp_buffer_append(&b, line, len);
			if (!t->comment && take_off_is_in(t, line, len))
				t->comment = path;
		} else {
			take_off_line(t, &b, line, len);
		}
		if (line[len])
			pp_buffer_append(&b, "\n", 1);
		line += len + (line[len] != '\0');
	}
	if (found == t->found)
		return 0;
	const char *new = b.failed ? NULL : pp_arena_strdup(&s->apply->arena, b.data ? b.data : "");
	return new ? pp_stage_puts(s, path, new, 0644, e) : pp_fail_oom(e, path);
}

/* "etc/default/grub", or the files of a directory: "etc/default/grub.d/.cfg". */
static int take_off_place(struct pp_stage *s, const char *place, struct take_off *t,
                          struct pp_error *e)
{
	const char *end = strrchr(place, '/') + 1;

	if (*end != '.')
		return take_off_file(s, place, t, e);
	struct pp_arena *a = &s->apply->arena;
	const char *directory = pp_arena_strndup(a, place, (size_t)(end - place) - 1);
	const char *const *names = directory ? pp_sys_names(s->apply->sys, directory, a) : NULL;
	int r = names ? 0 : pp_fail_oom(e, place);
	for (; !r && *names; names++) {
		size_t len = strlen(*names), n = strlen(end);
		const char *path = pp_arena_printf(a, "%s/%s", directory, *names);
		if (!path)
			return pp_fail_oom(e, place);
		if (len > n && !strcmp(*names + len - n, end))
			r = take_off_file(s, path, t, e);
	}
	return r;
}

int pp_loader_take_off_files(struct pp_stage *s, const char *const *places, const char *word,
                             struct pp_error *e)
{
	const char *equals = strchr(word, '=');
	struct take_off t = { .name = word, .name_len = strlen(word) };
	int r = 0;

	if (equals) {
		t.name_len = (size_t)(equals - word);
		t.option = equals + 1;
		t.option_len = strlen(t.option);
	}
	for (; !r && *places; places++)
		r = take_off_place(s, *places, &t, e);
	/* kernel-install's plugin for unified images, 257, and systemd's before 256: every word. */
	if (!r && !t.found && t.comment)
		return pp_fail(
			e, ENOTSUP,
			"%.100s stands behind a \"#\" in /%.300s, and what makes this host's "
			"boot entries does not take that for a comment: remove the line, then "
			"try again",
			word, t.comment);
	if (!r && !t.found)
		r = pp_fail(e, ENOTSUP,
		            "%.100s was not found where the boot loader reads the kernel's command "
		            "line: something else puts it there. Take it off by hand",
		            word);
	return r;
}
