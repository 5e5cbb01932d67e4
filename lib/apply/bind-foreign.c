/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What binds a device to vfio-pci, and is not ours: driverctl, vfio-pci's own ids, udev rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/bind.h"
#include "txn/op.h"
#include "boot/loader.h"
#include "base/text.h"
#include "source/source.h"

#define LINE_BYTES 4096

/* drivers/pci: PCI_ANY_ID */
#define ANY_ID 0xffffffffu

struct search {
	struct pp_apply *a;
	struct pp_source *source;
	const struct pp_step_bind *b;
	char address[PP_ADDRESS_TEXT_BYTES];
	struct pp_binder found;
};

static int bind_foreign_found(struct search *s, const char *where, bool by_ids, const char *how,
                              struct pp_error *e)
{
	s->found = (struct pp_binder){ where, how, by_ids };
	return where ? 0 : pp_fail_oom(e, s->address);
}

/* drivers/vfio/pci, parameter ids: "vendor:device[:subvendor[:subdevice[:class[:mask]]]]", commas
 * between. What stands behind the first two is not looked at: rather one too many than one missed.
 */
static bool bind_foreign_names_device(const char *ids, const struct pp_step_bind *b)
{
	for (const char *at = ids; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
		char *end;
		unsigned long vendor = strtoul(at, &end, 16);
		if (end == at || *end != ':')
			continue;
		const char *second = end + 1;
		unsigned long device = strtoul(second, &end, 16);
		if (end != second && (vendor == b->vendor || vendor == ANY_ID) &&
		    (device == b->device || device == ANY_ID))
			return true;
	}
	return false;
}

/* A module's name has "-" and "_" for the same. Gives what stands behind it, or NULL. */
static const char *after_module(const char *word)
{
	return !strncmp(word, "vfio-pci", 8) || !strncmp(word, "vfio_pci", 8) ? word + 8 : NULL;
}

/* One word in buf, without quotes; too long a one is cut, which ends a list of ids early. */
static bool next_word(struct pp_span *rest, char *buf, size_t size)
{
	struct pp_span word;
	size_t n = 0;

	if (!pp_text_word(rest, &word))
		return false;
	for (size_t i = 0; i < word.len && n + 1 < size; i++)
		if (word.data[i] != '"')
			buf[n++] = (char)word.data[i];
	buf[n] = '\0';
	return true;
}

/* The next boot's line where the loader's is known, else the one of this boot. */
static const char *bind_foreign_command_line(struct search *s, bool now, char *buf, size_t size)
{
	const struct pp_loader *loader;
	struct pp_error ignored;

	if (!now && !pp_loader_find(s->a, &loader, &ignored)) {
		const char *line = loader->command_line(s->a);
		if (line)
			return line;
	}
	return pp_sys_text(s->a->sys, "proc/cmdline", buf, size) ? "" : buf;
}

static int look_at_command_line(struct search *s, bool now, struct pp_error *e)
{
	char buf[LINE_BYTES], word[LINE_BYTES];
	const char *line = bind_foreign_command_line(s, now, buf, sizeof(buf));
	struct pp_span rest = PP_SPAN(line, strlen(line));

	while (next_word(&rest, word, sizeof(word))) {
		const char *value = after_module(word);
		if (value && !strncmp(value, ".ids=", 5) &&
		    bind_foreign_names_device(value + 5, s->b))
			return bind_foreign_found(s, "vfio-pci.ids= on the kernel command line",
			                          true, NULL, e);
	}
	return 0;
}

/* modprobe.d(5): options NAME OPTION... */
static bool options_name_device(struct pp_span line, const struct pp_step_bind *b)
{
	char word[LINE_BYTES];

	if (!next_word(&line, word, sizeof(word)) || strcmp(word, "options") ||
	    !next_word(&line, word, sizeof(word)))
		return false;
	const char *rest = after_module(word);
	if (!rest || *rest)
		return false;
	while (next_word(&line, word, sizeof(word)))
		if (!strncmp(word, "ids=", 4) && bind_foreign_names_device(word + 4, b))
			return true;
	return false;
}

/* By both ids, as sysfs has them or as the kernel's event does. */
static bool names_ids(struct pp_span line, const struct pp_step_bind *b)
{
	char vendor[16], device[16], both[16];

	snprintf(vendor, sizeof(vendor), "\"0x%04x\"", b->vendor);
	snprintf(device, sizeof(device), "\"0x%04x\"", b->device);
	snprintf(both, sizeof(both), "\"%04X:%04X\"", b->vendor, b->device);
	return (pp_span_find(line, vendor) && pp_span_find(line, device)) ||
	       pp_span_find(line, both);
}

/* A rule of somebody's that names the device, vfio-pci and the override. */
static bool rule_names_device(struct pp_span line, const char *address,
                              const struct pp_step_bind *b)
{
	return line.len && *line.data != '#' && pp_span_find(line, "driver_override") &&
	       pp_span_find(line, PP_VFIO) && (pp_span_find(line, address) || names_ids(line, b));
}

static bool bind_foreign_ends(const char *name, const char *tail)
{
	size_t n = strlen(name), t = strlen(tail);

	return n > t && !strcmp(name + n - t, tail);
}

/* The whole text, with lines that go on behind a backslash made one; NULL: absent. */
static int read_text(struct search *s, const char *path, char **ret, struct pp_error *e)
{
	struct pp_span bytes;
	int r = pp_source_read_all(s->source, path, PP_CONTENT_MAX_BYTES, &s->a->arena, &bytes);

	*ret = NULL;
	/* A link to /dev/null is how a file of the distribution is switched off. */
	if (r && r != -EACCES && r != -EPERM && r != -EIO && r != -E2BIG && r != -ENOMEM)
		return 0;
	if (r)
		return pp_fail(e, -r, "/%s: %s: whether it binds %s is not known", path,
		               strerror(-r), s->address);
	char *text = pp_arena_strndup(&s->a->arena, (const char *)bytes.data, bytes.len);
	if (!text)
		return pp_fail_oom(e, path);
	for (char *at = text; (at = strstr(at, "\\\n"));)
		at[0] = at[1] = ' ';
	*ret = text;
	return 0;
}

static int look_at_file(struct search *s, const char *path, bool rules, struct pp_error *e)
{
	struct pp_span line;
	char *text;
	int r = read_text(s, path, &text, e);

	if (r || !text || (rules && strstr(text, PP_STAGE_MARK)))
		return r;
	for (struct pp_span rest = PP_SPAN(text, strlen(text)); pp_text_line(&rest, &line);)
		if (rules ? rule_names_device(line, s->address, s->b)
		          : options_name_device(line, s->b))
			return bind_foreign_found(
				s,
				pp_arena_printf(&s->a->arena, "/%s%s", path,
			                        rules ? "" : " (options vfio-pci ids=)"),
				!rules, NULL, e);
	return 0;
}

static int look_at_directory(struct search *s, const char *directory, bool rules,
                             struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->a->sys, directory, &s->a->arena);
	int r = names ? 0 : pp_fail_oom(e, directory);

	for (; !r && !s->found.where && *names; names++) {
		const char *path = pp_arena_printf(&s->a->arena, "%s/%s", directory, *names);
		if (!path)
			return pp_fail_oom(e, directory);
		if (bind_foreign_ends(path, rules ? ".rules" : ".conf"))
			r = look_at_file(s, path, rules, e);
	}
	return r;
}

static int look_at_driverctl(struct search *s, struct pp_error *e)
{
	char path[64], driver[64];

	snprintf(path, sizeof(path), "etc/driverctl.d/pci-%s", s->address);
	if (pp_sys_text(s->a->sys, path, driver, sizeof(driver)) || strcmp(driver, PP_VFIO))
		return 0;
	return bind_foreign_found(
		s, pp_arena_printf(&s->a->arena, "/%s, of driverctl", path), false,
		pp_arena_printf(&s->a->arena, "driverctl unset-override %s", s->address), e);
}

static int bind_foreign_look(struct search *s, bool now, struct pp_error *e)
{
	static const char *const modules[] = { "etc/modprobe.d", "run/modprobe.d",
		                               "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
		                               "lib/modprobe.d" };
	static const char *const rules[] = { "etc/udev/rules.d", "run/udev/rules.d",
		                             "usr/lib/udev/rules.d", "lib/udev/rules.d" };
	int r = look_at_command_line(s, now, e);

	for (size_t i = 0; !r && !s->found.where && i < sizeof(modules) / sizeof(modules[0]); i++)
		r = look_at_directory(s, modules[i], false, e);
	/* These act at boot only. */
	if (now)
		return r;
	if (!r && !s->found.where)
		r = look_at_driverctl(s, e);
	for (size_t i = 0; !r && !s->found.where && i < sizeof(rules) / sizeof(rules[0]); i++)
		r = look_at_directory(s, rules[i], true, e);
	return r;
}

int pp_bind_foreign(struct pp_apply *a, const struct pp_step_bind *b, bool now,
                    struct pp_binder *ret, struct pp_error *e)
{
	struct search s = { .a = a, .b = b };
	int r = pp_apply_source(a, &s.source, e);

	if (r)
		return r;
	pp_address_format(b->address, s.address);
	r = bind_foreign_look(&s, now, e);
	pp_source_free(s.source);
	if (!r)
		*ret = s.found;
	return r;
}
