/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as its JSON. What is put in is checked whole at the end: jansson passes a NULL on. */
#include <stdio.h>

#include "plan/json.h"
#include "plan/kind.h"

json_t *pp_plan_json_push(json_t *list, json_t *value)
{
	if (!json_array_append_new(list, value))
		return list;
	json_decref(list);
	return NULL;
}

json_t *pp_plan_json_hex(uint64_t v, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)v);
	return json_string(text);
}

json_t *pp_plan_json_id(uint16_t v)
{
	char text[8];

	snprintf(text, sizeof(text), "%04x", v);
	return json_string(text);
}

json_t *pp_plan_json_address(struct pp_address a)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, text);
	return json_string(text);
}

static json_t *devices(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_devices; i++) {
		const struct pp_plan_device *d = &p->devices[i];
		list = pp_plan_json_push(list,
		                         json_pack("{s:o, s:o, s:o, s:s?, s:s?, s:b}", "address",
		                                   pp_plan_json_address(d->address), "vendor",
		                                   pp_plan_json_id(d->vendor), "device",
		                                   pp_plan_json_id(d->device), "slot", d->slot,
		                                   "place", d->place, "asked", d->asked));
	}
	return list;
}

static json_t *regions(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_regions; i++)
		list = pp_plan_json_push(list,
		                         json_pack("{s:o, s:o}", "start",
		                                   pp_plan_json_hex(p->regions[i].start, 1), "end",
		                                   pp_plan_json_hex(p->regions[i].end_incl, 1)));
	return list;
}

static json_t *json_write_step(const struct pp_step *s)
{
	const struct pp_step_kind_ops *ops = pp_step_kind_of(s->kind);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:b}", "kind", ops->name, "remedy",
	                      s->remedy, "text", s->text, "side_effect", s->side_effect, "undo",
	                      s->undo, "needs_reboot", s->needs_reboot);

	/* What belongs to its kind, under the kind's own name. */
	if (ops->to_json && json_object_set_new(o, ops->name, ops->to_json(s))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *json_write_steps(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_steps; i++)
		list = pp_plan_json_push(list, json_write_step(&p->steps[i]));
	return list;
}

static json_t *alternatives(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_alternatives; i++) {
		const struct pp_alternative *a = &p->alternatives[i];
		list = pp_plan_json_push(list, json_pack("{s:s, s:s, s:s?, s:b}", "remedy",
		                                         a->remedy, "text", a->text, "side_effect",
		                                         a->side_effect, "possible", a->possible));
	}
	return list;
}

static json_t *isolation(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_isolation; i++)
		list = pp_plan_json_push(
			list, json_pack("{s:s, s:s, s:s?}", "rule", p->isolation[i].rule, "text",
		                        p->isolation[i].text, "advice", p->isolation[i].advice));
	return list;
}

/* "0000:07:00.0 1000:0087" */
static json_t *json_write_pci(const struct pp_plan *p)
{
	json_t *list = json_array();
	char text[PP_PLAN_PCI_BYTES];

	for (uint32_t i = 0; i < p->nr_pci; i++) {
		pp_plan_pci_format(&p->pci[i], text);
		list = pp_plan_json_push(list, json_string(text));
	}
	return list;
}

json_t *pp_plan_json(const struct pp_plan *p)
{
	json_t *host = json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:o}", "product", p->product,
	                         "board", p->board, "bios_version", p->bios_version, "cpu", p->cpu,
	                         "kernel", p->kernel, "pci", json_write_pci(p));
	/* Only where there is something to say. */
	if (host && p->windows && json_object_set_new(host, "windows", json_string(p->windows))) {
		json_decref(host);
		host = NULL;
	}

	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", PP_PLAN_SCHEMA,
	                      "request", p->request, "host", host, "devices", devices(p), "regions",
	                      regions(p), "steps", json_write_steps(p), "alternatives",
	                      alternatives(p));
	if (o && p->nr_isolation && json_object_set_new(o, "isolation", isolation(p))) {
		json_decref(o);
		return NULL;
	}
	return o;
}
