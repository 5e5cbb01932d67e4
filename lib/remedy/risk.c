/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions that firmware may still use, and the memory of a guest. */
#include "host/guest-memory.h"
#include "remedy/case.h"

enum area { BELOW_1M, LOW, ABOVE_4G, NR_AREAS };

struct ranges {
	uint64_t start, end_incl; /* of the lowest */
	uint32_t count;
};

static enum area risk_area_of(uint64_t start)
{
	return start < PP_GUEST_EVERY_END ? BELOW_1M : start < 4 * PP_GIB ? LOW : ABOVE_4G;
}

static void risk_add(struct ranges *r, const struct pp_plan_region *region)
{
	if (!r->count || region->start < r->start) {
		r->start = region->start;
		r->end_incl = region->end_incl;
	}
	r->count++;
}

/* "0xbdf83000-0xbdf84fff and 6 more" */
static const char *risk_ranges(struct pp_remedy_case *c, const struct ranges *r)
{
	const char *first = pp_remedy_printf(c, "0x%llx-0x%llx", (unsigned long long)r->start,
	                                     (unsigned long long)r->end_incl);

	return r->count == 1 ? first : pp_remedy_printf(c, "%s and %u more", first, r->count - 1);
}

/* Which guests have memory there, and which option of QEMU avoids that. */
static const char *risk_low(struct pp_remedy_case *c, const struct ranges *r)
{
	unsigned int mib = (unsigned int)(r->start / PP_MIB);
	const char *where = risk_ranges(c, r);

	if (r->start >= PP_GUEST_PC_LOW_END)
		return pp_remedy_printf(c, "no QEMU guest (%s)", where);
	if (r->start >= PP_GUEST_Q35_LOW_END)
		return pp_remedy_printf(c,
		                        "guests with more than %u MiB (%s), except with machine "
		                        "type q35 or -machine max-ram-below-4g=2G",
		                        mib, where);
	if (r->start >= PP_GIB)
		return pp_remedy_printf(c,
		                        "guests with more than %u MiB (%s), except with "
		                        "-machine max-ram-below-4g=%uG",
		                        mib, where, (unsigned int)(r->start / PP_GIB));
	return pp_remedy_printf(c, "guests with more than %u MiB (%s), which no QEMU option avoids",
	                        mib, where);
}

static const char *risk_area(struct pp_remedy_case *c, enum area area, const struct ranges *r)
{
	if (area == BELOW_1M)
		return pp_remedy_printf(c, "all guests (%s), which no QEMU option avoids",
		                        risk_ranges(c, r));
	if (area == LOW)
		return risk_low(c, r);
	return pp_remedy_printf(c, "guests with memory above 4 GiB that reaches %s",
	                        risk_ranges(c, r));
}

const char *pp_remedy_region_risk(struct pp_remedy_case *c)
{
	static const char first[] =
		"if the firmware still makes the device use the reserved memory, the device "
		"silently overwrites guest memory or causes a DMA fault";
	struct ranges areas[NR_AREAS] = { { 0 } };
	const struct pp_plan_region *regions;
	const char *text = first;
	uint32_t n;

	pp_remedy_case_regions(c, &regions, &n);
	for (uint32_t i = 0; i < n; i++)
		risk_add(&areas[risk_area_of(regions[i].start)], &regions[i]);
	for (enum area area = 0; area < NR_AREAS; area++)
		if (areas[area].count)
			text = pp_remedy_printf(c, "%s%s%s", text,
			                        text == first ? ". Affected: " : "; ",
			                        risk_area(c, area, &areas[area]));
	return text;
}
