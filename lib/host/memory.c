/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does the kernel's memory map reserve what the firmware's table claims? */
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define IOMEM_MAX_BYTES ((size_t)4 * 1024 * 1024)
/* Reserved lines times regions: a real host needs a few thousand. */
#define MAX_STEPS 20000000

struct range {
	uint64_t start, end_incl;
};

/* "bdf83000-bdf84fff : Reserved"; blanks before it for what lies inside another. */
static bool memory_parse_line(struct pp_span line, struct range *range, struct pp_span *name)
{
	char buf[64];
	const uint8_t *colon = pp_span_find(line, " : ");
	size_t n = colon ? (size_t)(colon - line.data) : 0;

	if (!n || n >= sizeof(buf))
		return false;
	memcpy(buf, line.data, n);
	buf[n] = '\0';
	char *dash = strchr(buf, '-');
	if (!dash)
		return false;
	*dash = '\0';
	*name = PP_SPAN(colon + 3, line.len - n - 3);
	return pp_parse_hex(buf, UINT64_MAX, &range->start) &&
	       pp_parse_hex(dash + 1, UINT64_MAX, &range->end_incl);
}

/* arch/x86/include/asm/iommu.h, arch_rmrr_sanity_check(): reserved, or ACPI NVS since 6.1. */
static bool is_reserved(struct pp_span name)
{
	return pp_span_starts(name, "Reserved") || pp_span_starts(name, "reserved") ||
	       pp_span_starts(name, "ACPI Non-volatile Storage");
}

/* Moves each region's start behind the reserved ranges, which come in ascending order. */
static void memory_cover(const struct pp_host *h, uint64_t *next, struct range range)
{
	for (uint32_t i = 0; i < h->nr_regions; i++)
		if (next[i] >= range.start && next[i] <= range.end_incl &&
		    next[i] <= h->regions[i].end_incl)
			next[i] = range.end_incl == UINT64_MAX ? UINT64_MAX : range.end_incl + 1;
}

int pp_build_memory_map(struct pp_host_build *b, struct pp_error *e)
{
	static const char path[] = "proc/iomem";
	const struct pp_host *h = b->host;
	struct pp_span text, line, name;
	struct range range;
	bool any_address = false;
	uint64_t steps = 0;

	if (!h->nr_regions)
		return 0;
	uint64_t *next = PP_ARENA_ARRAY(&b->scratch, h->nr_regions, uint64_t);
	if (!next)
		return pp_fail_oom(e, path);
	int r = pp_source_read_all(b->source, path, IOMEM_MAX_BYTES, &b->scratch, &text);
	if (r == -ENOMEM)
		return pp_fail_oom(e, path);
	for (uint32_t i = 0; i < h->nr_regions; i++)
		next[i] = h->regions[i].start;
	while (!r && pp_text_line(&text, &line)) {
		if (!memory_parse_line(line, &range, &name))
			continue;
		any_address |= range.end_incl != 0;
		if (!is_reserved(name))
			continue;
		steps += h->nr_regions;
		if (steps > MAX_STEPS)
			r = -E2BIG;
		memory_cover(h, next, range);
	}
	/* Without root the kernel shows every address as 0. */
	if (r || !any_address)
		return pp_build_unread(b, path, r ? -r : EACCES,
		                       "whether the memory map reserves the regions")
		               ? pp_fail_oom(e, path)
		               : 0;
	for (uint32_t i = 0; i < h->nr_regions; i++)
		b->regions[i].reserved_in_memory_map =
			pp_tri(h->regions[i].end_incl >= h->regions[i].start &&
		               next[i] > h->regions[i].end_incl);
	return 0;
}
