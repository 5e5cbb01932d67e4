/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which QEMU and libvirt a host has, without running them: by dpkg's list of packages, and by the
 * name of libvirt's library. Read only where the kernel has VFIO's device files, for nothing else
 * depends on it.
 */
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* A desktop's has 6 MiB. */
#define STATUS_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define STATUS           "var/lib/dpkg/status"

static const struct hypervisor_package {
	const char *name;
	bool libvirt;
} packages[] = {
	{ "qemu-system-x86", false },    { "qemu-system-arm", false },
	{ "qemu-system-common", false }, { "pve-qemu-kvm", false },
	{ "libvirt-daemon", true },      { "libvirt-daemon-driver-qemu", true },
};

/* A number, and the character behind it; *s is then behind both. -1: none, or far too large. */
static int version_number(struct pp_span *s, char *ret_behind)
{
	int n = -1;
	size_t at = 0;

	for (; at < s->len && s->data[at] >= '0' && s->data[at] <= '9'; at++) {
		if (n > 100000)
			return -1;
		n = (n < 0 ? 0 : n) * 10 + (s->data[at] - '0');
	}
	*ret_behind = at < s->len ? (char)s->data[at] : '\0';
	at += at < s->len;
	*s = PP_SPAN(s->data + at, s->len - at);
	return n;
}

/* "1:7.2+dfsg-7": an epoch, and the upstream version. */
static bool version_of_package(struct pp_span s, struct pp_tool_version *ret)
{
	const uint8_t *colon = s.len ? memchr(s.data, ':', s.len) : NULL;
	char behind;

	if (colon)
		s = PP_SPAN(colon + 1, s.len - (size_t)(colon + 1 - s.data));
	int major = version_number(&s, &behind);
	if (major < 0 || behind != '.')
		return false;
	int minor = version_number(&s, &behind);
	if (minor < 0)
		return false;
	ret->number[0] = (unsigned int)major;
	ret->number[1] = (unsigned int)minor;
	return true;
}

static const struct hypervisor_package *package_named(struct pp_span line)
{
	static const char field[] = "Package: ";

	if (!pp_span_starts(line, field))
		return NULL;
	line = PP_SPAN(line.data + sizeof(field) - 1, line.len - (sizeof(field) - 1));
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (pp_span_is(line, packages[i].name))
			return &packages[i];
	return NULL;
}

/* What dpkg says of one of the packages, to the empty line behind it. */
static int read_package(struct pp_host_build *b, const struct hypervisor_package *p,
                        struct pp_span *status)
{
	static const char field[] = "Version: ";
	struct pp_tool_version v = { 0 }, *to = p->libvirt ? &b->host->libvirt : &b->host->qemu;
	struct pp_span line;
	bool installed = false;

	while (pp_text_line(status, &line) && line.len) {
		if (pp_span_is(line, "Status: install ok installed") ||
		    pp_span_is(line, "Status: hold ok installed"))
			installed = true;
		else if (pp_span_starts(line, field))
			(void)version_of_package(PP_SPAN(line.data + sizeof(field) - 1,
			                                 line.len - (sizeof(field) - 1)),
			                         &v);
	}
	if (!installed || !v.number[0] || to->from)
		return 0;
	v.from = pp_arena_printf(&b->host->arena, "/" STATUS ": %s", p->name);
	*to = v;
	return v.from ? 0 : -ENOMEM;
}

static int read_packages(struct pp_host_build *b)
{
	struct pp_span status, line;
	int r = pp_source_read_all(b->source, STATUS, STATUS_MAX_BYTES, &b->scratch, &status);

	if (r)
		return r == -ENOMEM ? r : 0;
	while (!r && pp_text_line(&status, &line)) {
		const struct hypervisor_package *p = package_named(line);
		if (p)
			r = read_package(b, p, &status);
	}
	return r;
}

void pp_packages_redact(struct pp_span text, struct pp_buffer *b)
{
	struct pp_span line;
	bool keep = false;

	while (pp_text_line(&text, &line)) {
		if (pp_span_starts(line, "Package: "))
			keep = package_named(line) != NULL;
		if (keep && (!line.len || package_named(line) || pp_span_starts(line, "Status: ") ||
		             pp_span_starts(line, "Version: ")))
			pp_buffer_printf(b, "%.*s\n", (int)line.len, (const char *)line.data);
	}
}

/* meson.build of libvirt: the library's number is 0, 1000 times major and minor, micro. */
static bool version_of_library(const char *link, struct pp_tool_version *ret)
{
	static const char begin[] = "libvirt.so.0.";
	const char *name = strrchr(link, '/');
	char behind;

	name = name ? name + 1 : link;
	if (strncmp(name, begin, sizeof(begin) - 1))
		return false;
	name += sizeof(begin) - 1;
	struct pp_span rest = PP_SPAN(name, strlen(name));
	int number = version_number(&rest, &behind);
	if (number < 1000 || behind != '.')
		return false;
	ret->number[0] = (unsigned int)number / 1000;
	ret->number[1] = (unsigned int)number % 1000;
	return true;
}

static int read_library(struct pp_host_build *b)
{
	static const char *const directories[] = { "usr/lib/x86_64-linux-gnu",
		                                   "usr/lib/aarch64-linux-gnu", "usr/lib64",
		                                   "usr/lib" };
	struct pp_tool_version *to = &b->host->libvirt;

	for (size_t i = 0; !to->from && i < sizeof(directories) / sizeof(directories[0]); i++) {
		char link[256];
		struct pp_node dir;
		int r = pp_source_open_dir(b->source, directories[i], &dir);
		if (r == -ENOMEM)
			return r;
		if (r)
			continue;
		r = pp_source_read_link(b->source, dir, "libvirt.so.0", link, sizeof(link));
		pp_source_close(b->source, dir);
		if (r == -ENOMEM)
			return r;
		if (r || !version_of_library(link, to))
			continue;
		to->from = pp_arena_printf(&b->host->arena, "/%s/libvirt.so.0", directories[i]);
		if (!to->from)
			return -ENOMEM;
	}
	return 0;
}

int pp_build_hypervisors(struct pp_host_build *b, struct pp_error *e)
{
	if (pp_kernel_has_device_files(&b->host->kernel) != PP_YES)
		return 0;
	return read_packages(b) || read_library(b) ? pp_fail_oom(e, "host") : 0;
}
