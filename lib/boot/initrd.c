/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tool makes this host's initrds, and what these tools have in common. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "boot/boot.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "boot/uki.h"
#include "override/override.h"

int pp_initrd_search(struct pp_stage *s, const char *directory, const char *const *words,
                     const char **ret, struct pp_error *e)
{
	const char *const *names = pp_sys_names(s->apply->sys, directory, &s->apply->arena);

	if (!names)
		return pp_fail_oom(e, directory);
	for (; *names; names++) {
		struct pp_span bytes;
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", directory, *names);
		/* Links and directories are left: what runs them decides, and it is no override
		 * then.
		 */
		if (!pp_boot_read(s->apply, path, &bytes) || pp_span_find(bytes, PP_STAGE_MARK))
			continue;
		for (const char *const *w = words; *w; w++)
			if (pp_span_find(bytes, *w)) {
				*ret = pp_arena_printf(&s->apply->arena,
				                       "/%s puts tables into the initrd", path);
				return *ret ? 0 : pp_fail_oom(e, directory);
			}
	}
	return 0;
}

int pp_initrd_put_tables(struct pp_stage *s, const char *directory, const struct pp_span *tables,
                         uint32_t nr_tables, struct pp_error *e)
{
	for (uint32_t i = 0; i < nr_tables; i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s/%.4s.aml", directory,
		         (const char *)tables[i].data);
		int r = pp_stage_put(s, path, tables[i], 0644, e);
		if (r)
			return r;
	}
	return 0;
}

#define PLUGINS "usr/lib/kernel/install.d"

static bool initrd_has_plugin(struct pp_apply *a, const char *name)
{
	const char *generator = pp_config_kernel_install(a, "initrd_generator");
	char path[256];

	snprintf(path, sizeof(path), PLUGINS "/50-%s.install", name);
	return pp_sys_has(a->sys, path) && (!generator || !strcmp(generator, name));
}

bool pp_initrd_program_has(struct pp_apply *a, const char *program, const char *word)
{
	char whole[PATH_MAX];
	struct pp_span bytes;

	return pp_sys_find_program(a->sys, program, whole) &&
	       pp_boot_read(a, whole + strlen(a->root) + 1, &bytes) && pp_span_find(bytes, word);
}

/* kernel-install(8): from systemd 255 on, for kernels in /usr/lib/modules. */
static bool initrd_has_add_all(struct pp_apply *a)
{
	const char *release = pp_boot_release(a);
	char path[256];

	if (!release || !pp_initrd_program_has(a, "kernel-install", "add-all"))
		return false;
	snprintf(path, sizeof(path), "lib/modules/%s/vmlinuz", release);
	return pp_sys_has(a->sys, path);
}

/* Its plugin makes the whole image, which it does not once kernel-install is given an initrd. */
static bool initrd_plugin_makes_uki(struct pp_apply *a, const struct pp_initrd *m)
{
	const char *layout = pp_config_kernel_install(a, "layout");
	const char *generator = pp_config_kernel_install(a, "uki_generator");

	return layout && !strcmp(layout, "uki") && generator && !strcmp(generator, m->name);
}

static bool initrd_has_kernel_in_boot(struct pp_apply *a)
{
	const char *release = pp_boot_release(a);
	char path[256];

	snprintf(path, sizeof(path), "boot/vmlinuz-%s", release ? release : "");
	return release && pp_sys_has(a->sys, path);
}

/*
 * The maker where kernel-install runs it and takes what it makes, or is given it. .maker NULL:
 * kernel-install has none of its own, or cannot be run for all kernels.
 */
static struct pp_initrd_made_by initrd_find_installed(struct pp_apply *a)
{
	bool can_add_all = initrd_has_add_all(a), in_boot = initrd_has_kernel_in_boot(a);

	for (size_t i = 0; pp_initrds[i]; i++) {
		const struct pp_initrd *m = pp_initrds[i];
		bool makes_uki = initrd_plugin_makes_uki(a, m);
		if (!makes_uki && m->feeds_kernel_install && m->feeds_kernel_install(a))
			return (struct pp_initrd_made_by){ m, m->feed ? m->feed : m->rebuild };
		if (!m->detect || m->is_of_loader || !initrd_has_plugin(a, m->name) ||
		    !m->detect(a))
			continue;
		if (can_add_all)
			return (struct pp_initrd_made_by){ m, &pp_tool_kernel_install_all };
		if (makes_uki && in_boot)
			return (struct pp_initrd_made_by){ m, &pp_tool_kernel_install_initrd };
	}
	return (struct pp_initrd_made_by){ NULL, NULL };
}

static int initrd_find_of_uki(struct pp_apply *a, struct pp_initrd_made_by *ret, struct pp_error *e)
{
	struct pp_uki u;
	int r = pp_uki_find(a, &u, e);

	if (r)
		return r;
	struct pp_initrd_made_by by =
		u.by_kernel_install ? initrd_find_installed(a)
				    : (struct pp_initrd_made_by){ u.maker, u.maker->rebuild };
	if (!by.maker)
		return pp_fail(
			e, ENOTSUP,
			"kernel-install makes this host's unified kernel image, and pcipass "
			"can do that anew only with systemd 255 or later, with an initrd of "
			"dracut or mkinitcpio and kernels in /usr/lib/modules, or with "
			"initramfs-tools or dracut as on Debian. By hand: put the table (pcipass override "
			"build) in front of the initrd, then run kernel-install add");
	*ret = by;
	return 0;
}

/* What is there beside another may be a leftover; then nothing tells whose initrd it is. */
static int initrd_find_single(struct pp_apply *a, struct pp_initrd_made_by *ret, struct pp_error *e)
{
	const struct pp_initrd *found = NULL;

	for (size_t i = 0; pp_initrds[i]; i++) {
		const struct pp_initrd *m = pp_initrds[i];
		if (m->is_of_loader || !m->detect || !m->detect(a))
			continue;
		if (found)
			return pp_fail(
				e, ENOTSUP,
				"%s and %s are both installed, and which of them makes this "
				"host's initrd is not known: remove the one that does not, then "
				"try again",
				found->name, m->name);
		found = m;
	}
	*ret = (struct pp_initrd_made_by){ found, found ? found->rebuild : NULL };
	return 0;
}

static const struct pp_initrd *initrd_find_loaders(struct pp_apply *a, enum pp_boot_style style)
{
	if (style != PP_BOOT_GRUB && style != PP_BOOT_UNKNOWN)
		return NULL;
	for (size_t i = 0; pp_initrds[i]; i++)
		if (pp_initrds[i]->is_of_loader && pp_initrds[i]->detect(a))
			return pp_initrds[i];
	return NULL;
}

static int initrd_unknown(struct pp_error *e)
{
	char names[128] = "";
	size_t len = 0;

	for (size_t i = 0; pp_initrds[i] && len < sizeof(names); i++)
		if (pp_initrds[i]->detect)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
			                        len ? ", " : "", pp_initrds[i]->name);
	return pp_fail(e, ENOTSUP,
	               "what makes this host's initrd is not known (looked for %s). By hand: "
	               "\"pcipass override build\" makes the archive; it must stand first among "
	               "the initrds of the boot entry",
	               names);
}

int pp_initrd_find(struct pp_apply *a, struct pp_initrd_made_by *ret, struct pp_error *e)
{
	struct pp_initrd_made_by found = { NULL, NULL };
	enum pp_boot_style style;
	int r = pp_boot_find(a, &style, e);

	if (r)
		return r;
	if (style == PP_BOOT_UKI)
		return initrd_find_of_uki(a, ret, e);
	if (style == PP_BOOT_ENTRY && pp_kernel_install_is_here(a))
		found = initrd_find_installed(a);
	if (!found.maker)
		r = initrd_find_single(a, &found, e);
	if (r)
		return r;
	if (!found.maker)
		found.maker = initrd_find_loaders(a, style);
	if (!found.maker)
		return initrd_unknown(e);
	*ret = found;
	return 0;
}

int pp_initrd_rebuild(struct pp_stage *s, const struct pp_initrd_made_by *by, struct pp_error *e)
{
	struct pp_sys *sys = s->apply->sys;
	const char *const *versions = pp_sys_names(sys, "lib/modules", &s->apply->arena);
	int r = versions ? 0 : pp_fail_oom(e, by->rebuild->name);

	if (!pp_tool_takes_kernel(by->rebuild))
		return pp_stage_run(s, by->rebuild, NULL, e);
	for (; !r && *versions; versions++) {
		char path[512];
		snprintf(path, sizeof(path), "boot/vmlinuz-%s", *versions);
		if (pp_sys_has(sys, path))
			r = pp_stage_run(s, by->rebuild, *versions, e);
	}
	return r;
}

int pp_initrd_install(struct pp_stage *s, const struct pp_initrd_made_by *by,
                      const struct pp_span *tables, uint32_t nr_tables, struct pp_span cpio,
                      struct pp_error *e)
{
	enum pp_boot_style style;
	struct pp_uki u;
	int r = pp_boot_find(s->apply, &style, e);

	if (!r && style == PP_BOOT_UKI) {
		r = pp_uki_find(s->apply, &u, e);
		s->image = r ? NULL : u.path;
	}
	if (!r)
		r = by->maker->install(s, tables, nr_tables, cpio, e);
	return r || !by->rebuild ? r : pp_initrd_rebuild(s, by, e);
}

int pp_initrd_include(struct pp_stage *s, const struct pp_initrd *maker, const char *file,
                      struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	const char *line = maker->include.line, *place = line ? strstr(line, "%s") : NULL;

	if (!place ||
	    (maker->include.directory && !pp_sys_has_directory(a->sys, maker->include.directory)))
		return 0;
	const char *text = pp_arena_printf(&a->arena, PP_STAGE_MARK "%.*s%s%s", (int)(place - line),
	                                   line, file, place + strlen("%s"));
	return text ? pp_stage_puts(s, maker->include.path, text, 0644, e)
	            : pp_fail_oom(e, maker->include.path);
}

int pp_initrd_exclude(struct pp_stage *s, struct pp_error *e)
{
	int r = 0;

	for (size_t i = 0; !r && pp_initrds[i]; i++) {
		const char *path = pp_initrds[i]->include.path;
		struct pp_content c = { .exists = false };
		if (path)
			r = pp_stage_read(s, path, &c, e);
		if (!r && path && pp_stage_is_ours(&c))
			r = pp_stage_remove(s, path, e);
	}
	return r;
}

int pp_initrd_tables(struct pp_stage *s, const struct pp_span **ret, uint32_t *ret_nr,
                     struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, PP_INITRD_CPIO, &c, e);

	*ret = NULL;
	*ret_nr = 0;
	if (r || !c.exists)
		return r;
	r = pp_override_cpio_read(c.bytes, &s->apply->arena, ret, ret_nr, e);
	for (uint32_t i = 0; !r && i < *ret_nr; i++)
		if ((*ret)[i].len < 4)
			r = pp_fail(e, EBADMSG, "/" PP_INITRD_CPIO ": a table of %zu bytes",
			            (*ret)[i].len);
	return r;
}
