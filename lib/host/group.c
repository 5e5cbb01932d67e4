/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMU groups and their reserved regions, as the kernel shows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define GROUPS "sys/kernel/iommu_groups"

struct member {
	uint32_t number, device;
};

static int compare_members(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->device < b->device ? -1 : a->device > b->device;
}

/* Devices that say they are in a group, by group. Returns their count. */
static uint32_t group_collect(const struct pp_host *h, struct member *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i].group != PP_NO_GROUP)
			ret[n++] = (struct member){ h->devices[i].group, i };
	qsort(ret, n, sizeof(*ret), compare_members);
	return n;
}

static enum pp_region_kind group_kind_of(struct pp_span word)
{
	static const struct {
		const char *name;
		enum pp_region_kind kind;
	} kinds[] = {
		/* drivers/iommu/iommu.c, iommu_group_resv_type_string[] */
		{ "direct", PP_REGION_DIRECT },
		{ "direct-relaxable", PP_REGION_DIRECT_RELAXABLE },
		{ "reserved", PP_REGION_RESERVED },
		{ "msi", PP_REGION_MSI },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (pp_span_is(word, kinds[i].name))
			return kinds[i].kind;
	return PP_REGION_UNKNOWN;
}

static bool word_hex(struct pp_span *line, uint64_t *ret)
{
	char buf[32];
	struct pp_span word;

	if (!pp_text_word(line, &word) || word.len >= sizeof(buf))
		return false;
	memcpy(buf, word.data, word.len);
	buf[word.len] = '\0';
	return pp_parse_hex(buf, UINT64_MAX, ret);
}

/* Through the group's directory: the long path is walked once, not twice. */
static int read_regions_text(struct pp_host_build *b, struct pp_group *g, char *buf, size_t size)
{
	char path[64], name[32];
	struct pp_node dir;

	snprintf(path, sizeof(path), GROUPS "/%u", g->number);
	int r = pp_source_open_dir(b->source, path, &dir);
	if (r)
		return r;
	r = pp_source_read_text(b->source, dir, "reserved_regions", buf, size);
	/* drivers/vfio/group.c, vfio_noiommu_group_alloc() names its groups; others have no name.
	 */
	g->no_iommu = !pp_source_read_text(b->source, dir, "name", name, sizeof(name)) &&
	              !strcmp(name, "vfio-noiommu");
	pp_source_close(b->source, dir);
	return r;
}

static int read_regions(struct pp_host_build *b, struct pp_group *g)
{
	char path[64], buf[16384];
	struct pp_span line, word;
	uint32_t lines = 0, n = 0;

	int r = read_regions_text(b, g, buf, sizeof(buf));
	g->regions_error = -r;
	if (r)
		return r == -ENOMEM ? r
		                    : pp_build_unread(b, GROUPS "/*/reserved_regions", -r,
		                                      "the regions that the kernel reserves");
	struct pp_span text = PP_SPAN(buf, strlen(buf));
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	struct pp_kernel_region *regions =
		PP_ARENA_ARRAY(&b->host->arena, lines + 1, struct pp_kernel_region);
	if (!regions)
		return -ENOMEM;
	while (pp_text_line(&text, &line)) {
		struct pp_kernel_region k;
		if (!line.len)
			continue;
		struct pp_span rest = line;
		if (!word_hex(&rest, &k.start) || !word_hex(&rest, &k.end_incl) ||
		    !pp_text_word(&rest, &word) || n > lines) {
			snprintf(path, sizeof(path), GROUPS "/%u/reserved_regions", g->number);
			pp_note(&b->host->notes, path, 0, "a line that is not a region");
			g->regions_error = EBADMSG;
			return pp_build_unread(b, GROUPS "/*/reserved_regions", EBADMSG,
			                       "the regions that the kernel reserves");
		}
		k.kind = group_kind_of(word);
		regions[n++] = k;
	}
	g->regions = regions;
	g->nr_regions = n;
	return 0;
}

/* Of a part the other groups are there to be told apart. */
static bool group_is_wanted(const struct pp_host *h, const struct member *members, uint32_t count)
{
	uint32_t device = h->part ? pp_host_find(h, h->part->device) : PP_NO_DEVICE;
	bool wanted = !h->part;

	for (uint32_t i = 0; i < count; i++)
		wanted |= members[i].device == device;
	return wanted;
}

static int make_group(struct pp_host_build *b, uint32_t index, const struct member *members,
                      uint32_t count)
{
	struct pp_group *g = &b->groups[index];
	uint32_t *devices = PP_ARENA_ARRAY(&b->host->arena, count, uint32_t);

	if (!devices)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		devices[i] = members[i].device;
		b->devices[members[i].device].group = index;
	}
	g->number = members[0].number;
	g->devices = devices;
	g->nr_devices = count;
	if (!group_is_wanted(b->host, members, count)) {
		g->regions_error = ENODATA;
		return 0;
	}
	return read_regions(b, g);
}

/*
 * Files that somebody copied may hold a directory of sysfs in part. That there are no groups is
 * believed where the devices' own directories are there, and have none.
 */
static int group_absence(struct pp_host_build *b)
{
	const struct pp_host *h = b->host;

	struct pp_source *from = pp_source_aside(b->source);

	if (pp_source_capture_info(from) || pp_source_kind(from) == PP_SOURCE_LIVE)
		return 0;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i].group_error != ENOENT)
			return h->devices[i].group_error ? h->devices[i].group_error : ENODATA;
	return h->nr_devices ? 0 : ENODATA;
}

/* Are there no groups, or does nobody know? */
static void note_absence(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;

	h->groups_error = 0;
	if (h->nr_groups)
		return;
	int r = pp_source_list(b->source, GROUPS, &b->scratch, &names);
	/* A kernel without IOMMU support has no such directory, and no groups. */
	if (r)
		h->groups_error = r == -ENOENT ? group_absence(b) : -r;
	else if (!r && names.count)
		h->groups_elsewhere = true;
	/* Groups, and a device that could not be asked for its own. */
	for (uint32_t i = 0; h->groups_elsewhere && i < h->nr_devices; i++)
		if (h->devices[i].group_error != ENOENT)
			h->groups_error = h->devices[i].group_error;
	if (h->groups_error)
		h->groups_elsewhere = false;
}

int pp_build_groups(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_host *h = b->host;
	struct member *members = PP_ARENA_ARRAY(&b->scratch, h->nr_devices, struct member);

	if (!members)
		return pp_fail_oom(e, "groups");
	uint32_t n = group_collect(h, members);
	for (uint32_t i = 0; i < n; i++)
		h->nr_groups += !i || members[i].number != members[i - 1].number;
	b->groups = PP_ARENA_ARRAY(&h->arena, h->nr_groups, struct pp_group);
	if (!b->groups)
		return pp_fail_oom(e, "groups");
	h->groups = b->groups;
	uint32_t group = 0;
	for (uint32_t i = 0; i < n; group++) {
		uint32_t end = i;
		while (end < n && members[end].number == members[i].number)
			end++;
		if (make_group(b, group, members + i, end - i))
			return pp_fail_oom(e, "groups");
		i = end;
	}
	note_absence(b);
	if (h->groups_error && pp_build_unread(b, GROUPS, h->groups_error, "the IOMMU groups"))
		return pp_fail_oom(e, "groups");
	return 0;
}
