/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the IOMMU cannot map for a guest: addresses above its width, and ranges that are reserved.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emit/emit.h"
#include "host/guest-memory.h"

/* Processors with more have an IOMMU of 48 bits or more: not worth a word without the number. */
#define LIKELY_CPU_WIDTH 46

#define MAX_RANGES 6

unsigned int pp_emit_width_limit(const struct pp_emission *m)
{
	unsigned int iommu = m->host->iommu_width, cpu = m->host->cpu_width;

	if (pp_emit_is_arm(m) || !iommu || iommu >= 64 || iommu < 32 ||
	    iommu >= (cpu ? cpu : LIKELY_CPU_WIDTH))
		return 0;
	return iommu;
}

void pp_emit_width_reason(struct pp_emission *m, const struct pp_hypervisor *h, const char *then)
{
	unsigned int limit = pp_emit_width_limit(m), cpu = m->host->cpu_width;
	char has[48] = "the processor may have more";

	if (cpu)
		snprintf(has, sizeof(has), "the processor has %u", cpu);
	pp_emit_comment(m, h,
	                "The IOMMU maps %u address bits (%s), and %s. A guest that uses more fails "
	                "with VFIO_MAP_DMA: Invalid argument. %s",
	                limit, m->host->iommu_width_from, has, then);
	if (pp_emit_window_mib(m) && pp_emit_window_mib(m) > (UINT64_C(1) << (limit - 1)) / PP_MIB)
		pp_emit_comment(m, h,
		                "Its BARs need a window of %" PRIu64 " MiB, which does not fit "
		                "below that: shrink a resizable BAR.",
		                pp_emit_window_mib(m));
}

/* A guest can have memory there; what lies in the gap below 4 GiB is never memory. */
static bool limit_reaches_memory(const struct pp_emission *m, const struct pp_kernel_region *r)
{
	if (pp_emit_is_arm(m))
		return r->end_incl >= PP_GUEST_ARM_START;
	return r->start < PP_GUEST_Q35_LOW_END || r->end_incl >= 4 * PP_GIB;
}

/* MiB of memory that a guest has below the range. */
static uint64_t limit_mib_below(const struct pp_emission *m, const struct pp_kernel_region *r)
{
	if (pp_emit_is_arm(m))
		return r->start > PP_GUEST_ARM_START ? (r->start - PP_GUEST_ARM_START) / PP_MIB : 0;
	/* What is above 4 GiB begins there, behind 2 GiB below. */
	return (r->start >= 4 * PP_GIB ? r->start - 2 * PP_GIB : r->start) / PP_MIB;
}

/*
 * Memory of guests below a size, where larger ones have none: hw/i386/pc_q35.c gives a guest of
 * 2816 MiB or more only 2 GiB below 4 GiB. i440fx gives more (hw/i386/pc_piix.c).
 */
static bool limit_is_in_gap(const struct pp_emission *m, const struct pp_kernel_region *r)
{
	return !pp_emit_is_arm(m) && r->start >= 2 * PP_GIB && r->start < PP_GUEST_Q35_LOW_END;
}

/* What a range does to a guest with memory there, as the rules of regions have it. */
enum limit_degree {
	LIMIT_FAILS,      /* VFIO does not map it */
	LIMIT_OVERWRITES, /* a device that relax_rmrr frees: its firmware may be at work there */
	LIMIT_EXEMPT,     /* a device whose firmware is done with it: rmrr-relaxable informs */
	LIMIT_REMAPPABLE, /* rmr-relaxable */
};

/*
 * Whether devices of the group have a relaxable region that Linux lets go for what they are, and by
 * no argument. Without the table the kernel's list does not say which device it is for.
 */
static bool limit_is_exempt(const struct pp_host *h, const struct pp_group *g,
                            const struct pp_kernel_region *r)
{
	bool named = false, any_exempt = false;

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		any_exempt |= pp_device_is_relaxable(d);
		for (uint32_t k = 0; k < d->nr_mappings; k++) {
			const struct pp_region *t =
				&h->regions[h->mappings[d->first_mapping + k].region];
			if (t->start > r->end_incl || t->end_incl < r->start)
				continue;
			named = true;
			if (!pp_device_is_relaxable(d))
				return false;
		}
	}
	return named || (any_exempt && !h->kernel.rmrrs_relaxed);
}

static enum limit_degree limit_degree_of(const struct pp_emission *m, const struct pp_group *g,
                                         const struct pp_kernel_region *r)
{
	if (r->kind != PP_REGION_DIRECT_RELAXABLE)
		return LIMIT_FAILS;
	if (pp_emit_is_arm(m))
		return LIMIT_REMAPPABLE;
	return limit_is_exempt(m->host, g, r) ? LIMIT_EXEMPT : LIMIT_OVERWRITES;
}

/* Ranges of one group that a guest of the same size reaches. */
struct limit_ranges {
	const struct pp_group *group;
	uint64_t mib;   /* a guest with more memory reaches them; 0: every guest */
	bool is_in_gap; /* of larger guests on q35 */
	enum limit_degree degree;
	uint32_t count;
	uint32_t told; /* in all, those that were printed before as well */
	char text[160];
};

static void limit_print_ranges(struct pp_emission *m, const struct pp_hypervisor *h,
                               const struct limit_ranges *l)
{
	char guests[64] = "Every guest", least[80] = "no option of the guest avoids that";

	if (l->is_in_gap) {
		snprintf(guests, sizeof(guests),
		         "A guest with %" PRIu64 " to %u MiB, on i440fx also a larger one,",
		         l->mib + 1, (unsigned int)(PP_GUEST_Q35_LOW_END / PP_MIB) - 1);
		snprintf(least, sizeof(least),
		         "on q35 another size avoids that, on i440fx a smaller one");
	} else if (l->mib) {
		snprintf(guests, sizeof(guests), "A guest with more than %" PRIu64 " MiB", l->mib);
		snprintf(least, sizeof(least), "a guest with less memory avoids that");
	}
	if (l->degree == LIMIT_EXEMPT || l->degree == LIMIT_REMAPPABLE)
		pp_emit_comment(
			m, h,
			"Reserved in group %u, for its own device: %s. %s. %s has memory "
			"there, which would be overwritten if it is used all the same: %s.",
			l->group->number, l->text,
			l->degree == LIMIT_REMAPPABLE
				? "The firmware permits remapping"
				: "Linux exempts USB and display devices, whose firmware uses "
				  "such memory only until the host runs",
			guests, least);
	else if (l->degree == LIMIT_OVERWRITES)
		pp_emit_comment(
			m, h,
			"Reserved in group %u, for its own device: %s. %s has memory there, "
			"which the firmware may still overwrite: %s.",
			l->group->number, l->text, guests, least);
	else
		pp_emit_comment(m, h,
		                "Reserved in group %u: %s. %s has memory there, so VFIO_MAP_DMA "
		                "fails with Invalid argument: %s.",
		                l->group->number, l->text, guests, least);
}

/* Takes the range into l if it belongs with those that are there. false: it does not. */
static bool limit_join(struct pp_emission *m, struct limit_ranges *l, const struct pp_group *g,
                       const struct pp_kernel_region *r)
{
	enum limit_degree degree = limit_degree_of(m, g, r);
	uint64_t mib = limit_mib_below(m, r);
	bool is_in_gap = limit_is_in_gap(m, r);
	size_t len = strlen(l->text);

	if (l->count && (l->group != g || l->degree != degree || l->mib != mib ||
	                 l->is_in_gap != is_in_gap || sizeof(l->text) - len < 48))
		return false;
	snprintf(l->text + len, sizeof(l->text) - len, "%s0x%" PRIx64 "-0x%" PRIx64,
	         l->count ? ", " : "", r->start, r->end_incl);
	l->group = g;
	l->mib = mib;
	l->is_in_gap = is_in_gap;
	l->degree = degree;
	l->count++;
	return true;
}

/* Adds a range where a guest can have memory; what does not belong with it is printed first. */
static void limit_tell(struct pp_emission *m, const struct pp_hypervisor *h, struct limit_ranges *l,
                       const struct pp_group *g, const struct pp_kernel_region *r)
{
	if (!limit_reaches_memory(m, r) || l->told++ >= MAX_RANGES || limit_join(m, l, g, r))
		return;
	limit_print_ranges(m, h, l);
	*l = (struct limit_ranges){ .told = l->told };
	limit_join(m, l, g, r);
}

/* What the firmware reserves for the group within a range that the kernel has for itself. */
static void limit_tell_table(struct pp_emission *m, const struct pp_hypervisor *h,
                             struct limit_ranges *l, const struct pp_group *g,
                             const struct pp_kernel_region *r)
{
	const struct pp_host *host = m->host;

	for (uint32_t i = 0; i < host->nr_regions; i++) {
		const struct pp_region *t = &host->regions[i];
		bool named = false;
		for (uint32_t k = 0; k < t->nr_devices; k++)
			named |= host->devices[t->devices[k]].group == g - host->groups;
		if (named && t->start <= r->end_incl && t->end_incl >= r->start)
			limit_tell(m, h, l, g,
			           &(struct pp_kernel_region){ .start = t->start,
			                                       .end_incl = t->end_incl,
			                                       .kind = r->kind });
	}
}

void pp_emit_reserved(struct pp_emission *m, const struct pp_hypervisor *h)
{
	const struct pp_host *host = m->host;
	struct limit_ranges list = { 0 };

	for (uint32_t g = 0; g < host->nr_groups; g++) {
		bool chosen = false;
		for (uint32_t i = 0; i < host->groups[g].nr_devices; i++)
			chosen |= m->chosen[host->groups[g].devices[i]];
		for (uint32_t i = 0; chosen && i < host->groups[g].nr_regions; i++) {
			const struct pp_kernel_region *r = &host->groups[g].regions[i];
			if (pp_kernel_region_is_for_isa(r))
				limit_tell_table(m, h, &list, &host->groups[g], r);
			else
				limit_tell(m, h, &list, &host->groups[g], r);
		}
	}
	if (list.count)
		limit_print_ranges(m, h, &list);
	if (list.told > MAX_RANGES)
		pp_emit_comment(m, h, "And %u more: pcipass reserved lists them.",
		                list.told - MAX_RANGES);
}
