/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the populated slots below the root ports. */
#include "walk.h"

#define NO_SLOT          0xff
#define MAX_CAPABILITIES 48
#define CAPABILITY_PCIE  0x10
#define PORT_ROOT        4
#define PORT_DOWNSTREAM  6
#define SLOT_IMPLEMENTED (1u << 24) /* of the capability's first four bytes */
#define HEADER_MULTI     0x80
#define STATUS_HAS_CAPS  (1u << 20) /* of the four bytes at 4 */

struct walk {
	struct lab_board *board;
	lab_config_read read;
	void *context;
	uint32_t seen[8]; /* a bit a bus */
	uint8_t root_bus;
	uint8_t nr_hops;
	struct lab_hop hops[LAB_MAX_HOPS];
};

static void walk_bus(struct walk *w, uint16_t segment, uint8_t bus, uint8_t last, uint8_t slot);

static uint32_t get(struct walk *w, const struct lab_address *at, uint8_t offset)
{
	return w->read(w->context, at, offset & 0xfc);
}

/* Offset of the PCI Express capability; 0: none. */
static uint8_t pcie_capability(struct walk *w, const struct lab_address *at)
{
	if (!(get(w, at, 0x04) & STATUS_HAS_CAPS))
		return 0;

	uint8_t offset = get(w, at, 0x34) & 0xfc;
	for (int i = 0; i < MAX_CAPABILITIES && offset >= 0x40; i++) {
		uint32_t head = get(w, at, offset);

		if ((head & 0xff) == CAPABILITY_PCIE)
			return offset <= 0xfc - 0x14 ? offset : 0;
		offset = head >> 8 & 0xfc;
	}
	return 0;
}

/* PCIe 7.5.3.9. The physical slot number of a port; 0: no slot, or one without a number. */
static uint16_t slot_number(struct walk *w, const struct lab_address *at)
{
	uint8_t offset = pcie_capability(w, at);
	if (!offset)
		return 0;

	uint32_t head = get(w, at, offset);
	unsigned int type = head >> 20 & 0xf;
	if ((type != PORT_ROOT && type != PORT_DOWNSTREAM) || !(head & SLOT_IMPLEMENTED))
		return 0;
	return get(w, at, offset + 0x14) >> 19;
}

static uint8_t slot_index(struct lab_board *b, uint16_t segment, uint16_t number)
{
	for (uint8_t i = 0; i < b->nr_slots; i++)
		if (b->slots[i].segment == segment && b->slots[i].number == number)
			return i;
	if (b->nr_slots == LAB_MAX_SLOTS) {
		b->nr_left_out++;
		return NO_SLOT;
	}
	b->slots[b->nr_slots] = (struct lab_slot){ .segment = segment, .number = number };
	return b->nr_slots++;
}

static void add_endpoint(struct walk *w, uint8_t slot)
{
	struct lab_board *b = w->board;

	if (b->nr_endpoints == LAB_MAX_ENDPOINTS) {
		b->nr_left_out++;
		return;
	}
	struct lab_endpoint *e = &b->endpoints[b->nr_endpoints++];
	e->start_bus = w->root_bus;
	e->slot = slot;
	e->nr_hops = w->nr_hops;
	for (uint8_t i = 0; i < w->nr_hops; i++)
		e->hops[i] = w->hops[i];
	b->slots[slot].nr_endpoints++;
}

/*
 * The outermost number is the slot's: a switch on a card numbers its own ports as it likes, and the
 * setting means the slots of the board. A switch on the board has no number above it.
 */
static void bridge(struct walk *w, const struct lab_address *at, uint8_t last, uint8_t slot)
{
	uint32_t buses = get(w, at, 0x18);
	uint8_t secondary = buses >> 8, subordinate = buses >> 16;

	if (slot == NO_SLOT) {
		uint16_t number = slot_number(w, at);

		if (number)
			slot = slot_index(w->board, at->segment, number);
	}
	if (!secondary)
		return; /* not set up: nothing behind it can be reached */
	if (secondary <= at->bus || subordinate < secondary || subordinate > last) {
		w->board->nr_odd++;
		return;
	}
	walk_bus(w, at->segment, secondary, subordinate, slot);
}

static void function(struct walk *w, const struct lab_address *at, uint8_t header, uint8_t last,
                     uint8_t slot)
{
	if (w->nr_hops == LAB_MAX_HOPS) {
		w->board->nr_left_out++;
		return;
	}
	w->hops[w->nr_hops++] = (struct lab_hop){ at->device, at->function };
	if (header == 1)
		bridge(w, at, last, slot);
	else if (header == 0 && slot != NO_SLOT)
		add_endpoint(w, slot);
	w->nr_hops--;
}

static void walk_device(struct walk *w, struct lab_address at, uint8_t last, uint8_t slot)
{
	bool multi = false;

	for (at.function = 0; at.function < 8; at.function++) {
		uint16_t vendor = get(w, &at, 0x00);
		uint8_t header = get(w, &at, 0x0c) >> 16;

		/* VFs are not on yet and would answer with all ones; Linux holds none by its PF. */
		if (vendor != 0xffff && vendor != 0) {
			function(w, &at, header & ~HEADER_MULTI, last, slot);
			multi |= at.function == 0 && header & HEADER_MULTI;
		}
		if (!multi)
			return;
	}
}

static void walk_bus(struct walk *w, uint16_t segment, uint8_t bus, uint8_t last, uint8_t slot)
{
	if (w->seen[bus / 32] & 1u << bus % 32) {
		w->board->nr_odd++;
		return;
	}
	w->seen[bus / 32] |= 1u << bus % 32;
	for (uint8_t device = 0; device < 32; device++)
		walk_device(w, (struct lab_address){ segment, bus, device, 0 }, last, slot);
}

void lab_walk(struct lab_board *board, uint16_t segment, uint8_t first, uint8_t last,
              lab_config_read read, void *context)
{
	struct walk w = { .board = board, .read = read, .context = context, .root_bus = first };

	walk_bus(&w, segment, first, last, NO_SLOT);
}
