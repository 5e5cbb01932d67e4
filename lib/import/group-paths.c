/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IOMMU groups as paths below /sys, as find, ls and readlink print them:
 * "/sys/kernel/iommu_groups/13/devices/0000:07:00.0". They have no ids, and grep may have left some
 * out: they say of a device which group it is in, and nothing of others.
 */
#include <string.h>

#include "base/text.h"
#include "import/import.h"

#define NO_GROUP UINT32_MAX

struct group_paths {
	struct pp_import *in;
	uint32_t heading; /* the group of the directory that ls lists */
	uint32_t nr_with_ids, nr_without_ids;
};

/* "0000:07:00.0" at the start; its length, 0: none. */
static size_t paths_address(struct pp_span s, struct pp_address *ret)
{
	char text[PP_ADDRESS_TEXT_BYTES];
	size_t n = 0;

	while (n < s.len && n < sizeof(text) - 1 && memchr("0123456789abcdef:.", s.data[n], 18))
		n++;
	if (n < 12)
		return 0;
	memcpy(text, s.data, n);
	text[n] = '\0';
	return pp_address_parse(text, ret) ? n : 0;
}

static struct pp_span paths_behind(struct pp_span line, const char *text)
{
	const uint8_t *at = pp_span_find(line, text);

	if (!at)
		return PP_SPAN(NULL, 0);
	at += strlen(text);
	return PP_SPAN(at, (size_t)(line.data + line.len - at));
}

/* "…/iommu_groups/13" and what is behind it; false: no such path. */
static bool paths_group(struct pp_span line, uint32_t *ret, struct pp_span *rest)
{
	struct pp_span s = paths_behind(line, "iommu_groups/");
	uint64_t v;
	char number[12];
	size_t n = 0;

	while (n < s.len && n < sizeof(number) - 1 && s.data[n] >= '0' && s.data[n] <= '9')
		n++;
	if (!n)
		return false;
	memcpy(number, s.data, n);
	number[n] = '\0';
	if (!pp_parse_dec(number, NO_GROUP - 1, &v))
		return false;
	*ret = (uint32_t)v;
	*rest = PP_SPAN(s.data + n, s.len - n);
	return true;
}

/* One path with both, of the group's directory or of the device's; false: none. */
static bool paths_pair(struct pp_span line, struct pp_address *device, uint32_t *group)
{
	struct pp_span rest, before;

	if (!paths_group(line, group, &rest))
		return false;
	if (pp_span_starts(rest, "/devices/"))
		return paths_address(PP_SPAN(rest.data + 9, rest.len - 9), device) != 0;
	before = paths_behind(line, "bus/pci/devices/");
	size_t n = paths_address(before, device);
	return n && pp_span_starts(PP_SPAN(before.data + n, before.len - n), "/iommu_group");
}

/* "/sys/kernel/iommu_groups/13/devices:", as ls heads a directory. */
static bool paths_heading(struct pp_span line, uint32_t *group)
{
	struct pp_span rest;

	return paths_group(line, group, &rest) &&
	       (pp_span_is(rest, "/devices:") || pp_span_is(rest, "/devices/:"));
}

static int paths_put(struct group_paths *p, struct pp_span line, struct pp_address a,
                     uint32_t group, struct pp_error *e)
{
	struct pp_import_ids ids;
	bool told = pp_import_ids_told(p->in, a, &ids);

	p->nr_with_ids += told;
	p->nr_without_ids += !told;
	/* What it is, a list of devices tells; without one there is no such device. */
	if (!told)
		return 0;
	pp_import_here(p->in, line.data);
	return pp_import_group(p->in, a, group, e);
}

/* Below a directory's heading: names alone, or the last words of "ls -l". */
static int paths_names(struct group_paths *p, struct pp_span line, struct pp_error *e)
{
	struct pp_span rest = line, word;
	struct pp_address a;
	int r = 0;

	while (!r && pp_text_word(&rest, &word) && !pp_span_is(word, "->"))
		if (paths_address(word, &a) == word.len)
			r = paths_put(p, line, a, p->heading, e);
	return r;
}

static bool paths_knows(struct pp_span text)
{
	struct pp_span line;
	struct pp_address a;
	unsigned int indent;
	uint32_t group;

	for (unsigned int n = 0; n < 2000 && pp_import_line(&text, &line, &indent); n++)
		if (paths_pair(line, &a, &group) || paths_heading(line, &group))
			return true;
	return false;
}

static int paths_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct group_paths p = { .in = in, .heading = NO_GROUP };
	const struct pp_span all = text;
	struct pp_span line;
	struct pp_address a;
	unsigned int indent;
	uint32_t group;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (paths_pair(line, &a, &group))
			r = paths_put(&p, line, a, group, e);
		else if (paths_heading(line, &group))
			p.heading = group;
		else if (!line.len)
			p.heading = NO_GROUP;
		else if (p.heading != NO_GROUP)
			r = paths_names(&p, line, e);
	}
	return r ? r
	         : pp_import_ids_wanted(in, &pp_reader_group_paths, all, p.nr_with_ids,
	                                p.nr_without_ids, e);
}

const struct pp_reader pp_reader_group_paths = {
	.title = "a list of IOMMU groups",
	.knows = paths_knows,
	.read = paths_read,
};
