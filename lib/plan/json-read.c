/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan from its JSON, which somebody else may have written: every key is known and every value in
 * its range, or nothing is taken. What a program carries out is put into words anew, so that the
 * text of a plan cannot say one thing and do another.
 */
#include <stdio.h>
#include <string.h>

#include "acpi/table.h"
#include "base/text.h"
#include "plan/json.h"

static int read_id(struct pp_json_reader *r, const json_t *o, const char *key, uint16_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));
	uint64_t v;

	if (!s || strlen(s) != 4 || s[strspn(s, "0123456789abcdef")] ||
	    !pp_parse_hex(s, 0xffff, &v))
		return pp_json_bad(r, "'%s' is no id of four hex digits", key);
	*ret = (uint16_t)v;
	return 0;
}

/* Only as pp_address_format() writes it, so that one device has one spelling. */
static int json_read_read_address(struct pp_json_reader *r, const json_t *v, struct pp_address *ret)
{
	const char *s = json_string_value(v);
	char again[PP_ADDRESS_TEXT_BYTES];
	struct pp_address a;

	if (!s || !pp_address_parse(s, &a))
		return pp_json_bad(r, "need an address like 0000:07:00.0");
	pp_address_format(a, again);
	if (strcmp(again, s) != 0)
		return pp_json_bad(r, "need an address like 0000:07:00.0");
	*ret = a;
	return 0;
}

/* In ascending order, so that none is there twice. */
static int read_scopes(struct pp_json_reader *r, const json_t *o, struct pp_step_override *ret)
{
	const json_t *list = pp_json_read_list(r, o, "scopes", PP_PLAN_MAX_ITEMS);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list), last = 0;
	uint32_t *scopes = PP_ARENA_ARRAY(r->arena, n, uint32_t);
	if (!scopes)
		return pp_fail_oom(r->error, "plan");
	for (uint32_t i = 0; !err && i < n; i++) {
		err = pp_json_read_number(r, json_array_get(list, i), "scopes", last + 1,
		                          ret->expected_bytes - 1, &scopes[i]);
		last = scopes[i];
	}
	ret->scopes = scopes;
	ret->nr_scopes = n;
	return err || n ? err : pp_json_bad(r, "'scopes' names nothing");
}

static int read_devids(struct pp_json_reader *r, const json_t *o, struct pp_step_override *ret)
{
	const json_t *list = pp_json_read_list(r, o, "devices", PP_PLAN_MAX_ITEMS);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list);
	uint16_t *devids = PP_ARENA_ARRAY(r->arena, n, uint16_t);
	if (!devids)
		return pp_fail_oom(r->error, "plan");
	for (uint32_t i = 0; i < n; i++) {
		struct pp_address a;
		err = json_read_read_address(r, json_array_get(list, i), &a);
		if (err)
			return err;
		devids[i] = (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
		if (!i)
			ret->segment = (uint16_t)a.domain;
		if (a.domain > 0xffff || a.domain != ret->segment ||
		    (i && devids[i] <= devids[i - 1]))
			return pp_json_bad(r, "'devices' is not in order and of one domain");
	}
	ret->devids = devids;
	ret->nr_devids = n;
	return n ? 0 : pp_json_bad(r, "'devices' names nothing");
}

static int read_override(struct pp_json_reader *r, const json_t *o, struct pp_step_override *ret)
{
	const char *table = json_string_value(json_object_get(o, "table"));
	uint64_t crc;
	bool dmar = table && !strcmp(table, "DMAR");

	if (!dmar && !(table && !strcmp(table, "IVRS")))
		return pp_json_bad(r, "'table' is neither DMAR nor IVRS");
	int err = PP_JSON_READ_KEYS(r, o, "table", "expected_crc", "expected_bytes",
	                            dmar ? "scopes" : "devices");
	if (!err)
		err = pp_json_read_hex(r, o, "expected_crc", UINT32_MAX, &crc);
	if (!err)
		err = pp_json_read_number(r, json_object_get(o, "expected_bytes"), "expected_bytes",
		                          PP_ACPI_HEADER_BYTES, PP_ACPI_TABLE_MAX_BYTES,
		                          &ret->expected_bytes);
	if (err)
		return err;
	ret->table = dmar ? "DMAR" : "IVRS";
	ret->expected_crc = (uint32_t)crc;
	return dmar ? read_scopes(r, o, ret) : read_devids(r, o, ret);
}

int pp_step_setting_read(struct pp_json_reader *r, const json_t *o, struct pp_step_setting *ret)
{
	int err = PP_JSON_READ_KEYS(r, o, "schema", "section", "expected", "wanted", "store");

	if (!err)
		err = pp_json_read_name(r, o, "schema", "", &ret->schema);
	if (!err)
		err = pp_json_read_name(r, o, "section", " ()/", &ret->section);
	if (!err)
		err = pp_json_read_name(r, o, "expected", " ()/,", &ret->expected);
	if (!err)
		err = pp_json_read_name(r, o, "wanted", " ()/,", &ret->wanted);
	if (!err)
		err = pp_json_read_text_or_null(r, o, "store", &ret->store);
	if (!err && ret->store && !pp_plan_store_is_valid(ret->store))
		return pp_json_bad(r, "'store' is neither a kind of store nor HP's conrep");
	return err;
}

static int read_argument(struct pp_json_reader *r, const json_t *o, struct pp_step_argument *ret)
{
	int err = PP_JSON_READ_KEYS(r, o, "argument");

	if (!err)
		err = pp_json_read_text(r, o, "argument", &ret->argument);
	return err || pp_argument_is_known(ret->argument)
	               ? err
	               : pp_json_bad(r, "'argument' is none that a plan may add");
}

static int read_when(struct pp_json_reader *r, const json_t *o, unsigned int *ret)
{
	const json_t *v = json_object_get(o, "when");
	const char *text = json_string_value(v);

	if (!v)
		*ret = PP_BIND_NOW | PP_BIND_AT_BOOT;
	else if (text && !strcmp(text, "now"))
		*ret = PP_BIND_NOW;
	else if (text && !strcmp(text, "boot"))
		*ret = PP_BIND_AT_BOOT;
	else
		return pp_json_bad(r, "'when' is neither now nor boot");
	return 0;
}

static int read_bind(struct pp_json_reader *r, const json_t *o, struct pp_step_bind *ret)
{
	int err =
		json_object_get(o, "when")
			? PP_JSON_READ_KEYS(r, o, "address", "vendor", "device", "expected_driver",
	                                    "when")
			: PP_JSON_READ_KEYS(r, o, "address", "vendor", "device", "expected_driver");

	if (!err)
		err = read_when(r, o, &ret->when);
	if (!err)
		err = json_read_read_address(r, json_object_get(o, "address"), &ret->address);
	if (!err)
		err = read_id(r, o, "vendor", &ret->vendor);
	if (!err)
		err = read_id(r, o, "device", &ret->device);
	if (err)
		return err;
	ret->expected_driver = json_string_value(json_object_get(o, "expected_driver"));
	if (ret->expected_driver && !*ret->expected_driver) {
		ret->expected_driver = "";
		return 0;
	}
	return pp_json_read_name(r, o, "expected_driver", " ()", &ret->expected_driver);
}

static int read_details(struct pp_json_reader *r, const json_t *o, struct pp_step *s)
{
	const json_t *details = json_object_get(o, pp_step_kind_name(s->kind));

	switch (s->kind) {
	case PP_STEP_SETTING:
		return pp_step_setting_read(r, details, &s->setting);
	case PP_STEP_OVERRIDE:
		return read_override(r, details, &s->override);
	case PP_STEP_ARGUMENT:
		return read_argument(r, details, &s->argument);
	case PP_STEP_BIND:
	case PP_STEP_UNBIND:
		return read_bind(r, details, &s->bind);
	default:
		return 0;
	}
}

static int json_read_read_kind(struct pp_json_reader *r, const json_t *o, enum pp_step_kind *ret)
{
	const char *names[PP_STEP_KINDS];
	unsigned int kind = 0;

	for (unsigned int k = 0; k < PP_STEP_KINDS; k++)
		names[k] = pp_step_kind_name((enum pp_step_kind)k);
	int err = pp_json_read_word(r, o, "kind", names, PP_STEP_KINDS, &kind);
	if (!err)
		*ret = (enum pp_step_kind)kind;
	return err;
}

static int check_step_keys(struct pp_json_reader *r, const json_t *o, enum pp_step_kind kind)
{
	if (kind == PP_STEP_INSTRUCTION)
		return PP_JSON_READ_KEYS(r, o, "kind", "remedy", "text", "side_effect", "undo",
		                         "needs_reboot");
	return PP_JSON_READ_KEYS(r, o, "kind", "remedy", "text", "side_effect", "undo",
	                         "needs_reboot", pp_step_kind_name(kind));
}

static int read_step(struct pp_json_reader *r, const json_t *o, void *item)
{
	struct pp_step *s = item;
	int err = json_read_read_kind(r, o, &s->kind);

	if (!err)
		err = check_step_keys(r, o, s->kind);
	if (!err)
		err = pp_json_read_name(r, o, "remedy", "", &s->remedy);
	if (!err)
		err = pp_json_read_text(r, o, "text", &s->text);
	if (!err)
		err = pp_json_read_text_or_null(r, o, "side_effect", &s->side_effect);
	if (!err)
		err = pp_json_read_text(r, o, "undo", &s->undo);
	if (!err)
		err = pp_json_read_bool(r, o, "needs_reboot", &s->needs_reboot);
	if (!err)
		err = read_details(r, o, s);
	if (err)
		return err;
	if (s->needs_reboot != pp_step_needs_reboot(s))
		return pp_json_bad(r, "'needs_reboot' does not fit the kind");
	return pp_step_describe(r->arena, s) ? 0 : pp_fail_oom(r->error, "plan");
}

static int read_alternative(struct pp_json_reader *r, const json_t *o, void *item)
{
	struct pp_alternative *a = item;
	int err = PP_JSON_READ_KEYS(r, o, "remedy", "text", "side_effect", "possible");

	if (!err)
		err = pp_json_read_name(r, o, "remedy", "", &a->remedy);
	if (!err)
		err = pp_json_read_text(r, o, "text", &a->text);
	if (!err)
		err = pp_json_read_text_or_null(r, o, "side_effect", &a->side_effect);
	return err ? err : pp_json_read_bool(r, o, "possible", &a->possible);
}

static int json_read_read_device(struct pp_json_reader *r, const json_t *o, void *item)
{
	struct pp_plan_device *d = item;
	/* Older plans have no place. */
	bool place = json_object_get(o, "place");
	int err = place ? PP_JSON_READ_KEYS(r, o, "address", "vendor", "device", "slot", "place",
	                                    "asked")
	                : PP_JSON_READ_KEYS(r, o, "address", "vendor", "device", "slot", "asked");

	if (!err)
		err = json_read_read_address(r, json_object_get(o, "address"), &d->address);
	if (!err)
		err = read_id(r, o, "vendor", &d->vendor);
	if (!err)
		err = read_id(r, o, "device", &d->device);
	if (!err)
		err = pp_json_read_text_or_null(r, o, "slot", &d->slot);
	if (!err && place)
		err = pp_json_read_text_or_null(r, o, "place", &d->place);
	return err ? err : pp_json_read_bool(r, o, "asked", &d->asked);
}

static int read_region(struct pp_json_reader *r, const json_t *o, void *item)
{
	struct pp_plan_region *region = item;
	int err = PP_JSON_READ_KEYS(r, o, "start", "end");

	if (!err)
		err = pp_json_read_hex(r, o, "start", UINT64_MAX, &region->start);
	/* Firmware is odd: an end below the start is none of ours. */
	return err ? err : pp_json_read_hex(r, o, "end", UINT64_MAX, &region->end_incl);
}

/* A list of objects, each of size bytes. */
static int read_items(struct pp_json_reader *r, const json_t *root, const char *key, size_t max,
                      size_t size,
                      int (*one)(struct pp_json_reader *r, const json_t *o, void *item),
                      const void **ret, uint32_t *ret_nr)
{
	const json_t *list = pp_json_read_list(r, root, key, max);
	int err = 0;

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list);
	char *items = pp_arena_array(r->arena, n, size);
	if (!items)
		return pp_fail_oom(r->error, "plan");
	for (uint32_t i = 0; !err && i < n; i++) {
		char where[64];
		struct pp_json_reader inner = { r->arena, "plan", where, r->error };
		snprintf(where, sizeof(where), "%s[%u]", key, i);
		err = one(&inner, json_array_get(list, i), items + i * size);
	}
	*ret = items;
	*ret_nr = n;
	return err;
}

static int read_host(struct pp_json_reader *r, const json_t *root, struct pp_plan *p)
{
	const json_t *o = json_object_get(root, "host");
	struct pp_json_reader inner = { r->arena, "plan", "host", r->error };
	int err = PP_JSON_READ_KEYS(&inner, o, "product", "bios_version", "kernel");

	if (!err)
		err = pp_json_read_text_or_null(&inner, o, "product", &p->product);
	if (!err)
		err = pp_json_read_text_or_null(&inner, o, "bios_version", &p->bios_version);
	return err ? err : pp_json_read_text_or_null(&inner, o, "kernel", &p->kernel);
}

#define READ_ITEMS(r, root, p, key, max, one)                                                      \
	read_items(r, root, #key, max, sizeof(*(p)->key), one, (const void **)&(p)->key,           \
	           &(p)->nr_##key)

static int read_plan(struct pp_json_reader *r, const json_t *root, struct pp_plan *p)
{
	int err = PP_JSON_READ_KEYS(r, root, "schema", "request", "host", "devices", "regions",
	                            "steps", "alternatives");
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!err && (!schema || strcmp(schema, PP_PLAN_SCHEMA) != 0))
		return pp_json_bad(r, "'schema' is not " PP_PLAN_SCHEMA);
	if (!err)
		err = pp_json_read_text(r, root, "request", &p->request);
	if (!err)
		err = read_host(r, root, p);
	if (!err)
		err = READ_ITEMS(r, root, p, devices, PP_PLAN_MAX_ITEMS, json_read_read_device);
	if (!err)
		err = READ_ITEMS(r, root, p, regions, PP_PLAN_MAX_ITEMS, read_region);
	if (!err)
		err = READ_ITEMS(r, root, p, steps, PP_PLAN_MAX_STEPS, read_step);
	if (!err)
		err = READ_ITEMS(r, root, p, alternatives, PP_PLAN_MAX_STEPS, read_alternative);
	if (!err && !p->nr_devices)
		return pp_json_bad(r, "'devices' names nothing");
	return err;
}

int pp_plan_parse(const void *bytes, size_t len, struct pp_plan **ret, struct pp_error *e)
{
	json_t *root;

	if (len > PP_PLAN_MAX_BYTES)
		return pp_fail(e, EBADMSG, "plan: %zu bytes, at most %u are taken", len,
		               PP_PLAN_MAX_BYTES);
	int err = pp_json_load(PP_SPAN(bytes, len), "plan", &root, e);
	if (err)
		return err;
	struct pp_plan *p = pp_plan_alloc();
	struct pp_json_reader r = { p ? &p->arena : NULL, "plan", "", e };
	err = p ? read_plan(&r, root, p) : pp_fail_oom(e, "plan");
	json_decref(root);
	if (err) {
		pp_plan_free(p);
		return err;
	}
	*ret = p;
	return 0;
}
