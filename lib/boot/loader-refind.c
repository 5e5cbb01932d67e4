/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rEFInd, which starts kernels by their EFI stub. It has no tool: it reads refind_linux.conf beside
 * the kernel, a line for each way to start it, "title" "options", the first of which is the usual
 * one. https://www.rodsbooks.com/refind/linux.html; also refind 0.13.2-1 of Debian 12.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "boot/loader.h"
#include "host/command-line.h"

#define REFIND_LINUX     "boot/refind_linux.conf"
#define REFIND_MAX_BYTES ((size_t)1024 * 1024)

/* What stands between two quotation marks, a doubled one within for one that is meant. */
static bool refind_quoted(struct pp_span *rest, struct pp_span *ret)
{
	const uint8_t *open = rest->len ? memchr(rest->data, '"', rest->len) : NULL;

	if (!open)
		return false;
	const uint8_t *end = rest->data + rest->len;
	for (const uint8_t *at = open + 1; at < end; at++) {
		if (*at != '"')
			continue;
		if (at + 1 < end && at[1] == '"') {
			at++;
			continue;
		}
		*ret = PP_SPAN(open + 1, (size_t)(at - open - 1));
		*rest = PP_SPAN(at + 1, (size_t)(end - at - 1));
		return true;
	}
	return false;
}

bool pp_refind_options(struct pp_span line, struct pp_span *ret)
{
	struct pp_span title, left = line;

	if (!pp_text_word(&left, &title) || *title.data == '#')
		return false;
	/* A title of one word needs no quotation marks. */
	if (*title.data != '"')
		return !memchr(title.data, '"', title.len) && refind_quoted(&left, ret);
	return refind_quoted(&line, &title) && refind_quoted(&line, ret);
}

/* Of the line that is taken where nobody chooses. */
static const char *refind_command_line(struct pp_apply *a)
{
	struct pp_span rest, line, options;

	if (!pp_boot_read(a, REFIND_LINUX, &rest))
		return NULL;
	while (pp_text_line(&rest, &line))
		if (pp_refind_options(line, &options))
			return pp_loader_text(a, options);
	return NULL;
}

/* The running kernel was given these options. rEFInd adds initrd=, and puts the version for %v. */
static bool refind_has_started(struct pp_apply *a, struct pp_span options)
{
	const char *running = pp_boot_command_line(a);
	struct pp_span word;
	bool any = false;

	while (pp_command_line_next(&options, &word)) {
		const char *text = pp_arena_strndup(&a->arena, (const char *)word.data, word.len);
		if (!text || strchr(text, '%') || !strncmp(text, "initrd=", strlen("initrd=")))
			continue;
		/* Ours may wait for the reboot. */
		if (!pp_argument_is_known(text) && !pp_command_line_has(running, text))
			return false;
		any |= !strncmp(text, "root=", strlen("root="));
	}
	return any;
}

/* It leaves no name of its own behind, so what the kernel was given has to tell. */
static bool refind_detect(struct pp_apply *a)
{
	const char *loader = pp_boot_loader_info(a);
	struct pp_span rest, line, options;

	if ((loader && strncmp(loader, "rEFInd", strlen("rEFInd")) != 0) ||
	    !pp_boot_read(a, REFIND_LINUX, &rest))
		return false;
	while (pp_text_line(&rest, &line))
		if (pp_refind_options(line, &options) && refind_has_started(a, options))
			return true;
	return false;
}

/* An entry of refind.conf, with its submenu entries, that has options and is not switched off. */
static bool refind_has_entry(struct pp_span text)
{
	struct pp_span line, word;
	bool inside = false, submenu = false, off = false, options = false;

	while (pp_text_line(&text, &line)) {
		if (!pp_text_word(&line, &word))
			continue;
		if (pp_span_is(word, "menuentry")) {
			inside = true;
			submenu = off = options = false;
		} else if (pp_span_is(word, "submenuentry")) {
			submenu = true;
		} else if (pp_span_is(word, "disabled")) {
			off |= !submenu;
		} else if (pp_span_is(word, "options") || pp_span_is(word, "add_options")) {
			options |= inside;
		} else if (pp_span_is(word, "}")) {
			if (!submenu && options && !off)
				return true;
			inside &= submenu;
			options &= submenu;
			submenu = false;
		}
	}
	return inside && options && !off;
}

static int refind_check(struct pp_apply *a, struct pp_error *e)
{
	static const char *const names[] = { "EFI/refind/refind.conf", "EFI/BOOT/refind.conf" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = pp_boot_file(a, names[i]);
		struct pp_content c;
		if (!path)
			continue;
		int r = pp_sys_content(a->sys, path, &a->arena, &c, e);
		if (r)
			return r;
		if (c.exists && refind_has_entry(c.bytes))
			return pp_fail(e, ENOTSUP,
			               "/%s has entries with options of their own, and which of "
			               "them starts this host is not known. By hand: add the "
			               "argument to the options of the one that does",
			               path);
	}
	return 0;
}

/* The line with the argument; false with the error set. */
static int refind_add_to_line(struct pp_stage *s, struct pp_buffer *b, struct pp_span line,
                              const char *argument, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_span options;

	if (!pp_refind_options(line, &options)) {
		pp_buffer_append(b, line.data, line.len);
		return 0;
	}
	const char *with,
		*old = pp_arena_strndup(&a->arena, (const char *)options.data, options.len);
	int r = old ? pp_loader_line_with(a, old, argument, REFIND_LINUX, &with, e)
	            : pp_fail_oom(e, REFIND_LINUX);
	if (r)
		return r;
	const uint8_t *behind = options.data + options.len;
	pp_buffer_append(b, line.data, (size_t)(options.data - line.data));
	pp_buffer_puts(b, with);
	pp_buffer_append(b, behind, (size_t)(line.data + line.len - behind));
	return 0;
}

/* To each line: whichever is chosen, the argument is there. */
static int refind_add(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	struct pp_content c;
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	int r = pp_stage_read(s, REFIND_LINUX, &c, e);

	pp_buffer_init(&b, REFIND_MAX_BYTES);
	if (r)
		return r;
	if (memchr(c.bytes.data, '\0', c.bytes.len))
		return pp_fail(e, EBADMSG, "/" REFIND_LINUX ": not text: it has a zero byte");
	for (size_t at = 0; !r && at < c.bytes.len;) {
		const uint8_t *line = c.bytes.data + at;
		const uint8_t *end = memchr(line, '\n', c.bytes.len - at);
		size_t len = end ? (size_t)(end - line) : c.bytes.len - at;
		r = refind_add_to_line(s, &b, PP_SPAN(line, len), argument, e);
		if (end)
			pp_buffer_append(&b, "\n", 1);
		at += len + (end != NULL);
	}
	if (r)
		return r;
	const char *text = b.failed || !b.data ? NULL : pp_arena_strdup(&s->apply->arena, b.data);
	return text ? pp_stage_puts(s, REFIND_LINUX, text, 0644, e) : pp_fail_oom(e, REFIND_LINUX);
}

static int refind_take_off(struct pp_stage *s, const char *word, struct pp_error *e)
{
	static const char *const places[] = { REFIND_LINUX, NULL };

	return pp_loader_take_off_files(s, places, word, e);
}

const struct pp_loader pp_loader_refind = {
	.name = "rEFInd",
	.reads = "/" REFIND_LINUX,
	.boots = PP_BOOT_BIT(PP_BOOT_OTHER) | PP_BOOT_BIT(PP_BOOT_UNKNOWN),
	.detect = refind_detect,
	.check = refind_check,
	.add = refind_add,
	.take_off = refind_take_off,
	.command_line = refind_command_line,
};
