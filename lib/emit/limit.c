/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the IOMMU cannot map for a guest: addresses above its width, and ranges that are reserved.
 */
#include <inttypes.h>

#include <stdio.h>

#include "emit/emit.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* Where memory of a q35 guest ends below 4 GiB: hw/i386/pc_q35.c. On pc it may reach a GiB higher.
 */
#define LOW_MEMORY_END UINT64_C(0xb0000000)

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
	if (pp_emit_window_mib(m) && pp_emit_window_mib(m) > (UINT64_C(1) << (limit - 1)) / MIB)
		pp_emit_comment(m, h,
		                "Its BARs need a window of %" PRIu64 " MiB, which does not fit "
		                "below that: shrink a resizable BAR.",
		                pp_emit_window_mib(m));
}

/* Where memory of a guest on QEMU's machine virt begins, in one piece: hw/arm/virt.c, VIRT_MEM. */
#define ARM_MEMORY_START GIB

/* A guest can have memory there; what lies in the gap below 4 GiB is never memory. */
static bool limit_reaches_memory(const struct pp_emission *m, const struct pp_kernel_region *r)
{
	if (pp_emit_is_arm(m))
		return r->end_incl >= ARM_MEMORY_START;
	return r->start < LOW_MEMORY_END || r->end_incl >= 4 * GIB;
}

/* MiB of memory that a guest has below the range. */
static uint64_t limit_mib_below(const struct pp_emission *m, const struct pp_kernel_region *r)
{
	if (pp_emit_is_arm(m))
		return r->start > ARM_MEMORY_START ? (r->start - ARM_MEMORY_START) / MIB : 0;
	/* What is above 4 GiB begins there, behind 2 GiB below. */
	return (r->start >= 4 * GIB ? r->start - 2 * GIB : r->start) / MIB;
}

/* A guest with so much memory reaches the range. */
static void limit_print_range(struct pp_emission *m, const struct pp_hypervisor *h,
                              const struct pp_group *g, const struct pp_kernel_region *r)
{
	bool relaxable = r->kind == PP_REGION_DIRECT_RELAXABLE;
	uint64_t mib = limit_mib_below(m, r);

	char guests[64] = "Every guest";

	if (mib)
		snprintf(guests, sizeof(guests), "A guest with more than %" PRIu64 " MiB", mib);
	pp_emit_comment(m, h,
	                "Group %u has a range that is %s: 0x%" PRIx64 "-0x%" PRIx64
	                ". %s has memory there%s",
	                g->number, relaxable ? "reserved for its device" : "reserved", r->start,
	                r->end_incl, guests,
	                relaxable ? ", and firmware that still uses the range writes to it."
	                          : ": VFIO_MAP_DMA fails with Invalid argument.");
}

void pp_emit_reserved(struct pp_emission *m, const struct pp_hypervisor *h)
{
	const struct pp_host *host = m->host;
	uint32_t told = 0;

	for (uint32_t g = 0; g < host->nr_groups; g++) {
		bool chosen = false;
		for (uint32_t i = 0; i < host->groups[g].nr_devices; i++)
			chosen |= m->chosen[host->groups[g].devices[i]];
		for (uint32_t i = 0; chosen && i < host->groups[g].nr_regions; i++) {
			const struct pp_kernel_region *r = &host->groups[g].regions[i];
			if (limit_reaches_memory(m, r) && told++ < MAX_RANGES)
				limit_print_range(m, h, &host->groups[g], r);
		}
	}
	if (told > MAX_RANGES)
		pp_emit_comment(m, h, "And %u more: pcipass reserved lists them.",
		                told - MAX_RANGES);
}
