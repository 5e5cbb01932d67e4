/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words taken off the kernel command line, in whatever files a boot loader reads them from. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "boot/loader.h"
#include "host/command-line.h"

/* "intel_iommu=igfx_off" as what it is looked for by. */
struct take_off {
	const char *name, *option; /* "intel_iommu", "igfx_off"; NULL: "nointremap" is one word */
	size_t name_len, option_len;
	unsigned int found;
	const char *comment; /* the file that has it in a comment; NULL: none */
};

/* One that goes with a word that is taken off. */
static bool take_off_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Where words begin and end in these files: where the kernel ends one, and at the quotation marks
 * of a shell.
 */
static bool take_off_is_edge(char c)
{
	return !c || pp_command_line_is_blank((uint8_t)c) || c == '"' || c == '\'';
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

/* How a file's lines hold the kernel's words. */
enum take_off_form {
	TAKE_OFF_WORDS,  /* as the kernel reads them */
	TAKE_OFF_ENTRY,  /* a line "options" of the Boot Loader Specification */
	TAKE_OFF_SHELL,  /* between quotation marks of a shell */
	TAKE_OFF_REFIND, /* between the second pair, a doubled one within for one that is meant */
};

/* Where on a line the words are read. */
struct take_off_at {
	enum take_off_form form;
	char shell;  /* the shell's quotation mark that holds the words; 0: none is open */
	bool quoted; /* between quotation marks of the kernel's, which make one word */
	bool rest;   /* behind "--", where all is for init */
};

static enum take_off_form take_off_form(const char *path)
{
	size_t len = strlen(path), n = strlen("refind_linux.conf");

	if (len > n && !strcmp(path + len - n, "refind_linux.conf"))
		return TAKE_OFF_REFIND;
	if (strstr(path, "loader/entries/"))
		return TAKE_OFF_ENTRY;
	return !strncmp(path, "etc/default/", strlen("etc/default/")) ||
	                       !strncmp(path, "etc/dracut", strlen("etc/dracut"))
	               ? TAKE_OFF_SHELL
	               : TAKE_OFF_WORDS;
}

/* The part of a line that has words for the kernel; false: none. */
static bool take_off_span(enum take_off_form form, struct pp_span line, struct pp_span *ret)
{
	struct pp_span left = line, word;

	if (form == TAKE_OFF_REFIND)
		return pp_refind_options(line, ret);
	if (form == TAKE_OFF_ENTRY && !(pp_text_word(&left, &word) && pp_span_is(word, "options")))
		return false;
	*ret = line;
	return true;
}

/* Passes the byte at the place, or the two that are one; how many they are. */
static size_t take_off_pass(struct take_off_at *w, const char *line, size_t len, size_t at)
{
	char c = line[at], next = at + 1 < len ? line[at + 1] : '\0';

	if (w->form == TAKE_OFF_REFIND) {
		w->quoted ^= c == '"' && next == '"';
		return c == '"' && next == '"' ? 2 : 1;
	}
	if (w->form != TAKE_OFF_SHELL) {
		w->quoted ^= c == '"';
		return 1;
	}
	if (c == '\\' && next && w->shell != '\'') {
		w->quoted ^= w->shell && next == '"';
		return 2;
	}
	if (w->shell ? c == w->shell : c == '"' || c == '\'')
		*w = (struct take_off_at){ .form = w->form, .shell = w->shell ? '\0' : c };
	else
		w->quoted ^= w->shell && c == '"';
	return 1;
}

/* Quotation marks stand around this word alone. */
static bool take_off_is_whole(const char *line, size_t len, size_t at, size_t end)
{
	return at && line[at - 1] == '"' && (at == 1 || take_off_is_edge(line[at - 2])) &&
	       end < len && line[end] == '"' && (end + 1 == len || take_off_is_edge(line[end + 1]));
}

/* The kernel reads a word here; notes where "--" ends its part. */
static bool take_off_is_word(struct take_off_at *w, const char *line, size_t len, size_t at,
                             size_t end)
{
	bool held = w->form != TAKE_OFF_SHELL || w->shell;

	w->rest |= held && !w->quoted && end - at == 2 && !memcmp(line + at, "--", 2);
	return held && !w->rest && (!w->quoted || take_off_is_whole(line, len, at, end));
}

/* Without the word, and one of the blanks that it stood between. */
static size_t take_off_drop(struct pp_buffer *b, size_t start, const char *line, size_t len,
                            size_t end)
{
	if (end < len && take_off_is_blank(line[end]))
		return end + 1;
	if (b->len > start && take_off_is_blank(b->data[b->len - 1]))
		take_off_back(b, b->len - 1);
	return end;
}

/* One word that the name is of, into b; where it goes on. */
static size_t take_off_word(struct take_off *t, struct pp_buffer *b, size_t start, const char *line,
                            size_t len, size_t at, size_t end)
{
	size_t before = b->len, list = at + t->name_len + (t->option != NULL);
	unsigned int found = t->found;

	pp_buffer_append(b, line + at, t->name_len);
	unsigned int left = take_off_options(t, b, line + list, end - list);
	if (found == t->found) {
		take_off_back(b, before);
		pp_buffer_append(b, line + at, end - at);
	} else if (!left) {
		take_off_back(b, before);
		return take_off_drop(b, start, line, len, end);
	}
	return end;
}

/* The line without the word; what it is not about keeps its bytes. */
static void take_off_line(struct take_off *t, struct pp_buffer *b, enum take_off_form form,
                          const char *line, size_t len)
{
	struct take_off_at w = { .form = form };
	size_t start = b->len;

	for (size_t at = 0; at < len;) {
		size_t end = at;
		while (end < len && !take_off_is_edge(line[end]))
			end++;
		if ((!at || take_off_is_edge(line[at - 1])) &&
		    take_off_is_word(&w, line, len, at, end) &&
		    take_off_names(line + at, end - at, t)) {
			at = take_off_word(t, b, start, line, len, at, end);
			continue;
		}
		size_t n = take_off_pass(&w, line, len, at);
		pp_buffer_append(b, line + at, n);
		at += n;
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
	take_off_line(&look, &ignored, TAKE_OFF_WORDS, line, len);
	return look.found != t->found;
}

/* One line of a file, without its end. */
static void take_off_from(struct take_off *t, struct pp_buffer *b, const char *path,
                          struct pp_span line)
{
	const char *text = (const char *)line.data;
	enum take_off_form form = take_off_form(path);
	struct pp_span words;

	if (take_off_is_comment(text, line.len)) {
		pp_buffer_append(b, text, line.len);
		if (!t->comment && take_off_is_in(t, text, line.len))
			t->comment = path;
	} else if (take_off_span(form, line, &words)) {
		const uint8_t *behind = words.data + words.len;
		pp_buffer_append(b, text, (size_t)(words.data - line.data));
		take_off_line(t, b, form, (const char *)words.data, words.len);
		pp_buffer_append(b, behind, (size_t)(line.data + line.len - behind));
	} else {
		pp_buffer_append(b, text, line.len);
	}
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
		take_off_from(t, &b, path, PP_SPAN(line, len));
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
