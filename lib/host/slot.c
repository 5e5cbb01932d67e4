/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The physical slot of every device. Three witnesses: SMBIOS type 9, the kernel's slots, the Slot
 * Capabilities of the port above. The board's own words (SMBIOS) are believed first, because that
 * is what is printed beside the slot and what a BIOS setting counts; a witness that says otherwise
 * is kept.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

#define SLOTS "sys/bus/pci/slots"
/* No chassis has as many; a hostile table could claim 60,000. */
#define MAX_SLOTS 1024

/* What one witness says of the device at this address, or of the bus below a port there. */
struct claim {
	const char *name, *designation;
};

struct claims {
	struct claim *smbios, *kernel; /* per device; names NULL where nothing is said */
	bool smbios_tells; /* it has addresses: a device that none of them names is in no slot */
};

/* "PCI-E Slot 2", "SLOT1 J107", "Mezzanine Slot 2": the number behind the word; else NULL. */
static const char *number_in(struct pp_arena *a, const char *designation, uint16_t id)
{
	for (const char *s = designation; *s; s++) {
		if ((s[0] | 0x20) != 's' || (s[1] | 0x20) != 'l' || (s[2] | 0x20) != 'o' ||
		    (s[3] | 0x20) != 't')
			continue;
		s += 4;
		while (*s == ' ' || *s == '#' || *s == '_' || *s == '-')
			s++;
		size_t n = strspn(s, "0123456789");
		if (n)
			return pp_arena_strndup(a, s, n);
		s--;
	}
	/* No number in the words: the record's own id, where it has one. */
	return id && id != 0xffff ? pp_arena_printf(a, "%u", id) : NULL;
}

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

static int claim_from_smbios(struct pp_host_build *b, struct claims *c)
{
	struct pp_host *h = b->host;
	const struct pp_smbios *s = h->smbios;

	if (s && s->nr_slots > MAX_SLOTS)
		pp_note(&h->notes, "SMBIOS", 0, "%u slots, only the first %d are looked at",
		        s->nr_slots, MAX_SLOTS);
	for (uint32_t i = 0; s && i < s->nr_slots && i < MAX_SLOTS; i++) {
		const struct pp_smbios_slot *slot = &s->slots[i];
		struct pp_smbios_address a = slot->address;
		if (!a.present)
			continue;
		if (is_host_bridge(a) || address_is_shared(s, i)) {
			pp_note(&h->notes, "SMBIOS", slot->offset,
			        "slot '%s': its address %04x:%02x:%02x.%x says nothing, passed over",
			        slot->designation, a.segment, a.bus, a.device, a.function);
			continue;
		}
		c->smbios_tells = true;
		/* It names the port above the slot, or a function of the card and means them all.
		 */
		uint32_t named = pp_host_find(h, address_of(a, a.function));
		bool port = named != PP_NO_DEVICE && h->devices[named].config.secondary;
		for (uint8_t function = 0; function < 8; function++) {
			uint32_t d = pp_host_find(h, address_of(a, function));
			if (d == PP_NO_DEVICE || c->smbios[d].designation ||
			    ((port || h->devices[d].config.secondary) && d != named))
				continue;
			c->smbios[d].designation = slot->designation;
			c->smbios[d].name = number_in(&h->arena, slot->designation, slot->id);
		}
	}
	return 0;
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
                      bool whole_bus, const char *name)
{
	const struct pp_host *h = b->host;

	for (uint8_t device = 0; device < 32; device++) {
		if (!whole_bus && device != at.device)
			continue;
		for (uint8_t function = 0; function < 8; function++) {
			uint32_t d = pp_host_find(
				h, (struct pp_address){ at.domain, at.bus, device, function });
			if (d != PP_NO_DEVICE && !c->kernel[d].name)
				c->kernel[d].name = name;
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
			pp_note(&h->notes, path, 0, "'%s' is no slot address", address);
			continue;
		}
		char *name = pp_text_clean(&h->arena, names.names[i], strlen(names.names[i]));
		if (!name)
			return -ENOMEM;
		claim_bus(b, c, at, whole_bus, name);
	}
	return 0;
}

/* "2-1" is the kernel's second slot of the number 2: the number is what is printed. */
static bool same_slot(const char *x, const char *y)
{
	size_t n = strcspn(x, "-"), m = strcspn(y, "-");
	return n == m && !memcmp(x, y, n);
}

static void add_witness(struct pp_slot_ref *s, const char *name, enum pp_slot_witness witness)
{
	if (!name)
		return;
	if (!s->name) {
		s->name = name;
		s->witnesses = witness;
	} else if (same_slot(s->name, name)) {
		s->witnesses |= witness;
	} else if (!s->other_name) {
		s->other_name = name;
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
	char *name = pp_arena_printf(&b->host->arena, "%u", port->slot_number);
	if (!name)
		return -ENOMEM;
	add_witness(&d->slot, name, PP_SLOT_CAPABILITY);
	return 0;
}

static int place(struct pp_host_build *b, const struct claims *c, uint32_t index)
{
	struct pp_device *d = &b->devices[index];
	uint32_t parent = d->parent;

	d->slot.designation = c->smbios[index].designation;
	add_witness(&d->slot, c->smbios[index].name, PP_SLOT_SMBIOS);
	if (parent != PP_NO_DEVICE && !d->slot.designation && c->smbios[parent].designation) {
		/* The record named the port, not the card. */
		d->slot.designation = c->smbios[parent].designation;
		add_witness(&d->slot, c->smbios[parent].name, PP_SLOT_SMBIOS);
	}
	add_witness(&d->slot, c->kernel[index].name, PP_SLOT_KERNEL);
	/* A card with a bridge of its own: what is below it sits in the same slot. */
	const struct pp_slot_ref *above = NULL;
	if (parent != PP_NO_DEVICE && b->devices[parent].parent != PP_NO_DEVICE)
		above = &b->devices[parent].slot;
	/* Its ports may count slots of their own, which are not the board's. */
	bool board = above && above->witnesses & (PP_SLOT_SMBIOS | PP_SLOT_KERNEL);
	if (!d->slot.name && board)
		d->slot = *above;
	else if (claim_from_port(b, d))
		return -ENOMEM;
	if (!d->slot.name && above)
		d->slot = *above;
	/* The kernel names slots that can be hot-plugged; the others are in none of its folders. */
	d->slot.unknown = !d->slot.name && !c->smbios_tells;
	return 0;
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
			if (slot->witnesses == PP_SLOT_CAPABILITY)
				slot->name = NULL;
		}
	}
}

int pp_build_slots(struct pp_host_build *b, struct pp_error *e)
{
	struct claims c = {
		.smbios = PP_ARENA_ARRAY(&b->scratch, b->host->nr_devices, struct claim),
		.kernel = PP_ARENA_ARRAY(&b->scratch, b->host->nr_devices, struct claim),
	};

	if (!c.smbios || !c.kernel || claim_from_smbios(b, &c) || claim_from_kernel(b, &c))
		return pp_fail_oom(e, "slots");
	/* Parents come before their children, so that a slot is handed down. */
	for (uint32_t i = 0; i < b->host->nr_devices; i++)
		if (place(b, &c, i))
			return pp_fail_oom(e, "slots");
	place_onboard(b);
	return 0;
}
