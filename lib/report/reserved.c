/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every reserved region, as the firmware declares it and as the kernel lists it; and the JSON of
 * both. */
#include <stdio.h>
#include <string.h>

#include "report/field.h"
#include "report/reserved.h"
#include "report/words.h"

const char *pp_reserved_match_name(enum pp_scope_match match)
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

struct pp_address pp_reserved_devid(uint16_t segment, uint16_t devid)
{
	return (struct pp_address){ segment, (uint8_t)(devid >> 8), (devid >> 3) & 0x1f,
		                    devid & 7 };
}

enum pp_tri pp_reserved_kernel_lists(const struct pp_host *h, const struct pp_region *r,
                                     uint32_t device)
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
	                 s->dmar->enumeration_id, "match", pp_reserved_match_name(s->match));
}

static json_t *range_json(const struct pp_region *r)
{
	static const char *const types[] = { "all", "endpoint", "range" };

	return json_pack("{s:s, s:o, s:o}", "type", types[r->ivmd_type - PP_IVMD_ALL], "first",
	                 pp_json_address(pp_reserved_devid(r->segment, r->first_devid)), "last",
	                 pp_json_address(pp_reserved_devid(r->segment, r->last_devid)));
}

uint32_t pp_reserved_nr_streams(const struct pp_iort_node *rmr)
{
	return rmr->nr_mappings < PP_RESERVED_STREAMS ? rmr->nr_mappings : PP_RESERVED_STREAMS;
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
	for (uint32_t i = 0; r->rmr && i < pp_reserved_nr_streams(r->rmr); i++)
		json_array_append_new(scopes, streams_json(&r->rmr->mappings[i]));
	for (uint32_t i = 0; i < r->nr_devices; i++) {
		const struct pp_device *d = &h->devices[r->devices[i]];
		json_array_append_new(devices, pp_json_address(d->address));
		if (pp_region_lets_go(h, r, d))
			json_array_append_new(relaxable, pp_json_address(d->address));
		if (pp_reserved_kernel_lists(h, r, r->devices[i]) == PP_NO)
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
		json_object_set_new(
			o, "scopes_left_out",
			json_integer(r->rmr->nr_mappings - pp_reserved_nr_streams(r->rmr)));
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

bool pp_reserved_is_of(const struct pp_region *r, const struct pp_selection *only)
{
	for (uint32_t i = 0; i < r->nr_devices; i++)
		for (uint32_t k = 0; k < only->count; k++)
			if (r->devices[i] == only->devices[k])
				return true;
	return false;
}

bool pp_reserved_is_group_of(const struct pp_host *h, uint32_t group,
                             const struct pp_selection *only)
{
	for (uint32_t k = 0; k < only->count; k++)
		if (h->devices[only->devices[k]].group == group)
			return true;
	return false;
}

static void reserved_print_json(struct pp_out *o, const struct pp_host *h,
                                const struct pp_selection *only)
{
	const char *before = "\n";
	unsigned int index = 0;

	pp_out(o, "{\"schema\":\"pcipass.reserved/1\",\"host\":");
	pp_out_object(o, &pp_object_host, &(struct pp_subject){ .out = o, .host = h });
	pp_out(o, ",\"regions\":[");
	for (uint32_t i = 0; i < h->nr_regions; i++) {
		if (only && !pp_reserved_is_of(&h->regions[i], only))
			continue;
		pp_out(o, "%s", before);
		pp_out_json(o, region_json(h, &h->regions[i]));
		before = ",\n";
	}
	for (uint32_t g = 0; g < h->nr_groups; g++)
		for (uint32_t i = 0; i < h->groups[g].nr_regions; i++, index++) {
			if (only && !pp_reserved_is_group_of(h, g, only))
				continue;
			pp_out(o, "%s", before);
			pp_out_json(o,
			            kernel_json(h, &h->groups[g], &h->groups[g].regions[i], index));
			before = ",\n";
		}
	pp_out(o, "]}\n");
}

int pp_report_reserved(const struct pp_host *h, const char *what, const struct pp_style *style,
                       struct pp_sink sink, struct pp_error *e)
{
	struct pp_selection chosen, *only = what ? &chosen : NULL;
	struct pp_arena a;
	struct pp_out o;

	/* A table that cannot be decoded, and no kernel to ask either: nothing can be said. */
	if (!h->nr_regions && !h->nr_groups && h->table_error.code)
		return pp_fail(e, h->table_error.code, "%s", h->table_error.text);
	pp_arena_init(&a, 0);
	int r = what ? pp_select(h, what, &a, &chosen, e) : 0;
	if (!r) {
		pp_out_init(&o, style, sink);
		if (style->format == PP_FORMAT_JSON)
			reserved_print_json(&o, h, only);
		else
			pp_reserved_text(&o, h, only, &a);
		r = pp_out_fini(&o, e);
	}
	pp_arena_fini(&a);
	return r;
}
