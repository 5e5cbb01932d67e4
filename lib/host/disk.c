/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which disks the host runs from: mounts and swap, down through volumes, arrays and pools to the
 * block devices, and from there to the PCI device that they hang below.
 */
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/text.h"
#include "host/build.h"
#include "host/disk.h"

#define MOUNTS_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define CLASS_BLOCK      "sys/class/block"
/* Partition on array on volume on disk …: deeper stacks are no longer followed. */
#define MAX_STACK  8
#define MAX_BLOCKS 20000
#define NAME_BYTES 64
#define LINK_BYTES 1024

/* A line of mountinfo; proc(5). Spans of the line. */
struct disk_mount {
	struct pp_span number, point, type, source; /* "8:2", "/boot", "ext4", "/dev/sda2" */
};

struct disk_block {
	const char *name;
	const char *link; /* of sys/class/block; NULL: not read */
	char number[32];  /* "8:2"; "" */
};

struct disk_search {
	struct pp_host_build *b;
	struct disk_block *blocks;
	uint32_t nr_blocks;
};

static const char *const disk_vital[] = {
	"/", "/usr", "/var", "/boot", "/boot/efi", "/boot/firmware", "/efi",
};

/* "/", "/boot" and what else a host cannot run without. */
static bool disk_mount_is_vital(struct pp_span point)
{
	for (size_t i = 0; i < sizeof(disk_vital) / sizeof(disk_vital[0]); i++)
		if (pp_span_is(point, disk_vital[i]))
			return true;
	return false;
}

/* 36 35 98:0 /root /mountpoint options … - type source options */
static bool disk_mount_parse(struct pp_span line, struct disk_mount *ret)
{
	struct pp_span word;
	struct disk_mount m = { 0 };

	for (unsigned int i = 0; i < 5; i++) {
		if (!pp_text_word(&line, &word))
			return false;
		if (i == 2)
			m.number = word;
		else if (i == 4)
			m.point = word;
	}
	while (pp_text_word(&line, &word))
		if (pp_span_is(word, "-")) {
			if (!pp_text_word(&line, &m.type) || !pp_text_word(&line, &m.source))
				return false;
			*ret = m;
			return true;
		}
	return false;
}

static bool disk_is_pool(const struct disk_mount *m)
{
	return pp_span_is(m->type, "zfs");
}

static void disk_append_hidden(struct pp_span name, struct pp_buffer *b)
{
	pp_buffer_printf(b, "%08x", pp_span_crc32(name));
}

/* "rpool/ROOT/pve-1": the pool alone. */
static struct pp_span disk_pool_of(struct pp_span source)
{
	const uint8_t *slash = source.len ? memchr(source.data, '/', source.len) : NULL;

	return PP_SPAN(source.data, slash ? (size_t)(slash - source.data) : source.len);
}

#define MAPPER "/dev/mapper/"

void pp_mount_redact(struct pp_span line, struct pp_buffer *b)
{
	struct disk_mount m;

	if (!disk_mount_parse(line, &m))
		return;
	bool disk = pp_span_starts(m.source, "/dev/") || disk_is_pool(&m);
	if (!disk && !pp_span_is(m.point, "/"))
		return;
	pp_buffer_puts(b, "0 0 ");
	pp_buffer_append(b, m.number.data, m.number.len);
	pp_buffer_puts(b, " / ");
	if (disk_mount_is_vital(m.point))
		pp_buffer_append(b, m.point.data, m.point.len);
	else
		pp_buffer_puts(b, "/-");
	pp_buffer_puts(b, " x - ");
	pp_buffer_append(b, m.type.data, m.type.len);
	pp_buffer_puts(b, " ");
	if (disk_is_pool(&m)) {
		disk_append_hidden(disk_pool_of(m.source), b);
	} else if (pp_span_starts(m.source, MAPPER)) {
		size_t n = sizeof(MAPPER) - 1;
		pp_buffer_puts(b, MAPPER);
		disk_append_hidden(PP_SPAN(m.source.data + n, m.source.len - n), b);
	} else if (disk) {
		pp_buffer_append(b, m.source.data, m.source.len);
	} else {
		pp_buffer_puts(b, "-");
	}
	pp_buffer_puts(b, "\n");
}

void pp_volume_redact(struct pp_span name, struct pp_buffer *b)
{
	struct pp_span line;

	if (pp_text_line(&name, &line))
		disk_append_hidden(line, b);
	pp_buffer_puts(b, "\n");
}

static const char udev_type[] = "E:ID_FS_TYPE=zfs_member", udev_label[] = "E:ID_FS_LABEL=";

void pp_udev_redact(struct pp_span text, struct pp_buffer *b)
{
	struct pp_span line, label = { 0 };
	bool pool = false;

	while (pp_text_line(&text, &line)) {
		pool |= pp_span_is(line, udev_type);
		if (pp_span_starts(line, udev_label))
			label = PP_SPAN(line.data + sizeof(udev_label) - 1,
			                line.len - (sizeof(udev_label) - 1));
	}
	if (!pool)
		return;
	pp_buffer_printf(b, "%s\n%s", udev_type, udev_label);
	disk_append_hidden(label, b);
	pp_buffer_puts(b, "\n");
}

uint32_t pp_host_device_in_path(const struct pp_host *h, const char *link)
{
	uint32_t found = PP_NO_DEVICE;

	for (const char *at = link; *at; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");
		char part[PP_ADDRESS_TEXT_BYTES];
		struct pp_address a;
		if (n < sizeof(part) && n >= 12) {
			memcpy(part, at, n);
			part[n] = '\0';
			bool is_address = pp_address_parse(part, &a);
			uint32_t d = is_address ? pp_host_find(h, a) : PP_NO_DEVICE;
			if (is_address && d == PP_NO_DEVICE && h->part)
				d = PP_ANOTHER_DEVICE;
			found = d != PP_NO_DEVICE ? d : found;
		}
		at += n;
	}
	return found;
}

/* "/ on sda2, /boot on sda1", each once. */
static int disk_mark(struct disk_search *s, uint32_t device, const char *what, const char *name,
                     bool vital)
{
	if (device == PP_ANOTHER_DEVICE)
		return 0;
	struct pp_device *d = &s->b->devices[device];
	const char *more = pp_arena_printf(&s->b->host->arena, "%s on %s", what, name);
	if (!more)
		return -ENOMEM;
	d->host_runs_from |= vital;
	if (d->host_use && strstr(d->host_use, more))
		return 0;
	/* A few are enough to see what it is. */
	if (d->host_use && strlen(d->host_use) > 120)
		return 0;
	d->host_use = d->host_use ? pp_arena_printf(&s->b->host->arena, "%s, %s", d->host_use, more)
	                          : more;
	return d->host_use ? 0 : -ENOMEM;
}

/* With native multipath a disk hangs below its subsystem, which links to its controllers. */
static int disk_follow_nvme(struct disk_search *s, const struct disk_block *block, const char *what,
                            bool vital)
{
	const char *at = strstr(block->link, "/nvme-subsystem/");
	struct pp_names names;
	char path[256], link[LINK_BYTES];

	if (!at)
		return 0;
	at += strlen("/nvme-subsystem/");
	snprintf(path, sizeof(path), "sys/class/nvme-subsystem/%.*s",
	         (int)(strcspn(at, "/") < NAME_BYTES ? strcspn(at, "/") : 0), at);
	int r = pp_source_list(s->b->source, path, &s->b->scratch, &names);
	for (uint32_t i = 0; !r && i < names.count; i++) {
		char member[512];
		snprintf(member, sizeof(member), "%s/%.64s", path, names.names[i]);
		if (strncmp(names.names[i], "nvme", 4) ||
		    pp_source_read_link(s->b->source, PP_NODE_NONE, member, link, sizeof(link)))
			continue;
		uint32_t d = pp_host_device_in_path(s->b->host, link);
		if (d != PP_NO_DEVICE)
			r = disk_mark(s, d, what, block->name, vital);
	}
	return r == -ENOMEM ? r : 0;
}

static const struct disk_block *disk_find(const struct disk_search *s, const char *name)
{
	for (uint32_t i = 0; i < s->nr_blocks; i++)
		if (!strcmp(s->blocks[i].name, name))
			return &s->blocks[i];
	return NULL;
}

/* Down from a block device to all PCI devices below it. */
static int disk_follow(struct disk_search *s, const struct disk_block *block, const char *what,
                       bool vital, unsigned int depth)
{
	char path[256];
	struct pp_names slaves;

	if (!block || !block->link || depth == MAX_STACK)
		return 0;
	uint32_t device = pp_host_device_in_path(s->b->host, block->link);
	if (device != PP_NO_DEVICE)
		return disk_mark(s, device, what, block->name, vital);
	int r = disk_follow_nvme(s, block, what, vital);
	snprintf(path, sizeof(path), CLASS_BLOCK "/%.64s/slaves", block->name);
	int err = r ? r : pp_source_list(s->b->source, path, &s->b->scratch, &slaves);
	if (err)
		return err == -ENOMEM ? err : 0;
	for (uint32_t i = 0; !r && i < slaves.count; i++)
		r = disk_follow(s, disk_find(s, slaves.names[i]), what, vital, depth + 1);
	return r;
}

/* "/dev/sda2", "/dev/mapper/pve-root": by its number, its name, or the volume's. */
static const struct disk_block *disk_of_node(struct disk_search *s, struct pp_span number,
                                             struct pp_span node)
{
	char path[256], name[128];

	for (uint32_t i = 0; i < s->nr_blocks; i++)
		if (s->blocks[i].number[0] && pp_span_is(number, s->blocks[i].number))
			return &s->blocks[i];
	if (!pp_span_starts(node, "/dev/"))
		return NULL;
	for (uint32_t i = 0; i < s->nr_blocks; i++) {
		const struct disk_block *block = &s->blocks[i];
		if (pp_span_is(PP_SPAN(node.data + 5, node.len - 5), block->name))
			return block;
		if (strncmp(block->name, "dm-", 3) || !pp_span_starts(node, MAPPER))
			continue;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%.64s/dm/name", block->name);
		size_t n = sizeof(MAPPER) - 1;
		if (!pp_source_read_text(s->b->source, PP_NODE_NONE, path, name, sizeof(name)) &&
		    pp_span_is(PP_SPAN(node.data + n, node.len - n), name))
			return block;
	}
	return NULL;
}

static bool disk_is_in_pool(struct disk_search *s, const struct disk_block *block,
                            struct pp_span pool)
{
	char path[128];
	struct pp_span text, line;
	bool member = false, same = false;

	if (!block->number[0] || strpbrk(block->number, "/ "))
		return false;
	snprintf(path, sizeof(path), "run/udev/data/b%s", block->number);
	if (pp_source_read_all(s->b->source, path, 65536, &s->b->scratch, &text))
		return false;
	while (pp_text_line(&text, &line)) {
		size_t n = sizeof(udev_label) - 1;
		member |= pp_span_is(line, udev_type);
		same |= pp_span_starts(line, udev_label) && line.len - n == pool.len &&
		        !memcmp(line.data + n, pool.data, pool.len);
	}
	return member && same;
}

/* The disks of a ZFS pool are known to udev alone. */
static int disk_follow_pool(struct disk_search *s, struct pp_span pool, const char *what,
                            bool vital)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < s->nr_blocks; i++)
		if (disk_is_in_pool(s, &s->blocks[i], pool))
			r = disk_follow(s, &s->blocks[i], what, vital, 0);
	return r;
}

/* All disks of a btrfs over several, of which the mount table names one. */
static int disk_follow_btrfs(struct disk_search *s, const struct disk_block *first,
                             const char *what, bool vital)
{
	struct pp_names systems, members;
	int r = pp_source_list(s->b->source, "sys/fs/btrfs", &s->b->scratch, &systems);

	for (uint32_t i = 0; !r && i < systems.count; i++) {
		char path[256];
		bool ours = false;
		snprintf(path, sizeof(path), "sys/fs/btrfs/%.64s/devices", systems.names[i]);
		if (!strchr(systems.names[i], '-') ||
		    pp_source_list(s->b->source, path, &s->b->scratch, &members))
			continue;
		for (uint32_t k = 0; k < members.count; k++)
			ours |= !strcmp(members.names[k], first->name);
		for (uint32_t k = 0; ours && !r && k < members.count; k++)
			r = disk_follow(s, disk_find(s, members.names[k]), what, vital, 0);
	}
	return r == -ENOMEM ? r : 0;
}

static int disk_look_at_mount(struct disk_search *s, struct pp_span line)
{
	struct disk_mount m;
	char what[32];

	if (!disk_mount_parse(line, &m))
		return 0;
	bool vital = disk_mount_is_vital(m.point);
	snprintf(what, sizeof(what), "%.*s", vital ? (int)m.point.len : 0,
	         (const char *)m.point.data);
	const char *told = vital ? what : "a mounted file system";
	if (disk_is_pool(&m))
		return disk_follow_pool(s, disk_pool_of(m.source), told, vital);
	const struct disk_block *block = disk_of_node(s, m.number, m.source);
	int r = disk_follow(s, block, told, vital, 0);
	if (!r && block && pp_span_is(m.type, "btrfs"))
		r = disk_follow_btrfs(s, block, told, vital);
	return r;
}

static int disk_look_at_swaps(struct disk_search *s)
{
	struct pp_span text, line, word;
	int r = pp_source_read_all(s->b->source, "proc/swaps", 65536, &s->b->scratch, &text);

	if (r)
		return r == -ENOMEM ? r : 0;
	while (!r && pp_text_line(&text, &line))
		/* The kernel shows a volume as /dev/dm-1; other names are files, or not ours to
		 * keep. */
		if (pp_text_word(&line, &word) && pp_span_starts(word, "/dev/") &&
		    !pp_span_starts(word, MAPPER))
			r = disk_follow(s, disk_of_node(s, PP_SPAN("", 0), word), "swap", true, 0);
	return r;
}

static int disk_list_blocks(struct disk_search *s)
{
	struct pp_names names;
	char path[256], link[LINK_BYTES];
	int r = pp_source_list(s->b->source, CLASS_BLOCK, &s->b->scratch, &names);

	if (r)
		return r;
	s->blocks = PP_ARENA_ARRAY(&s->b->scratch, names.count, struct disk_block);
	if (!s->blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < names.count && i < MAX_BLOCKS; i++) {
		struct disk_block *block = &s->blocks[s->nr_blocks];
		if (strlen(names.names[i]) >= NAME_BYTES || !strncmp(names.names[i], "loop", 4) ||
		    !strncmp(names.names[i], "ram", 3))
			continue;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%s", names.names[i]);
		if (pp_source_read_link(s->b->source, PP_NODE_NONE, path, link, sizeof(link)))
			continue;
		*block = (struct disk_block){
			.name = pp_text_clean(&s->b->host->arena, names.names[i],
			                      strlen(names.names[i])),
			.link = pp_arena_strdup(&s->b->scratch, link),
		};
		if (!block->name || !block->link)
			return -ENOMEM;
		snprintf(path, sizeof(path), CLASS_BLOCK "/%s/dev", names.names[i]);
		if (pp_source_read_text(s->b->source, PP_NODE_NONE, path, block->number,
		                        sizeof(block->number)))
			block->number[0] = '\0';
		s->nr_blocks++;
	}
	return 0;
}

/* The first process sees the host's mounts, and only root sees that; another's own must do. */
static int disk_read_mounts(struct pp_host_build *b, struct pp_span *ret)
{
	int r = pp_source_read_all(b->source, "proc/1/mountinfo", MOUNTS_MAX_BYTES, &b->scratch,
	                           ret);

	if (!r || r == -ENOMEM)
		return r;
	int own = pp_source_read_all(b->source, "proc/self/mountinfo", MOUNTS_MAX_BYTES,
	                             &b->scratch, ret);
	return own && own != -ENOMEM && r != -ENODATA ? r : own;
}

static void disk_note_root(struct disk_search *s)
{
	struct pp_host *h = s->b->host;

	h->root_disk_known = PP_NO;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i].host_use && !strncmp(h->devices[i].host_use, "/ on ", 5))
			h->root_disk_known = PP_YES;
}

int pp_build_disks(struct pp_host_build *b, struct pp_error *e)
{
	struct disk_search s = { .b = b };
	struct pp_span mounts, line;
	int r = disk_read_mounts(b, &mounts);

	if (!r)
		r = disk_list_blocks(&s);
	b->host->disks_error = -r;
	while (!r && pp_text_line(&mounts, &line))
		r = disk_look_at_mount(&s, line);
	if (!r)
		r = disk_look_at_swaps(&s);
	if (!r)
		disk_note_root(&s);
	return r == -ENOMEM ? pp_fail_oom(e, "disks") : 0;
}
