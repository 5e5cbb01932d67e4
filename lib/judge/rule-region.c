/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved regions: what holds a device, its group, or only looks as if it did. */
#include <string.h>

#include "host/guest-memory.h"
#include "judge/phrase.h"
#include "judge/rules.h"

/* However many regions there are, one line is left for the kernel's own words. */
#define MAX_REGIONS_PROVED (PP_MAX_EVIDENCE - 1)

bool pp_mapping_is_hard(const struct pp_host *h, const struct pp_region_mapping *hold)
{
	return !hold->relaxable;
}

static bool is_intel(const struct pp_host *h)
{
	return h->iommu == PP_IOMMU_INTEL;
}

/* The release from which on this IOMMU's regions are refused. */
static const char *blocking_since(const struct pp_host *h)
{
	return pp_kernel_fact(h->iommu == PP_IOMMU_INTEL ? PP_KERNEL_RMRR_REFUSED
	                                                 : PP_KERNEL_BLOCKS_DIRECT)
	        ->since;
}

const char *pp_table_unread(const struct pp_host *h)
{
	if (h->dmar || h->ivrs)
		return NULL;
	if (h->table_dmar != PP_NO && h->iommu != PP_IOMMU_AMD)
		return "DMAR";
	return h->table_ivrs != PP_NO ? "IVRS" : NULL;
}

/* How the running kernel will put it, for those who look for the line. */
static void quote_kernel(struct pp_judging *j, struct pp_finding *f)
{
	static const struct {
		const char *phrase, *error;
	} refusals[] = { { "linux-direct", "EINVAL" }, { "linux-rmrr", "EPERM" } };
	const struct pp_kernel *k = &j->host->kernel;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct pp_phrase *p = pp_phrase_find(refusals[i].phrase);
		if (pp_phrase_of_kernel(p, k) == PP_YES)
			pp_evidence(j, f, "kernel %s refuses with %s: \"%s\"", k->release.text,
			            refusals[i].error, p->text);
	}
}

static const char *table_of(const struct pp_region *r)
{
	static const char *const names[] = {
		[PP_FROM_DMAR] = "DMAR RMRR",
		[PP_FROM_IVRS] = "IVRS IVMD",
		[PP_FROM_IORT] = "IORT RMR",
	};
	return names[r->source];
}

/* "0xbdf83000-0xbdf84fff and 6 more" */
static const char *ranges_of(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	const struct pp_region *first = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *hold = &h->mappings[d->first_mapping + i];
		if (!pp_mapping_is_hard(h, hold))
			continue;
		if (!first)
			first = &h->regions[hold->region];
		n++;
	}
	if (!first)
		return "";
	const char *range = pp_range(j, first->start, first->end_incl);
	if (n == 1)
		return range;
	const char *all = pp_arena_printf(j->arena, "%s and %u more", range, n - 1);
	return all ? all : range;
}

/* which: PP_UNKNOWN for all, else those that hold it hard, or those that do not. */
static void prove_some_mappings(struct pp_judging *j, struct pp_finding *f,
                                const struct pp_device *d, enum pp_tri which)
{
	const struct pp_host *h = j->host;

	for (uint32_t i = 0; i < d->nr_mappings && f->nr_evidence < MAX_REGIONS_PROVED; i++) {
		const struct pp_region_mapping *hold = &h->mappings[d->first_mapping + i];
		const struct pp_region *r = &h->regions[hold->region];
		const char *through = "";
		if (which != PP_UNKNOWN && pp_tri(pp_mapping_is_hard(h, hold)) != which)
			continue;
		if (hold->via_bridge && r->nr_scopes) {
			const struct pp_device *bridge = &h->devices[r->scopes[hold->scope].device];
			through = pp_arena_printf(j->arena, ", through the bridge %s above it",
			                          pp_name_of(j, bridge));
		}
		pp_evidence(j, f, "%s %u at +0x%x: %s%s", table_of(r), r->index, r->offset,
		            pp_range(j, r->start, r->end_incl), through ? through : "");
	}
}

static void prove_mappings(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                           bool hard)
{
	prove_some_mappings(j, f, d, pp_tri(hard));
}

void pp_prove_mappings(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d)
{
	prove_some_mappings(j, f, d, PP_UNKNOWN);
}

static void prove_group(struct pp_judging *j, struct pp_finding *f, const struct pp_group *g)
{
	for (uint32_t i = 0; i < g->nr_regions && f->nr_evidence < MAX_REGIONS_PROVED; i++)
		if (g->regions[i].kind == PP_REGION_DIRECT)
			pp_evidence(j, f, "/sys/kernel/iommu_groups/%u/reserved_regions: %s direct",
			            g->number,
			            pp_range(j, g->regions[i].start, g->regions[i].end_incl));
}

/* Where the devices of its host bridge begin. */
static uint32_t first_of_root(const struct pp_host *h, const struct pp_device *d)
{
	const struct pp_address begin = { d->address.domain, d->root_bus, 0, 0 };
	uint32_t low = 0, high = h->nr_devices;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (pp_address_compare(h->devices[middle].address, begin) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the kernel's list of a group has the whole of a region, as direct or relaxable. */
static bool lists_region(const struct pp_group *g, const struct pp_region *r)
{
	for (uint32_t i = 0; i < g->nr_regions; i++) {
		const struct pp_kernel_region *k = &g->regions[i];
		if ((k->kind == PP_REGION_DIRECT || k->kind == PP_REGION_DIRECT_RELAXABLE) &&
		    k->start <= r->start && k->end_incl >= r->end_incl)
			return true;
	}
	return false;
}

/*
 * An RMR counts for PCI devices only where the firmware's PCI configuration is kept (_DSM 5 of the
 * host bridge): iort_rmr_has_dev(). What the kernel lists for others below it shows it.
 */
static enum pp_tri rmrs_count(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (!j->rmrs_count) {
		j->rmrs_count = PP_ARENA_ARRAY(j->arena, h->nr_devices, enum pp_tri);
		if (!j->rmrs_count) {
			j->failed = true;
			return PP_UNKNOWN;
		}
		for (uint32_t i = 0; i < h->nr_mappings; i++) {
			const struct pp_device *held = &h->devices[h->mappings[i].device];
			const struct pp_group_facts *g = pp_group_facts_of(j, held);
			const struct pp_region *r = &h->regions[h->mappings[i].region];
			enum pp_tri *ret = &j->rmrs_count[first_of_root(h, held)];
			if (g && g->regions_read && *ret != PP_YES)
				*ret = pp_tri(lists_region(&h->groups[held->group], r));
		}
	}
	return j->rmrs_count[first_of_root(h, d)];
}

/* Does the running kernel see nothing in the device's group that is held? */
static enum pp_tri kernel_denies(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_group_facts *g = pp_group_facts_of(j, d);

	if (g && g->regions_read)
		return pp_tri(!g->kernel_direct);
	if (j->host->iommu != PP_IOMMU_SMMU)
		return PP_NO;
	switch (rmrs_count(j, d)) {
	case PP_YES:
		return PP_NO;
	case PP_NO:
		return PP_YES;
	default:
		return PP_UNKNOWN;
	}
}

/* What the specification of the host's table calls its regions. */
static const char *region_word(const struct pp_host *h)
{
	switch (h->iommu) {
	case PP_IOMMU_AMD:
		return "IVMD";
	case PP_IOMMU_SMMU:
		return "RMR";
	default:
		return "RMRR";
	}
}

static const struct pp_group *region_group_of(const struct pp_host *h, const struct pp_device *d)
{
	return d->group == PP_NO_GROUP ? NULL : &h->groups[d->group];
}

/* On a ProLiant people look for the slot's setting: say where there can be none. */
static const char *without_slot(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (pp_device_is_bridge(d))
		return "";
	const char *why = pp_remedy_no_rmrds(h, d, j->arena);
	if (!why && h->product.text && strstr(h->product.text, "ProLiant") &&
	    d->slot.kind == PP_PLACE_NONE && !d->slot.unknown)
		why = "it is on board, so no slot setting applies to it";
	const char *clause = why ? pp_arena_printf(j->arena, "; %s", why) : "";
	return clause ? clause : "";
}

/* A group of one: what the kernel reserves for it is the device's own, table or not. */
static bool held_alone(const struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_group_facts *g = pp_group_facts_of(j, d);

	return g && g->kernel_direct && j->host->groups[d->group].nr_devices == 1;
}

/*
 * The kernel's line that it refused the device for a region of its own; NULL: there is none, or the
 * kernel's list, which is read, has no such region. Of another kernel the line says that there is a
 * region, and no more.
 */
static const char *refused_by_log(const struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_group_facts *g = pp_group_facts_of(j, d);
	const struct pp_device_line *line = pp_device_line(j->host, d, PP_LINE_DIRECT);

	/* Without a group it was no guest that it was refused to. */
	if (!line || !g || (g->regions_read && !g->kernel_direct))
		return NULL;
	return j->host->kernel.running && pp_kernel_blocks_direct(j->host) != PP_YES ? NULL
	                                                                             : line->text;
}

/* The kernel merges regions that touch: these need not be the table's. */
static const char *kernel_ranges(struct pp_judging *j, const struct pp_group *g)
{
	const char *first = NULL, *all;
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->nr_regions; i++) {
		if (g->regions[i].kind != PP_REGION_DIRECT)
			continue;
		if (!n++)
			first = pp_range(j, g->regions[i].start, g->regions[i].end_incl);
	}
	if (n < 2)
		return first ? first : "";
	all = pp_arena_printf(j->arena, "%s and %u more", first, n - 1);
	return all ? all : first;
}

/* Where it may be Intel's driver that runs. */
static const char *intel_always(const struct pp_host *h)
{
	return h->iommu == PP_IOMMU_SMMU ? "" : ", Intel's driver in all versions";
}

enum reach { IN_NO_GUEST, IN_SOME_GUESTS, IN_EVERY_GUEST };

/* Regions that hold a device or its group, and guests' memory. */
struct reach_of_regions {
	enum reach widest;
	uint64_t lowest; /* of those in some guests, where it begins */
};

static bool guests_are_pcs(const struct pp_host *h)
{
	return h->iommu == PP_IOMMU_AMD || h->iommu == PP_IOMMU_INTEL;
}

static void reach_add(const struct pp_host *h, struct reach_of_regions *to, uint64_t start,
                      uint64_t end_incl)
{
	enum reach reach = IN_SOME_GUESTS;

	if (guests_are_pcs(h) && start < PP_GUEST_EVERY_END)
		reach = IN_EVERY_GUEST;
	else if (guests_are_pcs(h) ? start >= PP_GUEST_PC_LOW_END && end_incl < PP_GUEST_DEVICES_END
	                           : h->iommu == PP_IOMMU_SMMU && end_incl < PP_GUEST_ARM_START)
		reach = IN_NO_GUEST;
	if (reach == IN_SOME_GUESTS && (to->widest != IN_SOME_GUESTS || start < to->lowest))
		to->lowest = start;
	if (reach > to->widest)
		to->widest = reach;
}

static struct reach_of_regions widest_reach(const struct pp_host *h, const struct pp_device *d,
                                            const struct pp_group *g)
{
	struct reach_of_regions ret = { IN_NO_GUEST, 0 };

	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *hold = &h->mappings[d->first_mapping + i];
		const struct pp_region *r = &h->regions[hold->region];
		if (pp_mapping_is_hard(h, hold))
			reach_add(h, &ret, r->start, r->end_incl);
	}
	for (uint32_t i = 0; g && i < g->nr_regions; i++)
		if (g->regions[i].kind == PP_REGION_DIRECT)
			reach_add(h, &ret, g->regions[i].start, g->regions[i].end_incl);
	return ret;
}

/* Which guests do not start, "a guest with more than 956 MiB may not start". */
static const char *which_guests(struct pp_judging *j, uint64_t start)
{
	const char *text = NULL;

	if (!guests_are_pcs(j->host) || start >= 4 * PP_GIB)
		return "a guest that has memory there does not start";
	text = pp_arena_printf(j->arena, "a guest with more than %u MiB may not start%s",
	                       (unsigned int)(start / PP_MIB),
	                       start >= PP_GUEST_Q35_LOW_END ? ", except with machine type q35"
	                                                     : "");
	j->failed |= !text;
	return text ? text : "";
}

/* Whether the kernel leaves such a region out of a guest's memory: it is told of it, and does. */
static bool omits_regions(const struct pp_host *h)
{
	return pp_kernel_has(&h->kernel, PP_KERNEL_OMITS_RESERVED) != PP_NO &&
	       (h->iommu != PP_IOMMU_SMMU ||
	        pp_kernel_has(&h->kernel, PP_KERNEL_READS_RMR) != PP_NO);
}

/* Attached by a kernel that does not refuse it; whether a guest's memory can be mapped as well. */
static struct pp_finding *find_attached(struct pp_judging *j, const struct pp_device *d,
                                        const struct pp_group *g, const char *what)
{
	const struct pp_host *h = j->host;
	struct reach_of_regions reach = { IN_NO_GUEST, 0 };

	if (omits_regions(h))
		reach = widest_reach(h, d, g);
	if (reach.widest == IN_EVERY_GUEST)
		return pp_find(
			j, PP_BLOCKS,
			"%s: kernels before %s attach the device, but every guest has memory "
			"there, which VFIO cannot map: no guest starts with it",
			what, blocking_since(h));
	if (reach.widest == IN_SOME_GUESTS)
		return pp_find(j, PP_DEGRADES,
		               "%s: kernels before %s attach the device, but VFIO maps no guest "
		               "memory there: %s",
		               what, blocking_since(h), which_guests(j, reach.lowest));
	return pp_find(j, PP_INFORMS, "%s, but kernels before %s pass it through anyway", what,
	               blocking_since(h));
}

/* Which region it is, and with that what frees the device, stands in the table. */
static void prove_refused(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                          const char *line)
{
	const struct pp_host *h = j->host;

	pp_evidence(j, f, "kernel log: %s", line);
	if (!h->dmar && !h->ivrs && !h->iort)
		pp_evidence(j, f,
		            "the firmware's table, which tells the region and what could free the "
		            "device, was not read");
	pp_add_region_remedies(j, f, d);
}

/* Neither the table nor the kernel's list tells of the region, but the kernel acted on it. */
static void region_refused(struct pp_judging *j, const struct pp_device *d)
{
	const char *line = refused_by_log(j, d);

	if (!line || pp_device_is_bridge(d))
		return;
	struct pp_finding *f =
		pp_find(j, PP_BLOCKS,
	                "the %s reserves memory for it: the kernel refused to pass it through",
	                is_intel(j->host) ? "BIOS" : "firmware");
	prove_refused(j, f, d, line);
}

static void region_held(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	const struct pp_group_facts *g = pp_group_facts_of(j, d);

	bool by_table = pp_nr_hard_mappings(j, d);
	if (!by_table && !held_alone(j, d)) {
		region_refused(j, d);
		return;
	}
	enum pp_tri denies = kernel_denies(j, d);
	if (denies == PP_YES)
		return;
	const char *ranges = by_table ? ranges_of(j, d) : kernel_ranges(j, region_group_of(h, d));
	const char *what =
		pp_arena_printf(j->arena, "the %s reserves memory for it (%s%s%s)",
	                        h->iommu == PP_IOMMU_INTEL ? "BIOS" : "firmware",
	                        by_table ? region_word(h) : "", by_table ? " " : "", ranges);
	struct pp_finding *f;
	enum pp_tri blocks = pp_kernel_blocks_direct(h);
	if (!what) {
		j->failed = true;
		return;
	}
	if (pp_device_is_bridge(d))
		f = pp_find(j, PP_INFORMS, "%s", what);
	else if (blocks == PP_NO && denies == PP_UNKNOWN)
		f = pp_find_unknown(
			j, PP_DEGRADES,
			"%s: kernels before %s attach the device; cannot tell whether guests can "
			"have memory there until it has a group",
			what, blocking_since(h));
	else if (blocks == PP_NO)
		f = find_attached(j, d, region_group_of(h, d), what);
	else if (blocks == PP_UNKNOWN)
		f = pp_find_unknown(
			j, PP_BLOCKS,
			"%s: kernels %s and later refuse it%s; cannot tell which kernel this is",
			what, blocking_since(h), intel_always(h));
	else if (denies == PP_UNKNOWN)
		f = pp_find_unknown(
			j, PP_BLOCKS,
			"%s: cannot tell whether the kernel enforces that until the device has a "
			"group",
			what);
	else
		f = pp_find(j, PP_BLOCKS, "%s%s", what, without_slot(j, d));
	prove_mappings(j, f, d, true);
	if (g)
		prove_group(j, f, region_group_of(h, d));
	if (f->effect == PP_INFORMS || f->effect == PP_DEGRADES || f->could == PP_DEGRADES)
		return;
	if (blocks != PP_NO)
		quote_kernel(j, f);
	pp_add_region_remedies(j, f, d);
}

static void held_by_rmrr(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (h->iommu == PP_IOMMU_INTEL || (h->iommu == PP_IOMMU_NONE && h->kind != PP_KIND_AMD))
		region_held(j, d);
}

/* By the IORT's RMRs; with another IOMMU the kernel's list is all there is. */
static void held_elsewhere(struct pp_judging *j, const struct pp_device *d)
{
	if (j->host->iommu == PP_IOMMU_SMMU || j->host->iommu == PP_IOMMU_VIRTIO ||
	    j->host->iommu == PP_IOMMU_OTHER)
		region_held(j, d);
}

static void held_by_ivmd(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (h->iommu == PP_IOMMU_AMD || (h->iommu == PP_IOMMU_NONE && h->kind == PP_KIND_AMD))
		region_held(j, d);
}

static void held_relaxable(struct pp_judging *j, const struct pp_device *d)
{
	if (pp_nr_hard_mappings(j, d) || !d->nr_mappings || j->host->iommu == PP_IOMMU_SMMU)
		return;
	const struct pp_group_facts *g = pp_group_facts_of(j, d);
	if (g && g->kernel_direct)
		return; /* the kernel sees it otherwise: the group's own finding says so */
	struct pp_finding *f;
	if (pp_device_is_relaxable(d) || pp_device_is_bridge(d))
		f = pp_find(j, PP_INFORMS,
		            "its reserved region does not block it: Linux exempts USB and "
		            "display devices");
	else
		f = pp_find(
			j, PP_DEGRADES,
			"allowed only because of relax_rmrr: the firmware still reserves memory "
			"for it and may overwrite the guest's");
	prove_mappings(j, f, d, false);
}

/* drivers/acpi/arm64/iort.c, iort_get_rmrs(): direct-relaxable */
static void rmr_relaxable(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_group_facts *g = pp_group_facts_of(j, d);

	if (j->host->iommu != PP_IOMMU_SMMU || pp_nr_hard_mappings(j, d) || !d->nr_mappings ||
	    (g && g->kernel_direct))
		return;
	struct pp_finding *f =
		pp_find(j, PP_INFORMS,
	                "its reserved region does not block it: the firmware permits remapping");
	prove_mappings(j, f, d, false);
}

/* The table says held, the kernel that runs says not: an override, or an odd table. */
static void table_and_kernel_differ(struct pp_judging *j, const struct pp_device *d)
{
	if (!pp_nr_hard_mappings(j, d) || kernel_denies(j, d) != PP_YES)
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"the firmware's table reserves memory for it, but the running kernel does not: "
		"the kernel decides");
	prove_mappings(j, f, d, true);
	if (j->host->iommu == PP_IOMMU_SMMU)
		pp_evidence(
			j, f,
			"the kernel applies RMRs to PCI devices only where the firmware requires "
			"its PCI configuration to be preserved (_DSM 5)");
}

/* "06:00.0 and 3 more": the devices of a group that the firmware's table holds; NULL if none. */
static const char *held_in_group(struct pp_judging *j, const struct pp_group_facts *g)
{
	if (!g->nr_held)
		return NULL;
	const char *first = pp_name_of(j, &j->host->devices[g->first_held]);
	return g->nr_held == 1 ? first
	                       : pp_arena_printf(j->arena, "%s and %u more", first, g->nr_held - 1);
}

/* By the log alone: another device of the group was refused, so that the whole of it is. */
static void companion_refused(struct pp_judging *j, const struct pp_device *d,
                              const struct pp_group_facts *facts)
{
	const struct pp_host *h = j->host;
	const struct pp_device *other =
		facts->refused == PP_NO_DEVICE ? NULL : &h->devices[facts->refused];
	const char *line = other && other != d ? refused_by_log(j, other) : NULL;

	if (!line || refused_by_log(j, d))
		return;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"it shares group %u with %s, for which the %s reserves memory: the kernel refused "
		"to pass that through",
		h->groups[other->group].number, pp_name_of(j, other),
		is_intel(h) ? "BIOS" : "firmware");
	prove_refused(j, f, d, line);
}

/* The group is held, and not by this device's own region. */
static void companion_held(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;
	uint32_t group = d->group != PP_NO_GROUP ? d->group : pp_group_to_join(j, d);

	if (pp_device_is_bridge(d) || group == PP_NO_GROUP || pp_nr_hard_mappings(j, d) ||
	    held_alone(j, d))
		return;
	const struct pp_group_facts *facts = &j->groups[group];
	/* Whether an RMR counts the kernel's list alone can tell: region-unread says so. */
	if (!facts->kernel_direct &&
	    (facts->regions_read || !facts->nr_held || h->iommu == PP_IOMMU_SMMU)) {
		companion_refused(j, d, facts);
		return;
	}
	const struct pp_group *g = &h->groups[group];
	enum pp_tri blocks = pp_kernel_blocks_direct(h);
	const char *who = held_in_group(j, facts);
	const struct pp_device *first = who ? &h->devices[facts->first_held] : NULL;
	struct pp_finding *f;
	if (blocks == PP_NO) {
		const char *what =
			pp_arena_printf(j->arena, "its group %u has a reserved region", g->number);
		if (!what) {
			j->failed = true;
			return;
		}
		f = find_attached(j, first ? first : d, g, what);
	} else if (blocks == PP_UNKNOWN)
		f = pp_find_unknown(
			j, PP_BLOCKS,
			"its group %u has a reserved region: kernels %s and later refuse it%s; "
			"cannot tell which kernel this is",
			g->number, blocking_since(h), intel_always(h));
	else if (who)
		f = pp_find(j, PP_BLOCKS,
		            "it shares group %u with %s, for which the %s reserves memory (%s)",
		            g->number, who, is_intel(h) ? "BIOS" : "firmware", region_word(h));
	else
		f = pp_find(j, PP_BLOCKS,
		            "the firmware reserves memory for a device in its group %u%s",
		            g->number,
		            h->dmar || h->ivrs || h->iort ? "" : " (run as root to see which)");
	if (first)
		prove_mappings(j, f, first, true);
	prove_group(j, f, g);
	if (f->effect == PP_INFORMS || f->effect == PP_DEGRADES)
		return;
	if (blocks != PP_NO)
		quote_kernel(j, f);
	pp_add_region_remedies(j, f, d);
}

static bool lists_direct(const struct pp_group *g)
{
	for (uint32_t i = 0; i < g->nr_regions; i++)
		if (g->regions[i].kind == PP_REGION_DIRECT)
			return true;
	return false;
}

/* Kernels before 4.12 have no such file, and a foreign capture may lack it. */
static void regions_unread(struct pp_judging *j, const struct pp_group *g)
{
	const struct pp_host *h = j->host;

	if (!g->regions_error &&
	    (pp_kernel_shows(&h->kernel, PP_KERNEL_TELLS_RELAXABLE) != PP_NO || !lists_direct(g)))
		return;
	/* An RMR may not count, but where none is no other can. */
	if (h->iommu == PP_IOMMU_SMMU && h->iort && !j->groups[g - h->groups].nr_held)
		return;
	/* What was refused already has some, whichever. */
	uint32_t refused = j->groups[g - h->groups].refused;
	if (refused != PP_NO_DEVICE && refused_by_log(j, &h->devices[refused]))
		return;
	/* With the table in hand the answer is known all the same. */
	if ((h->iommu == PP_IOMMU_INTEL && h->dmar) || (h->iommu == PP_IOMMU_AMD && h->ivrs))
		return;
	if (g->regions_error)
		pp_find_unknown(j, PP_BLOCKS, "cannot tell which reserved regions group %u has",
		                g->number);
	else
		pp_find_unknown(
			j, PP_BLOCKS,
			"cannot tell whether the reserved regions of group %u block it: this "
			"kernel's list does not say",
			g->number);
}

/* A PF's region does not hold its VFs: drivers/iommu/intel/dmar.c passes over VFs. */
static void vf_not_held(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (h->iommu != PP_IOMMU_INTEL || d->physfn == PP_NO_DEVICE || d->nr_mappings)
		return;
	const struct pp_device *pf = &h->devices[d->physfn];
	if (!pp_nr_hard_mappings(j, pf) || (d->group != PP_NO_GROUP && d->group == pf->group))
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"the reserved region of its physical function %s does not block this virtual "
		"function",
		pp_name_of(j, pf));
	prove_mappings(j, f, pf, true);
}

/* lspci without -v, or a capture with gaps: the table is there, the way to its devices is not. */
bool pp_regions_lead_nowhere(const struct pp_host *h)
{
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		const struct pp_region *r = &h->regions[i];
		for (uint32_t s = 0; s < r->nr_scopes; s++) {
			const struct pp_region_scope *scope = &r->scopes[s];
			if (scope->match == PP_SCOPE_UNREAD)
				return true;
			/* A bridge's region holds all below it. */
			if (scope->device != PP_NO_DEVICE &&
			    pp_device_is_bridge(&h->devices[scope->device]) &&
			    !pp_device_buses_known(&h->devices[scope->device]))
				return true;
		}
	}
	return false;
}

static void scope_unread(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_group_facts *g = pp_group_facts_of(j, d);

	if (pp_device_is_bridge(d) || d->nr_mappings)
		return;
	/* For KVM the kernel's own list decides. */
	if (j->survey->target == PP_TARGET_KVM && g && g->regions_read)
		return;
	pp_host_needs_all(j->host);
	if (!j->scope_unread)
		return;
	pp_find_unknown(
		j, PP_BLOCKS,
		"cannot tell whether a reserved region blocks it: the table names devices behind "
		"bridges whose bus numbers were not read");
}

static const struct pp_rule rules[] = {
	{ .id = "rmrr-hard",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "VT-d 8.4; drivers/iommu/intel/iommu.c, device_rmrr_is_relaxable()",
	  .on_device = held_by_rmrr },
	{ .id = "ivmd-hard",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "IOMMU 48882, 5.2.2.3; drivers/iommu/iommu.c, "
	               "iommu_create_device_direct_mappings()",
	  .on_device = held_by_ivmd },
	{ .id = "region-hard",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "Arm DEN 0049, 3.1.1.5; drivers/iommu/iommu.c, "
	               "iommu_create_device_direct_mappings()",
	  .on_device = held_elsewhere },
	{ .id = "region-companion",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "drivers/iommu/iommu.c, __iommu_group_set_domain()",
	  .on_device = companion_held },
	{ .id = "rmrr-relaxable",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/iommu/intel/iommu.c, device_rmrr_is_relaxable()",
	  .on_device = held_relaxable },
	{ .id = "rmr-relaxable",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "Arm DEN 0049, 3.1.1.5; drivers/acpi/arm64/iort.c, iort_get_rmrs()",
	  .on_device = rmr_relaxable },
	{ .id = "region-disputed",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "/sys/kernel/iommu_groups/*/reserved_regions",
	  .on_device = table_and_kernel_differ },
	{ .id = "region-not-for-vf",
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "drivers/iommu/intel/dmar.c, dmar_pci_bus_notifier()",
	  .on_device = vf_not_held },
	{ .id = "region-unread",
	  .scope = PP_SCOPE_OF_GROUP,
	  .reference = "/sys/kernel/iommu_groups/*/reserved_regions",
	  .on_group = regions_unread },
	{ .id = "scope-unread",
	  .targets = PP_FOR_ALL,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .reference = "VT-d 8.3.1",
	  .on_device = scope_unread },
};

const struct pp_rule_table pp_rules_region = { rules, sizeof(rules) / sizeof(rules[0]) };
