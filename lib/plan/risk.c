/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions that firmware may still use, and the memory of a guest. */
#include "plan/make.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/*
 * QEMU's x86 machines (hw/i386/pc_piix.c, pc_q35.c): memory begins at 0 and ends below these, the
 * rest lies from 4 GiB on. max-ram-below-4g lowers the end.
 */
#define PC_LOW_END  0xe0000000u
#define Q35_LOW_END 0xb0000000u

enum place { BELOW_1M, LOW, ABOVE_4G, NR_PLACES };

struct ranges {
	uint64_t start, end_incl; /* of the lowest */
	uint32_t count;
};

static enum place place_of(uint64_t start)
{
	return start < MIB ? BELOW_1M : start < 4 * GIB ? LOW : ABOVE_4G;
}

static void add(struct ranges *r, const struct pp_plan_region *region)
{
	if (!r->count || region->start < r->start) {
		r->start = region->start;
		r->end_incl = region->end_incl;
	}
	r->count++;
}

/* "0xbdf83000-0xbdf84fff and 6 more" */
static const char *ranges_text(struct pp_planning *p, const struct ranges *r)
{
	const char *first = pp_planning_text(p, "0x%llx-0x%llx", (unsigned long long)r->start,
	                                     (unsigned long long)r->end_incl);

	return r->count == 1 ? first : pp_planning_text(p, "%s and %u more", first, r->count - 1);
}

/* Which guests have memory there, and what keeps it away. */
static const char *low_text(struct pp_planning *p, const struct ranges *r)
{
	unsigned int mib = (unsigned int)(r->start / MIB);
	const char *where = ranges_text(p, r);

	if (r->start >= PC_LOW_END)
		return pp_planning_text(p, "at %s no guest of QEMU's has memory", where);
	if (r->start >= Q35_LOW_END)
		return pp_planning_text(
			p,
			"%s: a guest has memory there if it has more than %u MiB; not with QEMU's "
			"machine q35, and on pc not with -machine max-ram-below-4g=2G",
			where, mib);
	if (r->start >= GIB)
		return pp_planning_text(
			p,
			"%s: a guest has memory there if it has more than %u MiB; not with QEMU's "
			"-machine max-ram-below-4g=%uG",
			where, mib, (unsigned int)(r->start / GIB));
	return pp_planning_text(p,
	                        "%s: a guest has memory there if it has more than %u MiB, and no "
	                        "setting of QEMU's keeps it away",
	                        where, mib);
}

static const char *place_text(struct pp_planning *p, enum place place, const struct ranges *r)
{
	if (place == BELOW_1M)
		return pp_planning_text(
			p, "%s: every guest has memory there, and no setting keeps it away",
			ranges_text(p, r));
	if (place == LOW)
		return low_text(p, r);
	return pp_planning_text(
		p, "%s: a guest has memory there if what it has above 4 GiB reaches so far",
		ranges_text(p, r));
}

const char *pp_plan_region_risk(struct pp_planning *p)
{
	static const char first[] =
		"if the firmware still has the device use the memory that was reserved, that lands "
		"in the memory of the guest that owns it, silently, or is stopped as a DMA fault";
	struct ranges places[NR_PLACES] = { { 0 } };
	const char *text = first;

	for (uint32_t i = 0; i < p->plan->nr_regions; i++)
		add(&places[place_of(p->plan->regions[i].start)], &p->plan->regions[i]);
	for (enum place place = 0; place < NR_PLACES; place++)
		if (places[place].count)
			text = pp_planning_text(p, "%s; %s", text,
			                        place_text(p, place, &places[place]));
	return text;
}
