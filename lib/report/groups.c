/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMU groups: the kernel's, or computed ones with the reason why devices share them. */
#include <stdio.h>
#include <string.h>

#include "host/isolation.h"
#include "host/place.h"
#include "report/field.h"
#include "report/out.h"

#define SCHEMA "pcipass.groups/1"

/* A driver's name is cut behind it. */
#define MAX_DRIVER 12

struct pp_group_list {
	const struct pp_host *host;
	struct pp_isolation isolation;
	bool computed;
	uint32_t nr_groups;
	uint32_t *order; /* the devices by group, those in none last */
};

/* Which of the listed groups a device is in; PP_NO_GROUP: none. */
static uint32_t groups_group_of(const struct pp_group_list *l, uint32_t device)
{
	return l->computed ? l->isolation.devices[device].group : l->host->devices[device].group;
}

static uint32_t number_of(const struct pp_group_list *l, uint32_t group)
{
	return l->computed ? group : l->host->groups[group].number;
}

/* One pass to count and one to place: there may be as many groups as devices. */
static int sort_devices(struct pp_group_list *l, struct pp_arena *a, struct pp_error *e)
{
	uint32_t n = l->host->nr_devices, *next = PP_ARENA_ARRAY(a, l->nr_groups + 2, uint32_t);

	l->order = PP_ARENA_ARRAY(a, n, uint32_t);
	if (!next || !l->order)
		return pp_fail_oom(e, "groups");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t g = groups_group_of(l, i);
		next[(g == PP_NO_GROUP ? l->nr_groups : g) + 1]++;
	}
	for (uint32_t g = 1; g <= l->nr_groups; g++)
		next[g] += next[g - 1];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t g = groups_group_of(l, i);
		l->order[next[g == PP_NO_GROUP ? l->nr_groups : g]++] = i;
	}
	return 0;
}

/* Stable, for JSON. */
static const char *shares_name(enum pp_shares s)
{
	static const char *const names[] = {
		[PP_SHARES_NOT] = "none",
		[PP_SHARES_BRIDGE] = "conventional-bridge",
		[PP_SHARES_NO_ACS] = "no-acs",
		[PP_SHARES_FUNCTION] = "functions",
		[PP_SHARES_ALIAS] = "alias",
		[PP_SHARES_UNKNOWN] = "unknown",
		[PP_SHARES_OTHER_DOMAIN] = "other-domain",
		[PP_SHARES_ACS_OVERRIDDEN] = "acs-overridden",
		[PP_SHARES_BY_FIRMWARE] = "firmware",
	};
	return names[s];
}

static void reason_text(const struct pp_group_list *l, uint32_t device, char *buf, size_t size)
{
	static const char *const texts[] = {
		[PP_SHARES_NOT] = "",
		[PP_SHARES_BRIDGE] = "the bridge %s uses its own address for its DMA",
		[PP_SHARES_NO_ACS] = "the bridge %s has no access control (ACS)",
		[PP_SHARES_FUNCTION] = "not isolated from %s: no access control (ACS)",
		[PP_SHARES_ALIAS] = "the IOMMU cannot tell its DMA from that of %s",
		[PP_SHARES_UNKNOWN] = "the capabilities of %s were not read",
		[PP_SHARES_OTHER_DOMAIN] = "it is below a device with a separate PCI domain",
		[PP_SHARES_ACS_OVERRIDDEN] = "the kernel command line changes access control",
		[PP_SHARES_BY_FIRMWARE] = "on POWER the firmware makes the groups",
	};
	const struct pp_isolated *i = &l->isolation.devices[device];
	char with[PP_ADDRESS_TEXT_BYTES] = "";
	const char *text = texts[i->shares];
	uint32_t because = i->with;

	if (pp_isolation_why(l->host, &l->isolation, device, &because) == PP_JOINED_ACS_OFF)
		text = "%s supports access control (ACS), but it is off";
	else
		because = i->with;
	const char *place = strstr(text, "%s");
	if (because != PP_NO_DEVICE)
		pp_address_format_short(l->host->devices[because].address, with);
	if (place)
		snprintf(buf, size, "%.*s%s%s", (int)(place - text), text, with, place + 2);
	else
		snprintf(buf, size, "%s", text);
}

static int groups_columns(const char *text, int least)
{
	int n = (int)pp_out_columns(text);

	return n > least ? n : least;
}

/* Wide enough for the addresses and drivers of all. */
struct groups_widths {
	int address, driver;
};

static const char *groups_driver(const struct pp_device *d)
{
	return d->driver.text ? d->driver.text : d->driver.error == ENOENT ? "-" : "?";
}

static struct groups_widths groups_measure(const struct pp_host *h)
{
	struct groups_widths w = { 7, 6 };

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		char address[PP_ADDRESS_TEXT_BYTES];
		pp_address_format_short(h->devices[i].address, address);
		w.address = groups_columns(address, w.address);
		w.driver = groups_columns(groups_driver(&h->devices[i]), w.driver);
	}
	w.driver = w.driver > MAX_DRIVER ? MAX_DRIVER : w.driver;
	return w;
}

static void groups_print_device(struct pp_out *o, const struct pp_group_list *l, uint32_t device,
                                const char *group, const struct groups_widths *w)
{
	const struct pp_device *d = &l->host->devices[device];
	char address[PP_ADDRESS_TEXT_BYTES], name[256], shown[280], driver[64], reason[128] = "";
	const char *slot = d->slot.unknown ? "?" : "-";
	bool bridge = pp_device_is_bridge(d) || pp_has_bridge_header(d);

	pp_address_format_short(d->address, address);
	pp_out_short_name(o, d, name, sizeof(name));
	snprintf(shown, sizeof(shown), "%s%s", bridge ? "bridge: " : "", name);
	snprintf(driver, sizeof(driver), "%s", groups_driver(d));
	pp_out_fit(o, driver, sizeof(driver), w->driver);
	if (pp_slot_is_named(&d->slot))
		slot = d->slot.number;
	pp_out_fit(o, shown, sizeof(shown),
	           (int)o->width - groups_columns(group, 5) - w->address - w->driver - 8);
	pp_out(o, "%s%5s%s %-*s %4.4s %s%*s %s\n", pp_out_color(o, PP_BOLD), group,
	       pp_out_color(o, PP_COLOR_NONE), w->address, address, slot, driver,
	       w->driver - groups_columns(driver, 0), "", shown);
	if (l->computed)
		reason_text(l, device, reason, sizeof(reason));
	if (*reason)
		pp_out_wrapped(o, "        ", "        ", reason);
}

static void groups_print_head(struct pp_out *o, const struct pp_group_list *l)
{
	if (pp_host_never_groups(l->host))
		pp_out(o, "None for PCI devices: the device tree assigns no IOMMU to them.\n\n");
	if (!l->computed)
		return;
	char line[200];
	snprintf(line, sizeof(line), "%sComputed from configuration space%s:",
	         l->host->nr_groups      ? ""
	         : l->host->groups_error ? "The kernel's groups were not read. "
	                                 : "The kernel has made no groups. ",
	         l->host->nr_groups ? ", not read from the kernel"
	         : l->isolation.as_found
	                 ? ""
	                 : ", with access control as the kernel will set it when the "
	                   "IOMMU is on");
	pp_out_wrapped(o, "", "", line);
	pp_out(o, "\n");
}

static void groups_print(struct pp_out *o, const struct pp_group_list *l)
{
	const struct groups_widths w = groups_measure(l->host);
	uint32_t without = 0;

	groups_print_head(o, l);
	pp_out(o, "%sGROUP %-*s SLOT %-*s DEVICE%s\n", pp_out_color(o, PP_DIM), w.address,
	       "ADDRESS", w.driver, "DRIVER", pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0, before = PP_NO_GROUP; i < l->host->nr_devices; i++) {
		uint32_t device = l->order[i], g = groups_group_of(l, device);
		char number[16] = "";
		if (g == PP_NO_GROUP) {
			bool none = !l->computed && l->host->devices[device].group_error == ENOENT;
			snprintf(number, sizeof(number), "%s", none ? "-" : "?");
			without++;
		} else if (g != before) {
			snprintf(number, sizeof(number), "%u", number_of(l, g));
		}
		before = g;
		groups_print_device(o, l, device, number, &w);
	}
	pp_out(o, "\n%u group%s%s", l->nr_groups, l->nr_groups == 1 ? "" : "s",
	       l->computed ? ", computed" : "");
	if (without)
		pp_out(o, "; %u device%s in none%s", without, without == 1 ? "" : "s",
		       l->computed ? " that is known" : "");
	pp_out(o, "\n");
}

static const char *groups_schema_words(unsigned int i)
{
	return i ? NULL : SCHEMA;
}

static const char *groups_source_words(unsigned int i)
{
	static const char *const words[] = { "kernel", "computed", NULL };

	return words[i];
}

static const char *groups_access_words(unsigned int i)
{
	static const char *const words[] = { "as-found", "assumed", NULL };

	return words[i];
}

static const char *groups_because_words(unsigned int i)
{
	return i < PP_SHARES_BY_FIRMWARE ? shares_name((enum pp_shares)(i + 1)) : NULL;
}

static const struct pp_isolated *groups_isolated(const struct pp_subject *s)
{
	return &s->groups->isolation.devices[s->device - s->host->devices];
}

static void groups_put_because(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, shares_name(groups_isolated(s)->shares));
}

static void groups_put_with(struct pp_json_writer *w, const struct pp_subject *s)
{
	uint32_t with = groups_isolated(s)->with;

	if (with == PP_NO_DEVICE)
		pp_json_put_null(w);
	else
		pp_json_put_address(w, s->host->devices[with].address);
}

static const struct pp_field shares_fields[] = {
	{ "because", PP_FIELD_TEXT,
	  "conventional-bridge: its DMA comes under that bridge's name. no-acs: that port, above it, "
	  "has no access control. functions: nothing keeps it apart from that function. alias: both "
	  "send DMA under one number. unknown: what that device can do was not read. other-domain: "
	  "below a device with a PCI domain of its own. acs-overridden: by the kernel command line.",
	  .words = groups_because_words, .write = groups_put_because },
	{ "with", PP_FIELD_ADDRESS, "The bridge, port or function; null: none in particular.",
	  .nullable = true, .write = groups_put_with },
};

static const struct pp_object groups_shares = {
	.name = "shares",
	.meaning = "Why a device is in the group of another one.",
	PP_OBJECT_FIELDS(shares_fields),
};

static void groups_put_shares(struct pp_json_writer *w, const struct pp_subject *s)
{
	if (!s->groups->computed || groups_isolated(s)->shares == PP_SHARES_NOT)
		pp_json_put_null(w);
	else
		pp_object_write(w, &groups_shares, s);
}

static const struct pp_field member_fields[] = {
	{ "address", PP_FIELD_ADDRESS, "Where the device is.", .write = pp_device_put_address },
	{ "name", PP_FIELD_TEXT, "Vendor and device; null: its ids were not read.",
	  .nullable = true, .may_be_empty = true, .write = pp_device_put_name },
	{ "shares", PP_FIELD_OBJECT,
	  "Why it is in the group of those before it; null: the first of its group, or the groups "
	  "are the kernel's.",
	  .nullable = true, .object = &groups_shares, .write = groups_put_shares },
};

static const struct pp_object groups_member = {
	.name = "device",
	.meaning = "A device of a group.",
	PP_OBJECT_FIELDS(member_fields),
};

/* Those of the order that are in that group, which stand side by side. */
static void groups_put_members(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_group_list *l = s->groups;
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = s->first; i < l->host->nr_devices; i++) {
		if (groups_group_of(l, l->order[i]) != s->group)
			break;
		part.device = &l->host->devices[l->order[i]];
		pp_object_write(w, &groups_member, &part);
	}
	pp_json_close(w, ']');
}

static void groups_put_number(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_integer(w, number_of(s->groups, s->group));
}

static const struct pp_field group_fields[] = {
	{ "number", PP_FIELD_INTEGER,
	  "The kernel's; computed groups are counted from 0, and the kernel may number them "
	  "otherwise.",
	  .write = groups_put_number },
	{ "devices", PP_FIELD_OBJECTS, "In the order of their addresses.", .has_one = true,
	  .object = &groups_member, .write = groups_put_members },
};

static const struct pp_object groups_group = {
	.name = "group",
	.meaning = "Devices that the IOMMU does not keep apart.",
	PP_OBJECT_FIELDS(group_fields),
};

static void groups_put_schema(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, SCHEMA);
}

static void groups_put_source(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, groups_source_words(s->groups->computed));
}

static void groups_put_access(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_group_list *l = s->groups;

	pp_json_put_text(w, l->computed ? groups_access_words(!l->isolation.as_found) : NULL);
}

/* Where the devices of a group begin in the order, or those in none. */
static uint32_t groups_first_of(const struct pp_group_list *l, uint32_t from, uint32_t group)
{
	while (from < l->host->nr_devices && groups_group_of(l, l->order[from]) != group)
		from++;
	return from;
}

static void groups_put_groups(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (part.group = 0; part.group < s->groups->nr_groups; part.group++) {
		part.first = groups_first_of(s->groups, part.first, part.group);
		pp_object_write(w, &groups_group, &part);
	}
	pp_json_close(w, ']');
}

static void groups_put_ungrouped(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	part.group = PP_NO_GROUP;
	part.first = groups_first_of(s->groups, 0, PP_NO_GROUP);
	groups_put_members(w, &part);
}

static const char *groups_unread(const struct pp_subject *s)
{
	return s->host->groups_error ? pp_unread_reason(s->host->groups_error) : NULL;
}

static const struct pp_field document_fields[] = {
	{ "schema", PP_FIELD_TEXT, "The name of this document, and its version.",
	  .words = groups_schema_words, .write = groups_put_schema },
	{ "source", PP_FIELD_TEXT,
	  "computed: from configuration space, as the kernel is expected to make them.",
	  .words = groups_source_words, .write = groups_put_source },
	{ "access_control", PP_FIELD_TEXT,
	  "as-found: an IOMMU runs, so the control registers are as the kernel has set them. "
	  "assumed: taken as it will set them. null: the groups are the kernel's.",
	  .nullable = true, .words = groups_access_words, .write = groups_put_access },
	{ "groups", PP_FIELD_OBJECTS, "In the order of their numbers.", .unread = groups_unread,
	  .object = &groups_group, .write = groups_put_groups },
	{ "ungrouped", PP_FIELD_OBJECTS,
	  "Devices in no group (kernel), or in one that is not known (computed).",
	  .object = &groups_member, .write = groups_put_ungrouped },
	{ "unread", PP_FIELD_REASONS, "Why the kernel's groups could not be read." },
};

const struct pp_object pp_object_groups = {
	.name = "groups",
	.meaning = "Written by pcipass groups --json. Fields may be added.",
	PP_OBJECT_FIELDS(document_fields),
};

int pp_report_groups(const struct pp_host *h, bool computed, const struct pp_style *style,
                     struct pp_sink sink, struct pp_error *e)
{
	struct pp_group_list l = {
		.host = h, .computed = (computed || !h->nr_groups) && !pp_host_never_groups(h)
	};
	struct pp_arena arena;
	struct pp_out o;

	if (h->devices_error)
		return pp_fail(e, ENODATA, "groups: the devices were not read");
	if (h->windows)
		return pp_fail(
			e, ENODATA,
			"Windows has no IOMMU groups, and Linux's cannot be computed without PCI "
			"configuration space, which Windows does not expose; run pcipass for "
			"Hyper-V's verdict on each device");
	pp_arena_init(&arena, 0);
	int r = l.computed ? pp_isolation_compute(h, &arena, &l.isolation, e) : 0;
	l.nr_groups = l.computed ? l.isolation.nr_groups : h->nr_groups;
	if (!r)
		r = sort_devices(&l, &arena, e);
	if (!r) {
		pp_out_init(&o, style, sink);
		if (style->format == PP_FORMAT_JSON) {
			pp_out_object(&o, &pp_object_groups,
			              &(struct pp_subject){ .out = &o, .host = h, .groups = &l });
			pp_out(&o, "\n");
		} else {
			groups_print(&o, &l);
		}
		r = pp_out_fini(&o, e);
	}
	pp_arena_fini(&arena);
	return r;
}
