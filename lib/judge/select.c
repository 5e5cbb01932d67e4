/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a person names to devices: address, slot, group, ids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "host/place.h"
#include "judge/select.h"

/* More places than a sentence can hold; then "and more". */
#define MAX_LISTED 32
/* More are told by the first and the last. */
#define MAX_LISTED_GROUPS 12

struct device_request {
	enum { BY_ADDRESS, BY_PLACE, BY_GROUP, BY_IDS, BY_ANY_SLOT } by;
	struct pp_address address;
	enum pp_place_kind kind;
	const char *number;
	uint64_t group, vendor, device;
};

/* "group13", "group 13": what stands behind the word; NULL if the word is another. */
static const char *behind(const char *s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(s, word, n))
		return NULL;
	s += n;
	while (*s == ' ' || *s == '-' || *s == ':')
		s++;
	return *s ? s : NULL;
}

static bool select_parse_ids(const char *what, struct device_request *w)
{
	char vendor[5] = "";
	const char *colon = strchr(what, ':');

	if (!colon || colon - what > 4 || colon == what || strchr(colon + 1, ':'))
		return false;
	memcpy(vendor, what, (size_t)(colon - what));
	return pp_parse_hex(vendor, 0xffff, &w->vendor) &&
	       pp_parse_hex(colon + 1, 0xffff, &w->device);
}

static bool select_parse(const char *what, struct device_request *w)
{
	const char *rest;

	if (pp_address_parse(what, &w->address)) {
		w->by = BY_ADDRESS;
		return true;
	}
	w->kind = pp_place_parse(what, &w->number);
	if (w->kind != PP_PLACE_NONE) {
		w->by = BY_PLACE;
		return true;
	}
	if (!strcmp(what, "all-slots")) {
		w->by = BY_ANY_SLOT;
		return true;
	}
	rest = behind(what, "group");
	if (rest && pp_parse_dec(rest, UINT32_MAX, &w->group)) {
		w->by = BY_GROUP;
		return true;
	}
	w->by = BY_IDS;
	return select_parse_ids(what, w);
}

static bool select_fits(const struct pp_host *h, const struct pp_device *d,
                        const struct device_request *w)
{
	switch (w->by) {
	case BY_ADDRESS:
		return pp_address_equal(d->address, w->address);
	case BY_PLACE:
		return d->slot.kind == w->kind && d->slot.number &&
		       !strcmp(d->slot.number, w->number);
	case BY_GROUP:
		return d->group != PP_NO_GROUP && h->groups[d->group].number == w->group;
	case BY_IDS:
		return d->ids_known && d->vendor == w->vendor && d->device == w->device;
	case BY_ANY_SLOT:
		return pp_slot_number(&d->slot) && !pp_device_is_bridge(d);
	}
	return false;
}

/* "0a:00": ids to the letter, an address without its function in all likelihood. */
static bool select_lacks_function(const struct pp_host *h, const struct device_request *w)
{
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i].address.bus == w->vendor &&
		    h->devices[i].address.device == w->device)
			return true;
	return false;
}

static bool select_is_by_port(const struct pp_device *d)
{
	return d->slot.sources == PP_SLOT_CAPABILITY;
}

static bool select_is_same_place(const struct pp_device *a, const struct pp_device *b)
{
	return a->slot.id == b->slot.id ||
	       (a->address.domain == b->address.domain && a->address.bus == b->address.bus);
}

/* What a port's register alone says counts for nothing beside a place that the board names. */
static uint32_t select_drop_guesses(const struct pp_host *h, uint32_t *devices, uint32_t n)
{
	bool known = false;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		known |= !select_is_by_port(&h->devices[devices[i]]);
	for (uint32_t i = 0; i < n; i++)
		if (!known || !select_is_by_port(&h->devices[devices[i]]))
			devices[kept++] = devices[i];
	return kept;
}

static void select_describe(const struct pp_device *d, char *buf, size_t size)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(d->address, address);
	if (d->slot.designation)
		snprintf(buf, size, "%s (\"%.80s\")", address, d->slot.designation);
	else
		snprintf(buf, size, "%s", address);
}

/* One name, two places: which is meant is not guessed. */
static int select_refuse_twins(const struct pp_host *h, const char *what, const uint32_t *devices,
                               uint32_t n, struct pp_error *e)
{
	const struct pp_device *first = &h->devices[devices[0]];
	char one[128], two[128];

	for (uint32_t i = 1; i < n; i++) {
		const struct pp_device *d = &h->devices[devices[i]];
		if (select_is_same_place(first, d))
			continue;
		select_describe(first, one, sizeof(one));
		select_describe(d, two, sizeof(two));
		return pp_fail(
			e, EINVAL,
			"%s: two places have this name, %s and %s; use the address of the device "
			"instead",
			what, one, two);
	}
	return 0;
}

static int select_by_place(const void *x, const void *y)
{
	const struct pp_slot_ref *a = *(const struct pp_slot_ref *const *)x;
	const struct pp_slot_ref *b = *(const struct pp_slot_ref *const *)y;
	size_t n = strlen(a->number), m = strlen(b->number);

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* Numbers have no leading zeros. */
	if (n != m)
		return n < m ? -1 : 1;
	return strcmp(a->number, b->number);
}

/* "slots here: 1, 2, 3; mezz1"; "" where no device is in a place with a name. */
static const char *select_list_places(const struct pp_host *h, struct pp_arena *a)
{
	const struct pp_slot_ref **list =
		PP_ARENA_ARRAY(a, h->nr_devices, const struct pp_slot_ref *);
	char text[320] = "";
	size_t len = 0;
	uint32_t n = 0, listed = 0;

	for (uint32_t i = 0; list && i < h->nr_devices; i++)
		if (pp_slot_is_named(&h->devices[i].slot) && !pp_device_is_bridge(&h->devices[i]))
			list[n++] = &h->devices[i].slot;
	if (!n)
		return "";
	qsort(list, n, sizeof(*list), select_by_place);
	for (uint32_t i = 0; i < n; i++) {
		bool slot = list[i]->kind == PP_PLACE_SLOT, first = !listed;
		if (i && !select_by_place(&list[i], &list[i - 1]))
			continue;
		bool full = len > 200 || listed++ == MAX_LISTED;
		const char *before = first ? slot ? "; slots here: " : "; places here: "
		                     : slot || list[i]->kind == list[i - 1]->kind ? ", "
		                                                                  : "; ";
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%.40s", before,
		                        full   ? "and more"
		                        : slot ? ""
		                               : pp_place_word(list[i]->kind),
		                        full ? "" : list[i]->number);
		if (full)
			break;
	}
	return pp_arena_strndup(a, text, len);
}

/* The board has the place, and nothing is in it. */
static const char *select_is_empty(const struct pp_host *h, const struct device_request *w,
                                   struct pp_arena *a)
{
	const char *number;

	for (uint32_t i = 0; w->by == BY_PLACE && h->smbios && i < h->smbios->nr_slots; i++) {
		const struct pp_smbios_slot *s = &h->smbios->slots[i];
		if (pp_place_kind_of(s->designation, s->slot_type) != w->kind ||
		    pp_place_number(a, s->designation, s->id, &number) || !number ||
		    strcmp(number, w->number))
			continue;
		return pp_arena_printf(a, "no device is known to be in \"%s\"", s->designation);
	}
	return NULL;
}

/* "groups here: 0 to 41"; "" where there are none. Sorted by number. */
static const char *select_list_groups(const struct pp_host *h, struct pp_arena *a)
{
	uint32_t n = h->nr_groups;

	if (!n)
		return "; there are no IOMMU groups here";
	if (n > MAX_LISTED_GROUPS)
		return pp_arena_printf(a, "; groups here: %u to %u", h->groups[0].number,
		                       h->groups[n - 1].number);
	const char *text = "; groups here: ";
	for (uint32_t i = 0; text && i < n; i++)
		text = pp_arena_printf(a, "%s%s%u", text, i ? ", " : "", h->groups[i].number);
	return text;
}

/* Something that was not read may have that name. */
static bool select_may_exist(const struct pp_host *h, const struct device_request *w)
{
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if ((w->by == BY_PLACE && d->slot.unknown && !pp_device_is_bridge(d)) ||
		    (w->by == BY_IDS && !d->ids_known))
			return true;
	}
	return w->by == BY_GROUP && h->groups_error;
}

static int select_fail_none(const struct pp_host *h, const char *what,
                            const struct device_request *w, struct pp_arena *a, struct pp_error *e)
{
	static const char *const kinds[] = {
		[BY_ADDRESS] = "device", [BY_PLACE] = "slot", [BY_GROUP] = "group", [BY_IDS] = "ids"
	};

	if (w->by == BY_ANY_SLOT)
		return pp_fail(e, ENXIO, "%s: no card is known to be in a slot here", what);
	if (w->by == BY_IDS && select_lacks_function(h, w))
		return pp_fail(
			e, ENXIO,
			"%s: no device with these ids; if it is meant as an address, add the "
			"function: %02x:%02x.0",
			what, (unsigned int)w->vendor, (unsigned int)w->device);
	const char *empty = select_is_empty(h, w, a);
	const char *list = w->by == BY_PLACE   ? select_list_places(h, a)
	                   : w->by == BY_GROUP ? select_list_groups(h, a)
	                                       : "";
	if (!empty && select_may_exist(h, w))
		return pp_fail(
			e, ENODATA,
			"%s: cannot tell whether it is present: the %s of some devices could not "
			"be read%s",
			what, kinds[w->by], list ? list : "");
	return pp_fail(e, ENXIO, "%s: %s%s%s", what, empty ? empty : "no such ",
	               empty             ? ""
	               : w->by == BY_IDS ? "device here"
	                                 : kinds[w->by],
	               list ? list : "");
}

/* What is not understood, with the place or group here that looks most like it. */
static int select_fail_name(const struct pp_host *h, const char *what, struct pp_error *e)
{
	struct pp_nearest nearest;
	struct pp_arena a;

	pp_arena_init(&a, 0);
	pp_nearest_init(&nearest, what);
	pp_nearest_offer(&nearest, "all-slots");
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_slot_ref *s = &h->devices[i].slot;
		const char *name =
			pp_slot_is_named(s)
				? pp_arena_printf(&a, "%s%s", pp_place_word(s->kind), s->number)
				: NULL;
		if (name)
			pp_nearest_offer(&nearest, name);
	}
	for (uint32_t i = 0; i < h->nr_groups; i++) {
		const char *name = pp_arena_printf(&a, "group%u", h->groups[i].number);
		if (name)
			pp_nearest_offer(&nearest, name);
	}
	int r = nearest.found ? pp_fail(e, EINVAL, "'%s' is not a device name, did you mean '%s'?",
	                                what, nearest.found)
	                      : pp_fail(e, EINVAL,
	                                "'%s' is not a device name: expected an address "
	                                "(07:00.0), slotN, mezzN, all-slots, groupN or "
	                                "vendor:device",
	                                what);
	pp_arena_fini(&a);
	return r;
}

/* NULL: out of memory. */
static const char *select_name(const char *what, const struct device_request *w, struct pp_arena *a)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	switch (w->by) {
	case BY_ADDRESS:
		pp_address_format_short(w->address, address);
		return pp_arena_strdup(a, address);
	case BY_PLACE:
		return pp_arena_printf(a, "%s%s", pp_place_word(w->kind), w->number);
	case BY_GROUP:
		return pp_arena_printf(a, "group%u", (unsigned int)w->group);
	default:
		return pp_arena_strdup(a, what);
	}
}

int pp_select(const struct pp_host *h, const char *what, struct pp_arena *a,
              struct pp_selection *ret, struct pp_error *e)
{
	struct device_request w = { 0 };
	uint32_t n = 0;

	if (!select_parse(what, &w))
		return select_fail_name(h, what, e);
	if (h->devices_error)
		return pp_fail(e, ENODATA, "%s: the devices were not read", what);
	uint32_t *devices = PP_ARENA_ARRAY(a, h->nr_devices, uint32_t);
	if (!devices)
		return pp_fail_oom(e, what);
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (select_fits(h, &h->devices[i], &w))
			devices[n++] = i;
	if (!n)
		return select_fail_none(h, what, &w, a, e);
	if (w.by == BY_PLACE) {
		n = select_drop_guesses(h, devices, n);
		int r = select_refuse_twins(h, what, devices, n, e);
		if (r)
			return r;
	}
	const char *name = select_name(what, &w, a);
	if (!name)
		return pp_fail_oom(e, what);
	*ret = (struct pp_selection){ devices, n, name };
	return 0;
}
