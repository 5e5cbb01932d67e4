/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IVRS table (AMD 48882, 5.2): bytes in, const model out. */
#include <inttypes.h>
#include <string.h>

#include "acpi/ivrs.h"
#include "base/text.h"

#define OBJECT             "IVRS"
#define TABLE_HEADER_BYTES 48
#define BLOCK_HEADER_BYTES 4
#define IVHD_10_BYTES      24
#define IVHD_BYTES         40
#define IVMD_BYTES         32
#define ACPI_HID_BYTES     22 /* and the UID */
#define PAGE_BYTES         4096u

#define UID_NONE    0
#define UID_INTEGER 1
#define UID_STRING  2

/* Bytes before the device entries, or of the whole block. */
static uint16_t block_need(uint8_t type)
{
	switch (type) {
	case PP_IVHD_10:
		return IVHD_10_BYTES;
	case PP_IVHD_11:
	case PP_IVHD_40:
		return IVHD_BYTES;
	case PP_IVMD_ALL:
	case PP_IVMD_SELECT:
	case PP_IVMD_RANGE:
		return IVMD_BYTES;
	default:
		return BLOCK_HEADER_BYTES;
	}
}

/* A record found by the walk: its type and length, and a cursor over the whole, at its begin. */
struct record {
	uint8_t type;
	uint16_t length;
	uint32_t offset;
	struct pp_cursor c;
};

/* 1: *ret is the next block; 0: there is none; negative: failed. */
static int next_block(struct pp_cursor *body, struct pp_notes *notes, struct record *ret,
                      struct pp_error *e)
{
	const size_t left = pp_cursor_left(body);
	struct record r = { .offset = (uint32_t)pp_cursor_offset(body) };
	struct pp_cursor peek = *body;

	if (!left)
		return 0;
	if (left < BLOCK_HEADER_BYTES) {
		pp_note(notes, OBJECT, r.offset, "%zu trailing bytes, too few for a block", left);
		return 0;
	}
	r.type = pp_cursor_u8(&peek);
	pp_cursor_skip(&peek, 1);
	r.length = pp_cursor_u16(&peek);
	if (r.length < block_need(r.type))
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a block of type 0x%02x, need at "
		               "least %u",
		               OBJECT, r.offset + 2, r.length, r.type, block_need(r.type));
	if (r.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: length %u of a block of type 0x%02x, but only "
		               "%zu bytes are left",
		               OBJECT, r.offset + 2, r.length, r.type, left);
	pp_cursor_sub(body, r.length, &r.c);
	*ret = r;
	return 1;
}

/*
 * 48882 5.2.2: bits 7:6 tell the length of what is below f0h; f0h says it itself, 0: nothing
 * tells, or the byte that does is not there.
 */
static uint16_t entry_length(struct pp_cursor peek)
{
	const uint8_t type = pp_cursor_u8(&peek);

	if (type < PP_IVHD_DEV_ACPI_HID)
		return (uint16_t)(4u << (type >> 6));
	if (type > PP_IVHD_DEV_ACPI_HID)
		return 0;
	pp_cursor_skip(&peek, ACPI_HID_BYTES - 2);
	const uint8_t uid_bytes = pp_cursor_u8(&peek);
	return peek.bad ? ACPI_HID_BYTES : (uint16_t)(ACPI_HID_BYTES + uid_bytes);
}

/* The same for the device entries of an IVHD. */
static int ivrs_next_entry(struct pp_cursor *entries, struct record *ret, struct pp_error *e)
{
	const size_t left = pp_cursor_left(entries);
	struct record r = { .offset = (uint32_t)pp_cursor_offset(entries) };
	struct pp_cursor peek = *entries;

	if (!left)
		return 0;
	r.type = pp_cursor_u8(&peek);
	r.length = entry_length(*entries);
	if (!r.length)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: device entry of type 0x%02x, whose length nothing "
		               "tells",
		               OBJECT, r.offset, r.type);
	if (r.length > left)
		return pp_fail(e, EBADMSG,
		               "%s+0x%x: device entry of type 0x%02x needs %u bytes, but "
		               "only %zu are left in the block",
		               OBJECT, r.offset, r.type, r.length, left);
	pp_cursor_sub(entries, r.length, &r.c);
	*ret = r;
	return 1;
}

struct totals {
	size_t blocks, devices;
};

static int count_devices(const struct record *block, struct totals *t, struct pp_error *e)
{
	struct pp_cursor c = block->c;
	struct record r;
	int err;

	pp_cursor_skip(&c, block_need(block->type));
	while ((err = ivrs_next_entry(&c, &r, e)) > 0)
		t->devices++;
	return err;
}

/* The first of two walks: checks every length, so that the second can only run out of memory. */
static int ivrs_count(struct pp_cursor body, struct totals *ret, struct pp_error *e)
{
	struct totals t = { 0 };
	struct record r;
	int err;

	while ((err = next_block(&body, NULL, &r, e)) > 0) {
		t.blocks++;
		if (pp_ivrs_is_ivhd(r.type))
			err = count_devices(&r, &t, e);
		if (err < 0)
			return err;
	}
	if (err < 0)
		return err;
	*ret = t;
	return 0;
}

/* The second walk: what it fills next, in arrays of the sizes that the first one found. */
struct fill {
	struct pp_arena *arena;
	struct pp_notes *notes;
	struct pp_ivrs_block *block;
	struct pp_ivhd_device *device;
};

/* NULL and *failed: out of memory. */
static const char *read_uid(struct fill *f, struct pp_cursor *c, bool *failed)
{
	const size_t at = pp_cursor_offset(c);
	const uint8_t format = pp_cursor_u8(c), len = pp_cursor_u8(c);
	struct pp_cursor uid;
	const char *text;

	pp_cursor_sub(c, len, &uid);
	switch (format) {
	case UID_NONE:
		if (len)
			pp_note(f->notes, OBJECT, at, "UID of %u bytes where none is said to be",
			        len);
		return NULL;
	case UID_INTEGER:
		if (len != 8) {
			pp_note(f->notes, OBJECT, at, "number of %u bytes as UID, not 8", len);
			return NULL;
		}
		text = pp_arena_printf(f->arena, "%" PRIu64, pp_cursor_u64(&uid));
		break;
	case UID_STRING:
		text = pp_text_clean(f->arena, uid.data, uid.len);
		break;
	default:
		pp_note(f->notes, OBJECT, at, "UID of unknown format %u", format);
		return NULL;
	}
	*failed = !text;
	return text;
}

/* 48882 5.2.2.8: type f0h. */
static int fill_acpi_hid(struct fill *f, struct pp_cursor *c, uint8_t block_type,
                         struct pp_ivhd_device *d, struct pp_error *e)
{
	bool failed = false;

	const uint8_t *hid = pp_cursor_take(c, 8), *cid = pp_cursor_take(c, 8);
	d->hid = pp_text_clean(f->arena, hid, 8);
	d->cid = pp_text_clean(f->arena, cid, 8);
	d->uid = read_uid(f, c, &failed);
	if (!d->hid || !d->cid || failed)
		return pp_fail_oom(e, OBJECT);
	if (!d->hid[0])
		pp_note(f->notes, OBJECT, d->offset, "ACPI device with an empty HID");
	if (block_type != PP_IVHD_40)
		pp_note(f->notes, OBJECT, d->offset,
		        "ACPI device in a block of type 0x%02x: the kernel takes it in 0x40 only",
		        block_type);
	return 0;
}

/* 48882 5.2.2.2 - 5.2.2.8 */
static int fill_device(struct fill *f, struct record *r, uint8_t block_type, struct pp_error *e)
{
	struct pp_ivhd_device *d = f->device++;
	struct pp_cursor *c = &r->c;

	*d = (struct pp_ivhd_device){ .offset = r->offset, .length = r->length };
	d->type = pp_cursor_u8(c);
	d->devid = pp_cursor_u16(c);
	d->flags = pp_cursor_u8(c);
	switch (d->type) {
	case 0x00: /* padding of 4 and of 8 bytes */
	case 0x40:
	case PP_IVHD_DEV_ALL:
	case PP_IVHD_DEV_SELECT:
	case PP_IVHD_DEV_RANGE_START:
	case PP_IVHD_DEV_RANGE_END:
		return 0;
	case PP_IVHD_DEV_ALIAS:
	case PP_IVHD_DEV_ALIAS_RANGE:
		pp_cursor_skip(c, 1);
		d->alias_devid = pp_cursor_u16(c);
		return 0;
	case PP_IVHD_DEV_EXT_SELECT:
	case PP_IVHD_DEV_EXT_RANGE:
		d->extended = pp_cursor_u32(c);
		return 0;
	case PP_IVHD_DEV_SPECIAL:
		d->special_handle = pp_cursor_u8(c);
		d->alias_devid = pp_cursor_u16(c);
		d->special_variety = pp_cursor_u8(c);
		return 0;
	case PP_IVHD_DEV_ACPI_HID:
		return fill_acpi_hid(f, c, block_type, d, e);
	default:
		pp_note(f->notes, OBJECT, d->offset, "device entry of unknown type 0x%02x",
		        d->type);
		return 0;
	}
}

/* The walk in init_iommu_from_acpi() pairs each end with the last start, whatever lies between. */
static void note_ranges(struct pp_notes *notes, const struct pp_ivrs_block *b)
{
	const struct pp_ivhd_device *start = NULL;

	for (unsigned int i = 0; i < b->nr_devices; i++) {
		const struct pp_ivhd_device *d = &b->devices[i];
		if (d->type == PP_IVHD_DEV_RANGE_START || d->type == PP_IVHD_DEV_ALIAS_RANGE ||
		    d->type == PP_IVHD_DEV_EXT_RANGE) {
			if (start)
				pp_note(notes, OBJECT, start->offset,
				        "range of devices without an end");
			start = d;
		} else if (d->type == PP_IVHD_DEV_RANGE_END) {
			if (!start)
				pp_note(notes, OBJECT, d->offset,
				        "range of devices without a start");
			else if (d->devid < start->devid)
				pp_note(notes, OBJECT, d->offset,
				        "range of devices ends at 0x%04x, below its start 0x%04x",
				        d->devid, start->devid);
			start = NULL;
		}
	}
	if (start)
		pp_note(notes, OBJECT, start->offset, "range of devices without an end");
}

/* 48882 5.2.2.1; positioned behind the device id. */
static int fill_ivhd(struct fill *f, struct pp_cursor *c, struct pp_ivrs_block *b,
                     struct pp_error *e)
{
	struct record r;
	int err;

	b->capability = pp_cursor_u16(c);
	b->base = pp_cursor_u64(c);
	b->segment = pp_cursor_u16(c);
	b->info = pp_cursor_u16(c);
	b->features = pp_cursor_u32(c);
	if (b->type != PP_IVHD_10) {
		b->efr = pp_cursor_u64(c);
		b->efr2 = pp_cursor_u64(c);
	}
	if (!b->base)
		pp_note(f->notes, OBJECT, b->offset, "IVHD with its registers at 0");
	b->devices = f->device;
	while ((err = ivrs_next_entry(c, &r, e)) > 0) {
		err = fill_device(f, &r, b->type, e);
		if (err < 0)
			return err;
		b->nr_devices++;
	}
	note_ranges(f->notes, b);
	return err;
}

static void note_ivmd(struct pp_notes *notes, const struct pp_ivrs_block *b)
{
	if (b->type == PP_IVMD_RANGE && b->end_devid < b->devid)
		pp_note(notes, OBJECT, b->offset,
		        "IVMD range of devices ends at 0x%04x, below its start 0x%04x",
		        b->end_devid, b->devid);
	if (!b->length_bytes)
		pp_note(notes, OBJECT, b->offset, "IVMD with an empty region");
	else if (b->length_bytes - 1 > UINT64_MAX - b->base)
		pp_note(notes, OBJECT, b->offset,
		        "IVMD region passes the end of the address space");
	if (b->base % PAGE_BYTES || b->length_bytes % PAGE_BYTES)
		pp_note(notes, OBJECT, b->offset,
		        "IVMD region at 0x%" PRIx64 " of 0x%" PRIx64
		        " bytes is not aligned to 4 KiB",
		        b->base, b->length_bytes);
}

/* 48882 5.2.3; positioned behind the device id. */
static void fill_ivmd(struct fill *f, struct pp_cursor *c, struct pp_ivrs_block *b)
{
	const uint16_t aux = pp_cursor_u16(c);

	b->end_devid = b->type == PP_IVMD_RANGE ? aux : 0;
	/* Reserved in older editions of the specification, which had no segments. */
	b->segment = pp_cursor_u16(c);
	pp_cursor_skip(c, 6);
	b->base = pp_cursor_u64(c);
	b->length_bytes = pp_cursor_u64(c);
	if (pp_cursor_left(c))
		pp_note(f->notes, OBJECT, pp_cursor_offset(c),
		        "%zu bytes behind the fields of an IVMD", pp_cursor_left(c));
	note_ivmd(f->notes, b);
}

static int fill_block(struct fill *f, struct record *r, struct pp_error *e)
{
	struct pp_ivrs_block *b = f->block++;
	struct pp_cursor *c = &r->c;

	*b = (struct pp_ivrs_block){ .offset = r->offset, .length = r->length };
	b->raw = PP_SPAN(c->data, c->len);
	b->type = pp_cursor_u8(c);
	b->flags = pp_cursor_u8(c);
	pp_cursor_skip(c, 2);
	if (pp_ivrs_is_ivhd(b->type) || pp_ivrs_is_ivmd(b->type))
		b->devid = pp_cursor_u16(c);
	if (pp_ivrs_is_ivhd(b->type))
		return fill_ivhd(f, c, b, e);
	if (pp_ivrs_is_ivmd(b->type))
		fill_ivmd(f, c, b);
	else
		pp_note(f->notes, OBJECT, b->offset, "block of unknown type 0x%02x", b->type);
	return 0;
}

static int ivrs_fill(struct fill *f, struct pp_cursor body, struct pp_error *e)
{
	struct record r;
	int err;

	while ((err = next_block(&body, f->notes, &r, e)) > 0)
		if ((err = fill_block(f, &r, e)) < 0)
			return err;
	return err;
}

int pp_ivrs_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_ivrs *ret, struct pp_error *e)
{
	struct pp_ivrs v = { 0 };
	struct pp_cursor body;
	struct totals total;

	int err = pp_acpi_table_open(in, OBJECT, notes, &v.header, &body, e);
	if (err)
		return err;
	v.info = pp_cursor_u32(&body);
	pp_cursor_skip(&body, 8);
	if (body.bad)
		return pp_fail(e, EBADMSG, "%s+0x4: table length %u, need at least %d", OBJECT,
		               v.header.length, TABLE_HEADER_BYTES);

	err = ivrs_count(body, &total, e);
	if (err)
		return err;
	struct fill f = { .arena = a, .notes = notes };
	struct pp_ivrs_block *blocks = PP_ARENA_ARRAY(a, total.blocks, struct pp_ivrs_block);
	f.block = blocks;
	f.device = PP_ARENA_ARRAY(a, total.devices, struct pp_ivhd_device);
	if (!f.block || !f.device)
		return pp_fail_oom(e, OBJECT);
	err = ivrs_fill(&f, body, e);
	if (err)
		return err;
	v.blocks = blocks;
	v.nr_blocks = (uint32_t)total.blocks;
	*ret = v;
	return 0;
}
