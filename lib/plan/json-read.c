/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan from its JSON, which somebody else may have written: every key is known and every value in
 * its range, or nothing is taken. What a program carries out is put into words anew, so that the
 * text of a plan cannot say one thing and do another.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/json.h"
#include "plan/kind.h"

int pp_plan_read_id(struct pp_json_reader *r, const json_t *o, const char *key, uint16_t *ret)
{
	const char *s = json_string_value(json_object_get(o, key));
	uint64_t v;

	if (!s || strlen(s) != 4 || s[strspn(s, "0123456789abcdef")] ||
	    !pp_parse_hex(s, 0xffff, &v))
		return pp_json_bad(r, "'%s' is not an id of four hex digits", key);
	*ret = (uint16_t)v;
	return 0;
}

/* Only as pp_address_format() writes it, so that one device has one spelling. */
int pp_plan_read_address(struct pp_json_reader *r, const json_t *v, struct pp_address *ret)
{
	const char *s = json_string_value(v);
	char again[PP_ADDRESS_TEXT_BYTES];
	struct pp_address a;

	if (!s || !pp_address_parse(s, &a))
		return pp_json_bad(r, "expected an address like 0000:07:00.0");
	pp_address_format(a, again);
	if (strcmp(again, s) != 0)
		return pp_json_bad(r, "expected an address like 0000:07:00.0");
	*ret = a;
	return 0;
}

#define MAX_KEYS 8

/* The fields of a kind, as its row lists them; what may be missing counts where it is there. */
static int json_read_kind_keys(struct pp_json_reader *r, const json_t *o, const char *keys)
{
	const char *list[MAX_KEYS];
	char names[MAX_KEYS][32];
	size_t nr = 0;

	for (size_t len; *keys && nr < MAX_KEYS; keys += len + (keys[len] == ' ')) {
		len = strcspn(keys, " ");
		bool optional = keys[len - 1] == '?';
		snprintf(names[nr], sizeof(names[nr]), "%.*s", (int)(len - optional), keys);
		list[nr] = names[nr];
		nr += !optional || json_object_get(o, names[nr]);
	}
	return pp_json_read_keys(r, o, list, nr);
}

static int json_read_details(struct pp_json_reader *r, const json_t *o, struct pp_step *s)
{
	const struct pp_step_kind_ops *ops = pp_step_kind_of(s->kind);
	const json_t *details = json_object_get(o, ops->name);

	if (!ops->from_json)
		return 0;
	int err = json_read_kind_keys(r, details, ops->keys);
	return err ? err : ops->from_json(r, details, s);
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
	if (!pp_step_kind_of(kind)->from_json)
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
		err = json_read_details(r, o, s);
	if (err)
		return err;
	if (s->needs_reboot != pp_step_needs_reboot(s))
		return pp_json_bad(r, "'needs_reboot' does not fit the kind");
	return pp_step_complete(r->arena, s) ? 0 : pp_fail_oom(r->error, "plan");
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

static int read_isolation(struct pp_json_reader *r, const json_t *o, void *item)
{
	struct pp_plan_isolation *i = item;
	int err = PP_JSON_READ_KEYS(r, o, "rule", "text", "advice");

	if (!err)
		err = pp_json_read_name(r, o, "rule", "", &i->rule);
	if (!err)
		err = pp_json_read_text(r, o, "text", &i->text);
	return err ? err : pp_json_read_text_or_null(r, o, "advice", &i->advice);
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
		err = pp_plan_read_address(r, json_object_get(o, "address"), &d->address);
	if (!err)
		err = pp_plan_read_id(r, o, "vendor", &d->vendor);
	if (!err)
		err = pp_plan_read_id(r, o, "device", &d->device);
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

/* Only as it is written: sorted, so that none is there twice. */
static int read_pci(struct pp_json_reader *r, const json_t *o, struct pp_plan *p)
{
	const json_t *list = pp_json_read_list(r, o, "pci", PP_PLAN_MAX_ITEMS);

	if (!list)
		return -EBADMSG;
	uint32_t n = (uint32_t)json_array_size(list);
	struct pp_plan_pci *items = PP_ARENA_ARRAY(r->arena, n, struct pp_plan_pci);
	if (!items)
		return pp_fail_oom(r->error, "plan");
	for (uint32_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text || !pp_plan_pci_parse(text, &items[i]))
			return pp_json_bad(r,
			                   "'pci': expected entries like 0000:07:00.0 1000:0087");
		if (i && pp_address_compare(items[i - 1].address, items[i].address) >= 0)
			return pp_json_bad(r, "'pci' is not sorted by address");
	}
	p->pci = items;
	p->nr_pci = n;
	return 0;
}

static int read_host(struct pp_json_reader *r, const json_t *root, struct pp_plan *p)
{
	const json_t *o = json_object_get(root, "host");
	struct pp_json_reader inner = { r->arena, "plan", "host", r->error };
	bool old = !json_object_get(o, "pci"), windows = json_object_get(o, "windows");
	int err = old       ? PP_JSON_READ_KEYS(&inner, o, "product", "bios_version", "kernel")
	          : windows ? PP_JSON_READ_KEYS(&inner, o, "product", "board", "bios_version",
	                                        "cpu", "kernel", "pci", "windows")
	                    : PP_JSON_READ_KEYS(&inner, o, "product", "board", "bios_version",
	                                        "cpu", "kernel", "pci");

	if (!err && !old)
		err = pp_json_read_text_or_null(&inner, o, "board", &p->board);
	if (!err && !old)
		err = pp_json_read_text_or_null(&inner, o, "cpu", &p->cpu);
	if (!err && windows)
		err = pp_json_read_text(&inner, o, "windows", &p->windows);
	if (!err && !old)
		err = read_pci(&inner, o, p);
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
	/* Only where there is something to say. */
	bool isolation = json_object_get(root, "isolation");
	int err = isolation ? PP_JSON_READ_KEYS(r, root, "schema", "request", "host", "devices",
	                                        "regions", "steps", "alternatives", "isolation")
	                    : PP_JSON_READ_KEYS(r, root, "schema", "request", "host", "devices",
	                                        "regions", "steps", "alternatives");
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
	if (!err && isolation)
		err = READ_ITEMS(r, root, p, isolation, PP_PLAN_MAX_ISOLATION, read_isolation);
	if (!err && !p->nr_devices)
		return pp_json_bad(r, "'devices' is empty");
	return err;
}

int pp_plan_parse(const void *bytes, size_t len, struct pp_plan **ret, struct pp_error *e)
{
	json_t *root;

	if (len > PP_PLAN_MAX_BYTES)
		return pp_fail(e, EBADMSG, "plan: %zu bytes, more than the limit of %u", len,
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
