/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that changes a BIOS setting. */
#include <string.h>

#include "host/on-windows.h"
#include "plan/kind.h"

#define RMRDS_SECTION "RMRDS_Slot"

/* The program that root is to run, where the plan names one, is seen before it is agreed to. */
static void kind_setting_describe(struct pp_arena *a, struct pp_step *s)
{
	const struct pp_step_setting *set = &s->setting;
	bool program = set->store && !strncmp(set->store, "hp:", 3);

	s->text = pp_arena_printf(a, "set the BIOS setting %s to %s%s%s (expected now: %s)",
	                          set->section, set->wanted, program ? " by " : "",
	                          program ? set->store + 3 : "", set->expected);
	s->undo = pp_arena_printf(a, "set it back to %s and reboot", set->expected);
}

/* A region that the table still wants mapped for the device; NULL: none. */
static const struct pp_region *kind_setting_region(const struct pp_host *h, uint32_t device)
{
	const struct pp_device *d = &h->devices[device];

	for (uint32_t i = 0; i < d->nr_mappings; i++)
		if (!h->mappings[d->first_mapping + i].relaxable)
			return &h->regions[h->mappings[d->first_mapping + i].region];
	return NULL;
}

/* A device of the plan that is in the section's slot: "RMRDS_Slot2", "2". From *at on. */
static uint32_t kind_setting_device(const struct pp_checking *c, const char *section, uint32_t *at)
{
	while (*at < c->p->nr_devices) {
		const struct pp_plan_device *d = &c->p->devices[(*at)++];
		uint32_t found = pp_host_find(c->h, d->address);
		if (d->slot && !strcmp(d->slot, section + strlen(RMRDS_SECTION)) &&
		    found != PP_NO_DEVICE)
			return found;
	}
	return PP_NO_DEVICE;
}

/*
 * What Windows says of the slot's devices: it has looked at the table for each of them. false: it
 * does not say it of all, or no device of the plan is in the slot.
 */
static bool kind_setting_check_property(struct pp_checking *c, const char *what,
                                        const char *section)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t at = 0, device, n = 0;

	while ((device = kind_setting_device(c, section, &at)) != PP_NO_DEVICE) {
		const struct pp_device *d = &c->h->devices[device];
		if (!d->windows || d->windows->region.error)
			return false;
		n++;
		if (!d->windows->region.value)
			continue;
		pp_address_format_short(d->address, address);
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, PP_CHECK_REGION_PROPERTY ": %u for %s",
		             d->windows->region.value, address);
		return true;
	}
	if (n)
		pp_check_add(c, NULL, PP_VERIFIED_YES, what,
		             PP_CHECK_REGION_PROPERTY ": 0 for each device of slot %s",
		             section + strlen(RMRDS_SECTION));
	return n;
}

/* The store is not asked: what the BIOS made of the setting is in its table. */
static void kind_setting_check(struct pp_checking *c, const struct pp_step *s)
{
	const struct pp_step_setting *set = &s->setting;
	uint32_t at = 0, device;

	if (strncmp(set->section, RMRDS_SECTION, strlen(RMRDS_SECTION)) != 0)
		return;
	const char *what =
		pp_check_text(c, "the BIOS setting %s=%s is in effect", set->section, set->wanted);
	if (kind_setting_check_property(c, what, set->section))
		return;
	if (!c->h->dmar) {
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		             "/sys/firmware/acpi/tables/DMAR was not read");
		return;
	}
	while ((device = kind_setting_device(c, set->section, &at)) != PP_NO_DEVICE) {
		const struct pp_region *r = kind_setting_region(c->h, device);
		if (!r)
			continue;
		const char *address = PP_ADDRESS_SHORT(c->h->devices[device].address);
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "DMAR+0x%x: the region at 0x%llx still names %s", r->offset,
		             (unsigned long long)r->start, address);
		return;
	}
	pp_check_add(c, NULL, PP_VERIFIED_YES, what, "DMAR: no region names a device of slot %s",
	             set->section + strlen(RMRDS_SECTION));
}

static const struct pp_json_row rows[] = {
	{ "schema", &pp_row_name, PP_KIND_AT(setting.schema) },
	{ "section", &pp_row_name, PP_KIND_AT(setting.section), .more = " ()/" },
	{ "expected", &pp_row_name, PP_KIND_AT(setting.expected), .more = " ()/," },
	{ "wanted", &pp_row_name, PP_KIND_AT(setting.wanted), .more = " ()/," },
	{ "store", &pp_row_text, PP_KIND_AT(setting.store), .or_null = true,
	  .is_fine = pp_plan_store_is_valid,
	  .otherwise = "is neither a kind of store nor HP's conrep" },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_setting = {
	.name = "setting",
	.summary = "changes a BIOS setting, through a store of settings",
	.rows = rows,
	.describe = kind_setting_describe,
	.check = kind_setting_check,
};
