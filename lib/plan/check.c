/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Did it take? A plan held against a host that was read anew. */
#include <stdio.h>
#include <string.h>

#include "host/on-windows.h"
#include "plan/kind.h"
#include "remedy/remedy.h"

void pp_check_add(struct pp_checking *c, const struct pp_plan_device *d, enum pp_verified answer,
                  const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *evidence = pp_arena_vprintf(c->a, fmt, ap);
	va_end(ap);
	if (!evidence || c->count == c->size) {
		c->failed = true;
		return;
	}
	c->list[c->count++] = (struct pp_check){ d, what, answer, evidence };
}

const char *pp_check_text(struct pp_checking *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *s = pp_arena_vprintf(c->a, fmt, ap);
	va_end(ap);
	c->failed |= !s;
	return s ? s : "";
}

uint32_t pp_check_find(struct pp_checking *c, const struct pp_plan_device *pd, struct pp_address a,
                       const char *what)
{
	bool unread = c->h->devices_error;
	uint32_t d = unread ? PP_NO_DEVICE : pp_host_find(c->h, a);

	if (d == PP_NO_DEVICE)
		pp_check_add(c, pd, unread ? PP_VERIFIED_UNKNOWN : PP_VERIFIED_NO, what, "%s",
		             unread ? "the devices were not read"
		                    : "no device has this address now");
	return d;
}

const char *pp_verified_name(enum pp_verified v)
{
	static const char *const names[] = {
		[PP_VERIFIED_YES] = "yes",
		[PP_VERIFIED_NO] = "no",
		[PP_VERIFIED_UNKNOWN] = "unknown",
	};
	return names[v];
}

/* Only where both are known. */
static bool check_differs(const char *then, const char *now)
{
	return then && now && strcmp(then, now);
}

enum pp_verified pp_check_same_bios(const struct pp_plan *p, const struct pp_host *h,
                                    struct pp_arena *a, const char **ret_words)
{
	const char *version = h->bios_version.text, *date = h->bios_date.text;

	*ret_words = NULL;
	if (check_differs(p->host.bios_version, version) ||
	    check_differs(p->host.bios_date, date)) {
		*ret_words = pp_arena_printf(a, "%s%s%s%s and is %s%s%s%s now",
		                             p->host.bios_version ? p->host.bios_version : "?",
		                             p->host.bios_date ? " (" : "",
		                             p->host.bios_date ? p->host.bios_date : "",
		                             p->host.bios_date ? ")" : "", version ? version : "?",
		                             date ? " (" : "", date ? date : "", date ? ")" : "");
		return PP_VERIFIED_NO;
	}
	return p->host.bios_version && version ? PP_VERIFIED_YES : PP_VERIFIED_UNKNOWN;
}

static const char *check_range(struct pp_checking *c, uint64_t start, uint64_t end_incl)
{
	return pp_check_text(c, "0x%llx-0x%llx", (unsigned long long)start,
	                     (unsigned long long)end_incl);
}

static void plan_check_table(struct pp_checking *c, const struct pp_plan_device *pd,
                             const struct pp_device *d)
{
	static const char what[] = "the firmware's table reserves no memory for it";
	const struct pp_host *h = c->h;
	bool amd = h->iommu == PP_IOMMU_AMD, arm = h->iommu == PP_IOMMU_SMMU;

	/* It has looked at the table, and counts every region. */
	if (d->windows && !d->windows->region.error) {
		pp_check_add(c, pd, d->windows->region.value ? PP_VERIFIED_NO : PP_VERIFIED_YES,
		             what, PP_CHECK_REGION_PROPERTY ": %u", d->windows->region.value);
		return;
	}
	const char *name = amd ? "IVRS" : arm ? "IORT" : "DMAR";
	bool there = amd ? h->ivrs != NULL : arm ? h->iort != NULL : h->dmar != NULL;
	const char *where = h->windows ? "the firmware's table " : "/sys/firmware/acpi/tables/";
	const char *who =
		h->windows ? "can only be read by an administrator" : "can only be read by root";
	int error = amd ? h->ivrs_error : arm ? h->iort_error : h->dmar_error;

	if (!there) {
		bool absent = (amd ? h->table_ivrs : arm ? h->table_iort : h->table_dmar) == PP_NO;
		pp_check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "%s%s %s", where, name,
		             absent                              ? "is absent"
		             : error == EACCES || error == EPERM ? who
		                                                 : "was not read");
		return;
	}
	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *hold = &h->mappings[d->first_mapping + i];
		const struct pp_region *r = &h->regions[hold->region];
		if (hold->relaxable && c->s->target != PP_TARGET_HYPERV)
			continue;
		pp_check_add(c, pd, PP_VERIFIED_NO, what,
		             "%s+0x%x: %s still reserves memory for it", name, r->offset,
		             check_range(c, r->start, r->end_incl));
		return;
	}
	pp_check_add(c, pd, PP_VERIFIED_YES, what, "%s%s", where, name);
}

static void plan_check_kernel(struct pp_checking *c, const struct pp_plan_device *pd,
                              const struct pp_device *d)
{
	static const char what[] = "the kernel reserves no memory for its group";
	const struct pp_group *g = d->group == PP_NO_GROUP ? NULL : &c->h->groups[d->group];

	if (!g || g->regions_error) {
		pp_check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "%s",
		             g ? "its group's reserved_regions was not read" : "it is in no group");
		return;
	}
	for (uint32_t i = 0; i < g->nr_regions; i++) {
		const struct pp_kernel_region *r = &g->regions[i];
		if (r->kind != PP_REGION_DIRECT)
			continue;
		/* Older kernels list a relaxable region as direct. */
		pp_check_add(c, pd,
		             pp_kernel_has(&c->h->kernel, PP_KERNEL_TELLS_RELAXABLE) == PP_NO
		                     ? PP_VERIFIED_UNKNOWN
		                     : PP_VERIFIED_NO,
		             what, "/sys/kernel/iommu_groups/%u/reserved_regions: %s direct",
		             g->number, check_range(c, r->start, r->end_incl));
		return;
	}
	pp_check_add(c, pd, PP_VERIFIED_YES, what, "/sys/kernel/iommu_groups/%u/reserved_regions",
	             g->number);
}

static void check_verdict(struct pp_checking *c, const struct pp_plan_device *pd,
                          const struct pp_row *row)
{
	static const char what[] = "it can be passed to a guest";
	const struct pp_finding *first = row->nr_findings ? row->findings[0] : NULL;
	const char *text = first ? first->text : pp_verdict_name(row->verdict);

	switch (row->verdict) {
	case PP_VERDICT_ASSIGNABLE:
	case PP_VERDICT_CARE:
		pp_check_add(c, pd, PP_VERIFIED_YES, what, "verdict: %s",
		             pp_verdict_name(row->verdict));
		break;
	case PP_VERDICT_UNKNOWN:
		pp_check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "%s", text);
		break;
	default:
		pp_check_add(c, pd, PP_VERIFIED_NO, what, "%s", text);
		break;
	}
}

static bool is_unbound(const struct pp_plan *p, struct pp_address address)
{
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].kind == PP_STEP_UNBIND &&
		    pp_address_equal(p->steps[i].bind.address, address))
			return true;
	return false;
}

static void check_device(struct pp_checking *c, const struct pp_plan_device *pd)
{
	static const char there[] = "the device is still at its address";
	uint32_t index = pp_check_find(c, pd, pd->address, there);

	if (index == PP_NO_DEVICE)
		return;
	const struct pp_device *d = &c->h->devices[index];
	if (d->ids_known && (d->vendor != pd->vendor || d->device != pd->device)) {
		pp_check_add(c, pd, PP_VERIFIED_NO, there,
		             "%04x:%04x is here now, it was %04x:%04x", d->vendor, d->device,
		             pd->vendor, pd->device);
		return;
	}
	if (pp_plan_does(c->p, PP_REMEDY_CHANGES_TABLE))
		plan_check_table(c, pd, d);
	if (pp_plan_does(c->p, PP_REMEDY_CHANGES_KERNEL) && !c->h->windows)
		plan_check_kernel(c, pd, d);
	/* With one of its functions in its place, or unbound, it stays with the host; a bridge is
	 * only bound for its group's sake. */
	if (!pp_plan_does(c->p, PP_REMEDY_KEEPS_DEVICE) && !is_unbound(c->p, pd->address) &&
	    !pp_device_is_bridge(d))
		check_verdict(c, pd, &c->s->rows[index]);
}

static const struct pp_plan_region *region_of(const struct pp_plan *p, uint64_t address)
{
	for (uint32_t i = 0; i < p->nr_regions; i++)
		if (address >= p->regions[i].start && address <= p->regions[i].end_incl)
			return &p->regions[i];
	return NULL;
}

/* Its firmware, or the board's, still reaches for memory that is no longer kept for it. */
static void check_faults(struct pp_checking *c)
{
	static const char what[] = "no DMA into formerly reserved memory was blocked";
	const struct pp_kernel *k = &c->h->kernel;

	for (uint32_t i = 0; i < k->nr_log_faults; i++) {
		const struct pp_fault *f = &k->log_faults[i];
		const struct pp_plan_region *r = region_of(c->p, f->address);
		if (!r)
			continue;
		const char *device = PP_ADDRESS_SHORT(f->device);
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "kernel log: %s at 0x%llx, in %s: the firmware still uses it", device,
		             (unsigned long long)f->address, check_range(c, r->start, r->end_incl));
		return;
	}
	if (!pp_plan_does(c->p, PP_REMEDY_OVER_FIRMWARE))
		return;
	if (k->log_error)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "the kernel log was not read");
	else
		pp_check_add(c, NULL, PP_VERIFIED_YES, what,
		             "kernel log: none, in %u former region%s", c->p->nr_regions,
		             c->p->nr_regions == 1 ? "" : "s");
}

/* A plan that was applied later has bound the step's device otherwise. */
static bool check_is_superseded(const struct pp_plan *later, const struct pp_step *s)
{
	bool binding = s->kind == PP_STEP_BIND || s->kind == PP_STEP_UNBIND;

	for (; binding && later; later = later->later)
		for (uint32_t i = 0; i < later->nr_steps; i++) {
			const struct pp_step *other = &later->steps[i];
			if ((other->kind == PP_STEP_BIND || other->kind == PP_STEP_UNBIND) &&
			    pp_address_equal(other->bind.address, s->bind.address))
				return true;
		}
	return false;
}

static void check_steps(struct pp_checking *c)
{
	for (uint32_t i = 0; i < c->p->nr_steps; i++) {
		const struct pp_step_kind_ops *ops = pp_step_kind_of(c->p->steps[i].kind);
		if (ops->check && !check_is_superseded(c->p->later, &c->p->steps[i]))
			ops->check(c, &c->p->steps[i]);
	}
}

/* Of the checks from the first on. */
static enum pp_verified check_worst(const struct pp_checking *c, uint32_t first)
{
	enum pp_verified result = PP_VERIFIED_YES;

	for (uint32_t i = first; i < c->count; i++)
		if (c->list[i].answer == PP_VERIFIED_NO)
			return PP_VERIFIED_NO;
		else if (c->list[i].answer == PP_VERIFIED_UNKNOWN)
			result = PP_VERIFIED_UNKNOWN;
	return result;
}

static const char *booted_evidence(enum pp_booted booted)
{
	switch (booted) {
	case PP_BOOTED_NOT:
		return "it has not been rebooted yet: reboot first";
	case PP_BOOTED_SINCE:
		return "its boot id has changed";
	case PP_BOOTED_ASSUMED:
		break;
	}
	return "the plan's file does not say when it was carried out; the other answers hold "
	       "either way";
}

static enum pp_verified booted_answer(enum pp_booted booted)
{
	return booted == PP_BOOTED_ASSUMED ? PP_VERIFIED_UNKNOWN
	       : booted                    ? PP_VERIFIED_YES
	                                   : PP_VERIFIED_NO;
}

int pp_plan_check(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                  struct pp_arena *a, struct pp_checks *ret, struct pp_error *e)
{
	struct pp_checking c = { .p = p, .s = s, .h = s->host, .a = a, .booted = booted };

	/* At the most four rows a device, three a step, and two of the host. */
	c.size = 4 * p->nr_devices + 3 * p->nr_steps + 2;
	c.list = PP_ARENA_ARRAY(a, c.size, struct pp_check);
	if (!c.list)
		return pp_fail_oom(e, "verify");
	if (pp_plan_needs_reboot(p))
		pp_check_add(&c, NULL, booted_answer(booted), "the host has been rebooted since",
		             "%s", booted_evidence(booted));
	/* What the host shows now tells whether it worked, whenever that was. */
	uint32_t first = booted == PP_BOOTED_ASSUMED ? c.count : 0;
	check_steps(&c);
	for (uint32_t i = 0; i < p->nr_devices; i++)
		check_device(&c, &p->devices[i]);
	check_faults(&c);
	if (c.failed)
		return pp_fail_oom(e, "verify");
	*ret = (struct pp_checks){ c.list, c.count, check_worst(&c, first) };
	return 0;
}
