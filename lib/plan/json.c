/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plan as its JSON, and back from one that somebody else may have written: every key is known and
 * every value in its range, or nothing is taken. What a program carries out is put into words anew,
 * so that the text of a plan cannot say one thing and do another.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/json.h"
#include "plan/kind.h"

json_t *pp_plan_json_push(json_t *list, json_t *value)
{
	if (!json_array_append_new(list, value))
		return list;
	json_decref(list);
	return NULL;
}

static json_t *id_write(const struct pp_json_row *row, const void *member)
{
	return json_sprintf("%04x", *(const uint16_t *)member);
}

static int id_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                   void *member)
{
	const char *s = json_string_value(v);
	uint64_t n;

	if (!s || strlen(s) != 4 || s[strspn(s, "0123456789abcdef")] ||
	    !pp_parse_hex(s, 0xffff, &n))
		return pp_json_bad(r, "'%s' is not an id of four hex digits", row->key);
	*(uint16_t *)member = (uint16_t)n;
	return 0;
}

const struct pp_json_type pp_plan_id = { id_write, id_read, NULL };

static json_t *address_write(const struct pp_json_row *row, const void *member)
{
	return json_string(PP_ADDRESS_TEXT(*(const struct pp_address *)member));
}

/* Only as pp_address_format() writes it, so that one device has one spelling. */
static int address_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                        void *member)
{
	const char *s = json_string_value(v);
	char again[PP_ADDRESS_TEXT_BYTES] = "";
	struct pp_address a;

	if (s && pp_address_parse(s, &a))
		pp_address_format(a, again);
	if (!s || strcmp(again, s) != 0)
		return pp_json_bad(r, "expected an address like 0000:07:00.0");
	*(struct pp_address *)member = a;
	return 0;
}

const struct pp_json_type pp_plan_address = { address_write, address_read, NULL };

/* "0000:07:00.0 1000:0087" */
static json_t *pci_write(const struct pp_json_row *row, const void *member)
{
	char text[PP_PLAN_PCI_BYTES];

	pp_plan_pci_format(member, text);
	return json_string(text);
}

static int pci_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                    void *member)
{
	const char *text = json_string_value(v);

	return text && pp_plan_pci_parse(text, member)
	               ? 0
	               : pp_json_bad(r, "'pci': expected entries like 0000:07:00.0 1000:0087");
}

static const struct pp_json_type pci = { pci_write, pci_read, NULL };

#define HOST(member) offsetof(struct pp_plan_host, member)
/* Plans of before have product, BIOS version and kernel alone. */
const struct pp_json_row pp_plan_host_rows[] = {
	{ "product", &pp_row_text, HOST(product), .or_null = true },
	{ "board", &pp_row_text, HOST(board), .or_null = true, .may_lack = true },
	{ "bios_version", &pp_row_text, HOST(bios_version), .or_null = true },
	{ "bios_date", &pp_row_text, HOST(bios_date), .or_null = true, .may_lack = true },
	{ "cpu", &pp_row_text, HOST(cpu), .or_null = true, .may_lack = true },
	{ "kernel", &pp_row_text, HOST(kernel), .or_null = true },
	{ "pci", &pp_row_list, PP_JSON_LIST(struct pp_plan_host, pci, nr_pci), .may_lack = true,
	  .max = PP_PLAN_MAX_ITEMS, .item = &pci },
	{ "windows", &pp_row_text, HOST(windows), .or_null = true, .may_lack = true,
	  .omit_null = true },
	{ NULL },
};

/* Only as it is written: sorted, so that none is there twice. */
int pp_plan_check_host_rows(struct pp_json_reader *r, const void *object)
{
	const struct pp_plan_host *h = object;

	for (uint32_t i = 1; i < h->nr_pci; i++)
		if (pp_address_compare(h->pci[i - 1].address, h->pci[i].address) >= 0)
			return pp_json_bad(r, "'pci' is not sorted by address");
	return 0;
}

#define DEVICE(member) offsetof(struct pp_plan_device, member)
static const struct pp_json_row device_rows[] = {
	{ "address", &pp_plan_address, DEVICE(address) },
	{ "vendor", &pp_plan_id, DEVICE(vendor) },
	{ "device", &pp_plan_id, DEVICE(device) },
	{ "slot", &pp_row_text, DEVICE(slot), .or_null = true },
	/* Older plans have none. */
	{ "place", &pp_row_text, DEVICE(place), .or_null = true, .may_lack = true },
	{ "asked", &pp_row_bool, DEVICE(asked) },
	{ NULL },
};

/* Firmware is odd: an end below the start is none of ours. */
#define REGION(member) offsetof(struct pp_plan_region, member), .min = 1, .size = sizeof(uint64_t)
static const struct pp_json_row region_rows[] = {
	{ "start", &pp_row_hex, REGION(start) },
	{ "end", &pp_row_hex, REGION(end_incl) },
	{ NULL },
};

static json_t *kind_write(const struct pp_json_row *row, const void *member)
{
	return json_string(pp_step_kind_name(*(const enum pp_step_kind *)member));
}

static int kind_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const char *word = json_string_value(v);

	for (unsigned int k = 0; word && k < PP_STEP_KINDS; k++)
		if (!strcmp(word, pp_step_kind_name((enum pp_step_kind)k))) {
			*(enum pp_step_kind *)member = (enum pp_step_kind)k;
			return 0;
		}
	return pp_json_bad(r, "'kind' has an unknown value");
}

static const struct pp_json_type kind = { kind_write, kind_read, NULL };

#define STEP(member) offsetof(struct pp_step, member)
/* What belongs to its kind stands under the kind's own name. */
#define STEP_ROWS(kind_ops)                                                                        \
	{                                                                                          \
		{ "kind", &kind, STEP(kind) }, { "remedy", &pp_row_name, STEP(remedy) },           \
			{ "text", &pp_row_text, STEP(text) },                                      \
			{ "side_effect", &pp_row_text, STEP(side_effect), .or_null = true },       \
			{ "undo", &pp_row_text, STEP(undo) },                                      \
			{ "needs_reboot", &pp_row_bool, STEP(needs_reboot) },                      \
			{ (kind_ops)->rows ? (kind_ops)->name : NULL, &pp_row_object,              \
			  .rows = (kind_ops)->rows },                                              \
			{ NULL },                                                                  \
	}

static json_t *step_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_step *s = member;
	const struct pp_json_row rows[] = STEP_ROWS(pp_step_kind_of(s->kind));

	return pp_json_write(rows, s);
}

static int step_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	struct pp_step *s = member;
	int err = kind_read(r, row, json_object_get(v, "kind"), &s->kind);

	if (err)
		return err;
	const struct pp_step_kind_ops *ops = pp_step_kind_of(s->kind);
	const struct pp_json_row rows[] = STEP_ROWS(ops);
	err = pp_json_read(r, rows, v, s);
	if (!err && ops->check_fields)
		err = ops->check_fields(r, s);
	if (!err && s->needs_reboot != pp_step_needs_reboot(s))
		err = pp_json_bad(r, "'needs_reboot' does not fit the kind");
	return err || pp_step_complete(r->arena, s) ? err : pp_fail_oom(r->error, "plan");
}

static const struct pp_json_type step = { step_write, step_read, NULL };

#define ALTERNATIVE(member) offsetof(struct pp_alternative, member)
static const struct pp_json_row alternative_rows[] = {
	{ "remedy", &pp_row_name, ALTERNATIVE(remedy) },
	{ "text", &pp_row_text, ALTERNATIVE(text) },
	{ "side_effect", &pp_row_text, ALTERNATIVE(side_effect), .or_null = true },
	{ "possible", &pp_row_bool, ALTERNATIVE(possible) },
	{ NULL },
};

#define ISOLATION(member) offsetof(struct pp_plan_isolation, member)
static const struct pp_json_row isolation_rows[] = {
	{ "rule", &pp_row_name, ISOLATION(rule) },
	{ "text", &pp_row_text, ISOLATION(text) },
	{ "advice", &pp_row_text, ISOLATION(advice), .or_null = true },
	{ NULL },
};

#define PLAN_LIST(member, most) PP_JSON_LIST(struct pp_plan, member, nr_##member), .max = (most)
static const struct pp_json_row plan_rows[] = {
	{ "schema", &pp_row_constant, .more = PP_PLAN_SCHEMA },
	{ "request", &pp_row_text, offsetof(struct pp_plan, request) },
	PP_PLAN_HOST_ROW(offsetof(struct pp_plan, host)),
	{ "devices", &pp_row_list, PLAN_LIST(devices, PP_PLAN_MAX_ITEMS), .rows = device_rows },
	{ "regions", &pp_row_list, PLAN_LIST(regions, PP_PLAN_MAX_ITEMS), .rows = region_rows },
	{ "steps", &pp_row_list, PLAN_LIST(steps, PP_PLAN_MAX_STEPS), .item = &step },
	{ "alternatives", &pp_row_list, PLAN_LIST(alternatives, PP_PLAN_MAX_STEPS),
	  .rows = alternative_rows },
	/* Only where there is something to say. */
	{ "isolation", &pp_row_list, PLAN_LIST(isolation, PP_PLAN_MAX_ISOLATION), .may_lack = true,
	  .omit_null = true, .rows = isolation_rows },
	{ NULL },
};

json_t *pp_plan_json(const struct pp_plan *p)
{
	return pp_json_write(plan_rows, p);
}

/* What only prepares for settings frees no device. */
static bool plan_is_for_conrep(const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].kind != PP_STEP_DRIVER_FILE)
			return false;
	return p->nr_steps > 0;
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
	err = p ? pp_json_read(&r, plan_rows, root, p) : pp_fail_oom(e, "plan");
	if (!err && !p->nr_devices && !plan_is_for_conrep(p))
		err = pp_json_bad(&r, "'devices' is empty");
	json_decref(root);
	if (err) {
		pp_plan_free(p);
		return err;
	}
	*ret = p;
	return 0;
}
