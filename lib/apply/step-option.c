/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An option of a kernel module, from the next boot on. modprobe reads the files of its directories
 * in the order of their names, /etc before the others where two have one name, and appends what the
 * kernel command line says; of several values the module takes the last. Where somebody has set
 * the option to something else, that is his decision: it is named, and nothing is done.
 */
#include <stdio.h>
#include <string.h>

#include "apply/steps.h"
#include "base/text.h"
#include "boot/boot.h"
#include "boot/loader.h"
#include "host/command-line.h"

#define OPTIONS_FILE "etc/modprobe.d/pcipass.conf"
#define MAX_FILES    1024

/* What was found of one option. */
struct option_search {
	struct pp_stage *s;
	const struct pp_step_option *o;
	const char *value, *where; /* the last that counts; NULL: set nowhere */
	const char *install;       /* the file with an install line for the module; NULL: none */
};

/* '-' and '_' are one in a name; "=" ends it. */
static bool option_is_named(struct pp_span word, const char *name)
{
	size_t n = strlen(name);

	if (word.len < n || (word.len > n && word.data[n] != '='))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((word.data[i] == '-' ? '_' : word.data[i]) != (uint8_t)name[i])
			return false;
	return true;
}

/* What stands behind the name, without quotation marks; NULL: no memory. */
static const char *option_value(struct option_search *f, struct pp_span word, size_t name)
{
	char *text = pp_arena_strndup(&f->s->apply->arena, (const char *)word.data + name,
	                              word.len - name);
	char *to = text;

	for (const char *from = text; from && *from; from++)
		if (*from != '"' && (*from != '=' || from != text))
			*to++ = *from;
	if (to)
		*to = '\0';
	return text;
}

static bool option_take_line(struct option_search *f, struct pp_span line, const char *path)
{
	struct pp_span command, word;

	if (!pp_text_word(&line, &command) || !pp_text_word(&line, &word) ||
	    !option_is_named(word, f->o->module))
		return true;
	if (pp_span_is(command, "install"))
		f->install = path;
	if (!pp_span_is(command, "options"))
		return true;
	while (pp_text_word(&line, &word)) {
		if (!option_is_named(word, f->o->option))
			continue;
		f->value = option_value(f, word, strlen(f->o->option));
		f->where = path;
		if (!f->value)
			return false;
	}
	return true;
}

static int option_read_file(struct option_search *f, const char *path, struct pp_error *e)
{
	struct pp_arena *a = &f->s->apply->arena;
	struct pp_span bytes, line;
	struct pp_content c = { 0 };
	bool ours = !strcmp(path, OPTIONS_FILE);
	int r = ours ? pp_stage_read(f->s, path, &c, e)
	             : pp_sys_read(f->s->apply->sys, path, PP_CONTENT_MAX_BYTES, a, &bytes);

	if (ours && r)
		return r;
	if (ours)
		bytes = c.bytes;
	/* A link to nowhere, or to /dev/null, says nothing; nor does a directory. */
	if (r == -ENOENT || r == -EINVAL || r == -EBADMSG || r == -EISDIR)
		return 0;
	if (r)
		return pp_fail(e, -r, "/%.300s: %s: whether it sets %s of %s is not known", path,
		               strerror(-r), f->o->option, f->o->module);
	char *text = pp_arena_strndup(a, (const char *)bytes.data, bytes.len);
	const char *kept = pp_arena_strdup(a, path);
	if (!text || !kept)
		return pp_fail_oom(e, path);
	for (char *at = text; (at = strstr(at, "\\\n"));)
		at[0] = at[1] = ' ';
	for (struct pp_span rest = PP_SPAN(text, strlen(text)); pp_text_line(&rest, &line);)
		if (!option_take_line(f, line, kept))
			return pp_fail_oom(e, path);
	return 0;
}

/* A file of the same name in a directory that counts more hides this one. */
static bool option_is_hidden(const char *const *paths, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(strrchr(paths[i], '/') + 1, name))
			return true;
	return false;
}

static int option_list_files(struct option_search *f, const char **paths, size_t *ret_nr,
                             struct pp_error *e)
{
	static const char *const directories[] = { "etc/modprobe.d", "run/modprobe.d",
		                                   "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
		                                   "lib/modprobe.d" };
	struct pp_arena *a = &f->s->apply->arena;
	size_t nr = 0;

	for (size_t d = 0; d < sizeof(directories) / sizeof(directories[0]); d++) {
		const char *const *names = pp_sys_names(f->s->apply->sys, directories[d], a);
		for (; names && *names; names++) {
			size_t len = strlen(*names), at;
			if (len < 6 || strcmp(*names + len - 5, ".conf") ||
			    option_is_hidden(paths, nr, *names))
				continue;
			if (nr == MAX_FILES)
				return pp_fail(e, E2BIG, "/%s: more than %d files", directories[d],
				               MAX_FILES);
			const char *path = pp_arena_printf(a, "%s/%s", directories[d], *names);
			if (!path)
				return pp_fail_oom(e, directories[d]);
			for (at = nr++;
			     at && strcmp(strrchr(paths[at - 1], '/'), strrchr(path, '/')) > 0;
			     at--)
				paths[at] = paths[at - 1];
			paths[at] = path;
		}
		if (!names)
			return pp_fail_oom(e, directories[d]);
	}
	*ret_nr = nr;
	return 0;
}

static int option_search_files(struct option_search *f, struct pp_error *e)
{
	const char **paths = PP_ARENA_ARRAY(&f->s->apply->arena, MAX_FILES, const char *);
	size_t nr = 0;
	int r = paths ? option_list_files(f, paths, &nr, e) : pp_fail_oom(e, "modprobe.d");

	for (size_t i = 0; !r && i < nr; i++)
		r = option_read_file(f, paths[i], e);
	return r;
}

/* The next boot's line where the loader's is known, else the one of this boot; "" unknown. */
static const char *option_command_line(struct pp_apply *a)
{
	const struct pp_loader *loader;
	struct pp_error ignored;
	const char *line = pp_loader_find(a, &loader, &ignored) ? NULL : loader->command_line(a);

	return line ? line : pp_boot_command_line(a);
}

static int option_search_command_line(struct option_search *f, struct pp_error *e)
{
	const char *line = option_command_line(f->s->apply);
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	char name[128];
	int len = snprintf(name, sizeof(name), "%s.%s", f->o->module, f->o->option);

	while (pp_command_line_next(&rest, &word)) {
		if (!option_is_named(word, name))
			continue;
		f->value = option_value(f, word, (size_t)len);
		f->where = "the kernel command line";
		if (!f->value)
			return pp_fail_oom(e, "command line");
	}
	return 0;
}

/* modules.builtin: "kernel/drivers/vfio/pci/vfio-pci.ko", a line each. */
static bool option_is_built_in(struct pp_apply *a, const char *module)
{
	const char *release = pp_boot_release(a);
	struct pp_span text, line;
	char path[256];

	snprintf(path, sizeof(path), "lib/modules/%s/modules.builtin", release ? release : "");
	if (!release || pp_sys_read(a->sys, path, PP_CONTENT_MAX_BYTES, &a->arena, &text))
		return false;
	while (pp_text_line(&text, &line)) {
		size_t at = line.len;
		while (at && line.data[at - 1] != '/')
			at--;
		struct pp_span name = PP_SPAN(line.data + at, line.len - at);
		if (name.len == strlen(module) + 3 &&
		    option_is_named(PP_SPAN(name.data, name.len - 3), module))
			return true;
	}
	return false;
}

static int option_search_all(struct option_search *f, bool built_in, struct pp_error *e)
{
	int r = built_in ? 0 : option_search_files(f, e);

	return r ? r : option_search_command_line(f, e);
}

static int option_refuse(const struct option_search *f, struct pp_error *e)
{
	bool file = strchr(f->where, '/');

	return pp_fail(
		e, ENOTSUP,
		"%s%.200s sets %s=%.40s for the kernel module %s: remove it there, then try again",
		file ? "/" : "", f->where, f->o->option, f->value, f->o->module);
}

static int option_into_file(struct option_search *f, struct pp_error *e)
{
	const char *line = pp_arena_printf(&f->s->apply->arena, "options %s %s=1\n", f->o->module,
	                                   f->o->option);

	if (f->install)
		return pp_fail(e, ENOTSUP,
		               "/%.200s has a command of its own that loads %s (install): whether "
		               "an option reaches the module is not known; add %s=1 there by hand",
		               f->install, f->o->module, f->o->option);
	int r = line ? pp_stage_add_ours(f->s, OPTIONS_FILE, line, line, e)
	             : pp_fail_oom(e, OPTIONS_FILE);
	return r ? r
	         : pp_step_rebuild_initrd(f->s,
	                                  "what makes this host's initrd is not known: the option "
	                                  "holds if the module is not loaded from it",
	                                  e);
}

static int step_option_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_option *o = &step->option;
	struct option_search f = { .s = s, .o = o };
	bool built_in = option_is_built_in(s->apply, o->module);

	/* It goes into files that root's programs read. */
	if (!pp_module_option_find(o->module, o->option))
		return pp_fail(e, EPERM, "%.60s of %.60s: no option that pcipass sets", o->option,
		               o->module);
	int r = option_search_all(&f, built_in, e);
	if (r)
		return r;
	if (f.value && pp_module_option_is_on(f.value))
		return 0;
	if (f.value)
		return option_refuse(&f, e);
	if (!built_in)
		return option_into_file(&f, e);
	const char *argument = pp_arena_printf(&s->apply->arena, "%s.%s=1", o->module, o->option);
	return argument ? pp_step_add_argument(s, argument, e) : pp_fail_oom(e, o->module);
}

/* Read again: a tool may have put something else there. */
static int step_option_verify(struct pp_apply *a, const struct pp_step *step, struct pp_error *e)
{
	struct pp_stage now = { .apply = a };
	struct option_search f = { .s = &now, .o = &step->option };
	int r = option_search_all(&f, option_is_built_in(a, step->option.module), e);

	if (r || (f.value && pp_module_option_is_on(f.value)))
		return r;
	if (!f.where)
		return pp_fail(e, EIO, "%s of %s was set, and reading it back finds nothing",
		               step->option.option, step->option.module);
	return pp_fail(e, EIO, "%s of %s was set, and %s%s overrules it", step->option.option,
	               step->option.module, strchr(f.where, '/') ? "/" : "", f.where);
}

const struct pp_step_ops pp_step_option_ops = { .stage = step_option_stage,
	                                        .verify = step_option_verify };
