/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel says of itself: version, command line, parameters, log. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/command-line.h"

/* Debian's release is "6.1.0-28-amd64"; its stable release stands behind: "… Debian 6.1.119-1". */
static void read_debian_patch(struct pp_kernel *k, const char *version)
{
	static const char packager[] = " Debian ";
	const char *at = strstr(version, packager);
	struct pp_kernel package = { 0 };

	if (at && !k->patch_known && pp_kernel_set_release(&package, at + sizeof(packager) - 1) &&
	    package.major == k->major && package.minor == k->minor && package.patch_known) {
		k->patch = package.patch;
		k->patch_known = true;
	}
}

static int read_release(struct pp_host_build *b)
{
	struct pp_kernel *k = &b->host->kernel;
	struct pp_text_fact version;

	if (pp_build_text(b, "proc/version", &version))
		return -ENOMEM;
	k->release.error = version.error;
	if (!version.text)
		return 0;
	/* "Linux version 6.1.0-28-amd64 (…" */
	struct pp_span rest = PP_SPAN(version.text, strlen(version.text)), word;
	for (int i = 0; i < 3; i++)
		if (!pp_text_word(&rest, &word)) {
			k->release.error = EBADMSG;
			return 0;
		}
	char *text = pp_arena_strndup(&b->host->arena, (const char *)word.data, word.len);
	if (!text)
		return -ENOMEM;
	k->release.text = text;
	if (pp_kernel_set_release(k, text))
		read_debian_patch(k, version.text);
	return 0;
}

/* kernel/params.c, parameqn(): '-' and '_' are one in a name. */
static bool kernel_is_named(struct pp_span word, const char *name, size_t len)
{
	if (word.len < len || (word.len > len && word.data[len] != '='))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((word.data[i] == '-' ? '_' : word.data[i]) != (uint8_t)name[i])
			return false;
	return true;
}

/* What stands behind "name=" in word; "" for the name alone; NULL if it is another, or no memory.
 */
static const char *value_of(struct pp_span word, const char *name, struct pp_arena *a)
{
	size_t len = strlen(name);

	if (!kernel_is_named(word, name, len))
		return NULL;
	size_t skip = word.len > len ? len + 1 : len;
	return pp_arena_strndup(a, (const char *)word.data + skip, word.len - skip);
}

const char *pp_kernel_argument(const struct pp_host *h, const char *name, struct pp_arena *a)
{
	const char *line = h->kernel.command_line.text;
	const char *last = NULL;

	if (!line)
		return NULL;
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	while (pp_command_line_next(&rest, &word)) {
		const char *value = value_of(word, name, a);
		last = value ? value : last;
	}
	return last;
}

/* lib/cmdline.c, next_arg(): quotation marks around the word, or the value, are no part of it. */
static struct pp_span kernel_unquoted(struct pp_span s)
{
	bool open = s.len && s.data[0] == '"';

	if (open)
		s = PP_SPAN(s.data + 1, s.len - 1);
	return s.len && s.data[s.len - 1] == '"' ? PP_SPAN(s.data, s.len - 1) : s;
}

/* One option of "name=one,two" against a command line: whether it is given last. */
static bool kernel_option_given(const char *line, const char *name, struct pp_span option)
{
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	size_t n = strlen(name);
	bool given = false;

	while (pp_command_line_next(&rest, &word)) {
		word = kernel_unquoted(word);
		if (word.len <= n || !kernel_is_named(word, name, n))
			continue;
		struct pp_span list = kernel_unquoted(PP_SPAN(word.data + n + 1, word.len - n - 1));
		while (list.len) {
			const uint8_t *comma = memchr(list.data, ',', list.len);
			size_t len = comma ? (size_t)(comma - list.data) : list.len;
			struct pp_span one = PP_SPAN(list.data, len);
			if (one.len == option.len && !memcmp(one.data, option.data, one.len))
				given = true;
			else if (pp_span_is(one, "off") ||
			         (pp_span_is(one, "on") && pp_span_is(option, "off")))
				given = false;
			size_t used = len + (comma != NULL);
			list = PP_SPAN(list.data + used, list.len - used);
		}
	}
	return given;
}

bool pp_kernel_argument_given(const struct pp_host *h, const char *argument)
{
	const char *line = h->kernel.command_line.text, *equals = strchr(argument, '=');
	char name[32];

	if (!line)
		return false;
	/* "ivrs_ioapic[8]=00:14.0" and what else has no list. */
	if (!equals || (size_t)(equals - argument) >= sizeof(name) || strchr(argument, '['))
		return pp_command_line_has(line, argument);
	memcpy(name, argument, (size_t)(equals - argument));
	name[equals - argument] = '\0';
	for (const char *o = equals + 1; *o;) {
		size_t len = strcspn(o, ",");
		if (!kernel_option_given(line, name, PP_SPAN(o, len)))
			return false;
		o += len + (o[len] == ',');
	}
	return equals[1] != '\0';
}

static const struct pp_module_option module_options[] = {
	{ "vfio_iommu_type1", "allow_unsafe_interrupts",
	  offsetof(struct pp_kernel, unsafe_interrupts) },
	{ "vfio_pci", "disable_denylist", offsetof(struct pp_kernel, denylist_disabled) },
	{ "vfio_pci", "disable_idle_d3", offsetof(struct pp_kernel, idle_d3_disabled) },
	{ "vfio_pci", "disable_vga", offsetof(struct pp_kernel, vga_disabled), true },
	{ "vfio_pci", "nointxmask", offsetof(struct pp_kernel, intx_not_masked), true },
	{ "vfio_pci", "enable_sriov", offsetof(struct pp_kernel, sriov_enabled) },
	{ "iommufd", "allow_unsafe_interrupts",
	  offsetof(struct pp_kernel, iommufd_unsafe_interrupts) },
};
#define NR_MODULE_OPTIONS (sizeof(module_options) / sizeof(module_options[0]))

const struct pp_module_option *pp_module_option_find(const char *module, const char *option)
{
	for (size_t i = 0; i < NR_MODULE_OPTIONS; i++)
		if (!module_options[i].only_read && !strcmp(module_options[i].module, module) &&
		    !strcmp(module_options[i].option, option))
			return &module_options[i];
	return NULL;
}

const struct pp_text_fact *pp_module_option_fact(const struct pp_module_option *o,
                                                 const struct pp_kernel *k)
{
	return (const struct pp_text_fact *)((const char *)k + o->fact);
}

/* "options MODULE …" of that module; *line is what follows then. */
static bool is_options_of(struct pp_span *line, const char *module)
{
	struct pp_span word;

	return pp_text_word(line, &word) && pp_span_is(word, "options") &&
	       pp_text_word(line, &word) && kernel_is_named(word, module, strlen(module));
}

/* "options vfio_iommu_type1 … allow_unsafe_interrupts=1"; last: what was found before. */
static const char *option_in_line(struct pp_host_build *b, const struct pp_module_option *o,
                                  struct pp_span line, const char *last)
{
	struct pp_span word;

	if (!is_options_of(&line, o->module))
		return last;
	while (pp_text_word(&line, &word)) {
		const char *value = value_of(word, o->option, &b->scratch);
		last = value ? value : last;
	}
	return last;
}

static const char *option_in_files(struct pp_host_build *b, const struct pp_module_option *o)
{
	const char *last = NULL;

	for (uint32_t i = 0; i < b->modprobe.nr_lines; i++)
		last = option_in_line(b, o, b->modprobe.lines[i].text, last);
	return last;
}

bool pp_module_option_is_on(const char *value)
{
	if (!*value || strchr("yYtT1", value[0]))
		return true;
	return (value[0] | 0x20) == 'o' && (value[1] | 0x20) == 'n';
}

/* Before the module is loaded only the command line and modprobe.d can say; *ret_value NULL: they
 * do not, and ret->error has more. */
static int option_from_configuration(struct pp_host_build *b, const struct pp_module_option *o,
                                     struct pp_text_fact *ret, const char **ret_value)
{
	const struct pp_kernel *k = &b->host->kernel;
	char *name = pp_arena_printf(&b->scratch, "%s.%s", o->module, o->option);

	if (!name)
		return -ENOMEM;
	/* modprobe hands the command line's over last. */
	const char *value = pp_kernel_argument(b->host, name, &b->scratch);
	if (!value) {
		value = option_in_files(b, o);
		if (b->modprobe.error && ret->error == ENOENT)
			ret->error = b->modprobe.error; /* not known to be set nowhere */
		if (k->command_line.error && k->command_line.error != ENOENT &&
		    ret->error == ENOENT)
			ret->error = k->command_line.error;
	}
	*ret_value = value;
	return 0;
}

static int switch_from_configuration(struct pp_host_build *b, const struct pp_module_option *o,
                                     struct pp_text_fact *ret)
{
	const char *value;
	int r = option_from_configuration(b, o, ret, &value);

	if (!r && value)
		*ret = (struct pp_text_fact){ .text = pp_module_option_is_on(value) ? "Y" : "N" };
	return r;
}

/* Of more than anybody writes the first ones are dropped. */
#define MAX_VFIO_IDS 16

struct ids_list {
	struct pp_vfio_ids list[MAX_VFIO_IDS];
	uint32_t nr;
};

static int add_ids(struct pp_host_build *b, const char *value, const char *where,
                   struct ids_list *to)
{
	struct pp_span ids = kernel_unquoted(PP_SPAN(value, strlen(value)));

	if (to->nr == MAX_VFIO_IDS)
		memmove(to->list, to->list + 1, --to->nr * sizeof(to->list[0]));
	struct pp_vfio_ids *one = &to->list[to->nr++];
	one->ids = pp_text_clean(&b->host->arena, (const char *)ids.data, ids.len);
	one->where = pp_text_clean(&b->host->arena, where, strlen(where));
	return one->ids && one->where ? 0 : -ENOMEM;
}

static int ids_in_files(struct pp_host_build *b, struct ids_list *to)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < b->modprobe.nr_lines; i++) {
		struct pp_span line = b->modprobe.lines[i].text, word;
		if (!is_options_of(&line, "vfio_pci"))
			continue;
		const char *where = pp_arena_printf(&b->scratch, "/%s", b->modprobe.lines[i].path);
		if (!where)
			return -ENOMEM;
		while (!r && pp_text_word(&line, &word)) {
			const char *value = value_of(word, "ids", &b->scratch);
			if (value)
				r = add_ids(b, value, where, to);
		}
	}
	return r;
}

/* The kernel shows them nowhere: what was asked for is all there is. */
static int read_ids(struct pp_host_build *b)
{
	struct pp_kernel *k = &b->host->kernel;
	const char *text = k->command_line.text;
	struct ids_list found = { .nr = 0 };
	struct pp_span rest = PP_SPAN(text, text ? strlen(text) : 0), word;
	int r = ids_in_files(b, &found);

	k->vfio_ids = NULL;
	k->nr_vfio_ids = 0;
	while (text && !r && pp_command_line_next(&rest, &word)) {
		const char *value = value_of(word, "vfio_pci.ids", &b->scratch);
		if (value)
			r = add_ids(b, value, "the kernel command line", &found);
	}
	if (r || !found.nr)
		return r;
	struct pp_vfio_ids *list = PP_ARENA_ARRAY(&b->host->arena, found.nr, struct pp_vfio_ids);
	if (!list)
		return -ENOMEM;
	memcpy(list, found.list, found.nr * sizeof(*list));
	k->vfio_ids = list;
	k->nr_vfio_ids = found.nr;
	return 0;
}

/* "Y" or "N": as the loaded module has it, else as it would be loaded. */
static int read_option(struct pp_host_build *b, const struct pp_module_option *o,
                       struct pp_text_fact *ret)
{
	char path[128];
	struct pp_node dir;

	snprintf(path, sizeof(path), "sys/module/%s/parameters/%s", o->module, o->option);
	if (pp_build_text(b, path, ret))
		return -ENOMEM;
	if (ret->error == ENODATA) {
		/* Not kept, or not loaded? The directory of the modules tells. */
		snprintf(path, sizeof(path), "sys/module/%s", o->module);
		int r = pp_source_open_dir(b->source, path, &dir);
		if (!r)
			pp_source_close(b->source, dir);
		else if (r == -ENOENT)
			ret->error = ENOENT;
	}
	return ret->error ? switch_from_configuration(b, o, ret) : 0;
}

static int kernel_read_options(struct pp_host_build *b)
{
	int r = 0;

	for (size_t i = 0; !r && i < NR_MODULE_OPTIONS; i++)
		r = read_option(
			b, &module_options[i],
			(struct pp_text_fact *)((char *)&b->host->kernel + module_options[i].fact));
	return r;
}

static int read_lockdown(struct pp_host_build *b)
{
	struct pp_text_fact *l = &b->host->kernel.lockdown;

	/* "[none] integrity confidentiality": the one in brackets is in force. */
	if (pp_build_text(b, "sys/kernel/security/lockdown", l))
		return -ENOMEM;
	const char *open = l->text ? strchr(l->text, '[') : NULL;
	const char *close = open ? strchr(open, ']') : NULL;
	if (!close)
		return 0;
	l->text = pp_arena_strndup(&b->host->arena, open + 1, (size_t)(close - open - 1));
	return l->text ? 0 : -ENOMEM;
}

/* drivers/xen/xenfs/super.c, capabilities_read(): "control_d" for the domain that controls. */
static int read_xen_role(struct pp_host_build *b)
{
	struct pp_text_fact capabilities;

	if (pp_build_text(b, "proc/xen/capabilities", &capabilities))
		return -ENOMEM;
	b->host->xen_role = !capabilities.text                       ? PP_XEN_UNKNOWN
	                    : strstr(capabilities.text, "control_d") ? PP_XEN_DOM0
	                                                             : PP_XEN_GUEST;
	b->host->xen_from = b->host->xen_role == PP_XEN_DOM0
	                            ? "/proc/xen/capabilities: control_d"
	                            : "/proc/xen/capabilities: no control_d";
	return 0;
}

/* The first processor's lines lie in the first page. What cannot be read is empty. */
static int read_processor(struct pp_host_build *b)
{
	size_t size = 4096;
	char *head = pp_arena_alloc(&b->scratch, size);
	struct pp_node file;

	if (!head)
		return -ENOMEM;
	int r = pp_source_open_file(b->source, PP_NODE_NONE, "proc/cpuinfo", &file);
	if (r)
		return r == -ENOMEM ? r : 0;
	ssize_t n = pp_source_pread(b->source, file, head, size, 0);
	pp_source_close(b->source, file);
	if (n == -ENOMEM)
		return (int)n;
	b->processor = PP_SPAN(head, n > 0 ? (size_t)n : 0);
	return 0;
}

/* Is the host a guest itself, and whose? */
static int read_hypervisor(struct pp_host_build *b)
{
	struct pp_text_fact type;

	if (pp_build_text(b, "sys/hypervisor/type", &type))
		return -ENOMEM;
	b->host->xen = type.text && !strcmp(type.text, "xen");
	if (b->host->xen && read_xen_role(b))
		return -ENOMEM;
	if (read_processor(b))
		return -ENOMEM;
	struct pp_span seen = b->processor;
	if (pp_span_find(seen, "flags"))
		b->host->is_guest = pp_tri(pp_span_find(seen, " hypervisor") != NULL);
	return 0;
}

/* What the kernel takes for a blank is one here, before bytes that cannot be shown are replaced. */
static int kernel_read_command_line(struct pp_host_build *b)
{
	char buf[4096];
	int r = pp_source_read_text(b->source, PP_NODE_NONE, "proc/cmdline", buf, sizeof(buf));
	struct pp_text_fact line = { .error = -r };

	for (char *c = buf; !r && *c; c++)
		*c = pp_command_line_is_blank((uint8_t)*c) ? ' ' : *c;
	if (!r)
		line.text = pp_text_clean(&b->host->arena, buf, strlen(buf));
	b->host->kernel.command_line = line;
	return r || line.text ? 0 : -ENOMEM;
}

int pp_build_kernel(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_kernel *k = &b->host->kernel;

	if (read_release(b))
		return pp_fail_oom(e, "kernel");
	b->release = k->release.text;
	if (kernel_read_command_line(b) || pp_build_modprobe(b) || kernel_read_options(b) ||
	    read_hypervisor(b) || read_lockdown(b) || pp_build_kernel_config(b) ||
	    pp_build_modules(b) || read_ids(b) || pp_build_log(b))
		return pp_fail_oom(e, "kernel");
	/* The log's beginning may be gone; only Proxmox knows the argument. */
	const char *intel = pp_kernel_argument(b->host, "intel_iommu", &b->scratch);
	if (k->proxmox && intel && strstr(intel, "relax_rmrr"))
		k->rmrrs_relaxed = true;
	return 0;
}
