/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The place of every device: a slot, a mezzanine, a drive bay. Three witnesses: SMBIOS type 9, the
 * kernel's slots, the Slot Capabilities of the port above. The board's own words (SMBIOS) are
 * believed first, because that is what is printed beside the slot and what a BIOS setting counts; a
 * witness that says otherwise is kept. Only SMBIOS knows kinds: what the others number counts as a
 * slot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/place.h"

#define SLOTS "sys/bus/pci/slots"
/* No chassis has as many; a hostile table could claim 60,000. */
#define MAX_SLOTS 1024

/* Ids of places begin here: a record of SMBIOS, a slot of the kernel's, a port. */
#define FIRST_RECORD 1u
#define FIRST_KERNEL 0x10000u
#define FIRST_PORT   0x20000u

/* What one witness says of the device at this address, or of the bus below a port there. */
struct claim {
	enum pp_place_kind kind; /* PP_PLACE_NONE: nothing is said */
	const char *number, *designation;
	uint32_t id;
	bool placed; /* a record whose address says where it is */
};

struct claims {
	struct claim *smbios, *kernel; /* per device */
	struct claim *records;         /* every record of SMBIOS, also of an empty slot */
	uint32_t nr_records;
	bool smbios_tells; /* it has addresses: a device that none of them names is in no slot */
};

/*
 * Some firmware gives every slot the same address (00:00.0): such records place nothing. One
 * address with several designations is nobody's.
 */
static bool address_is_shared(const struct pp_smbios *s, uint32_t index)
{
	const struct pp_smbios_address *a = &s->slots[index].address;

	for (uint32_t i = 0; i < s->nr_slots && i < MAX_SLOTS; i++) {
		const struct pp_smbios_address *b = &s->slots[i].address;
		if (i != index && b->present && b->segment == a->segment && b->bus == a->bus &&
		    b->device == a->device && b->function == a->function)
			return true;
	}
	return false;
}

/* Some firmware writes all ones where it means no segment. */
static struct pp_address address_of(struct pp_smbios_address a, uint8_t function)
{
	return (struct pp_address){ a.segment == 0xffff ? 0 : a.segment, a.bus, a.device,
		                    function };
}

static bool is_host_bridge(struct pp_smbios_address a)
{
	return !a.bus && !a.device && !a.function;
}

static int read_records(struct pp_host_build *b, struct claims *c)
{
	struct pp_host *h = b->host;
	const struct pp_smbios *s = h->smbios;

	if (!s)
		return 0;
	if (s->nr_slots > MAX_SLOTS)
		pp_note(&h->notes, "SMBIOS", 0, "%u slots, of which only the first %d are used",
		        s->nr_slots, MAX_SLOTS);
	c->nr_records = s->nr_slots < MAX_SLOTS ? s->nr_slots : MAX_SLOTS;
	c->records = PP_ARENA_ARRAY(&b->scratch, c->nr_records, struct claim);
	if (!c->records)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->nr_records; i++) {
		const struct pp_smbios_slot *slot = &s->slots[i];
		c->records[i] = (struct claim){
			.kind = pp_place_kind_of(slot->designation, slot->slot_type),
			.designation = slot->designation,
			.id = FIRST_RECORD + i,
		};
		int r = pp_place_number(&h->arena, slot->designation, slot->id,
		                        &c->records[i].number);
		if (r)
			return r;
	}
	return 0;
}

/* A record names the port above the place, or a function of the card and means them all. */
static void claim_card(struct pp_host_build *b, struct claims *c, struct pp_smbios_address a,
                       const struct claim *record)
{
	const struct pp_host *h = b->host;
	uint32_t named = pp_host_find(h, address_of(a, a.function));
	bool port = named != PP_NO_DEVICE && h->devices[named].config.secondary;

	for (uint8_t function = 0; function < 8; function++) {
		uint32_t d = pp_host_find(h, address_of(a, function));
		if (d == PP_NO_DEVICE || c->smbios[d].kind != PP_PLACE_NONE ||
		    ((port || h->devices[d].config.secondary) && d != named))
			continue;
		c->smbios[d] = *record;
	}
}

static void claim_from_smbios(struct pp_host_build *b, struct claims *c)
{
	struct pp_host *h = b->host;
	const struct pp_smbios *s = h->smbios;

	for (uint32_t i = 0; i < c->nr_records; i++) {
		const struct pp_smbios_slot *slot = &s->slots[i];
		struct pp_smbios_address a = slot->address;
		if (!a.present)
			continue;
		if (is_host_bridge(a) || address_is_shared(s, i)) {
			pp_note(&h->notes, "SMBIOS", slot->offset,
			        "slot '%s': its address %04x:%02x:%02x.%x is meaningless: ignored",
			        slot->designation, a.segment, a.bus, a.device, a.function);
			continue;
		}
		c->smbios_tells = true;
		c->records[i].placed = true;
		claim_card(b, c, a, &c->records[i]);
	}
}

/* /sys/bus/pci/slots/NAME/address: "dddd:bb:dd", or "dddd:bb" for a whole bus. */
static bool parse_slot_address(const char *text, struct pp_address *ret, bool *whole_bus)
{
	char buf[40];

	*whole_bus = false;
	snprintf(buf, sizeof(buf), "%.30s.0", text);
	if (pp_address_parse(buf, ret) && strchr(text, ':') != strrchr(text, ':'))
		return true;
	*whole_bus = true;
	snprintf(buf, sizeof(buf), "%.30s:00.0", text);
	return pp_address_parse(buf, ret);
}

static void claim_bus(struct pp_host_build *b, struct claims *c, struct pp_address at,
                      bool whole_bus, const struct claim *claim)
{
	const struct pp_host *h = b->host;

	for (uint8_t device = 0; device < 32; device++) {
		if (!whole_bus && device != at.device)
			continue;
		for (uint8_t function = 0; function < 8; function++) {
			uint32_t d = pp_host_find(
				h, (struct pp_address){ at.domain, at.bus, device, function });
			if (d != PP_NO_DEVICE && c->kernel[d].kind == PP_PLACE_NONE)
				c->kernel[d] = *claim;
		}
	}
}

static int claim_from_kernel(struct pp_host_build *b, struct claims *c)
{
	struct pp_host *h = b->host;
	struct pp_names names;
	int r = pp_source_list(b->source, SLOTS, &b->scratch, &names);

	if (r == -ENOMEM)
		return r;
	for (uint32_t i = 0; !r && i < names.count && i < MAX_SLOTS; i++) {
		char path[256], address[64];
		struct pp_address at;
		bool whole_bus;
		snprintf(path, sizeof(path), SLOTS "/%.200s/address", names.names[i]);
		if (pp_source_read_text(b->source, PP_NODE_NONE, path, address, sizeof(address)))
			continue;
		if (!parse_slot_address(address, &at, &whole_bus)) {
			pp_note(&h->notes, path, 0, "'%s' is not a slot address", address);
			continue;
		}
		char *name = pp_text_clean(&h->arena, names.names[i], strlen(names.names[i]));
		if (!name)
			return -ENOMEM;
		struct claim claim = { PP_PLACE_SLOT, name, NULL, FIRST_KERNEL + i };
		claim_bus(b, c, at, whole_bus, &claim);
	}
	return 0;
}

/* "2-1" is the kernel's second slot of the number 2: the number is what is printed. */
static bool same_slot(const char *x, const char *y)
{
	size_t n = strcspn(x, "-"), m = strcspn(y, "-");
	return n == m && !memcmp(x, y, n);
}

static void add_source(struct pp_slot_ref *s, const struct claim *c, enum pp_slot_source witness)
{
	if (c->kind == PP_PLACE_NONE)
		return;
	if (s->kind == PP_PLACE_NONE) {
		s->kind = c->kind;
		s->designation = c->designation;
		s->id = c->id;
	}
	if (!c->number)
		return;
	if (!s->number) {
		s->number = c->number;
		s->sources = witness;
	} else if (same_slot(s->number, c->number)) {
		s->sources |= witness;
	} else if (!s->other_name) {
		s->other_name = c->number;
		s->other_witness = witness;
	}
}

/* The port's own number; 0 is what an unprogrammed port reads. */
static int claim_from_port(struct pp_host_build *b, struct pp_device *d)
{
	if (d->parent == PP_NO_DEVICE)
		return 0;
	const struct pp_config *port = &b->devices[d->parent].config;
	if (port->slot_implemented != PP_YES || port->slot_number_known != PP_YES ||
	    !port->slot_number)
		return 0;
	char *number = pp_arena_printf(&b->host->arena, "%u", port->slot_number);
	if (!number)
		return -ENOMEM;
	struct claim c = { PP_PLACE_SLOT, number, NULL, FIRST_PORT + d->parent };
	add_source(&d->slot, &c, PP_SLOT_CAPABILITY);
	return 0;
}

/* The place of the card that the device is a part of, behind a bridge of the card's own. */
static const struct pp_slot_ref *place_above(const struct pp_host_build *b,
                                             const struct pp_device *d)
{
	if (d->parent == PP_NO_DEVICE || b->devices[d->parent].parent == PP_NO_DEVICE)
		return NULL;
	const struct pp_slot_ref *above = &b->devices[d->parent].slot;
	return above->kind == PP_PLACE_NONE ? NULL : above;
}

static int slot_place(struct pp_host_build *b, const struct claims *c, uint32_t index)
{
	struct pp_device *d = &b->devices[index];
	const struct claim *record = &c->smbios[index];
	const struct pp_slot_ref *above = place_above(b, d);

	/* The record may name the port, not the card. */
	if (record->kind == PP_PLACE_NONE && d->parent != PP_NO_DEVICE)
		record = &c->smbios[d->parent];
	/*
	 * What is below a card's own bridge sits where the card does. The card's ports may count
	 * slots of their own, by their registers and so in the kernel's list: not the board's.
	 */
	bool board = above && (above->designation || above->sources & PP_SLOT_KERNEL);
	bool own = record->kind != PP_PLACE_NONE || c->kernel[index].kind != PP_PLACE_NONE;
	if (record->kind == PP_PLACE_NONE && above && (board || !own)) {
		d->slot = *above;
		return 0;
	}
	add_source(&d->slot, record, PP_SLOT_SMBIOS);
	add_source(&d->slot, &c->kernel[index], PP_SLOT_KERNEL);
	if (claim_from_port(b, d))
		return -ENOMEM;
	/* The kernel names slots that can be hot-plugged; the others are in none of its
	 * directories. */
	d->slot.unknown = !d->slot.number && !c->smbios_tells;
	return 0;
}

static void drop_place(struct pp_slot_ref *s)
{
	*s = (struct pp_slot_ref){ .unknown = s->unknown, .onboard = s->onboard };
}

static void place_onboard(struct pp_host_build *b)
{
	const struct pp_smbios *s = b->host->smbios;

	for (uint32_t i = 0; s && i < s->nr_onboard; i++) {
		struct pp_smbios_address a = s->onboard[i].address;
		if (!a.present || is_host_bridge(a))
			continue;
		for (uint8_t function = 0; function < 8; function++) {
			uint32_t d = pp_host_find(b->host, address_of(a, function));
			if (d == PP_NO_DEVICE)
				continue;
			struct pp_slot_ref *slot = &b->devices[d].slot;
			slot->unknown = false;
			if (function == a.function || !slot->onboard)
				slot->onboard = s->onboard[i].designation;
			/* Ports to embedded devices claim slots that nobody can find. */
			if (slot->sources == PP_SLOT_CAPABILITY)
				drop_place(slot);
		}
	}
}

/* A virtual function is where its device is, whatever bus it has. */
static void place_virtual(struct pp_host_build *b)
{
	for (uint32_t i = 0; i < b->host->nr_devices; i++) {
		struct pp_device *d = &b->devices[i];
		if (d->physfn != PP_NO_DEVICE && b->devices[d->physfn].slot.kind != PP_PLACE_NONE)
			d->slot = b->devices[d->physfn].slot;
	}
}

/* A device in a PCI slot that the board or the kernel numbers. */
struct numbered {
	struct pp_slot_ref *slot;
	struct pp_address address;
};

static int by_number(const void *x, const void *y)
{
	const struct numbered *a = x, *b = y;
	/* "2-1" stands behind "2", before "20". */
	int order = strcmp(a->slot->number, b->slot->number);

	if (!order)
		order = a->slot->id < b->slot->id ? -1 : a->slot->id > b->slot->id;
	return order;
}

/* A record and the kernel may each know a part of what is in one slot. */
static bool is_same_place(const struct numbered *a, const struct numbered *b)
{
	return a->slot->id == b->slot->id ||
	       (a->address.domain == b->address.domain && a->address.bus == b->address.bus);
}

static const char *name_place(struct pp_host_build *b, const struct numbered *n)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(n->address, address);
	return n->slot->designation ? pp_arena_printf(&b->host->arena, "\"%s\" (%s)",
	                                              n->slot->designation, address)
	                            : pp_arena_printf(&b->host->arena, "the kernel's slot %s (%s)",
	                                              n->slot->number, address);
}

/* Devices in two places of one number: each is told the other. */
static int find_twins(struct pp_host_build *b, struct numbered *list, uint32_t n)
{
	for (uint32_t first = 0, last; first < n; first = last) {
		uint32_t other = first;
		for (last = first;
		     last < n && same_slot(list[first].slot->number, list[last].slot->number);
		     last++)
			if (!is_same_place(&list[first], &list[last]))
				other = last;
		if (other == first)
			continue;
		const char *one = name_place(b, &list[first]), *two = name_place(b, &list[other]);
		if (!one || !two)
			return -ENOMEM;
		for (uint32_t i = first; i < last; i++)
			list[i].slot->twin = is_same_place(&list[first], &list[i]) ? two : one;
	}
	return 0;
}

/*
 * A record of the same number that is not the device's own: of an empty slot, for one. Where only
 * the kernel knows the place, one record without an address may well be of this very slot.
 */
static int find_twin_record(struct pp_host_build *b, const struct claims *c, struct pp_slot_ref *s)
{
	bool by_record = s->id < FIRST_KERNEL;

	for (uint32_t i = 0; i < c->nr_records; i++) {
		const struct claim *r = &c->records[i];
		if (r->kind != PP_PLACE_SLOT || r->id == s->id || !r->number ||
		    !same_slot(r->number, s->number))
			continue;
		if (!by_record && !r->placed) {
			by_record = true;
			continue;
		}
		s->twin = pp_arena_printf(&b->host->arena, "\"%s\"", r->designation);
		return s->twin ? 0 : -ENOMEM;
	}
	return 0;
}

static int place_twins(struct pp_host_build *b, const struct claims *c)
{
	uint32_t n = 0, all = b->host->nr_devices;
	struct numbered *list = PP_ARENA_ARRAY(&b->scratch, all, struct numbered);

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < all; i++) {
		struct pp_slot_ref *s = &b->devices[i].slot;
		if (pp_slot_number(s) && s->sources != PP_SLOT_CAPABILITY)
			list[n++] = (struct numbered){ s, b->devices[i].address };
	}
	qsort(list, n, sizeof(*list), by_number);
	int r = find_twins(b, list, n);
	for (uint32_t i = 0; !r && i < n; i++)
		if (!list[i].slot->twin)
			r = find_twin_record(b, c, list[i].slot);
	return r;
}

int pp_build_slots(struct pp_host_build *b, struct pp_error *e)
{
	struct claims c = {
		.smbios = PP_ARENA_ARRAY(&b->scratch, b->host->nr_devices, struct claim),
		.kernel = PP_ARENA_ARRAY(&b->scratch, b->host->nr_devices, struct claim),
	};

	if (!c.smbios || !c.kernel || read_records(b, &c) || claim_from_kernel(b, &c))
		return pp_fail_oom(e, "slots");
	claim_from_smbios(b, &c);
	/* Parents come before their children, so that a slot is handed down. */
	for (uint32_t i = 0; i < b->host->nr_devices; i++)
		if (slot_place(b, &c, i))
			return pp_fail_oom(e, "slots");
	place_onboard(b);
	place_virtual(b);
	if (place_twins(b, &c))
		return pp_fail_oom(e, "slots");
	return 0;
}
