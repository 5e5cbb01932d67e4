/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as its JSON. What is put in is checked whole at the end: jansson passes a NULL on. */
#include <stdio.h>
#include <string.h>

#include "plan/json.h"

/* The list with the value, or NULL: a value that could not be made must not go missing. */
static json_t *json_write_push(json_t *list, json_t *value)
{
	if (!json_array_append_new(list, value))
		return list;
	json_decref(list);
	return NULL;
}

static json_t *json_write_hex(uint64_t v, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)v);
	return json_string(text);
}

static json_t *json_write_id(uint16_t v)
{
	char text[8];

	snprintf(text, sizeof(text), "%04x", v);
	return json_string(text);
}

static json_t *address(struct pp_address a)
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
		list = json_write_push(list, json_pack("{s:o, s:o, s:o, s:s?, s:s?, s:b}",
		                                       "address", address(d->address), "vendor",
		                                       json_write_id(d->vendor), "device",
		                                       json_write_id(d->device), "slot", d->slot,
		                                       "place", d->place, "asked", d->asked));
	}
	return list;
}

static json_t *regions(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_regions; i++)
		list = json_write_push(list,
		                       json_pack("{s:o, s:o}", "start",
		                                 json_write_hex(p->regions[i].start, 1), "end",
		                                 json_write_hex(p->regions[i].end_incl, 1)));
	return list;
}

static json_t * override(const struct pp_step_override *o)
{
	json_t *list = json_array();
	bool dmar = !strcmp(o->table, "DMAR");

	for (uint32_t i = 0; i < o->nr_scopes; i++)
		list = json_write_push(list, json_integer(o->scopes[i]));
	for (uint32_t i = 0; i < o->nr_devids; i++) {
		uint16_t devid = o->devids[i];
		list = json_write_push(
			list, address((struct pp_address){ o->segment, (uint8_t)(devid >> 8),
		                                           devid >> 3 & 0x1f, devid & 7 }));
	}
	return json_pack("{s:s, s:o, s:I, s:o}", "table", o->table, "expected_crc",
	                 json_write_hex(o->expected_crc, 8), "expected_bytes",
	                 (json_int_t)o->expected_bytes, dmar ? "scopes" : "devices", list);
}

/* "when" stands there only where it is not both: plans from before it was there mean that. */
static json_t *json_write_bind(const struct pp_step_bind *b)
{
	const char *when = !pp_step_bind_is(b, PP_BIND_AT_BOOT) ? "now"
	                   : !pp_step_bind_is(b, PP_BIND_NOW)   ? "boot"
	                                                        : NULL;

	return json_pack("{s:o, s:o, s:o, s:s, s:s*}", "address", address(b->address), "vendor",
	                 json_write_id(b->vendor), "device", json_write_id(b->device),
	                 "expected_driver", b->expected_driver, "when", when);
}

json_t *pp_step_setting_json(const struct pp_step_setting *s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?}", "schema", s->schema, "section", s->section,
	                 "expected", s->expected, "wanted", s->wanted, "store", s->store);
}

/* What belongs to its kind, under the kind's own name; NULL: an instruction has nothing. */
static json_t *details(const struct pp_step *s)
{
	switch (s->kind) {
	case PP_STEP_SETTING:
		return pp_step_setting_json(&s->setting);
	case PP_STEP_OVERRIDE:
		return override(&s->override);
	case PP_STEP_ARGUMENT:
		return json_pack("{s:s}", "argument", s->argument.argument);
	case PP_STEP_BIND:
	case PP_STEP_UNBIND:
		return json_write_bind(&s->bind);
	default:
		return NULL;
	}
}

static json_t *json_write_step(const struct pp_step *s)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:b}", "kind", pp_step_kind_name(s->kind),
	                      "remedy", s->remedy, "text", s->text, "side_effect", s->side_effect,
	                      "undo", s->undo, "needs_reboot", s->needs_reboot);

	if (s->kind != PP_STEP_INSTRUCTION &&
	    json_object_set_new(o, pp_step_kind_name(s->kind), details(s))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *json_write_steps(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_steps; i++)
		list = json_write_push(list, json_write_step(&p->steps[i]));
	return list;
}

static json_t *alternatives(const struct pp_plan *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->nr_alternatives; i++) {
		const struct pp_alternative *a = &p->alternatives[i];
		list = json_write_push(list, json_pack("{s:s, s:s, s:s?, s:b}", "remedy", a->remedy,
		                                       "text", a->text, "side_effect",
		                                       a->side_effect, "possible", a->possible));
	}
	return list;
}

json_t *pp_plan_json(const struct pp_plan *p)
{
	json_t *host = json_pack("{s:s?, s:s?, s:s?}", "product", p->product, "bios_version",
	                         p->bios_version, "kernel", p->kernel);

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", PP_PLAN_SCHEMA, "request",
	                 p->request, "host", host, "devices", devices(p), "regions", regions(p),
	                 "steps", json_write_steps(p), "alternatives", alternatives(p));
}
