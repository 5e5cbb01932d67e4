/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every reserved region: as the firmware declares it, as the kernel lists it, and whom it holds. */
#include <stdio.h>
#include <string.h>

#include "report/field.h"
#include "report/words.h"

static const char *match_name(enum pp_scope_match match)
{
	static const char *const names[] = {
		[PP_SCOPE_MATCHED] = "matched",
		[PP_SCOPE_MATCHED_BDF] = "matched by address: the kernel's workaround",
		[PP_SCOPE_IGNORED] = "of a type that the kernel ignores here",
		[PP_SCOPE_NO_DEVICE] = "names nothing that is there",
		[PP_SCOPE_UNREAD] = "leads through a bridge that was not read",
		[PP_SCOPE_WRONG_TYPE] = "of the wrong type: Linux leaves the IOMMU off",
		[PP_SCOPE_NOT_TRIED] = "not matched: no devices to match with",
	};
	return names[match];
}

static struct pp_address address_of_devid(uint16_t segment, uint16_t devid)
{
	return (struct pp_address){ segment, (uint8_t)(devid >> 8), (devid >> 3) & 0x1f,
		                    devid & 7 };
}

/* Does the kernel list that very region for the device's group? */
static enum pp_tri kernel_lists(const struct pp_host *h, const struct pp_region *r, uint32_t device)
{
	const struct pp_device *d = &h->devices[device];

	if (d->group == PP_NO_GROUP || h->groups[d->group].regions_error)
		return PP_UNKNOWN;
	const struct pp_group *g = &h->groups[d->group];
	for (uint32_t i = 0; i < g->nr_regions; i++) {
		const struct pp_kernel_region *k = &g->regions[i];
		/* The kernel merges regions that overlap: it may list a larger one. */
		if ((k->kind == PP_REGION_DIRECT || k->kind == PP_REGION_DIRECT_RELAXABLE) &&
		    k->start <= r->start && k->end_incl >= r->end_incl)
			return PP_YES;
	}
	return PP_NO;
}

struct id_text {
	char text[12];
};

static struct id_text hex_id(uint32_t id)
{
	struct id_text t;

	snprintf(t.text, sizeof(t.text), "0x%x", id);
	return t;
}

static json_t *scope_json(const struct pp_region_scope *s)
{
	json_t *path = json_array();
	const char *type = pp_dmar_scope_type_name(s->dmar->type);
	char text[16];

	for (uint8_t i = 0; i < s->dmar->nr_hops; i++) {
		snprintf(text, sizeof(text), "%02x.%x", s->dmar->hops[i].device,
		         s->dmar->hops[i].function);
		json_array_append_new(path, json_string(text));
	}
	snprintf(text, sizeof(text), "%u", s->dmar->type);
	return json_pack("{s:s, s:i, s:o, s:i, s:s}", "type", type ? type : text, "start_bus",
	                 s->dmar->start_bus, "path", path, "enumeration_id",
	                 s->dmar->enumeration_id, "match", match_name(s->match));
}

static json_t *range_json(const struct pp_region *r)
{
	static const char *const types[] = { "all", "endpoint", "range" };

	return json_pack("{s:s, s:o, s:o}", "type", types[r->ivmd_type - PP_IVMD_ALL], "first",
	                 pp_json_address(address_of_devid(r->segment, r->first_devid)), "last",
	                 pp_json_address(address_of_devid(r->segment, r->last_devid)));
}

/* Each region of an RMR has all of its id mappings: a hostile table could make millions. */
#define MAX_STREAMS 64

static uint32_t nr_streams(const struct pp_iort_node *rmr)
{
	return rmr->nr_mappings < MAX_STREAMS ? rmr->nr_mappings : MAX_STREAMS;
}

/* Stream ids of an SMMU: which device sends under them the table's root complexes tell. */
static json_t *streams_json(const struct pp_iort_mapping *m)
{
	return json_pack("{s:s, s:o, s:s, s:s}", "type", "streams", "smmu_offset",
	                 m->output ? json_integer(m->output_reference) : json_null(), "first",
	                 hex_id(m->output_base).text, "last",
	                 hex_id(m->output_base + m->ids_minus_1).text);
}

static json_t *region_json(const struct pp_host *h, const struct pp_region *r)
{
	json_t *o = json_object(), *scopes = json_array(), *devices = json_array();
	json_t *relaxable = json_array(), *unlisted = json_array();

	for (uint32_t i = 0; i < r->nr_scopes; i++)
		json_array_append_new(scopes, scope_json(&r->scopes[i]));
	if (r->source == PP_FROM_IVRS)
		json_array_append_new(scopes, range_json(r));
	for (uint32_t i = 0; r->rmr && i < nr_streams(r->rmr); i++)
		json_array_append_new(scopes, streams_json(&r->rmr->mappings[i]));
	for (uint32_t i = 0; i < r->nr_devices; i++) {
		const struct pp_device *d = &h->devices[r->devices[i]];
		json_array_append_new(devices, pp_json_address(d->address));
		if (pp_region_lets_go(h, r, d))
			json_array_append_new(relaxable, pp_json_address(d->address));
		if (kernel_lists(h, r, r->devices[i]) == PP_NO)
			json_array_append_new(unlisted, pp_json_address(d->address));
	}
	if (h->devices_error) {
		json_decref(devices);
		devices = json_null();
	}
	json_object_set_new(o, "source", json_string(pp_region_source_name(r->source)));
	json_object_set_new(o, "index", json_integer(r->index));
	json_object_set_new(o, "offset", json_integer(r->offset));
	json_object_set_new(o, "start", pp_json_hex(r->start));
	json_object_set_new(o, "end", pp_json_hex(r->end_incl));
	json_object_set_new(o, "kind", json_string(pp_region_kind_name(pp_host_region_kind(h, r))));
	/* An RMR names streams: without a device their segment is not known. */
	json_object_set_new(o, "segment",
	                    r->rmr && !r->nr_devices ? json_null() : json_integer(r->segment));
	if (r->source == PP_FROM_IVRS)
		json_object_set_new(o, "flags", json_integer(r->ivmd_flags));
	if (r->rmr) {
		json_object_set_new(o, "flags", json_integer(r->rmr->flags));
		json_object_set_new(o, "scopes_left_out",
		                    json_integer(r->rmr->nr_mappings - nr_streams(r->rmr)));
	}
	json_object_set_new(o, "scopes", scopes);
	json_object_set_new(o, "devices", devices);
	json_object_set_new(o, "relaxable_devices", relaxable);
	json_object_set_new(o, "not_listed_by_kernel", unlisted);
	json_object_set_new(o, "reserved_in_memory_map", pp_json_tri(r->reserved_in_memory_map));
	return o;
}

static json_t *kernel_json(const struct pp_host *h, const struct pp_group *g,
                           const struct pp_kernel_region *k, unsigned int index)
{
	json_t *devices = json_array();

	for (uint32_t i = 0; i < g->nr_devices; i++)
		json_array_append_new(devices, pp_json_address(h->devices[g->devices[i]].address));
	return json_pack("{s:s, s:I, s:I, s:o, s:o, s:s, s:I, s:[], s:o}", "source", "kernel",
	                 "index", (json_int_t)index, "group", (json_int_t)g->number, "start",
	                 pp_json_hex(k->start), "end", pp_json_hex(k->end_incl), "kind",
	                 pp_region_kind_name(k->kind), "segment",
	                 (json_int_t)(g->nr_devices ? h->devices[g->devices[0]].address.domain : 0),
	                 "scopes", "devices", devices);
}

static void print_json(struct pp_out *o, const struct pp_host *h)
{
	const char *before = "\n";
	unsigned int index = 0;

	pp_out(o, "{\"schema\":\"pcipass.reserved/1\",\"host\":");
	pp_out_object(o, &pp_object_host, &(struct pp_subject){ .out = o, .host = h });
	pp_out(o, ",\"regions\":[");
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		pp_out(o, "%s", before);
		pp_out_json(o, region_json(h, &h->regions[i]));
		before = ",\n";
	}
	for (uint32_t g = 0; g < h->nr_groups; g++)
		for (uint32_t i = 0; i < h->groups[g].nr_regions; i++) {
			pp_out(o, "%s", before);
			pp_out_json(o, kernel_json(h, &h->groups[g], &h->groups[g].regions[i],
			                           index++));
			before = ",\n";
		}
	pp_out(o, "]}\n");
}

static void print_size(struct pp_out *o, const struct pp_region *r)
{
	/* The last byte's offset: the size itself may not fit. */
	unsigned long long last = r->end_incl - r->start;

	if (r->end_incl < r->start)
		pp_out(o, ", ends below its start");
	else if (last >= 1024 * 1024)
		pp_out(o, ", %llu MiB", (last >> 20) + ((last & 0xfffff) == 0xfffff));
	else if (last >= 1023)
		pp_out(o, ", %llu KiB", (last >> 10) + ((last & 0x3ff) == 0x3ff));
	else
		pp_out(o, ", %llu byte%s", last + 1, last ? "s" : "");
	if (r->reserved_in_memory_map == PP_NO)
		pp_out(o, ", not reserved in the memory map");
}

static void print_scope(struct pp_out *o, const struct pp_region_scope *s)
{
	const char *type = pp_dmar_scope_type_name(s->dmar->type);

	pp_out(o, "    scope %s %02x:", type ? type : "of unknown type", s->dmar->start_bus);
	for (uint8_t i = 0; i < s->dmar->nr_hops; i++)
		pp_out(o, "%s%02x.%x", i ? "/" : "", s->dmar->hops[i].device,
		       s->dmar->hops[i].function);
	if (s->match != PP_SCOPE_MATCHED && s->match != PP_SCOPE_NOT_TRIED)
		pp_out(o, ": %s", match_name(s->match));
	pp_out(o, "\n");
}

static void print_held(struct pp_out *o, const struct pp_host *h, const struct pp_region *r,
                       uint32_t index)
{
	const struct pp_device *d = &h->devices[index];
	char address[PP_ADDRESS_TEXT_BYTES], name[256];
	bool relaxable = pp_region_lets_go(h, r, d);
	const char *remark = kernel_lists(h, r, index) == PP_NO ? "unlisted"
	                     : relaxable                        ? "relaxable"
	                                                        : "hard";

	pp_address_format_short(d->address, address);
	pp_out_short_name(o, d, name, sizeof(name));
	int columns = (int)strlen(address) > 7 ? (int)strlen(address) : 7;
	pp_out_fit(o, name, sizeof(name), (int)o->width - columns - 15);
	pp_out(o, "    %-7s %-9.9s %s\n", address, remark, name);
}

static void print_streams(struct pp_out *o, const struct pp_host *h, const struct pp_region *r)
{
	for (uint32_t i = 0; i < nr_streams(r->rmr); i++) {
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
	if (r->rmr->nr_mappings > MAX_STREAMS)
		pp_out(o, "    and %u more id mappings\n", r->rmr->nr_mappings - MAX_STREAMS);
	if (h->iort->header.revision < PP_IORT_RMR_REVISION || !r->rmr->nr_mappings)
		pp_out(o, "    ignored: %s\n",
		       r->rmr->nr_mappings ? "the table's revision is below 5" : "no id mapping");
}

static void print_region(struct pp_out *o, const struct pp_host *h, const struct pp_region *r)
{
	char first[PP_ADDRESS_TEXT_BYTES], last[PP_ADDRESS_TEXT_BYTES];

	pp_out(o, "%s%s %u%s  0x%llx-0x%llx", pp_out_color(o, PP_BOLD),
	       pp_region_source_name(r->source), r->index, pp_out_color(o, PP_COLOR_NONE),
	       (unsigned long long)r->start, (unsigned long long)r->end_incl);
	print_size(o, r);
	pp_out(o, "\n");
	for (uint32_t i = 0; i < r->nr_scopes; i++)
		if (h->devices_error || r->scopes[i].match != PP_SCOPE_MATCHED)
			print_scope(o, &r->scopes[i]);
	if (r->source == PP_FROM_IVRS) {
		pp_address_format(address_of_devid(r->segment, r->first_devid), first);
		pp_address_format(address_of_devid(r->segment, r->last_devid), last);
		pp_out(o, "    devices %s to %s%s\n", first, last,
		       r->ivmd_flags & (PP_IVMD_UNITY | PP_IVMD_EXCLUSION) ? "" : ": ignored");
	}
	if (r->rmr)
		print_streams(o, h, r);
	for (uint32_t i = 0; i < r->nr_devices; i++)
		print_held(o, h, r, r->devices[i]);
}

static void print_kernel(struct pp_out *o, const struct pp_host *h)
{
	for (uint32_t g = 0; g < h->nr_groups; g++) {
		const struct pp_group *group = &h->groups[g];
		for (uint32_t i = 0; i < group->nr_regions; i++) {
			const struct pp_kernel_region *k = &group->regions[i];
			/* Every group has the interrupt window: no news. */
			if (k->kind == PP_REGION_MSI && !o->style->all)
				continue;
			pp_out(o, "%skernel%s  0x%llx-0x%llx, %s, group %u\n",
			       pp_out_color(o, PP_BOLD), pp_out_color(o, PP_COLOR_NONE),
			       (unsigned long long)k->start, (unsigned long long)k->end_incl,
			       pp_region_kind_name(k->kind), group->number);
		}
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
		pp_out(o, "The firmware's table was not read: only the kernel's list is shown.\n");
}

int pp_report_reserved(const struct pp_host *h, const struct pp_style *style, struct pp_sink sink,
                       struct pp_error *e)
{
	struct pp_out o;

	/* A table that cannot be decoded, and no kernel to ask either: nothing can be said. */
	if (!h->nr_regions && !h->nr_groups && h->table_error.code)
		return pp_fail(e, h->table_error.code, "%s", h->table_error.text);
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		print_json(&o, h);
		return pp_out_fini(&o, e);
	}
	print_table_state(&o, h);
	for (uint32_t i = 0; i < h->nr_regions; i++)
		print_region(&o, h, &h->regions[i]);
	print_kernel(&o, h);
	pp_words_rights(&o, h);
	return pp_out_fini(&o, e);
}
