/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares SMBIOS structures that were parsed, for the tests and the fuzzer. */
#ifndef TESTS_SMBIOS_COMPARE_H
#define TESTS_SMBIOS_COMPARE_H

#include <string.h>

#include "smbios/smbios.h"

/* Same in everything but the offsets, which redaction moves. For the tests and the fuzzer. */
static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static inline bool same_address(struct pp_smbios_address a, struct pp_smbios_address b)
{
	return a.present == b.present && a.segment == b.segment && a.bus == b.bus &&
	       a.device == b.device && a.function == b.function;
}

static inline bool same_slot(const struct pp_smbios_slot *a, const struct pp_smbios_slot *b)
{
	return a->handle == b->handle && same_text(a->designation, b->designation) &&
	       a->slot_type == b->slot_type && a->width == b->width && a->usage == b->usage &&
	       a->length == b->length && a->id == b->id && same_address(a->address, b->address);
}

static inline bool same_onboard(const struct pp_smbios_onboard *a,
                                const struct pp_smbios_onboard *b)
{
	return a->handle == b->handle && same_text(a->designation, b->designation) &&
	       a->device_type == b->device_type && a->enabled == b->enabled &&
	       a->instance == b->instance && same_address(a->address, b->address);
}

static inline bool same_hpe_device(const struct pp_smbios_hpe_device *a,
                                   const struct pp_smbios_hpe_device *b)
{
	return a->handle == b->handle && a->assoc_handle == b->assoc_handle &&
	       a->device_type == b->device_type && a->location == b->location &&
	       a->instance == b->instance && same_text(a->name, b->name) &&
	       same_address(a->address, b->address);
}

static inline bool same_smbios(const struct pp_smbios *a, const struct pp_smbios *b)
{
	bool same = same_text(a->bios_vendor, b->bios_vendor) &&
	            same_text(a->bios_version, b->bios_version) &&
	            same_text(a->bios_date, b->bios_date) &&
	            same_text(a->manufacturer, b->manufacturer) &&
	            same_text(a->product, b->product) &&
	            same_text(a->processor_manufacturer, b->processor_manufacturer) &&
	            a->nr_slots == b->nr_slots && a->nr_onboard == b->nr_onboard &&
	            a->nr_hpe_devices == b->nr_hpe_devices;

	for (uint32_t i = 0; same && i < a->nr_slots; i++)
		same = same_slot(&a->slots[i], &b->slots[i]);
	for (uint32_t i = 0; same && i < a->nr_onboard; i++)
		same = same_onboard(&a->onboard[i], &b->onboard[i]);
	for (uint32_t i = 0; same && i < a->nr_hpe_devices; i++)
		same = same_hpe_device(&a->hpe_devices[i], &b->hpe_devices[i]);
	return same;
}

#endif
