/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a person names to devices: address, slot, group, ids. */
#include <string.h>

#include "base/text.h"
#include "judge/select.h"

struct device_request {
	enum { BY_ADDRESS, BY_SLOT, BY_GROUP, BY_IDS } by;
	struct pp_address address;
	const char *slot;
	uint64_t group, vendor, device;
};

/* "slot2", "slot 2", "group13": what stands behind the word; NULL if the word is another. */
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
	w->slot = behind(what, "slot");
	if (w->slot) {
		w->by = BY_SLOT;
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
	case BY_SLOT:
		return d->slot.name && !strcmp(d->slot.name, w->slot);
	case BY_GROUP:
		return d->group != PP_NO_GROUP && h->groups[d->group].number == w->group;
	case BY_IDS:
		return d->ids_known && d->vendor == w->vendor && d->device == w->device;
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

int pp_select(const struct pp_host *h, const char *what, struct pp_arena *a,
              struct pp_selection *ret, struct pp_error *e)
{
	struct device_request w = { 0 };
	uint32_t n = 0;

	if (!select_parse(what, &w))
		return pp_fail(e, EINVAL,
		               "'%s' names no device: need an address (07:00.0), slot2, group13 or "
		               "vendor:device",
		               what);
	if (h->devices_error)
		return pp_fail(e, ENODATA, "%s: the devices were not read", what);
	uint32_t *devices = PP_ARENA_ARRAY(a, h->nr_devices, uint32_t);
	if (!devices)
		return pp_fail_oom(e, what);
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (select_fits(h, &h->devices[i], &w))
			devices[n++] = i;
	if (!n && w.by == BY_IDS && select_lacks_function(h, &w))
		return pp_fail(
			e, ENODEV,
			"%s: no device with these ids; if it is meant as an address, add the "
			"function: %02x:%02x.0",
			what, (unsigned int)w.vendor, (unsigned int)w.device);
	if (!n)
		return pp_fail(e, ENODEV, "%s: no such device here", what);
	*ret = (struct pp_selection){ devices, n };
	return 0;
}
