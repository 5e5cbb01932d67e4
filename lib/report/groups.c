/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMU groups: the kernel's, or computed ones with the reason why devices share them. */
#include <stdio.h>
#include <string.h>

#include "host/isolation.h"
#include "report/out.h"

struct list {
	const struct pp_host *host;
	struct pp_isolation isolation;
	bool computed;
	uint32_t nr_groups;
	uint32_t *order; /* the devices by group, those in none last */
};

/* Which of the listed groups a device is in; PP_NO_GROUP: none. */
static uint32_t groups_group_of(const struct list *l, uint32_t device)
{
	return l->computed ? l->isolation.devices[device].group : l->host->devices[device].group;
}

static uint32_t number_of(const struct list *l, uint32_t group)
{
	return l->computed ? group : l->host->groups[group].number;
}

/* One pass to count and one to place: there may be as many groups as devices. */
static int sort_devices(struct list *l, struct pp_arena *a, struct pp_error *e)
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
	};
	return names[s];
}

static void reason_text(const struct list *l, uint32_t device, char *buf, size_t size)
{
	static const char *const texts[] = {
		[PP_SHARES_NOT] = "",
		[PP_SHARES_BRIDGE] = "the bridge %s uses its own address for its DMA",
		[PP_SHARES_NO_ACS] = "the bridge %s has no access control (ACS)",
		[PP_SHARES_FUNCTION] = "no access control (ACS) isolates it from %s",
		[PP_SHARES_ALIAS] = "the IOMMU cannot tell its DMA from that of %s",
		[PP_SHARES_UNKNOWN] = "the capabilities of %s were not read",
		[PP_SHARES_OTHER_DOMAIN] = "it is below a device with a separate PCI domain",
		[PP_SHARES_ACS_OVERRIDDEN] = "the kernel command line changes access control",
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

static void groups_print_device(struct pp_out *o, const struct list *l, uint32_t device,
                                const char *group)
{
	const struct pp_device *d = &l->host->devices[device];
	char address[PP_ADDRESS_TEXT_BYTES], name[256], reason[128] = "";

	pp_address_format_short(d->address, address);
	pp_out_short_name(o, d, name, sizeof(name));
	int used = 4 + groups_columns(group, 5) + groups_columns(address, 12);
	pp_out_fit(o, name, sizeof(name), (int)o->width - used);
	pp_out(o, "%s%5s%s  %-12s  %s\n", pp_out_color(o, PP_BOLD), group,
	       pp_out_color(o, PP_COLOR_NONE), address, name);
	if (l->computed)
		reason_text(l, device, reason, sizeof(reason));
	if (*reason)
		pp_out_wrapped(o, "         ", "         ", reason);
}

static void groups_print_head(struct pp_out *o, const struct list *l)
{
	if (pp_host_never_groups(l->host))
		pp_out(o, "None for PCI devices: the device tree assigns no IOMMU to them.\n\n");
	if (!l->computed)
		return;
	pp_out_wrapped(
		o, "", "",
		l->host->nr_groups ? "Computed from configuration space, not read from the kernel:"
		: l->isolation.as_found
			? "The kernel has made no groups. Computed from configuration space:"
			: "The kernel has made no groups. Computed from configuration space, "
			  "with access control as the kernel will set it when the IOMMU is on:");
	pp_out(o, "\n");
}

static void groups_print(struct pp_out *o, const struct list *l)
{
	uint32_t without = 0;

	groups_print_head(o, l);
	pp_out(o, "%sGROUP  ADDRESS       DEVICE%s\n", pp_out_color(o, PP_DIM),
	       pp_out_color(o, PP_COLOR_NONE));
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
		groups_print_device(o, l, device, number);
	}
	pp_out(o, "\n%u group%s%s", l->nr_groups, l->nr_groups == 1 ? "" : "s",
	       l->computed ? ", computed" : "");
	if (without)
		pp_out(o, "; %u device%s in none%s", without, without == 1 ? "" : "s",
		       l->computed ? " that is known" : "");
	pp_out(o, "\n");
}

static json_t *json_shares(const struct list *l, uint32_t device)
{
	if (!l->computed || l->isolation.devices[device].shares == PP_SHARES_NOT)
		return json_null();
	const struct pp_isolated *i = &l->isolation.devices[device];
	return json_pack("{s:s, s:o}", "because", shares_name(i->shares), "with",
	                 i->with == PP_NO_DEVICE
	                         ? json_null()
	                         : pp_json_address(l->host->devices[i->with].address));
}

static json_t *json_device(const struct pp_out *o, const struct list *l, uint32_t device)
{
	const struct pp_device *d = &l->host->devices[device];
	char name[256];

	pp_out_name(o, d, name, sizeof(name));
	return json_pack("{s:o, s:o, s:o}", "address", pp_json_address(d->address), "name",
	                 d->ids_known ? json_string(name) : json_null(), "shares",
	                 json_shares(l, device));
}

static json_t *json_unread(const struct pp_host *h)
{
	json_t *o = json_object();

	if (h->groups_error)
		json_object_set_new(o, "groups", json_string(pp_unread_reason(h->groups_error)));
	return o;
}

static json_t *groups_json_document(const struct pp_out *o, const struct list *l)
{
	json_t *groups = json_array(), *without = json_array();

	for (uint32_t g = 0; g < l->nr_groups; g++)
		json_array_append_new(groups, json_pack("{s:i, s:[]}", "number",
		                                        (int)number_of(l, g), "devices"));
	for (uint32_t i = 0; i < l->host->nr_devices; i++) {
		uint32_t g = groups_group_of(l, i);
		json_t *list = g == PP_NO_GROUP
		                       ? without
		                       : json_object_get(json_array_get(groups, g), "devices");
		json_array_append_new(list, json_device(o, l, i));
	}
	return json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o}", "schema", "pcipass.groups/1", "source",
	                 l->computed ? "computed" : "kernel", "access_control",
	                 !l->computed            ? NULL
	                 : l->isolation.as_found ? "as-found"
	                                         : "assumed",
	                 "groups", groups, "ungrouped", without, "unread", json_unread(l->host));
}

int pp_report_groups(const struct pp_host *h, bool computed, const struct pp_style *style,
                     struct pp_sink sink, struct pp_error *e)
{
	struct list l = { .host = h,
		          .computed = (computed || !h->nr_groups) && !pp_host_never_groups(h) };
	struct pp_arena arena;
	struct pp_out o;

	if (h->devices_error)
		return pp_fail(e, ENODATA, "groups: the devices were not read");
	pp_arena_init(&arena, 0);
	int r = l.computed ? pp_isolation_compute(h, &arena, &l.isolation, e) : 0;
	l.nr_groups = l.computed ? l.isolation.nr_groups : h->nr_groups;
	if (!r)
		r = sort_devices(&l, &arena, e);
	if (!r) {
		pp_out_init(&o, style, sink);
		if (style->format == PP_FORMAT_JSON) {
			pp_out_json(&o, groups_json_document(&o, &l));
			pp_out(&o, "\n");
		} else {
			groups_print(&o, &l);
		}
		r = pp_out_fini(&o, e);
	}
	pp_arena_fini(&arena);
	return r;
}
