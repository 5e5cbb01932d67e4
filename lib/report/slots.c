/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which card is in which slot: the devices in places with a name, by place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "host/place.h"
#include "report/field.h"
#include "report/words.h"

struct slots_row {
	const struct pp_row *row;
	unsigned long number; /* of the place; what is no number counts as 0 */
};

/* Slots before other places; "2" before "10". */
static int slots_order(const void *x, const void *y)
{
	const struct slots_row *a = x, *b = y;
	const struct pp_slot_ref *p = &a->row->device->slot, *q = &b->row->device->slot;

	if (p->kind != q->kind)
		return p->kind < q->kind ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	int r = strcmp(p->number, q->number);
	return r ? r : a->row < b->row ? -1 : a->row > b->row;
}

/* NULL: out of memory. */
static struct slots_row *slots_gather(const struct pp_survey *s, bool all, struct pp_arena *a,
                                      uint32_t *ret_nr)
{
	struct slots_row *list = PP_ARENA_ARRAY(a, s->nr_rows, struct slots_row);
	uint32_t n = 0;

	for (uint32_t i = 0; list && i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		if (pp_slot_is_named(&row->device->slot) &&
		    (all || row->verdict != PP_VERDICT_NOT_ENDPOINT))
			list[n++] = (struct slots_row){ row, strtoul(row->device->slot.number, NULL,
				                                     10) };
	}
	if (n)
		qsort(list, n, sizeof(*list), slots_order);
	*ret_nr = list ? n : 0;
	return list;
}

static void slots_place(const struct pp_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", pp_place_word(row->device->slot.kind),
	         row->device->slot.number);
}

/* Wide enough for the places and addresses of all. */
struct slots_widths {
	int place, address;
};

static struct slots_widths slots_measure(const struct slots_row *list, uint32_t n)
{
	struct slots_widths w = { 5, 7 };

	for (uint32_t i = 0; i < n; i++) {
		char place[80], address[PP_ADDRESS_TEXT_BYTES];
		slots_place(list[i].row, place, sizeof(place));
		pp_address_format_short(list[i].row->device->address, address);
		int columns = (int)pp_out_columns(place), len = (int)strlen(address);
		w.place = columns > w.place ? columns : w.place;
		w.address = len > w.address ? len : w.address;
	}
	return w;
}

static void slots_print(struct pp_out *o, const struct slots_row *list, uint32_t n)
{
	const struct slots_widths w = slots_measure(list, n);
	char place[80], before[80] = "", address[PP_ADDRESS_TEXT_BYTES], name[256];

	pp_out(o, "%s%-*s %-*s %-10s DEVICE%s\n", pp_out_color(o, PP_DIM), w.place, "PLACE",
	       w.address, "ADDRESS", "VERDICT", pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < n; i++) {
		const struct pp_row *row = list[i].row;
		slots_place(row, place, sizeof(place));
		bool again = !strcmp(place, before);
		pp_address_format_short(row->device->address, address);
		pp_out_short_name(o, row->device, name, sizeof(name));
		pp_out_fit(o, name, sizeof(name), (int)o->width - w.place - w.address - 13);
		pp_out(o, "%s%s%s%*s %-*s %s%-10s%s %s\n", pp_out_color(o, PP_BOLD),
		       again ? "" : place, pp_out_color(o, PP_COLOR_NONE),
		       w.place - (again ? 0 : (int)pp_out_columns(place)), "", w.address, address,
		       pp_out_color(o, pp_verdict_color(row->verdict)),
		       pp_words_verdict(row->verdict), pp_out_color(o, PP_COLOR_NONE), name);
		memcpy(before, place, sizeof(before));
	}
}

#define SCHEMA "pcipass.slots/1"

static const char *slots_schema_words(unsigned int i)
{
	return i ? NULL : SCHEMA;
}

static void slots_put_schema(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, SCHEMA);
}

static const struct pp_field slots_device_fields[] = {
	{ "place", PP_FIELD_TEXT, "The slot or other place, as it is named on the command line.",
	  .write = pp_device_put_place },
	{ "address", PP_FIELD_ADDRESS, "Where the device is.", .write = pp_device_put_address },
	{ "vendor", PP_FIELD_TEXT, "Vendor ID in hex; null: not read.", .nullable = true,
	  .pattern = "^[0-9a-f]{4}$", .write = pp_device_put_vendor },
	{ "device", PP_FIELD_TEXT, "Device ID in hex; null with vendor.", .nullable = true,
	  .pattern = "^[0-9a-f]{4}$", .write = pp_device_put_device },
	{ "name", PP_FIELD_TEXT, "Vendor and device; null with vendor.", .nullable = true,
	  .may_be_empty = true, .write = pp_device_put_name },
	{ "verdict", PP_FIELD_TEXT, "The verdict of all findings.", .words = pp_verdict_words,
	  .write = pp_device_put_verdict },
};

static const struct pp_object slots_device = {
	.name = "device",
	.meaning = "A device in a place that has a number.",
	PP_OBJECT_FIELDS(slots_device_fields),
};

static void slots_put_devices(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = 0; i < s->nr_only; i++) {
		part.row = &s->survey->rows[s->only[i]];
		part.device = part.row->device;
		pp_json_new_line(w);
		pp_object_write(w, &slots_device, &part);
		pp_out_hand_over(s->out);
	}
	pp_json_close(w, ']');
}

static const struct pp_field slots_fields[] = {
	{ "schema", PP_FIELD_TEXT, "The name of this document, and its version.",
	  .words = slots_schema_words, .write = slots_put_schema },
	{ "target", PP_FIELD_TEXT, "Whose verdicts they are.", .words = pp_target_words,
	  .write = pp_survey_put_target },
	{ "devices", PP_FIELD_OBJECTS,
	  "The cards by place, slots first. Bridges among them are only there with --all.",
	  .object = &slots_device, .write = slots_put_devices },
};

const struct pp_object pp_object_slots = {
	.name = "slots",
	.meaning = "Written by pcipass slots --json. Fields may be added.",
	PP_OBJECT_FIELDS(slots_fields),
};

static void slots_write(struct pp_out *o, const struct pp_survey *s, const struct slots_row *list,
                        uint32_t n, struct pp_arena *a)
{
	uint32_t *only = PP_ARENA_ARRAY(a, n, uint32_t);

	o->buffer.failed |= n && !only;
	for (uint32_t i = 0; only && i < n; i++)
		only[i] = (uint32_t)(list[i].row - s->rows);
	pp_out_object(o, &pp_object_slots,
	              &(struct pp_subject){ .out = o,
	                                    .host = s->host,
	                                    .survey = s,
	                                    .only = only,
	                                    .nr_only = only ? n : 0 });
	pp_out(o, "\n");
}

/* The place that is worth a look: one with a card that can be freed, else the first. */
static void slots_print_next(struct pp_out *o, const struct pp_survey *s,
                             const struct slots_row *list, uint32_t n)
{
	char place[80], command[1200];
	uint32_t best = 0;

	while (best < n && list[best].row->verdict != PP_VERDICT_BLOCKED_FIXABLE)
		best++;
	if (best == n)
		best = 0;
	slots_place(list[best].row, place, sizeof(place));
	if (list[best].row->device->slot.twin)
		pp_address_format_short(list[best].row->device->address, place);
	pp_next_command(o, s, "explain", place, command, sizeof(command));
	pp_out_wrapped(o, "Next: ", "      ", command);
}

static void slots_print_none(struct pp_out *o, const struct pp_survey *s)
{
	char command[1200];

	pp_out(o, "No device is in a slot whose number is known.\n");
	pp_words_rights(o, s->host);
	pp_next_command(o, s, "", "", command, sizeof(command));
	pp_out_wrapped(o, "Next: ", "      ", command);
}

int pp_report_slots(const struct pp_survey *s, const struct pp_style *style, struct pp_sink sink,
                    uint32_t *ret_nr, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_out o;
	uint32_t n = 0;

	if (s->host->devices_error)
		return pp_fail(e, ENODATA, "slots: the devices were not read");
	pp_arena_init(&a, 0);
	const struct slots_row *list = slots_gather(s, style->all, &a, &n);
	pp_out_init(&o, style, sink);
	o.buffer.failed |= !list;
	if (style->format == PP_FORMAT_JSON) {
		slots_write(&o, s, list, n, &a);
	} else if (n) {
		slots_print(&o, list, n);
		pp_words_rights(&o, s->host);
		slots_print_next(&o, s, list, n);
	} else {
		slots_print_none(&o, s);
	}
	pp_arena_fini(&a);
	*ret_nr = n;
	return pp_out_fini(&o, e);
}
