/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The editors of boot configuration on somebody's files: each boot loader that recognises itself
 * gets an argument, and has one taken off. "=== PATH" begins each file of the host; the first
 * letter of the file "do" chooses the argument. Nothing but the argument changes, and none of it
 * behind
 * "--"; a second time nothing changes; and undone, every byte is as it was.
 */
#include <stdio.h>

#include "boot/loader.h"
#include "host/command-line.h"
#include "memory.h"
#include "remedy/step.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const arguments[] = {
	"intel_iommu=on",  "intel_iommu=on,relax_rmrr", "iommu=pt",      "ivrs_ioapic[8]=00:14.0",
	"intel_iommu=off", "intel_iommu=igfx_off",      "amd_iommu=off", "iommu=off",
	"nointremap",
};

struct edit {
	struct memory *host;
	struct pp_apply apply;
	struct pp_stage stage;
	const struct pp_loader *loader;
	const char *argument;
	bool adds;
};

static bool edit_is_text(struct pp_span s)
{
	return !s.len || !memchr(s.data, '\0', s.len);
}

/* A refusal is a sentence; what was staged by then is not carried out. */
static int edit_stage(struct edit *d)
{
	struct pp_error e = { 0 };

	d->host->read_only = true;
	if (pp_stage_init(&d->stage, &d->apply, NULL, NULL, &e))
		abort();
	int r = d->loader->check ? d->loader->check(&d->apply, &e) : 0;
	if (!r)
		r = d->adds ? d->loader->add(&d->stage, d->argument, &e)
		            : d->loader->take_off(&d->stage, d->argument, &e);
	if (r && (r != -e.code || !e.text[0]))
		abort();
	if (!r)
		pp_stage_sort(&d->stage);
	d->host->read_only = false;
	return r;
}

/* lib/ctype.c of Linux. */
static bool edit_is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

/* Where a word "--" of these bytes begins that no quotation marks hold; the length: nowhere. */
static size_t edit_find_rest(struct pp_span s)
{
	bool quoted = false, inside = false;

	for (size_t i = 0; i < s.len; i++) {
		bool blank = edit_is_blank(s.data[i]);
		if (!inside && !quoted && s.len - i >= 2 && !memcmp(s.data + i, "--", 2) &&
		    (s.len - i == 2 || edit_is_blank(s.data[i + 2])))
			return i;
		quoted ^= s.data[i] == '"';
		inside = !blank;
	}
	return s.len;
}

/* The kernel's words in a line: of a shell's variable what its quotation marks hold. */
static struct pp_span edit_words(const char *path, struct pp_span line)
{
	const char *const quotes = "\"'";

	if (strncmp(path, "etc/default/", strlen("etc/default/")))
		return line;
	for (size_t i = 0; i < line.len; i++) {
		if (!strchr(quotes, line.data[i]) || !line.data[i])
			continue;
		const uint8_t *end = memchr(line.data + i + 1, line.data[i], line.len - i - 1);
		return PP_SPAN(line.data + i + 1, end ? (size_t)(end - line.data) - i - 1 : 0);
	}
	return PP_SPAN(line.data, 0);
}

static struct pp_span edit_line(struct pp_span *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t n = end ? (size_t)(end - rest->data) : rest->len, next = n + (end != NULL);
	struct pp_span line = PP_SPAN(rest->data, n);

	*rest = PP_SPAN(rest->data + next, rest->len - next);
	return line;
}

/* What stands behind "--" on a line is there as it was. */
static void edit_check_line(const char *path, struct pp_span before, struct pp_span after)
{
	struct pp_span old = edit_words(path, before), new = edit_words(path, after);
	size_t from = edit_find_rest(old);
	struct pp_span tail = PP_SPAN(old.data + from, old.len - from);

	/* rEFInd's lines have quotation marks of their own. */
	if (!tail.len || strstr(path, "refind"))
		return;
	if (new.len < tail.len || memcmp(new.data + new.len - tail.len, tail.data, tail.len) != 0)
		abort();
}

/* small's bytes are all in large, in their order. */
static bool edit_is_within(struct pp_span small, struct pp_span large)
{
	size_t at = 0;

	for (size_t i = 0; i < large.len && at < small.len; i++)
		at += small.data[at] == large.data[i];
	return at == small.len;
}

static void edit_check_file(const struct edit *d, const struct pp_op *op)
{
	struct pp_span before = op->file.before.bytes, after = op->file.after.bytes;
	const struct memory_file *f = memory_find(d->host, op->file.path);
	bool is_entry = strstr(op->file.path, "loader/entries/");

	if (op->file.before.exists != (f != NULL) ||
	    (f && !pp_content_same(&op->file.before, &f->content)))
		abort();
	if (!edit_is_text(after) ||
	    !(d->adds ? edit_is_within(before, after) : edit_is_within(after, before)))
		abort();
	if (!f)
		return;
	/* Lines are neither joined nor divided, but for new ones at the end. */
	while (before.len) {
		struct pp_span old = edit_line(&before), new = edit_line(&after);
		edit_check_line(op->file.path, old, new);
		if (is_entry && (old.len < 7 || memcmp(old.data, "options", 7) != 0) &&
		    (old.len != new.len || memcmp(old.data, new.data, old.len) != 0))
			abort();
	}
}

static void edit_execute(struct edit *d, bool back)
{
	struct pp_error e;

	for (uint32_t i = 0; i < d->stage.nr_ops; i++) {
		const struct pp_op *op = &d->stage.ops[back ? d->stage.nr_ops - 1 - i : i];
		char text[512];
		pp_op_describe(op, back ? PP_ROLLBACK : PP_RUN, text, sizeof(text));
		if (op->ops->is_tool)
			continue;
		if (back ? op->ops->undo(&d->apply, op, &e) : op->ops->execute(&d->apply, op, &e))
			abort();
	}
}

/* It is there, or gone, as far as the loader reads its own files; GRUB's are made by its tool. */
static void edit_check_result(struct edit *d)
{
	const char *line = d->loader->command_line(&d->apply);
	bool grub =
		d->loader == &pp_loader_grub ||
		(d->loader == &pp_loader_proxmox && !pp_sys_has(&d->host->base, PP_LOADER_CMDLINE));

	if (!line || grub || d->loader == &pp_loader_uki)
		return;
	if (d->adds && !pp_command_line_has(line, d->argument))
		abort();
}

static void edit_try(struct edit *d)
{
	struct memory before = *d->host;

	if (edit_stage(d))
		return;
	for (uint32_t i = 0; i < d->stage.nr_ops; i++)
		if (d->stage.ops[i].ops == &pp_op_file)
			edit_check_file(d, &d->stage.ops[i]);
	struct pp_stage first = d->stage;
	edit_execute(d, false);
	edit_check_result(d);
	/* A second time: nothing is left to do. Where it was taken off, that may be said as well.
	 */
	if (!edit_stage(d))
		for (uint32_t i = 0; i < d->stage.nr_ops; i++)
			if (!d->stage.ops[i].ops->is_tool)
				abort();
	d->stage = first;
	edit_execute(d, true);
	if (!memory_is_same(&before, d->host))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory host;
	struct edit d = { .host = &host };
	struct pp_error e;

	memory_init(&host, PP_SPAN(data, size));
	const struct memory_file *what = memory_find(&host, "do");
	if (what && what->content.bytes.len) {
		d.argument = arguments[what->content.bytes.data[0] %
		                       (sizeof(arguments) / sizeof(arguments[0]))];
		d.adds = pp_argument_is_known(d.argument);
		for (size_t i = 0; pp_loaders[i]; i++) {
			d.loader = pp_loaders[i];
			if (pp_apply_init(NULL, &host.base, &d.apply, &e))
				abort();
			if (d.loader->detect(&d.apply))
				edit_try(&d);
			pp_apply_fini(&d.apply);
		}
	}
	memory_fini(&host);
	return 0;
}
