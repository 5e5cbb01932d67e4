/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved regions for people: the tables' regions, the devices that they are for, the kernel's
 * list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/place.h"
#include "report/reserved.h"
#include "report/words.h"

static const char *reserved_name(enum pp_region_source source)
{
	return source == PP_FROM_DMAR ? "RMRR" : source == PP_FROM_IVRS ? "IVMD" : "RMR";
}

static void reserved_size(const struct pp_region *r, char *buf, size_t size)
{
	/* The last byte's offset: the size itself may not fit. */
	unsigned long long last = r->end_incl - r->start;

	if (r->end_incl < r->start)
		snprintf(buf, size, "none");
	else if (last >= 1024 * 1024)
		snprintf(buf, size, "%llu MiB", (last >> 20) + ((last & 0xfffff) == 0xfffff));
	else if (last >= 1023)
		snprintf(buf, size, "%llu KiB", (last >> 10) + ((last & 0x3ff) == 0x3ff));
	else
		snprintf(buf, size, "%llu byte%s", last + 1, last ? "s" : "");
}

static void print_scope(struct pp_out *o, const struct pp_region_scope *s)
{
	const char *type = pp_dmar_scope_type_name(s->dmar->type);

	pp_out(o, "    scope %s %02x:", type ? type : "of unknown type", s->dmar->start_bus);
	for (uint8_t i = 0; i < s->dmar->nr_hops; i++)
		pp_out(o, "%s%02x.%x", i ? "/" : "", s->dmar->hops[i].device,
		       s->dmar->hops[i].function);
	if (s->match != PP_SCOPE_MATCHED && s->match != PP_SCOPE_NOT_TRIED)
		pp_out(o, ": %s", pp_reserved_match_name(s->match));
	pp_out(o, "\n");
}

static void print_streams(struct pp_out *o, const struct pp_host *h, const struct pp_region *r)
{
	for (uint32_t i = 0; i < pp_reserved_nr_streams(r->rmr); i++) {
		const struct pp_iort_mapping *m = &r->rmr->mappings[i];
		uint32_t last = m->output_base + m->ids_minus_1;
		const char *type = m->output ? pp_iort_type_name(m->output->type) : NULL;
		pp_out(o, "    stream%s 0x%x", m->ids_minus_1 ? "s" : "", m->output_base);
		if (m->ids_minus_1)
			pp_out(o, " to 0x%x", last);
		if (type)
			pp_out(o, " of the %s at +0x%x%s\n", type, m->output_reference,
			       r->rmr->flags & PP_IORT_RMR_REMAP_PERMITTED ? ": remapping permitted"
			                                                   : "");
		else
			pp_out(o, ": names no SMMU\n");
	}
	if (r->rmr->nr_mappings > PP_RESERVED_STREAMS)
		pp_out(o, "    and %u more id mappings\n",
		       r->rmr->nr_mappings - PP_RESERVED_STREAMS);
	if (h->iort->header.revision < PP_IORT_RMR_REVISION || !r->rmr->nr_mappings)
		pp_out(o, "    ignored: %s\n",
		       r->rmr->nr_mappings ? "the table's revision is below 5" : "no id mapping");
}

/* A region in one line, and below it what of its scopes cannot be shown as devices. */
static void print_region(struct pp_out *o, const struct pp_host *h, const struct pp_region *r)
{
	char first[PP_ADDRESS_TEXT_BYTES], last[PP_ADDRESS_TEXT_BYTES], size[32], range[48];

	reserved_size(r, size, sizeof(size));
	snprintf(range, sizeof(range), "0x%llx-0x%llx", (unsigned long long)r->start,
	         (unsigned long long)r->end_incl);
	pp_out(o, "%s%-4s %-3u%s %-25s %9s%s\n", pp_out_color(o, PP_BOLD), reserved_name(r->source),
	       r->index, pp_out_color(o, PP_COLOR_NONE), range, size,
	       r->end_incl < r->start               ? "  ends below its start"
	       : r->reserved_in_memory_map == PP_NO ? "  not reserved in the memory map"
	                                            : "");
	for (uint32_t i = 0; i < r->nr_scopes; i++)
		if (h->devices_error || r->scopes[i].match != PP_SCOPE_MATCHED)
			print_scope(o, &r->scopes[i]);
	if (r->source == PP_FROM_IVRS) {
		pp_address_format(pp_reserved_devid(r->segment, r->first_devid), first);
		pp_address_format(pp_reserved_devid(r->segment, r->last_devid), last);
		pp_out(o, "    for %s to %s%s\n", first, last,
		       r->ivmd_flags & (PP_IVMD_UNITY | PP_IVMD_EXCLUSION) ? "" : ": ignored");
	}
	if (r->rmr)
		print_streams(o, h, r);
}

/* What a region means for a device. */
enum reserved_effect {
	RESERVED_HARD,
	RESERVED_RELAXABLE,
	RESERVED_UNLISTED,
	RESERVED_EFFECTS,
};

static const struct {
	const char *name, *meaning;
} reserved_effects[RESERVED_EFFECTS] = {
	[RESERVED_HARD] = { "hard",
	                    "the device must keep reaching the region, so Linux refuses to pass "
	                    "it through (on AMD and Arm, older kernels: to guests with memory there)" },
	[RESERVED_RELAXABLE] = { "relaxable",
	                         "Linux does not enforce the region for this device (USB, graphics, "
	                         "remapping permitted, or relax_rmrr)" },
	[RESERVED_UNLISTED] = { "unlisted", "the kernel does not list the region for the device's "
	                                    "group, so it does not block the device" },
};

static enum reserved_effect reserved_effect_on(const struct pp_host *h, const struct pp_region *r,
                                               uint32_t device)
{
	if (pp_reserved_kernel_lists(h, r, device) == PP_NO)
		return RESERVED_UNLISTED;
	return pp_region_lets_go(h, r, &h->devices[device]) ? RESERVED_RELAXABLE : RESERVED_HARD;
}

/* Appends a number to "2-4, 7": first and last are those of the run that the text ends in. */
struct reserved_list {
	char text[120];
	uint32_t nr, first, last;
	bool full; /* the rest is "…" */
};

static void reserved_list_add(struct reserved_list *l, uint32_t number)
{
	size_t len = strlen(l->text), room = sizeof(l->text) - len;

	if (l->full || (l->nr && number == l->last))
		return;
	if (room < 32) {
		snprintf(l->text + len, room, ", …");
		l->full = true;
		return;
	}
	if (l->nr && number == l->last + 1) {
		/* "2" grows to "2-3", and "2-3" to "2-4". */
		char *dash = l->last > l->first ? strrchr(l->text, '-') : l->text + len;
		snprintf(dash, sizeof(l->text) - (size_t)(dash - l->text), "-%u", number);
	} else {
		snprintf(l->text + len, room, "%s%u", l->nr ? ", " : "", number);
		l->first = number;
	}
	l->last = number;
	l->nr++;
}

/* The regions that have this effect on a device, as "RMRR 2-8"; nr 0: there is none. */
static void reserved_regions_of(const struct pp_host *h, uint32_t device,
                                enum reserved_effect effect, struct reserved_list *ret)
{
	const struct pp_device *d = &h->devices[device];

	*ret = (struct reserved_list){ 0 };
	for (uint32_t i = 0; i < d->nr_mappings; i++) {
		const struct pp_region *r = &h->regions[h->mappings[d->first_mapping + i].region];
		if (reserved_effect_on(h, r, device) == effect)
			reserved_list_add(ret, r->index);
	}
}

/* Wide enough for the addresses and lists of all. */
struct reserved_widths {
	int address, regions;
};

static bool reserved_shows(const struct pp_selection *only, uint32_t device)
{
	for (uint32_t i = 0; only && i < only->count; i++)
		if (only->devices[i] == device)
			return true;
	return !only;
}

static struct reserved_widths reserved_measure(const struct pp_host *h,
                                               const struct pp_selection *only)
{
	struct reserved_widths w = { 7, 7 };
	struct reserved_list list;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		char address[PP_ADDRESS_TEXT_BYTES];
		if (!h->devices[i].nr_mappings || !reserved_shows(only, i))
			continue;
		pp_address_format_short(h->devices[i].address, address);
		w.address = (int)strlen(address) > w.address ? (int)strlen(address) : w.address;
		for (int e = 0; e < RESERVED_EFFECTS; e++) {
			reserved_regions_of(h, i, (enum reserved_effect)e, &list);
			int n = (int)pp_out_columns(list.text);
			w.regions = n > w.regions ? n : w.regions;
		}
	}
	return w;
}

static void print_device(struct pp_out *o, const struct pp_host *h, uint32_t device,
                         const struct reserved_widths *w, bool *told)
{
	const struct pp_device *d = &h->devices[device];
	char address[PP_ADDRESS_TEXT_BYTES], name[256], place[80] = "-";
	struct reserved_list list;

	pp_address_format_short(d->address, address);
	if (pp_slot_is_named(&d->slot))
		snprintf(place, sizeof(place), "%s%s",
		         d->slot.kind == PP_PLACE_SLOT ? "" : pp_place_word(d->slot.kind),
		         d->slot.number);
	for (int e = 0; e < RESERVED_EFFECTS; e++) {
		reserved_regions_of(h, device, (enum reserved_effect)e, &list);
		if (!list.nr)
			continue;
		told[e] = true;
		pp_out_short_name(o, d, name, sizeof(name));
		pp_out_fit(o, name, sizeof(name), (int)o->width - w->address - w->regions - 18);
		pp_out(o, "%-*s %4.10s %-9s %s%*s %s\n", w->address, address, place,
		       reserved_effects[e].name, list.text,
		       w->regions - (int)pp_out_columns(list.text), "", name);
	}
}

static void print_devices(struct pp_out *o, const struct pp_host *h,
                          const struct pp_selection *only)
{
	const struct reserved_widths w = reserved_measure(h, only);
	bool told[RESERVED_EFFECTS] = { false }, any = false;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		if (!h->devices[i].nr_mappings || !reserved_shows(only, i))
			continue;
		if (!any)
			pp_out(o, "\n%s%-*s SLOT EFFECT    %-*s DEVICE%s\n",
			       pp_out_color(o, PP_DIM), w.address, "ADDRESS", w.regions, "REGIONS",
			       pp_out_color(o, PP_COLOR_NONE));
		any = true;
		print_device(o, h, i, &w, told);
	}
	for (int e = 0; e < RESERVED_EFFECTS; e++) {
		char first[32];
		snprintf(first, sizeof(first), "  %s: ", reserved_effects[e].name);
		if (told[e])
			pp_out_wrapped(o, first, "    ", reserved_effects[e].meaning);
	}
}

/* One of the kernel's ranges, for one group. */
struct kernel_entry {
	const struct pp_kernel_region *region;
	uint32_t group;
};

static int by_range(const void *x, const void *y)
{
	const struct kernel_entry *a = x, *b = y;
	const struct pp_kernel_region *p = a->region, *q = b->region;

	if (p->start != q->start)
		return p->start < q->start ? -1 : 1;
	if (p->end_incl != q->end_incl)
		return p->end_incl < q->end_incl ? -1 : 1;
	if (p->kind != q->kind)
		return p->kind < q->kind ? -1 : 1;
	return a->group < b->group ? -1 : a->group > b->group;
}

static bool same_range(const struct kernel_entry *a, const struct kernel_entry *b)
{
	return a->region->start == b->region->start && a->region->end_incl == b->region->end_incl &&
	       a->region->kind == b->region->kind;
}

/* Sorted by range; *ret_nr of them. NULL: out of memory. */
static struct kernel_entry *kernel_entries(const struct pp_out *o, const struct pp_host *h,
                                           const struct pp_selection *only, struct pp_arena *a,
                                           uint32_t *ret_nr)
{
	uint32_t n = 0;

	for (uint32_t g = 0; g < h->nr_groups; g++)
		n += h->groups[g].nr_regions;
	struct kernel_entry *list = PP_ARENA_ARRAY(a, n, struct kernel_entry);
	n = 0;
	for (uint32_t g = 0; list && g < h->nr_groups; g++) {
		if (only && !pp_reserved_is_group_of(h, g, only))
			continue;
		for (uint32_t i = 0; i < h->groups[g].nr_regions; i++) {
			const struct pp_kernel_region *k = &h->groups[g].regions[i];
			/* Every group has the interrupt window: no news. */
			if (k->kind != PP_REGION_MSI || o->style->all)
				list[n++] = (struct kernel_entry){ k, h->groups[g].number };
		}
	}
	if (n)
		qsort(list, n, sizeof(*list), by_range);
	*ret_nr = n;
	return list;
}

static void print_kernel(struct pp_out *o, const struct pp_host *h, const struct pp_selection *only,
                         struct pp_arena *a)
{
	uint32_t n;
	const struct kernel_entry *list = kernel_entries(o, h, only, a, &n);

	o->buffer.failed |= !list;
	if (list && n)
		pp_out(o, "\n%s%-25s %-16s GROUPS%s\n", pp_out_color(o, PP_DIM),
		       "RANGE IN THE KERNEL", "TYPE", pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0, next; list && i < n; i = next) {
		const struct pp_kernel_region *k = list[i].region;
		struct reserved_list groups = { 0 };
		char range[48], first[80], line[200];
		for (next = i; next < n && same_range(&list[i], &list[next]); next++)
			reserved_list_add(&groups, list[next].group);
		snprintf(range, sizeof(range), "0x%llx-0x%llx", (unsigned long long)k->start,
		         (unsigned long long)k->end_incl);
		snprintf(first, sizeof(first), "%-25s %-16s ", range, pp_region_kind_name(k->kind));
		snprintf(line, sizeof(line), "%s%s", groups.text,
		         pp_kernel_region_is_for_isa(k) ? " (the kernel's own, for an ISA bridge)"
		                                        : "");
		pp_out_wrapped(o, first, "                                           ", line);
	}
}

/* What can be expected of the table, before what is in it. */
static void print_table_state(struct pp_out *o, const struct pp_host *h)
{
	if (h->nr_regions && h->devices_error)
		pp_out_wrapped(o, "", "",
		               "Without a host's devices a table's scopes cannot be matched: "
		               "only the table is shown.");
	else if (h->nr_regions)
		return;
	else if (h->dmar || h->ivrs || h->iort)
		pp_out(o, "The firmware's table declares no reserved region.\n");
	else if (h->table_dmar == PP_NO && h->table_ivrs == PP_NO && h->table_iort == PP_NO)
		pp_out(o, "The firmware has no DMAR, IVRS or IORT table.\n");
	else
		pp_out(o, "The firmware's table was not read%s.\n",
		       h->windows ? "" : ": only the kernel's list is shown");
}

static void print_regions(struct pp_out *o, const struct pp_host *h,
                          const struct pp_selection *only)
{
	bool any = false;

	for (uint32_t i = 0; i < h->nr_regions; i++) {
		if (only && !pp_reserved_is_of(&h->regions[i], only))
			continue;
		if (!any)
			pp_out(o, "%sREGION   %-25s      SIZE%s\n", pp_out_color(o, PP_DIM),
			       "RANGE", pp_out_color(o, PP_COLOR_NONE));
		any = true;
		print_region(o, h, &h->regions[i]);
	}
	if (only && h->nr_regions && !any)
		pp_out(o, "No region of the firmware's table is for %s.\n", only->name);
}

void pp_reserved_text(struct pp_out *o, const struct pp_host *h, const struct pp_selection *only,
                      struct pp_arena *a)
{
	print_table_state(o, h);
	print_regions(o, h, only);
	print_devices(o, h, only);
	print_kernel(o, h, only, a);
	pp_words_rights(o, h);
}
