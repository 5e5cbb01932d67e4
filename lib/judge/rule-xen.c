/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Xen asks of a device that xl is to give to an HVM guest: Xen 4.17 to 4.21. */
#include "judge/rules.h"

/* libxl: where the guest's memory gives way to a region; below, the two collide. */
#define XEN_RDM_BOUNDARY (UINT64_C(2) << 30)

static void xen_iommu(struct pp_judging *j)
{
	pp_find_no_iommu(j, "cannot tell whether Xen passes PCI devices through on a host that is "
	                    "neither Intel nor AMD");
}

static void xen_interrupt_remapping(struct pp_judging *j)
{
	pp_find_no_remapping(
		j, PP_DEGRADES,
		"the firmware declares no interrupt remapping: Xen works without it, but a guest "
		"can forge interrupts of the host");
}

/* acpi_parse_one_rmrr(): -EEXIST, and VT-d stays off. A region that names no device counts too. */
static void xen_regions_overlap(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	for (uint32_t a = 0; a < h->nr_regions && a < 256; a++)
		for (uint32_t b = 0; b < a; b++) {
			const struct pp_region *r = &h->regions[a], *s = &h->regions[b];
			if (r->source != PP_FROM_DMAR || s->source != PP_FROM_DMAR ||
			    r->start > s->end_incl || s->start > r->end_incl)
				continue;
			struct pp_finding *f =
				pp_find(j, PP_BLOCKS,
			                "two reserved regions overlap (%s and %s): Xen leaves the "
			                "whole IOMMU off",
			                pp_range(j, s->start, s->end_incl),
			                pp_range(j, r->start, r->end_incl));
			pp_evidence(j, f, "DMAR RMRR %u at +0x%x, RMRR %u at +0x%x", s->index,
			            s->offset, r->index, r->offset);
			pp_add_remedy_by_hand(
				f, &pp_remedy_bios_update,
				"update the BIOS: a newer version may have a correct table", NULL);
			return;
		}
}

/*
 * Xen compares a scope's own address with the device's: what lies below a bridge that a scope
 * names is not led to the region.
 */
static bool xen_names(const struct pp_region_mapping *m)
{
	return !m->via_bridge;
}

/* scope_device_count(): endpoints, bridges, IOAPICs and HPETs, whether they are there or not. */
static uint32_t xen_count_scopes(const struct pp_region *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nr_scopes; i++)
		n += r->scopes[i].dmar->type >= 1 && r->scopes[i].dmar->type <= 4;
	return n;
}

static void xen_add_relaxed(struct pp_finding *f)
{
	pp_add_remedy_by_hand(
		f, &pp_remedy_xen_relaxed,
		"add rdm_policy=relaxed to the device in the guest's pci = […]",
		"the guest may use that memory while the firmware still writes to it by DMA");
}

/* The regions of one device that Xen maps into its guest. */
struct xen_regions {
	const struct pp_region *first, *shared, *low;
	bool below_bridge;
};

static struct xen_regions xen_regions_of(const struct pp_host *h, const struct pp_device *d)
{
	struct xen_regions ret = { 0 };

	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *m = &h->mappings[d->first_mapping + i];
		const struct pp_region *r = &h->regions[m->region];
		if (!xen_names(m)) {
			ret.below_bridge = true;
			continue;
		}
		if (!ret.first)
			ret.first = r;
		if (!ret.shared && r->source == PP_FROM_DMAR && xen_count_scopes(r) > 1)
			ret.shared = r;
		if (!ret.low && r->start <= XEN_RDM_BOUNDARY)
			ret.low = r;
	}
	return ret;
}

static const char *xen_table(const struct pp_region *r)
{
	return r->source == PP_FROM_IVRS ? "IVMD" : "RMRR";
}

static void xen_region(struct pp_judging *j, const struct pp_device *d)
{
	struct xen_regions x;
	struct pp_finding *f;

	/* With Xen's IOMMU off, which xen-ivmd tells, no option of a guest helps. */
	if (pp_device_is_bridge(d) || pp_xen_refused_ivmd(j->host))
		return;
	if (!d->nr_mappings && pp_table_unread(j->host)) {
		pp_find_unknown(
			j, PP_BLOCKS,
			"cannot tell whether the firmware reserves memory for it: the %s table "
			"could not be read",
			pp_table_unread(j->host));
		return;
	}
	x = xen_regions_of(j->host, d);
	if (x.shared) {
		f = pp_find(j, PP_BLOCKS,
		            "Xen refuses it (EPERM): it shares the reserved region %s with others",
		            pp_range(j, x.shared->start, x.shared->end_incl));
		pp_evidence(j, f, "DMAR RMRR %u at +0x%x: %u device scopes", x.shared->index,
		            x.shared->offset, xen_count_scopes(x.shared));
	} else if (x.low) {
		f = pp_find(j, PP_BLOCKS,
		            "xl refuses it: its reserved region %s is below 2 GiB, where the "
		            "guest has its memory",
		            pp_range(j, x.low->start, x.low->end_incl));
		pp_evidence(j, f, "%s %u at +0x%x; \"RDM conflict at 0x%llx.\"", xen_table(x.low),
		            x.low->index, x.low->offset, (unsigned long long)x.low->start);
	} else if (x.first) {
		f = pp_find(j, PP_DEGRADES,
		            "Xen maps its reserved region %s into the guest as well, and the "
		            "firmware may write to it",
		            pp_range(j, x.first->start, x.first->end_incl));
		pp_evidence(j, f, "%s %u at +0x%x", xen_table(x.first), x.first->index,
		            x.first->offset);
		return;
	} else {
		if (x.below_bridge)
			pp_find(j, PP_DEGRADES,
			        "a reserved region names the bridge above it: Xen does not map "
			        "that region into the guest, so DMA that the firmware sets up "
			        "there fails");
		return;
	}
	pp_add_region_remedies(j, f, d);
	xen_add_relaxed(f);
}

/* Xen has no groups: it gives away what it is told to. */
static void xen_isolation(struct pp_judging *j, const struct pp_group *g)
{
	const struct pp_group_facts *facts = &j->groups[g - j->host->groups];

	if (facts->nr_companions < 2)
		return;
	struct pp_finding *f = pp_find(
		j, PP_DEGRADES,
		"the hardware does not isolate it from %u other function%s (Linux IOMMU group "
		"%u), and Xen does not require that",
		facts->nr_companions - 1, facts->nr_companions == 2 ? "" : "s", g->number);
	pp_evidence(j, f, "/sys/kernel/iommu_groups/%u/devices: %u functions", g->number,
	            g->nr_devices);
}

static const struct pp_rule rules[] = {
	{ .id = "xen-iommu",
	  .targets = PP_FOR_XEN,
	  .reference = "xen/drivers/passthrough/iommu.c, iommu_setup()",
	  .on_host = xen_iommu },
	{ .id = "xen-interrupt-remapping",
	  .targets = PP_FOR_XEN,
	  .reference = "xen/drivers/passthrough/vtd/intremap.c; XSA-36",
	  .on_host = xen_interrupt_remapping },
	{ .id = "xen-regions-overlap",
	  .targets = PP_FOR_XEN,
	  .reference = "xen/drivers/passthrough/vtd/dmar.c, acpi_parse_one_rmrr()",
	  .on_host = xen_regions_overlap },
	{ .id = "xen-region",
	  .targets = PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_DEVICE,
	  .about_regions = true,
	  .reference = "xen/drivers/passthrough/vtd/iommu.c, intel_iommu_assign_device(); "
	               "tools/libs/light/libxl_dm.c, libxl__domain_device_construct_rdm()",
	  .on_device = xen_region },
	{ .id = "xen-isolation",
	  .targets = PP_FOR_XEN,
	  .scope = PP_SCOPE_OF_GROUP,
	  .reference = "xl-pci-configuration(5)",
	  .on_group = xen_isolation },
};

const struct pp_rule_table pp_rules_xen = { rules, sizeof(rules) / sizeof(rules[0]) };
