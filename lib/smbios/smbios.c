/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SMBIOS structures that are used: system, slots, onboard devices, HPE's own. */
#include "base/cursor.h"
#include "base/text.h"
#include "smbios/smbios.h"
#include "smbios/structure.h"

struct parser {
	struct pp_arena *arena;
	struct pp_notes *notes;
	bool no_memory;
	struct pp_smbios smbios;
	struct pp_smbios_slot *slots;
	struct pp_smbios_onboard *onboard;
	struct pp_smbios_hpe_device *hpe_devices;
};

/* The string whose number stands at place of the formatted area; missing if there is none. */
static const char *string_at(struct parser *p, const struct pp_smbios_structure *s, uint8_t place,
                             const char *missing)
{
	uint8_t number = s->formatted.data[place];
	struct pp_span text;

	if (!pp_smbios_structure_string(s, number, &text)) {
		if (number)
			pp_note(p->notes, PP_SMBIOS_OBJECT, s->offset + place,
			        "type %u names string %u, which is not there", s->type, number);
		return missing;
	}
	const char *clean = pp_text_clean(p->arena, text.data, text.len);
	if (!clean)
		p->no_memory = true;
	return clean;
}

static struct pp_cursor smbios_body(const struct pp_smbios_structure *s, size_t from)
{
	struct pp_cursor c;

	pp_cursor_init(&c, s->formatted, PP_SMBIOS_OBJECT, s->offset);
	pp_cursor_skip(&c, from);
	return c;
}

/*
 * DSP0134 7.10.8, 7.10.9: segment, bus, device and function, all ones where there is no address.
 * Some firmware writes the ones into a byte of the segment only, so it has no say in that.
 */
static struct pp_smbios_address address_at(struct parser *p, const struct pp_smbios_structure *s,
                                           size_t place)
{
	struct pp_cursor c = smbios_body(s, place);
	uint16_t segment = pp_cursor_u16(&c);
	uint8_t bus = pp_cursor_u8(&c);
	uint8_t devfn = pp_cursor_u8(&c);

	if (c.bad || (bus == 0xff && devfn == 0xff))
		return (struct pp_smbios_address){ 0 };
	if (segment == 0xffff)
		pp_note(p->notes, PP_SMBIOS_OBJECT, s->offset + place,
		        "type %u has bus 0x%02x and no segment (0xffff)", s->type, bus);
	return (struct pp_smbios_address){
		.present = true,
		.segment = segment,
		.bus = bus,
		.device = devfn >> 3,
		.function = devfn & 7,
	};
}

static void decode_slot(struct parser *p, const struct pp_smbios_structure *s)
{
	struct pp_cursor c = smbios_body(s, 0x05);
	struct pp_smbios_slot *slot = &p->slots[p->smbios.nr_slots++];

	slot->handle = s->handle;
	slot->offset = s->offset;
	slot->designation = string_at(p, s, 0x04, "");
	slot->slot_type = pp_cursor_u8(&c);
	slot->width = pp_cursor_u8(&c);
	slot->usage = pp_cursor_u8(&c);
	slot->length = pp_cursor_u8(&c);
	slot->id = pp_cursor_u16(&c);
	slot->address = address_at(p, s, 0x0d);
}

static void decode_onboard(struct parser *p, const struct pp_smbios_structure *s)
{
	struct pp_cursor c = smbios_body(s, 0x05);
	struct pp_smbios_onboard *onboard = &p->onboard[p->smbios.nr_onboard++];
	uint8_t type = pp_cursor_u8(&c);

	onboard->handle = s->handle;
	onboard->offset = s->offset;
	onboard->designation = string_at(p, s, 0x04, "");
	onboard->device_type = type & 0x7f;
	onboard->enabled = type & 0x80;
	onboard->instance = pp_cursor_u8(&c);
	onboard->address = address_at(p, s, 0x07);
}

static void decode_hpe_device(struct parser *p, const struct pp_smbios_structure *s)
{
	struct pp_cursor c = smbios_body(s, 0x04);
	struct pp_smbios_hpe_device *device = &p->hpe_devices[p->smbios.nr_hpe_devices++];

	device->handle = s->handle;
	device->offset = s->offset;
	device->assoc_handle = pp_cursor_u16(&c);
	pp_cursor_skip(&c, 0x16 - 0x06);
	device->device_type = pp_cursor_u8(&c);
	device->location = pp_cursor_u8(&c);
	device->instance = pp_cursor_u8(&c);
	device->name = string_at(p, s, 0x1e, "");
	device->address = address_at(p, s, 0x24);
}

static void smbios_decode(struct parser *p, const struct pp_smbios_structure *s)
{
	switch (s->type) {
	case PP_SMBIOS_BIOS:
		p->smbios.bios_vendor = string_at(p, s, 0x04, NULL);
		p->smbios.bios_version = string_at(p, s, 0x05, NULL);
		p->smbios.bios_date = string_at(p, s, 0x08, NULL);
		break;
	case PP_SMBIOS_SYSTEM:
		p->smbios.manufacturer = string_at(p, s, 0x04, NULL);
		p->smbios.product = string_at(p, s, 0x05, NULL);
		break;
	case PP_SMBIOS_BOARD:
		p->smbios.board = string_at(p, s, 0x05, NULL);
		break;
	case PP_SMBIOS_PROCESSOR:
		p->smbios.processor_manufacturer = string_at(p, s, 0x07, NULL);
		break;
	case PP_SMBIOS_SLOT:
		decode_slot(p, s);
		break;
	case PP_SMBIOS_ONBOARD:
		decode_onboard(p, s);
		break;
	case PP_SMBIOS_HPE_DEVICE:
		decode_hpe_device(p, s);
		break;
	default:
		break;
	}
}

/* By value: it reads ahead on its own, and what it would note is noted later. */
static int smbios_make_room(struct pp_smbios_reader reader, struct parser *p, struct pp_error *e)
{
	struct pp_smbios_structure s;
	size_t slots = 0, onboard = 0, hpe_devices = 0;

	reader.notes = NULL;
	while (pp_smbios_reader_next(&reader, &s)) {
		slots += s.type == PP_SMBIOS_SLOT;
		onboard += s.type == PP_SMBIOS_ONBOARD;
		hpe_devices += s.type == PP_SMBIOS_HPE_DEVICE;
	}
	p->slots = PP_ARENA_ARRAY(p->arena, slots, struct pp_smbios_slot);
	p->onboard = PP_ARENA_ARRAY(p->arena, onboard, struct pp_smbios_onboard);
	p->hpe_devices = PP_ARENA_ARRAY(p->arena, hpe_devices, struct pp_smbios_hpe_device);
	if (!p->slots || !p->onboard || !p->hpe_devices)
		return pp_fail_oom(e, PP_SMBIOS_OBJECT);
	return 0;
}

int pp_smbios_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                    struct pp_smbios *ret, struct pp_error *e)
{
	struct parser p = { .arena = a, .notes = notes };
	struct pp_smbios_reader reader;
	struct pp_smbios_structure s;

	int rc = pp_smbios_reader_init(&reader, in, notes, e);
	if (rc)
		return rc;
	rc = smbios_make_room(reader, &p, e);
	if (rc)
		return rc;
	while (pp_smbios_reader_next(&reader, &s))
		smbios_decode(&p, &s);
	if (p.no_memory)
		return pp_fail_oom(e, PP_SMBIOS_OBJECT);
	p.smbios.slots = p.slots;
	p.smbios.onboard = p.onboard;
	p.smbios.hpe_devices = p.hpe_devices;
	*ret = p.smbios;
	return 0;
}
