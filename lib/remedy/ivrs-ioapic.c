/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AMD: the IVRS does not name an I/O APIC as Linux wants it, and interrupt remapping stays off.
 * Which kernel arguments name it, worked out from the kernel log and the table.
 */
#include <string.h>

#include "remedy/remedy.h"

#include "host/kernel-facts.h"

#define SPECIAL_IOAPIC 1
/* drivers/iommu/amd/init.c, IOAPIC_SB_DEVID: where the southbridge is on every AMD board. */
#define SOUTHBRIDGE ((uint16_t)(0x14 << 3))
#define NO_DEVID    UINT16_MAX

/* I/O APICs as the IVRS names them; 10h, 11h and 40h blocks say the same again. */
struct ivrs_named {
	struct {
		uint8_t id;
		uint16_t devid;
		bool taken; /* for one that the table lacks */
	} list[PP_MAX_IOAPICS];
	uint32_t count;
};

static void ivrs_collect(const struct pp_ivrs *ivrs, struct ivrs_named *n)
{
	for (uint32_t b = 0; b < ivrs->nr_blocks; b++) {
		const struct pp_ivrs_block *block = &ivrs->blocks[b];
		for (uint32_t i = 0; i < block->nr_devices && n->count < PP_MAX_IOAPICS; i++) {
			const struct pp_ivhd_device *d = &block->devices[i];
			bool known = d->type != PP_IVHD_DEV_SPECIAL ||
			             d->special_variety != SPECIAL_IOAPIC;
			for (uint32_t k = 0; k < n->count; k++)
				known |= n->list[k].id == d->special_handle &&
				         n->list[k].devid == d->alias_devid;
			if (known)
				continue;
			n->list[n->count].id = d->special_handle;
			n->list[n->count++].devid = d->alias_devid;
		}
	}
}

static bool ivrs_is_southbridge(const struct pp_device *d)
{
	return d->class_code >> 8 == 0x0c05 || d->class_code >> 8 == 0x0601;
}

/* The device that Linux wants for the I/O APIC of the timer. */
static uint16_t ivrs_southbridge(const struct pp_host *h)
{
	struct pp_address at = { .device = 0x14 };
	uint32_t index = pp_host_find(h, at);

	if (pp_kernel_has(&h->kernel, PP_KERNEL_IOAPIC_BY_CLASS) == PP_NO ||
	    (index != PP_NO_DEVICE && ivrs_is_southbridge(&h->devices[index])))
		return SOUTHBRIDGE;
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (!d->address.domain && !d->address.bus && ivrs_is_southbridge(d))
			return (uint16_t)(d->address.device << 3 | d->address.function);
	}
	return NO_DEVID;
}

/* Whether an I/O APIC is the timer's: the one whose interrupts begin at 0. */
static enum pp_tri ivrs_is_timer(const struct pp_ioapics *io, uint8_t id)
{
	for (uint32_t i = 0; i < io->nr_known; i++)
		if (io->known[i].id == id)
			return pp_tri(!io->known[i].first_gsi);
	return PP_UNKNOWN;
}

/* What the table must be told: the ids that it lacks; or, if it lacks none, the timer's. */
static uint32_t ivrs_wanted(const struct pp_host *h, const struct ivrs_named *named,
                            uint8_t ret[PP_MAX_IOAPICS])
{
	const struct pp_ioapics *io = &h->kernel.ioapics;

	memcpy(ret, io->missing, io->nr_missing);
	if (io->nr_missing)
		return io->nr_missing;
	for (uint32_t i = 0; i < io->nr_known; i++)
		if (!io->known[i].first_gsi) {
			ret[0] = io->known[i].id;
			return 1;
		}
	if (named->count != 1)
		return 0;
	ret[0] = named->list[0].id;
	return 1;
}

/* The table's own entries of ids that no I/O APIC has are what was meant. */
static uint16_t ivrs_take_left_over(struct ivrs_named *named, const struct pp_ioapics *io)
{
	uint32_t left = PP_MAX_IOAPICS, n = 0;

	for (uint32_t i = 0; i < named->count; i++) {
		bool real = named->list[i].taken;
		for (uint32_t k = 0; k < io->nr_known; k++)
			real |= io->known[k].id == named->list[i].id;
		if (real)
			continue;
		left = i;
		n++;
	}
	if (n != 1)
		return NO_DEVID;
	named->list[left].taken = true;
	return named->list[left].devid;
}

static void ivrs_take(struct ivrs_named *named, uint16_t devid)
{
	for (uint32_t i = 0; i < named->count; i++)
		named->list[i].taken |= named->list[i].devid == devid;
}

/* "ivrs_ioapic[8]=00:14.0"; commit 1198d2316dc4 gave it the form without brackets. */
static const char *ivrs_argument(const struct pp_host *h, struct pp_arena *a, uint8_t id,
                                 uint16_t devid)
{
	unsigned int bus = devid >> 8, device = devid >> 3 & 0x1f, function = devid & 7;

	if (pp_kernel_has(&h->kernel, PP_KERNEL_IVRS_FORM) == PP_YES)
		return pp_arena_printf(a, "ivrs_ioapic=%u@0000:%02x:%02x.%x", id, bus, device,
		                       function);
	return pp_arena_printf(a, "ivrs_ioapic[%u]=%02x:%02x.%x", id, bus, device, function);
}

/* Which of the wanted is the timer's; its index, or count where nothing tells. */
static uint32_t ivrs_find_timer(const struct pp_ioapics *io, const uint8_t *wanted, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (ivrs_is_timer(io, wanted[i]) == PP_YES)
			return i;
	/* The only one that is missing, unless another is known to be the timer's. */
	for (uint32_t i = 0; i < io->nr_known; i++)
		if (!io->known[i].first_gsi)
			return count;
	return count == 1 && ivrs_is_timer(io, wanted[0]) == PP_UNKNOWN ? 0 : count;
}

/* "names I/O APIC 32 at 00:14.0" */
static const char *ivrs_describe(const struct ivrs_named *named, struct pp_arena *a)
{
	const char *list = named->count ? "names" : "lists no I/O APIC";

	for (uint32_t i = 0; list && i < named->count; i++)
		list = pp_arena_printf(a, "%s%s I/O APIC %u at %02x:%02x.%x", list, i ? "," : "",
		                       named->list[i].id, named->list[i].devid >> 8,
		                       named->list[i].devid >> 3 & 0x1f, named->list[i].devid & 7);
	return list;
}

const char *pp_remedy_ivrs_arguments(const struct pp_host *h, struct pp_arena *a,
                                     const char **ret_named)
{
	const struct pp_ioapics *io = &h->kernel.ioapics;
	struct ivrs_named named = { 0 };
	uint8_t wanted[PP_MAX_IOAPICS];
	const char *list = NULL;

	/* Of a kernel that does not run the table told it, not the log. */
	bool told = h->intremap_why;
	bool by_log = told || h->kernel.log_lines[PP_LOG_IR_NO_SB_IOAPIC];
	if (!h->ivrs || (!told && !h->kernel.log_lines[PP_LOG_IR_OFF_AMD]) ||
	    (!io->nr_missing && !by_log))
		return NULL;
	ivrs_collect(h->ivrs, &named);
	uint32_t n = ivrs_wanted(h, &named, wanted);
	uint32_t timer = by_log ? ivrs_find_timer(io, wanted, n) : n;
	uint16_t southbridge = ivrs_southbridge(h);
	/* Where the log misses the timer's, and it is none of these, nothing can be said. */
	if (by_log && (timer == n || southbridge == NO_DEVID))
		return NULL;
	ivrs_take(&named, southbridge);
	for (uint32_t i = 0; i < n; i++) {
		uint16_t devid = i == timer && southbridge != NO_DEVID
		                         ? southbridge
		                         : ivrs_take_left_over(&named, io);
		const char *one = devid == NO_DEVID ? NULL : ivrs_argument(h, a, wanted[i], devid);
		/* One that is missing is enough to leave remapping off. */
		if (!one)
			return NULL;
		list = list ? pp_arena_printf(a, "%s %s", list, one) : one;
	}
	*ret_named = ivrs_describe(&named, a);
	return *ret_named ? list : NULL;
}

const struct pp_remedy_ops pp_remedy_ivrs_ioapic = {
	.id = "ivrs-ioapic",
	.summary = "add kernel arguments for the I/O APICs that AMD's IVRS table lacks",
	.undo = "remove the arguments again and reboot",
	.kinds = PP_ON_AMD,
};
