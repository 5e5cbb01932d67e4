/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of "lspci -vmmnnk" and "-vmnnk": tags and values, as programs and hw-probe like it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/* What one record tells. */
struct tags_device {
	struct pp_address address;
	uint32_t group; /* UINT32_MAX: not told */
	uint32_t class_code;
	uint32_t vendor, device; /* UINT32_MAX: not told */
	char driver[64], slot[40];
	bool open, has_class;
};

struct tags {
	struct pp_import *in;
	struct tags_device d;
	struct pp_import_list list;
	uint32_t nr_with_ids, nr_without_ids;
};

static const struct tags_device tags_none = { .group = UINT32_MAX,
	                                      .vendor = UINT32_MAX,
	                                      .device = UINT32_MAX };

/* "Vendor:\tBroadcom / LSI [1000]"; with -n "Vendor:\t1000": the last four digits. */
static bool tags_id(const char *value, uint32_t *ret)
{
	const char *at = strrchr(value, '[');
	uint64_t number;

	at = at ? at + 1 : value;
	if (pp_import_hex(PP_SPAN(at, strlen(at)), &number) != 4 || (at[4] && at[4] != ']'))
		return false;
	*ret = (uint32_t)number;
	return true;
}

static int tags_write(struct tags *t, struct pp_error *e)
{
	struct tags_device *d = &t->d;
	struct pp_import *in = t->in;
	struct pp_import_ids told;

	if (!d->open)
		return 0;
	d->open = false;
	bool ids = d->vendor != UINT32_MAX && d->device != UINT32_MAX;
	bool known = ids || pp_import_ids_told(in, d->address, &told);
	t->nr_with_ids += known;
	t->nr_without_ids += !known;
	/* A later text may tell what it is. */
	if (!known && !in->last_pass)
		return 0;
	t->list.drivers |= *d->driver != '\0';
	t->list.groups |= d->group != UINT32_MAX;
	t->list.slots |= *d->slot != '\0';
	int r = pp_import_list_add(&t->list, d->address, e);
	if (!r)
		r = pp_import_device(in, d->address, e);
	if (!r && ids)
		r = pp_import_id(in, d->address, "vendor", d->vendor, e);
	if (!r && ids)
		r = pp_import_id(in, d->address, "device", d->device, e);
	if (!r && d->has_class)
		r = pp_import_id(in, d->address, "class", d->class_code, e);
	if (!r)
		r = pp_import_driver(in, d->address, d->driver, e);
	if (!r && d->group != UINT32_MAX)
		r = pp_import_group(in, d->address, d->group, e);
	return r ? r : pp_import_slot(in, d->address, d->slot, e);
}

static void tags_value(struct tags_device *d, struct pp_span tag, const char *value)
{
	uint32_t id;
	uint64_t number;

	if (pp_span_is(tag, "Vendor")) {
		tags_id(value, &d->vendor);
	} else if (pp_span_is(tag, "Class") && tags_id(value, &id)) {
		d->class_code = (d->class_code & 0xff) | id << 8;
		d->has_class = true;
	} else if (pp_span_is(tag, "ProgIf") &&
	           pp_import_hex(PP_SPAN(value, strlen(value)), &number) == 2) {
		d->class_code |= (uint32_t)number;
	} else if (pp_span_is(tag, "Driver")) {
		snprintf(d->driver, sizeof(d->driver), "%.63s", value);
	} else if (pp_span_is(tag, "PhySlot")) {
		snprintf(d->slot, sizeof(d->slot), "%.39s", value);
	} else if (pp_span_is(tag, "IOMMUGroup") && pp_parse_dec(value, UINT32_MAX - 1, &number)) {
		d->group = (uint32_t)number;
	}
}

/* "Slot:\t07:00.0"; in the form of -vm "Device:" comes twice, first with the address. */
static bool tags_line(struct pp_span line, struct pp_span *tag, char value[200])
{
	const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;

	if (!colon || colon == line.data || colon - line.data > 12)
		return false;
	*tag = PP_SPAN(line.data, (size_t)(colon - line.data));
	pp_text_clean_into(value, 200, colon + 1, (size_t)(line.data + line.len - colon - 1));
	return true;
}

static bool tags_begins(struct pp_span tag, const char *value, struct pp_address *ret)
{
	return (pp_span_is(tag, "Slot") || pp_span_is(tag, "Device")) &&
	       pp_address_parse(value, ret);
}

static bool tags_knows(struct pp_span text)
{
	unsigned int indent, n = 0;
	struct pp_span line, tag;
	struct pp_address a;
	char value[200];
	bool slot = false;

	for (; n < 2000 && pp_import_line(&text, &line, &indent); n++) {
		if (!tags_line(line, &tag, value))
			slot = false;
		else if (slot && pp_span_is(tag, "Class"))
			return true;
		else
			slot = tags_begins(tag, value, &a);
	}
	return false;
}

static int tags_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct tags t = { .in = in, .d = tags_none };
	const struct pp_span all = text;
	struct pp_span line, tag;
	struct pp_address a;
	unsigned int indent;
	char value[200];
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (!tags_line(line, &tag, value)) {
			if (!line.len)
				r = tags_write(&t, e);
			continue;
		}
		if (tags_begins(tag, value, &a)) {
			r = tags_write(&t, e);
			t.d = tags_none;
			t.d.address = a;
			t.d.open = true;
		} else if (t.d.open && pp_span_is(tag, "Device")) {
			tags_id(value, &t.d.device);
		} else if (t.d.open) {
			tags_value(&t.d, tag, value);
		}
	}
	/* Cut off within a record, the rest of it was not read. */
	bool cut = t.d.open;
	if (!r)
		r = tags_write(&t, e);
	if (!r)
		r = pp_import_ids_wanted(in, &pp_reader_lspci_tags, all, t.nr_with_ids,
		                         t.nr_without_ids, e);
	pp_import_list_end(in, &t.list, cut);
	return r;
}

const struct pp_reader pp_reader_lspci_tags = {
	.title = "lspci -vmmnnk",
	.knows = tags_knows,
	.read = tags_read,
};
