/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host itself works with: disks, network, console. Such a device is never taken. */
#include <stdio.h>
#include <string.h>

#include "apply/use.h"
#include "base/text.h"

#define CLASS_BLOCK    "sys/class/block"
#define CLASS_NET      "sys/class/net"
#define CLASS_GRAPHICS "sys/class/graphics"

#define NAME_BYTES  64
#define LINK_BYTES  1024
#define TABLE_BYTES ((size_t)8 * 1024 * 1024)

/* A bond in a bridge in a VLAN: deeper stacks are no longer followed, but refused. */
#define MAX_STACK 8

struct search {
	struct pp_system *system;
	struct pp_arena *arena;
	struct pp_error *error;
	char below[PP_ADDRESS_TEXT_BYTES +
	           2]; /* "/0000:07:00.0/": stands in the path of all below */
	const char *found;
	struct pp_span mounts, swaps, routes, routes6;
};

static int cannot(struct search *s, int r, const char *path)
{
	return pp_fail(s->error, -r, "/%s: %s: whether the host needs the device is not known",
	               path, strerror(-r));
}

static int found(struct search *s, const char *text)
{
	s->found = text;
	return text ? 0 : pp_fail_oom(s->error, "attach");
}

/* Absent is empty: a kernel without that subsystem uses nothing of it. */
static int list(struct search *s, const char *path, struct pp_names *ret)
{
	int r = pp_source_list(s->system->source, path, s->arena, ret);

	*ret = r ? (struct pp_names){ 0 } : *ret;
	return r && r != -ENOENT ? cannot(s, r, path) : 0;
}

static int table(struct search *s, const char *path, struct pp_span *ret)
{
	int r = pp_source_read_all(s->system->source, path, TABLE_BYTES, s->arena, ret);

	if (r)
		*ret = (struct pp_span){ 0 };
	return r && r != -ENOENT ? cannot(s, r, path) : 0;
}

/* Whether folder/name is a link to something below the device. A link that is gone is not. */
static int is_below(struct search *s, const char *folder, const char *name, bool *ret)
{
	char path[256], link[LINK_BYTES];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int r = pp_source_read_link(s->system->source, PP_NODE_NONE, path, link, sizeof(link));
	*ret = !r && strstr(link, s->below);
	return r && r != -ENOENT && r != -EINVAL ? cannot(s, r, path) : 0;
}

/* With native multipath a disk hangs below its subsystem, which links to its controllers. */
static int is_below_nvme(struct search *s, const char *name, bool *ret)
{
	char path[256], link[LINK_BYTES], folder[128];
	struct pp_names names;

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s", name);
	if (pp_source_read_link(s->system->source, PP_NODE_NONE, path, link, sizeof(link)))
		return 0;
	const char *at = strstr(link, "/nvme-subsystem/");
	if (!at)
		return 0;
	at += strlen("/nvme-subsystem/");
	snprintf(folder, sizeof(folder), "sys/class/nvme-subsystem/%.*s", (int)strcspn(at, "/"),
	         at);
	int r = list(s, folder, &names);
	for (uint32_t i = 0; !r && !*ret && i < names.count; i++)
		r = is_below(s, folder, names.names[i], ret);
	return r;
}

/* The nth word of a line, from 0; empty if there are not so many. */
static struct pp_span word_at(struct pp_span line, unsigned int n)
{
	struct pp_span word = { 0 };

	do {
		if (!pp_text_word(&line, &word))
			return (struct pp_span){ 0 };
	} while (n--);
	return word;
}

static bool names_disk(struct pp_span source, const char *name)
{
	char node[NAME_BYTES + 8];

	snprintf(node, sizeof(node), "/dev/%s", name);
	return pp_span_is(source, node);
}

/* proc(5), mountinfo: 36 35 98:0 /root /mountpoint options … - type source options */
static int look_at_mounts(struct search *s, const char *name)
{
	struct pp_span rest = s->mounts, line;
	char path[256], number[32] = "";

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s/dev", name);
	int r = pp_source_read_text(s->system->source, PP_NODE_NONE, path, number, sizeof(number));
	if (r && r != -ENOENT)
		return cannot(s, r, path);
	while (pp_text_line(&rest, &line)) {
		struct pp_span at = word_at(line, 4), word, left = line;
		bool same = number[0] && pp_span_is(word_at(line, 2), number);
		/* A file system over several disks has a number of its own. */
		while (!same && pp_text_word(&left, &word))
			if (pp_span_is(word, "-"))
				same = names_disk(word_at(left, 1), name);
		if (same)
			return found(s,
			             pp_arena_printf(s->arena, "%s below it is mounted on %s", name,
			                             pp_text_clean(s->arena, at.data, at.len)));
	}
	return 0;
}

static int look_at_swaps(struct search *s, const char *name)
{
	struct pp_span rest = s->swaps, line;

	while (pp_text_line(&rest, &line))
		if (names_disk(word_at(line, 0), name))
			return found(s,
			             pp_arena_printf(s->arena, "%s below it is swapped to", name));
	return 0;
}

static int look_at_holders(struct search *s, const char *name)
{
	char path[256];
	struct pp_names holders;

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s/holders", name);
	int r = list(s, path, &holders);
	if (!r && holders.count)
		return found(s, pp_arena_printf(s->arena, "%s below it is part of %s", name,
		                                holders.names[0]));
	return r;
}

/* ZFS and others leave no trace but the claim. */
static int look_at_claim(struct search *s, const char *name)
{
	char path[NAME_BYTES + 8];

	/* "cciss!c0d0" stands for dev/cciss/c0d0. */
	snprintf(path, sizeof(path), "dev/%s", name);
	for (char *c = path; *c; c++)
		*c = *c == '!' ? '/' : *c;
	int r = s->system->ops->is_claimed(s->system, path);
	if (r == 1)
		return found(s, pp_arena_printf(s->arena, "%s below it is in use", name));
	if (r < 0 && r != -ENOENT && r != -ENXIO && r != -ENODEV && r != -ENOMEDIUM)
		return cannot(s, r, path);
	return 0;
}

static int look_at_disks(struct search *s)
{
	static int (*const looks[])(struct search *, const char *) = {
		look_at_mounts,
		look_at_swaps,
		look_at_holders,
		look_at_claim,
	};
	struct pp_names names;
	int r = list(s, CLASS_BLOCK, &names);

	if (!r)
		r = table(s, "proc/self/mountinfo", &s->mounts);
	if (!r)
		r = table(s, "proc/swaps", &s->swaps);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		bool below = false;
		if (strlen(names.names[i]) >= NAME_BYTES)
			continue; /* DISK_NAME_LEN is 32 */
		r = is_below(s, CLASS_BLOCK, names.names[i], &below);
		if (!r && !below)
			r = is_below_nvme(s, names.names[i], &below);
		for (size_t l = 0; below && !r && !s->found && l < sizeof(looks) / sizeof(looks[0]);
		     l++)
			r = looks[l](s, names.names[i]);
	}
	return r;
}

/* A multi-disk btrfs names one of its disks to the mount table, and all of them here. */
static int look_at_btrfs(struct search *s)
{
	struct pp_names systems, disks;
	char path[256];
	int r = list(s, "sys/fs/btrfs", &systems);

	for (uint32_t i = 0; !r && !s->found && i < systems.count; i++) {
		if (!strchr(systems.names[i], '-'))
			continue; /* "features" */
		snprintf(path, sizeof(path), "sys/fs/btrfs/%.64s/devices", systems.names[i]);
		r = list(s, path, &disks);
		for (uint32_t k = 0; !r && !s->found && k < disks.count; k++) {
			bool below = false;
			r = is_below(s, path, disks.names[k], &below);
			if (!r && below)
				r = found(s, pp_arena_printf(s->arena,
				                             "%s below it is part of a mounted "
				                             "file system",
				                             disks.names[k]));
		}
	}
	return r;
}

static int is_up(struct search *s, const char *name, bool *ret)
{
	char path[256], text[32];
	uint64_t flags;

	snprintf(path, sizeof(path), CLASS_NET "/%s/flags", name);
	int r = pp_source_read_text(s->system->source, PP_NODE_NONE, path, text, sizeof(text));
	if (r)
		return cannot(s, r, path);
	/* netdevice(7), IFF_UP. What is no number is taken as up. */
	*ret = !pp_parse_hex(text, UINT32_MAX, &flags) || flags & 1;
	return 0;
}

/* route: Iface Destination …, all zeros the default; ipv6_route: destination prefix … interface */
static bool has_default_route(const struct search *s, const char *name)
{
	struct pp_span rest = s->routes, line;

	while (pp_text_line(&rest, &line))
		if (pp_span_is(word_at(line, 0), name) &&
		    pp_span_is(word_at(line, 1), "00000000") &&
		    pp_span_is(word_at(line, 7), "00000000"))
			return true;
	rest = s->routes6;
	while (pp_text_line(&rest, &line))
		if (pp_span_is(word_at(line, 9), name) && pp_span_is(word_at(line, 1), "00") &&
		    pp_span_is(word_at(line, 0), "00000000000000000000000000000000"))
			return true;
	return false;
}

/* The interface, and the bonds, bridges and VLANs above it. */
static int look_at_interface(struct search *s, const char *name, const char *lowest,
                             unsigned int depth)
{
	char path[256];
	struct pp_names names;
	bool up = true;
	int r = is_up(s, name, &up);

	if (r)
		return r;
	if (up && depth)
		return found(s, pp_arena_printf(s->arena,
		                                "its interface %s is part of %s, which is up",
		                                lowest, name));
	if (has_default_route(s, name))
		return found(s, pp_arena_printf(s->arena,
		                                "the default route goes through its interface %s",
		                                name));
	r = up ? s->system->ops->has_address(s->system, name) : 0;
	if (r < 0)
		return cannot(s, r, CLASS_NET);
	if (r)
		return found(s,
		             pp_arena_printf(s->arena,
		                             "its interface %s is up and has an address (ip link "
		                             "set %s down)",
		                             name, name));
	snprintf(path, sizeof(path), CLASS_NET "/%s", name);
	r = list(s, path, &names);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		if (strncmp(names.names[i], "upper_", 6))
			continue;
		if (depth == MAX_STACK)
			return found(s, pp_arena_printf(s->arena,
			                                "its interface %s has too many above it",
			                                lowest));
		r = look_at_interface(s, names.names[i] + 6, lowest, depth + 1);
	}
	return r;
}

static int look_at_network(struct search *s)
{
	struct pp_names names;
	int r = list(s, CLASS_NET, &names);

	if (!r)
		r = table(s, "proc/net/route", &s->routes);
	if (!r)
		r = table(s, "proc/net/ipv6_route", &s->routes6);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		bool below;
		r = is_below(s, CLASS_NET, names.names[i], &below);
		if (!r && below)
			r = look_at_interface(s, names.names[i], names.names[i], 0);
	}
	return r;
}

static int look_at_console(struct search *s, const struct pp_device *d)
{
	char path[128], text[16] = "", address[PP_ADDRESS_TEXT_BYTES];
	struct pp_names names;
	bool framebuffer = false;
	int r = list(s, CLASS_GRAPHICS, &names);

	for (uint32_t i = 0; !r && i < names.count; i++) {
		bool below;
		if (strncmp(names.names[i], "fb", 2) || names.names[i][2] < '0' ||
		    names.names[i][2] > '9')
			continue;
		framebuffer = true;
		r = is_below(s, CLASS_GRAPHICS, names.names[i], &below);
		if (!r && below)
			return found(s, pp_arena_printf(s->arena, "it shows the console (%s)",
			                                names.names[i]));
	}
	if (r)
		return r;
	pp_address_format(d->address, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/boot_vga", address);
	r = pp_source_read_text(s->system->source, PP_NODE_NONE, path, text, sizeof(text));
	if (r && r != -ENOENT)
		return cannot(s, r, path);
	/* The firmware's framebuffer lies in its memory and hangs below no PCI device. */
	if (!strcmp(text, "1") && (framebuffer || d->driver.text))
		return found(s,
		             pp_arena_strdup(s->arena, "it is the display that the host boots on"));
	return 0;
}

static int look_at_functions(struct search *s, const struct pp_device *d)
{
	char path[128], text[16], address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(d->address, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/sriov_numvfs", address);
	int r = pp_source_read_text(s->system->source, PP_NODE_NONE, path, text, sizeof(text));
	if (r)
		return r == -ENOENT ? 0 : cannot(s, r, path);
	if (strcmp(text, "0"))
		return found(s, pp_arena_strdup(s->arena, "its virtual functions are on"));
	return 0;
}

int pp_use_find(struct pp_system *s, const struct pp_device *d, struct pp_arena *a,
                const char **ret, struct pp_error *e)
{
	struct search search = { .system = s, .arena = a, .error = e };
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(d->address, address);
	snprintf(search.below, sizeof(search.below), "/%s/", address);
	int r = look_at_disks(&search);
	if (!r && !search.found)
		r = look_at_btrfs(&search);
	if (!r && !search.found)
		r = look_at_network(&search);
	if (!r && !search.found)
		r = look_at_console(&search, d);
	if (!r && !search.found)
		r = look_at_functions(&search, d);
	if (!r)
		*ret = search.found;
	return r;
}
