/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks and tapes hang below the device, and what the host does with them. */
#include <stdio.h>
#include <string.h>

#include "inuse/search.h"
#include "base/text.h"

#define CLASS_BLOCK "sys/class/block"
#define NVMET       "sys/kernel/config/nvmet/subsystems"

/* With native multipath a disk hangs below its subsystem, which links to its controllers. */
static int is_below_nvme(struct pp_inuse *s, const char *name, bool *ret)
{
	char path[256], link[PP_INUSE_LINK_BYTES], directory[128];
	struct pp_names names;

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s", name);
	if (pp_sys_link(s->sys, path, link, sizeof(link)))
		return 0;
	const char *at = strstr(link, "/nvme-subsystem/");
	if (!at)
		return 0;
	at += strlen("/nvme-subsystem/");
	snprintf(directory, sizeof(directory), "sys/class/nvme-subsystem/%.*s",
	         (int)strcspn(at, "/"), at);
	int r = pp_inuse_list(s, directory, &names);
	for (uint32_t i = 0; !r && !*ret && i < names.count; i++)
		r = pp_inuse_is_below(s, directory, names.names[i], ret);
	return r;
}

static bool names_disk(struct pp_span source, const char *name)
{
	char node[PP_INUSE_NAME_BYTES + 8];

	snprintf(node, sizeof(node), "/dev/%s", name);
	return pp_span_is(source, node);
}

/* proc(5), mountinfo: 36 35 98:0 /root /mountpoint options … - type source options */
static int look_at_mounts(struct pp_inuse *s, const char *name)
{
	struct pp_span rest = s->mounts, line;
	char path[256], number[32] = "";

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s/dev", name);
	int r = pp_sys_text(s->sys, path, number, sizeof(number));
	if (r && r != -ENOENT)
		return pp_inuse_cannot(s, r, path);
	while (pp_text_line(&rest, &line)) {
		struct pp_span at = pp_inuse_word(line, 4), word, left = line;
		bool same = number[0] && pp_span_is(pp_inuse_word(line, 2), number);
		/* A file system over several disks has a number of its own. */
		while (!same && pp_text_word(&left, &word))
			if (pp_span_is(word, "-"))
				same = names_disk(pp_inuse_word(left, 1), name);
		if (same)
			return pp_inuse_found(s, "%s below it is mounted on %s", name,
			                      pp_text_clean(s->arena, at.data, at.len));
	}
	return 0;
}

static int look_at_swaps(struct pp_inuse *s, const char *name)
{
	struct pp_span rest = s->swaps, line;

	while (pp_text_line(&rest, &line))
		if (names_disk(pp_inuse_word(line, 0), name))
			return pp_inuse_found(s, "%s below it is swapped to", name);
	return 0;
}

static int look_at_holders(struct pp_inuse *s, const char *name)
{
	char path[256];
	struct pp_names holders;

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s/holders", name);
	int r = pp_sys_list(s->sys, path, s->arena, &holders);
	/* Every disk and every partition has it, unless it has just gone. */
	if (r == -ENOENT) {
		char disk[256];
		snprintf(disk, sizeof(disk), CLASS_BLOCK "/%s", name);
		return pp_sys_has(s->sys, disk) ? pp_inuse_cannot(s, r, path) : 0;
	}
	if (r)
		return pp_inuse_cannot(s, r, path);
	if (holders.count)
		return pp_inuse_found(s, "%s below it is part of %s", name, holders.names[0]);
	return 0;
}

/* A disk as a whole under a loop device leaves no claim. */
static int look_at_loops(struct pp_inuse *s, const char *name)
{
	char path[256], file[PP_INUSE_LINK_BYTES];

	for (uint32_t i = 0; i < s->disks.count; i++) {
		const char *loop = s->disks.names[i];
		if (strncmp(loop, "loop", 4) || strlen(loop) >= PP_INUSE_NAME_BYTES)
			continue;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%s/loop/backing_file", loop);
		int r = pp_sys_text(s->sys, path, file, sizeof(file));
		if (!r && names_disk(PP_SPAN(file, strlen(file)), name))
			return pp_inuse_found(s, "%s below it is behind %s", name, loop);
		/* One that nothing is behind has no such file. */
		if (r && r != -ENOENT && r != -ENODATA)
			return pp_inuse_cannot(s, r, path);
	}
	return 0;
}

/* "cciss!c0d0" stands for dev/cciss/c0d0. */
static void disk_node_of(const char *directory, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", directory, name);
	for (char *c = buf; *c; c++)
		*c = *c == '!' ? '/' : *c;
}

static int add_node(struct pp_inuse *s, const char *directory, const char *name)
{
	char path[PP_INUSE_NAME_BYTES + 16];

	disk_node_of(directory, name, path, sizeof(path));
	const char *copy = pp_arena_strdup(s->arena, path);
	const char **more = s->nr_nodes % 64
	                            ? s->nodes
	                            : PP_ARENA_ARRAY(s->arena, s->nr_nodes + 65, const char *);
	if (!copy || !more)
		return pp_fail_oom(s->error, "attach");
	if (more != s->nodes && s->nr_nodes)
		memcpy(more, s->nodes, s->nr_nodes * sizeof(*more));
	s->nodes = more;
	s->nodes[s->nr_nodes++] = copy;
	s->nodes[s->nr_nodes] = NULL;
	return 0;
}

/* A path of a multipath NVMe disk, say: it has no node, and nobody can work with it by itself. */
static bool is_hidden(struct pp_inuse *s, const char *name)
{
	char path[256], text[8];

	snprintf(path, sizeof(path), CLASS_BLOCK "/%s/hidden", name);
	return !pp_sys_text(s->sys, path, text, sizeof(text)) && !strcmp(text, "1");
}

/* ZFS and others leave no trace but the claim, so that without the node nothing is known. */
static int look_at_claim(struct pp_inuse *s, const char *name)
{
	char path[PP_INUSE_NAME_BYTES + 8];

	disk_node_of("dev", name, path, sizeof(path));
	int r = s->sys->ops->is_claimed(s->sys, path);
	if (r == 1)
		return pp_inuse_found(s, "%s below it is in use", name);
	if (r == -ENOENT && is_hidden(s, name))
		return 0;
	if (r < 0 && r != -ENXIO && r != -ENODEV && r != -ENOMEDIUM)
		return pp_inuse_cannot(s, r, path);
	return 0;
}

static int look_at_stacks(struct pp_inuse *s)
{
	static int (*const looks[])(struct pp_inuse *, const char *) = {
		look_at_mounts, look_at_swaps, look_at_holders, look_at_loops, look_at_claim,
	};
	int r = pp_inuse_list(s, CLASS_BLOCK, &s->disks);

	if (!r)
		r = pp_inuse_table(s, "proc/self/mountinfo", "proc/self/mountinfo", &s->mounts);
	if (!r)
		r = pp_inuse_table(s, "proc/swaps", PP_INUSE_PROC_PROBE, &s->swaps);
	for (uint32_t i = 0; !r && !s->found && i < s->disks.count; i++) {
		const char *name = s->disks.names[i];
		bool below = false;
		if (strlen(name) >= PP_INUSE_NAME_BYTES)
			continue; /* DISK_NAME_LEN is 32 */
		r = pp_inuse_is_below(s, CLASS_BLOCK, name, &below);
		if (!r && !below)
			r = is_below_nvme(s, name, &below);
		for (size_t l = 0; below && !r && !s->found && l < sizeof(looks) / sizeof(looks[0]);
		     l++)
			r = looks[l](s, name);
		if (below && !r && !s->found)
			r = add_node(s, "dev", name);
	}
	return r;
}

static int add_nodes(struct pp_inuse *s, const char *class, const char *directory)
{
	struct pp_names names;
	int r = pp_inuse_list(s, class, &names);

	for (uint32_t i = 0; !r && i < names.count; i++) {
		bool below = false;
		if (strlen(names.names[i]) < PP_INUSE_NAME_BYTES)
			r = pp_inuse_is_below(s, class, names.names[i], &below);
		if (!r && below)
			r = add_node(s, directory, names.names[i]);
	}
	return r;
}

/*
 * A disk that a program or a guest of this host works with as a whole, a tape, a display: what
 * would lose data or hang. A keyboard or a sound card would be missed by nobody but its user, and
 * somebody always holds those.
 */
int pp_inuse_processes(struct pp_inuse *s)
{
	struct pp_holder holder;
	int r = add_nodes(s, "sys/class/scsi_tape", "dev");

	if (!r)
		r = add_nodes(s, "sys/class/drm", "dev/dri");
	if (r || !s->nr_nodes)
		return r;
	r = s->sys->ops->find_holder(s->sys, s->nodes, &holder);
	if (r < 0)
		return pp_inuse_cannot(s, r, "proc");
	return r ? pp_inuse_found(s, "%s (pid %d) holds /%s", holder.name, holder.pid, holder.path)
	         : 0;
}

/* A multi-disk btrfs names one of its disks to the mount table, and all of them here. */
static int look_at_btrfs(struct pp_inuse *s)
{
	struct pp_names systems, disks;
	char path[256];
	int r = pp_inuse_list(s, "sys/fs/btrfs", &systems);

	for (uint32_t i = 0; !r && !s->found && i < systems.count; i++) {
		if (!strchr(systems.names[i], '-'))
			continue; /* "features" */
		snprintf(path, sizeof(path), "sys/fs/btrfs/%.64s/devices", systems.names[i]);
		r = pp_inuse_list(s, path, &disks);
		for (uint32_t k = 0; !r && !s->found && k < disks.count; k++) {
			bool below = false;
			r = pp_inuse_is_below(s, path, disks.names[k], &below);
			if (!r && below)
				r = pp_inuse_found(s,
				                   "%s below it is part of a mounted "
				                   "file system",
				                   disks.names[k]);
		}
	}
	return r;
}

/*
 * Exported over the network without a claim: drivers/nvme/target/io-cmd-bdev.c. configfs:
 * subsystems/NAME/namespaces/NUMBER/device_path.
 */
static int look_at_export(struct pp_inuse *s, const char *subsystem)
{
	struct pp_names names;
	char directory[512], path[1024], file[PP_INUSE_LINK_BYTES];

	snprintf(directory, sizeof(directory), NVMET "/%.256s/namespaces", subsystem);
	int r = pp_inuse_list(s, directory, &names);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		snprintf(path, sizeof(path), "%s/%.64s/device_path", directory, names.names[i]);
		r = pp_sys_text(s->sys, path, file, sizeof(file));
		if (r)
			return r == -ENOENT ? 0 : pp_inuse_cannot(s, r, path);
		for (uint32_t k = 0; !r && !s->found && k < s->nr_nodes; k++)
			if (file[0] == '/' && !strcmp(file + 1, s->nodes[k]))
				r = pp_inuse_found(s, "%s is exported by NVMe over Fabrics", file);
	}
	return r;
}

static int look_at_exports(struct pp_inuse *s)
{
	struct pp_names names;
	/* Without the module there is nothing; with it the configuration may just not be mounted.
	 */
	int r = pp_sys_list(s->sys, NVMET, s->arena, &names);

	if (r == -ENOENT && !pp_sys_has(s->sys, "sys/module/nvmet"))
		return 0;
	if (r)
		return pp_inuse_cannot(s, r, NVMET);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++)
		r = look_at_export(s, names.names[i]);
	return r;
}

int pp_inuse_disks(struct pp_inuse *s)
{
	int r = look_at_stacks(s);

	if (!r && !s->found)
		r = look_at_btrfs(s);
	return !r && !s->found && s->nr_nodes ? look_at_exports(s) : r;
}
