/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a kernel has what passthrough needs besides the IOMMU: vfio-pci, and one of the
 * two that map a guest's memory. Where these are loaded nothing else is read.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* Debian 13: modules.dep has 0.7 MiB. */
#define LIST_MAX_BYTES ((size_t)8 * 1024 * 1024)

/* How a module is called in each of the places. */
static const struct module_row {
	const char *file; /* of its file, without the ending */
	const char *here; /* a directory that is there once it is loaded or built in */
	enum pp_kernel_option option;
} module_rows[] = {
	{ "vfio-pci", "sys/bus/pci/drivers/vfio-pci", PP_CONFIG_VFIO_PCI },
	{ "vfio_iommu_type1", "sys/module/vfio_iommu_type1", PP_CONFIG_VFIO_IOMMU_TYPE1 },
	{ "iommufd", "sys/class/misc/iommu", PP_CONFIG_IOMMUFD },
};
#define NR_ROWS (sizeof(module_rows) / sizeof(module_rows[0]))

/* The files that say it, read once for all modules. */
struct module_lists {
	int dep_error, builtin_error;
	const char *directory; /* where they were found */
	struct pp_span dep, builtin;
	bool other_releases; /* lib/modules has some, and not the running one */
};

static bool module_release_is_plain(const char *release)
{
	return release && *release && !strchr(release, '/') && !strstr(release, "..") &&
	       strcmp(release, ".") != 0 && strlen(release) < 128;
}

/* "kernel/drivers/vfio/pci/vfio-pci.ko.xz: …": the name between the last slash and ".ko". */
static bool module_line_is(struct pp_span line, const char *file)
{
	const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	size_t end = colon ? (size_t)(colon - line.data) : line.len, from = end, n = strlen(file);

	while (from && line.data[from - 1] != '/')
		from--;
	return end - from >= n + 3 && !memcmp(line.data + from, file, n) &&
	       !memcmp(line.data + from + n, ".ko", 3);
}

bool pp_module_line_matters(struct pp_span line)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (module_line_is(line, module_rows[i].file))
			return true;
	return false;
}

static bool module_is_listed(struct pp_span list, const char *file)
{
	struct pp_span line;

	while (pp_text_line(&list, &line))
		if (module_line_is(line, file))
			return true;
	return false;
}

static int module_read_list(struct pp_host_build *b, const struct module_lists *l, const char *name,
                            struct pp_span *ret)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", l->directory, b->release, name);
	return -pp_source_read_all(b->source, path, LIST_MAX_BYTES, &b->scratch, ret);
}

/* /lib is a link to usr/lib on most hosts, which a directory laid out like one may lack. */
static int module_read_lists(struct pp_host_build *b, struct module_lists *l)
{
	static const char *const directories[] = { "lib/modules", "usr/lib/modules" };
	int first = ENODATA; /* of those that tell more than that nobody looked */

	l->dep_error = l->builtin_error = ENODATA;
	for (size_t i = 0; i < 2 && l->dep_error; i++) {
		l->directory = directories[i];
		l->dep_error = module_read_list(b, l, "modules.dep", &l->dep);
		l->builtin_error = module_read_list(b, l, "modules.builtin", &l->builtin);
		if (l->dep_error == ENOMEM || l->builtin_error == ENOMEM)
			return -ENOMEM;
		if (first == ENODATA)
			first = l->dep_error;
	}
	if (l->dep_error)
		l->dep_error = first;
	return 0;
}

int pp_build_releases(struct pp_source *s, struct pp_arena *a, struct pp_names *ret)
{
	int r = pp_source_list(s, "lib/modules", a, ret);

	return r && r != -ENOMEM ? pp_source_list(s, "usr/lib/modules", a, ret) : r;
}

/* After an upgrade some systems remove the modules of the kernel that still runs. */
static int module_look_for_others(struct pp_host_build *b, struct module_lists *l)
{
	struct pp_names names;
	int r = b->host->kernel.running
	                ? -ENOENT
	                : pp_source_list(b->source, "lib/modules", &b->scratch, &names);

	if (r)
		return r == -ENOMEM ? r : 0;
	l->other_releases = names.count > 0;
	for (uint32_t i = 0; i < names.count; i++)
		l->other_releases &= strcmp(names.names[i], b->release) != 0;
	return 0;
}

static struct pp_module module_say(struct pp_host_build *b, enum pp_module_state state,
                                   const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static struct pp_module module_say(struct pp_host_build *b, enum pp_module_state state,
                                   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = pp_arena_vprintf(&b->host->arena, fmt, ap);
	va_end(ap);
	return (struct pp_module){ state, text, 0 };
}

/* 'y', 'm', 'n' or 0: not known. Nothing of VFIO is built without VFIO itself. */
static char module_configured(const struct pp_kernel *k, const struct module_row *row)
{
	char set = k->config.option[row->option];

	if (!set && row->option != PP_CONFIG_IOMMUFD)
		set = k->config.option[PP_CONFIG_VFIO] == 'n' ? 'n' : 0;
	return set;
}

static struct pp_module module_by_config(struct pp_host_build *b, const struct module_lists *l,
                                         const struct module_row *row)
{
	const struct pp_kernel *k = &b->host->kernel;
	const char *option = pp_kernel_option_name(row->option);
	char set = module_configured(k, row);

	if (set == 'y')
		return module_say(b, PP_MODULE_HERE, "%s: %s=y", k->config.path, option);
	if (set == 'n')
		return module_say(b, PP_MODULE_NOT_BUILT, "%s: %s is not set", k->config.path,
		                  k->config.option[row->option]
		                          ? option
		                          : pp_kernel_option_name(PP_CONFIG_VFIO));
	if (l->other_releases)
		return module_say(b, PP_MODULE_NO_FILES, "/lib/modules: no directory %s",
		                  b->release);
	if (set == 'm')
		return module_say(b, PP_MODULE_LOADABLE, "%s: %s=m", k->config.path, option);
	return (struct pp_module){ .error = k->running ? 0 : l->dep_error };
}

/* What the lists of files and the configuration come to. */
static struct pp_module module_conclude(struct pp_host_build *b, const struct module_lists *l,
                                        const struct module_row *row)
{
	const struct pp_kernel *k = &b->host->kernel;
	const char *release = b->release, *file = row->file;

	if (!l->builtin_error && module_is_listed(l->builtin, file))
		return module_say(b, PP_MODULE_HERE, "/%s/%s/modules.builtin: %s", l->directory,
		                  release, file);
	if (l->dep_error)
		return module_by_config(b, l, row);
	if (module_is_listed(l->dep, file))
		return module_say(b, PP_MODULE_LOADABLE, "/%s/%s/modules.dep: %s", l->directory,
		                  release, file);
	switch (module_configured(k, row)) {
	case 'y':
		return module_by_config(b, l, row);
	case 'm':
		return module_say(b, PP_MODULE_NO_FILE, "%s: %s=m; /%s/%s/modules.dep: no %s",
		                  k->config.path, pp_kernel_option_name(row->option), l->directory,
		                  release, file);
	default:
		return module_say(b, PP_MODULE_NOT_BUILT, "/%s/%s/modules.dep: no %s", l->directory,
		                  release, file);
	}
}

/* The kernel and modprobe take '-' and '_' for one in a module's name. */
static bool module_same_name(struct pp_span name, const char *file)
{
	if (name.len != strlen(file))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((name.data[i] == '-' ? '_' : name.data[i]) != (file[i] == '-' ? '_' : file[i]))
			return false;
	return true;
}

bool pp_module_ban_parse(struct pp_span line, struct pp_span *ret)
{
	static const char *const commands[] = { "/bin/false",    "/bin/true", "/usr/bin/false",
		                                "/usr/bin/true", "false",     "true" };
	struct pp_span word, name;

	if (!pp_text_word(&line, &word) || !pp_span_is(word, "install") ||
	    !pp_text_word(&line, &name) || !pp_text_word(&line, &word))
		return false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (pp_span_is(word, commands[i])) {
			*ret = name;
			return true;
		}
	return false;
}

/* The file of modprobe.d that keeps a module out; NULL: none, or not known. */
static const char *module_find_ban(const struct pp_host_build *b, const char *module)
{
	const char *path = NULL;
	struct pp_span name;

	for (uint32_t i = 0; i < b->modprobe.nr_lines; i++)
		if (pp_module_ban_parse(b->modprobe.lines[i].text, &name) &&
		    module_same_name(name, module))
			path = b->modprobe.lines[i].path;
	return path;
}

/* module_blacklist=, which the kernel itself heeds. modprobe.blacklist= keeps off aliases only. */
static bool module_in_blacklist(const char *list, const char *file)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");
		if (module_same_name(PP_SPAN(at, len), file))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

static int module_look_at_bans(struct pp_host_build *b, const struct module_row *row,
                               struct pp_module *m)
{
	const char *list = pp_kernel_argument(b->host, "module_blacklist", &b->scratch);

	/* What is not loaded now cannot be, whatever the lists of files would say. */
	if (m->state != PP_MODULE_LOADABLE && m->state != PP_MODULE_UNKNOWN)
		return 0;
	if (list && module_in_blacklist(list, row->file)) {
		*m = module_say(b, PP_MODULE_FORBIDDEN, "command line: module_blacklist=%s",
		                row->file);
		return 0;
	}
	const char *path = module_find_ban(b, row->file);
	if (path)
		*m = module_say(b, PP_MODULE_FORBIDDEN, "/%s: install %s", path, row->file);
	return 0;
}

/* 1: loaded or built in; 0: not, or not known. What is loaded is the running kernel's. */
static int module_is_here(struct pp_host_build *b, const struct module_row *row,
                          struct pp_module *ret)
{
	struct pp_node dir;
	int r = b->host->kernel.running ? -ENOENT : pp_source_open_dir(b->source, row->here, &dir);

	if (r)
		return r == -ENOMEM ? r : 0;
	pp_source_close(b->source, dir);
	*ret = module_say(b, PP_MODULE_HERE, "/%s", row->here);
	return ret->evidence ? 1 : -ENOMEM;
}

int pp_build_modules(struct pp_host_build *b)
{
	struct pp_kernel *k = &b->host->kernel;
	struct pp_module *const to[NR_ROWS] = { &k->vfio_pci, &k->vfio_type1, &k->iommufd };
	struct module_lists lists = { 0 };

	for (size_t i = 0; i < NR_ROWS; i++)
		if (module_is_here(b, &module_rows[i], to[i]) < 0)
			return -ENOMEM;
	/* iommufd alone may be there because the kernel's VFIO has no groups: the lists tell. */
	if (k->vfio_pci.state == PP_MODULE_HERE && k->vfio_type1.state == PP_MODULE_HERE)
		return 0;
	if (!module_release_is_plain(b->release)) {
		for (size_t i = 0; i < NR_ROWS; i++)
			to[i]->error = k->running         ? 0
			               : k->release.error ? k->release.error
			                                  : EBADMSG;
		return 0;
	}
	if (module_read_lists(b, &lists) || (lists.dep_error && module_look_for_others(b, &lists)))
		return -ENOMEM;
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (to[i]->state == PP_MODULE_HERE)
			continue;
		*to[i] = module_conclude(b, &lists, &module_rows[i]);
		if (module_look_at_bans(b, &module_rows[i], to[i]) ||
		    (to[i]->state != PP_MODULE_UNKNOWN && !to[i]->evidence))
			return -ENOMEM;
	}
	return 0;
}
