/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the firmware's tables declare that cannot be, or that leads nowhere. */
#include <string.h>

#include "judge/rules.h"

static const char *scope_path(struct pp_judging *j, uint16_t segment, const struct pp_dmar_scope *s)
{
	const char *path = segment ? pp_arena_printf(j->arena, "%04x:%02x:", segment, s->start_bus)
	                           : pp_arena_printf(j->arena, "%02x:", s->start_bus);

	for (uint8_t i = 0; path && i < s->nr_hops && i < 16; i++)
		path = pp_arena_printf(j->arena, "%s%s%02x.%x", path, i ? "/" : "",
		                       s->hops[i].device, s->hops[i].function);
	j->failed |= !path;
	return path ? path : "";
}

static void scope_names_nothing(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	for (uint32_t i = 0; i < h->nr_regions && i < 64; i++) {
		const struct pp_region *r = &h->regions[i];
		for (uint32_t s = 0; s < r->nr_scopes && s < 64; s++) {
			if (r->scopes[s].match != PP_SCOPE_NO_DEVICE)
				continue;
			struct pp_finding *f = pp_find(
				j, PP_INFORMS,
				"RMRR %s names %s, but there is no device at that address: it "
				"has no effect",
				pp_range(j, r->start, r->end_incl),
				scope_path(j, r->segment, r->scopes[s].dmar));
			pp_evidence(j, f, "DMAR+0x%x", r->scopes[s].dmar->offset);
		}
	}
}

static const char *oddity_of(const struct pp_region *r)
{
	if (!r->start && !r->end_incl)
		return "is empty";
	if (r->end_incl < r->start)
		return "ends below its start";
	if (r->start & 0xfff || (r->end_incl + 1) & 0xfff)
		return "is not aligned to 4 KiB";
	if (r->reserved_in_memory_map == PP_NO)
		return "is not reserved in the memory map";
	return NULL;
}

/* arch/x86/include/asm/iommu.h, arch_rmrr_sanity_check(): logged, and used all the same. */
static void odd_region(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	for (uint32_t i = 0; i < h->nr_regions && i < 256; i++) {
		const struct pp_region *r = &h->regions[i];
		const char *odd = r->source == PP_FROM_DMAR ? oddity_of(r) : NULL;
		if (!odd)
			continue;
		struct pp_finding *f =
			pp_find(j, PP_INFORMS,
		                "RMRR %s %s: the kernel warns at boot, but enforces it anyway",
		                pp_range(j, r->start, r->end_incl), odd);
		pp_evidence(j, f, "DMAR+0x%x", r->offset);
	}
}

static void odd_firmware(struct pp_judging *j)
{
	for (const struct pp_note *n = j->host->notes.first; n; n = n->next)
		/* A capture's SMBIOS is shortened: places in it are not those on the host. */
		if (!strcmp(n->object, "SMBIOS"))
			pp_find(j, PP_INFORMS, "SMBIOS: %s", n->text);
		else
			pp_find(j, PP_INFORMS, "%s+0x%zx: %s", n->object, n->offset, n->text);
}

static const struct pp_rule rules[] = {
	{ .id = "scope-names-nothing",
	  .reference = "drivers/iommu/intel/dmar.c, dmar_match_pci_path()",
	  .on_host = scope_names_nothing },
	{ .id = "region-odd",
	  .reference = "arch/x86/include/asm/iommu.h, arch_rmrr_sanity_check()",
	  .on_host = odd_region },
	{ .id = "firmware-odd",
	  .targets = PP_FOR_ALL,
	  .reference = "the specification of the table",
	  .on_host = odd_firmware },
};

const struct pp_rule_table pp_rules_firmware_odd = { rules, sizeof(rules) / sizeof(rules[0]) };
