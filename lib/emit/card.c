/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chosen functions as the cards that a guest will see, and the room that they take. */
#include "emit/emit.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/*
 * OvmfPkg, PcdPciMmio64Size: what OVMF opens at least by itself. Since edk2-stable202211 it is an
 * eighth of the CPU's address space (PlatformDynamicMmioWindow()), of which it believes 40 bits
 * where the CPU lacks 1 GiB pages; X-PciMmio64Mb may then make it smaller, too (seen with 2025.02,
 * not with 2022.11).
 */
#define OVMF_WINDOW (32 * GIB)

static bool same_place(const struct pp_device *a, const struct pp_device *b)
{
	struct pp_address x = a->address;

	x.function = b->address.function;
	return pp_address_equal(x, b->address);
}

/* A virtual function is a card of its own: its number says nothing of its siblings. */
static bool same_card(const struct pp_device *a, const struct pp_device *b)
{
	return same_place(a, b) && a->physfn == PP_NO_DEVICE && b->physfn == PP_NO_DEVICE;
}

/* Nothing else that can be seen at its place stays on the host. */
static bool is_whole(const struct pp_emission *m, const struct pp_device *d)
{
	const struct pp_host *h = m->host;

	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (same_place(&h->devices[i], d) && !m->chosen[i])
			return false;
	return true;
}

static void add_sizes(struct pp_emission *m, const struct pp_device *d)
{
	if (!d->bars) {
		m->bars_unread = true;
		return;
	}
	for (size_t i = 0; i < PP_NR_BARS; i++) {
		const struct pp_bar *b = &d->bars->bar[i];
		/* A guest has to find room for it all the same, once it has an address here. */
		m->bars_unread |= b->unplaced && !b->bytes;
		/* I/O ports take no room in memory. */
		if (b->io)
			continue;
		if (b->is_64)
			m->bytes_64 += b->bytes;
		else
			m->bytes_32 += b->bytes;
	}
}

static void add_function(struct pp_emission *m, struct pp_card *c, const struct pp_device *d)
{
	/* Function 0 must be there, or the guest does not look for the others. */
	c->guest_functions[c->nr_functions] = c->nr_functions ? d->address.function : 0;
	c->functions[c->nr_functions++] = d;
	c->conventional |= d->config.pcie_type_known == PP_NO;
	c->keep_rom |= pp_device_base_class(d) == 0x03;
	c->has_rom |= !d->bars || d->bars->rom_bytes;
	add_sizes(m, d);
}

int pp_emission_cards(struct pp_emission *m, struct pp_error *e)
{
	struct pp_card *c = NULL;

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_device *d = &m->host->devices[i];
		if (!m->chosen[i])
			continue;
		if (!c || !same_card(c->functions[0], d)) {
			if (m->nr_cards == PP_MAX_CARDS)
				return pp_fail(e, EINVAL,
				               "more than %d cards: a guest is given less at once",
				               PP_MAX_CARDS);
			c = &m->cards[m->nr_cards++];
			c->whole = d->physfn == PP_NO_DEVICE && is_whole(m, d);
		}
		add_function(m, c, d);
	}
	return 0;
}

/*
 * Each BAR is as large as its alignment, and what is below a port is a window aligned to the
 * largest: twice the sum has room for that, however the cards are made up.
 */
uint64_t pp_emit_window_mib(const struct pp_emission *m)
{
	uint64_t window = OVMF_WINDOW;

	if (m->bars_unread || pp_emit_is_arm(m))
		return 0;
	while (window < 2 * m->bytes_64)
		window *= 2;
	return window == OVMF_WINDOW ? 0 : window / MIB;
}

/* hw/arm/virt.c, extended_memmap[]: VIRT_HIGH_PCIE_MMIO */
#define VIRT_WINDOW_GIB 512

void pp_emit_arm_window(struct pp_emission *m, const struct pp_hypervisor *h)
{
	if (pp_emit_is_arm(m) && !m->bars_unread &&
	    m->bytes_64 > (uint64_t)VIRT_WINDOW_GIB * 1024 * MIB / 2)
		pp_emit_comment(m, h,
		                "Its BARs may not fit into the window of %d GiB that the machine "
		                "virt has for them: make a resizable BAR smaller.",
		                VIRT_WINDOW_GIB);
}
