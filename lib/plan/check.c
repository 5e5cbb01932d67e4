/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Did it take? A plan held against a host that was read anew. */
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "plan/check.h"
#include "remedy/remedy.h"

struct checking {
	const struct pp_plan *p;
	const struct pp_survey *s;
	const struct pp_host *h;
	struct pp_arena *a;
	bool booted;
	struct pp_check *list;
	uint32_t count, size;
	bool failed;
};

static void check_add(struct checking *c, const struct pp_plan_device *d, enum pp_verified answer,
                      const char *what, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void check_add(struct checking *c, const struct pp_plan_device *d, enum pp_verified answer,
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

const char *pp_verified_name(enum pp_verified v)
{
	static const char *const names[] = {
		[PP_VERIFIED_YES] = "yes",
		[PP_VERIFIED_NO] = "no",
		[PP_VERIFIED_UNKNOWN] = "unknown",
	};
	return names[v];
}

/* Whether a step's remedy does that: enum pp_remedy_flags. */
static bool plan_does(const struct pp_plan *p, enum pp_remedy_flags what)
{
	for (uint32_t i = 0; i < p->nr_steps; i++) {
		const struct pp_remedy_ops *ops = pp_remedy_find(p->steps[i].remedy);
		if (ops && ops->flags & what)
			return true;
	}
	return false;
}

static const char *check_range(struct checking *c, uint64_t start, uint64_t end_incl)
{
	const char *s = pp_arena_printf(c->a, "0x%llx-0x%llx", (unsigned long long)start,
	                                (unsigned long long)end_incl);

	c->failed |= !s;
	return s ? s : "";
}

static void plan_check_table(struct checking *c, const struct pp_plan_device *pd,
                             const struct pp_device *d)
{
	static const char what[] = "no region of the firmware's table holds it";
	const struct pp_host *h = c->h;
	bool dmar = h->iommu != PP_IOMMU_AMD;
	const char *name = dmar ? "DMAR" : "IVRS";
	int error = dmar ? h->dmar_error : h->ivrs_error;

	if (dmar ? !h->dmar : !h->ivrs) {
		bool absent = (dmar ? h->table_dmar : h->table_ivrs) == PP_NO;
		check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "/sys/firmware/acpi/tables/%s %s", name,
		          absent                              ? "is absent"
		          : error == EACCES || error == EPERM ? "is for root to read"
		                                              : "was not read");
		return;
	}
	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region_mapping *hold = &h->mappings[d->first_mapping + i];
		const struct pp_region *r = &h->regions[hold->region];
		if (hold->relaxable)
			continue;
		check_add(c, pd, PP_VERIFIED_NO, what, "%s+0x%x: %s still holds it", name,
		          r->offset, check_range(c, r->start, r->end_incl));
		return;
	}
	check_add(c, pd, PP_VERIFIED_YES, what, "/sys/firmware/acpi/tables/%s", name);
}

static void plan_check_kernel(struct checking *c, const struct pp_plan_device *pd,
                              const struct pp_device *d)
{
	static const char what[] = "the kernel reserves no memory for its group";
	const struct pp_group *g = d->group == PP_NO_GROUP ? NULL : &c->h->groups[d->group];

	if (!g || g->regions_error) {
		check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "%s",
		          g ? "its group's reserved_regions was not read" : "it is in no group");
		return;
	}
	for (uint32_t i = 0; i < g->nr_regions; i++) {
		const struct pp_kernel_region *r = &g->regions[i];
		if (r->kind != PP_REGION_DIRECT)
			continue;
		/* Before 5.3 a relaxable region is listed as direct. */
		check_add(c, pd,
		          pp_kernel_at_least(&c->h->kernel, 5, 3) == PP_NO ? PP_VERIFIED_UNKNOWN
		                                                           : PP_VERIFIED_NO,
		          what, "/sys/kernel/iommu_groups/%u/reserved_regions: %s direct",
		          g->number, check_range(c, r->start, r->end_incl));
		return;
	}
	check_add(c, pd, PP_VERIFIED_YES, what, "/sys/kernel/iommu_groups/%u/reserved_regions",
	          g->number);
}

static void check_verdict(struct checking *c, const struct pp_plan_device *pd,
                          const struct pp_row *row)
{
	static const char what[] = "it can be given to a guest";
	const struct pp_finding *first = row->nr_findings ? row->findings[0] : NULL;
	const char *text = first ? first->text : pp_verdict_name(row->verdict);

	switch (row->verdict) {
	case PP_VERDICT_ASSIGNABLE:
	case PP_VERDICT_CARE:
		check_add(c, pd, PP_VERIFIED_YES, what, "verdict: %s",
		          pp_verdict_name(row->verdict));
		break;
	case PP_VERDICT_UNKNOWN:
		check_add(c, pd, PP_VERIFIED_UNKNOWN, what, "%s", text);
		break;
	default:
		check_add(c, pd, PP_VERIFIED_NO, what, "%s", text);
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

static void check_device(struct checking *c, const struct pp_plan_device *pd)
{
	static const char there[] = "it is where it was";
	uint32_t index = c->h->devices_error ? PP_NO_DEVICE : pp_host_find(c->h, pd->address);

	if (index == PP_NO_DEVICE) {
		check_add(c, pd, c->h->devices_error ? PP_VERIFIED_UNKNOWN : PP_VERIFIED_NO, there,
		          c->h->devices_error ? "the devices were not read"
		                              : "no device has this address now");
		return;
	}
	const struct pp_device *d = &c->h->devices[index];
	if (d->ids_known && (d->vendor != pd->vendor || d->device != pd->device)) {
		check_add(c, pd, PP_VERIFIED_NO, there, "%04x:%04x is here now, it was %04x:%04x",
		          d->vendor, d->device, pd->vendor, pd->device);
		return;
	}
	if (plan_does(c->p, PP_REMEDY_CHANGES_TABLE))
		plan_check_table(c, pd, d);
	if (plan_does(c->p, PP_REMEDY_CHANGES_KERNEL))
		plan_check_kernel(c, pd, d);
	/* With one of its functions in its place, or unbound, it stays with the host. */
	if (!plan_does(c->p, PP_REMEDY_KEEPS_DEVICE) && !is_unbound(c->p, pd->address))
		check_verdict(c, pd, &c->s->rows[index]);
}

static void check_replaced(struct checking *c, const struct pp_step_override *o)
{
	static const char what[] = "the table is no longer the firmware's";
	struct pp_span now = !strcmp(o->table, "DMAR") ? c->h->dmar_bytes : c->h->ivrs_bytes;

	if (!now.len)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		          "/sys/firmware/acpi/tables/%s was not read", o->table);
	else if (now.len == o->expected_bytes && pp_span_crc32(now) == o->expected_crc)
		check_add(c, NULL, PP_VERIFIED_NO, what,
		          "/sys/firmware/acpi/tables/%s is unchanged", o->table);
	else
		check_add(c, NULL, PP_VERIFIED_YES, what,
		          "/sys/firmware/acpi/tables/%s: %zu bytes, before %u", o->table, now.len,
		          o->expected_bytes);
}

static void check_override(struct checking *c, const struct pp_step_override *o)
{
	static const char what[] = "the kernel took the table from the initrd";
	const struct pp_kernel *k = &c->h->kernel;

	check_replaced(c, o);
	if (!strcmp(o->table, "DMAR") ? k->log_override_dmar : k->log_override_ivrs)
		check_add(c, NULL, PP_VERIFIED_YES, what, "kernel log: Table Upgrade: override [%s",
		          o->table);
	else if (k->log_override_refused)
		check_add(c, NULL, PP_VERIFIED_NO, what,
		          "kernel log: kernel is locked down, ignoring table override");
	else if (k->log_error)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "the kernel log was not read");
	else if (!k->log_from_boot)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		          "the kernel log does not reach back to the boot");
	else
		check_add(c, NULL, PP_VERIFIED_NO, what, "the kernel log says nothing of it");
}

/* Every option of "name=one,two" stands in some "name=" of the command line. */
static bool argument_is_set(struct checking *c, const char *argument)
{
	const char *equals = strchr(argument, '=');
	char name[32], list[64], option[64];

	if (!equals || (size_t)(equals - argument) >= sizeof(name))
		return false;
	memcpy(name, argument, (size_t)(equals - argument));
	name[equals - argument] = '\0';
	const char *value = pp_kernel_argument(c->h, name, c->a);
	if (!value || strlen(value) + 3 > sizeof(list))
		return false;
	snprintf(list, sizeof(list), ",%s,", value);
	for (const char *o = equals + 1; *o;) {
		size_t n = strcspn(o, ",");
		snprintf(option, sizeof(option), ",%.*s,", (int)n, o);
		if (!strstr(list, option))
			return false;
		o += n + (o[n] == ',');
	}
	return true;
}

static void check_argument(struct checking *c, const struct pp_step_argument *s)
{
	const char *what = pp_arena_printf(c->a, "the kernel was started with %s", s->argument);

	c->failed |= !what;
	if (c->h->kernel.command_line.error)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "/proc/cmdline was not read");
	else if (argument_is_set(c, s->argument))
		check_add(c, NULL, PP_VERIFIED_YES, what, "/proc/cmdline");
	else
		check_add(c, NULL, PP_VERIFIED_NO, what, "/proc/cmdline has it not");
}

/* bound: it should be on vfio-pci; else it should not. */
static void check_bind(struct checking *c, const struct pp_step_bind *s, bool bound)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t d = c->h->devices_error ? PP_NO_DEVICE : pp_host_find(c->h, s->address);

	pp_address_format_short(s->address, address);
	const char *what = pp_arena_printf(
		c->a, bound ? "%s is bound to vfio-pci" : "%s is no longer bound to vfio-pci",
		address);
	c->failed |= !what;
	if (d == PP_NO_DEVICE) {
		check_add(c, NULL, PP_VERIFIED_NO, what, "no device has this address now");
		return;
	}
	const struct pp_text_fact *driver = &c->h->devices[d].driver;
	if (!driver->text && driver->error != ENOENT)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "its driver was not read");
	else if (c->booted && !pp_step_bind_is(s, PP_BIND_AT_BOOT))
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		          "it was asked for up to the next boot only, and that was");
	else
		check_add(c, NULL,
		          (driver->text && strstr(driver->text, "vfio")) == bound ? PP_VERIFIED_YES
		                                                                  : PP_VERIFIED_NO,
		          what, "%s%s", driver->text ? "its driver is " : "it has no driver",
		          driver->text ? driver->text : "");
}

static const struct pp_plan_region *region_of(const struct pp_plan *p, uint64_t address)
{
	for (uint32_t i = 0; i < p->nr_regions; i++)
		if (address >= p->regions[i].start && address <= p->regions[i].end_incl)
			return &p->regions[i];
	return NULL;
}

/* Its firmware, or the board's, still reaches for memory that is no longer kept for it. */
static void check_faults(struct checking *c)
{
	static const char what[] = "no DMA into memory that is no longer reserved was stopped";
	const struct pp_kernel *k = &c->h->kernel;
	char device[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < k->nr_log_faults; i++) {
		const struct pp_fault *f = &k->log_faults[i];
		const struct pp_plan_region *r = region_of(c->p, f->address);
		if (!r)
			continue;
		pp_address_format_short(f->device, device);
		check_add(c, NULL, PP_VERIFIED_NO, what,
		          "kernel log: %s at 0x%llx, in %s: the firmware still uses it", device,
		          (unsigned long long)f->address, check_range(c, r->start, r->end_incl));
		return;
	}
	if (!plan_does(c->p, PP_REMEDY_OVER_FIRMWARE))
		return;
	if (k->log_error)
		check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "the kernel log was not read");
	else
		check_add(c, NULL, PP_VERIFIED_YES, what, "kernel log: none, in %u former region%s",
		          c->p->nr_regions, c->p->nr_regions == 1 ? "" : "s");
}

static void check_steps(struct checking *c)
{
	for (uint32_t i = 0; i < c->p->nr_steps; i++) {
		const struct pp_step *s = &c->p->steps[i];
		/* A setting shows in the table, an instruction in the verdict. */
		if (s->kind == PP_STEP_OVERRIDE)
			check_override(c, &s->override);
		else if (s->kind == PP_STEP_ARGUMENT)
			check_argument(c, &s->argument);
		else if (s->kind == PP_STEP_BIND)
			check_bind(c, &s->bind, true);
		else if (s->kind == PP_STEP_UNBIND)
			check_bind(c, &s->bind, false);
	}
}

static enum pp_verified check_worst(const struct checking *c)
{
	enum pp_verified result = PP_VERIFIED_YES;

	for (uint32_t i = 0; i < c->count; i++)
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
		return "it still runs as before: reboot first";
	case PP_BOOTED_SINCE:
		return "its boot id has changed";
	case PP_BOOTED_ASSUMED:
		break;
	}
	return "taken for granted: the plan's file does not say when it was carried out";
}

int pp_plan_check(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                  struct pp_arena *a, struct pp_checks *ret, struct pp_error *e)
{
	struct checking c = { .p = p, .s = s, .h = s->host, .a = a, .booted = booted };

	/* At the most four rows a device, two a step, and two of the host. */
	c.size = 4 * p->nr_devices + 2 * p->nr_steps + 2;
	c.list = PP_ARENA_ARRAY(a, c.size, struct pp_check);
	if (!c.list)
		return pp_fail_oom(e, "verify");
	if (pp_plan_needs_reboot(p))
		check_add(&c, NULL, booted ? PP_VERIFIED_YES : PP_VERIFIED_NO,
		          "the host has been rebooted since", "%s", booted_evidence(booted));
	check_steps(&c);
	for (uint32_t i = 0; i < p->nr_devices; i++)
		check_device(&c, &p->devices[i]);
	check_faults(&c);
	if (c.failed)
		return pp_fail_oom(e, "verify");
	*ret = (struct pp_checks){ c.list, c.count, check_worst(&c) };
	return 0;
}
