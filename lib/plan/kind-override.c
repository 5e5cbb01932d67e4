/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that gives the kernel a firmware table without some entries. */
#include <string.h>

#include "acpi/table.h"
#include "base/crc32.h"
#include "plan/kind.h"

static bool kind_override_copy(struct pp_arena *a, struct pp_step *s)
{
	struct pp_step_override *o = &s->override;
	uint32_t *scopes = PP_ARENA_ARRAY(a, o->nr_scopes, uint32_t);
	uint16_t *devids = PP_ARENA_ARRAY(a, o->nr_devids, uint16_t);

	if (!scopes || !devids)
		return false;
	if (o->nr_scopes)
		memcpy(scopes, o->scopes, o->nr_scopes * sizeof(*scopes));
	if (o->nr_devids)
		memcpy(devids, o->devids, o->nr_devids * sizeof(*devids));
	o->scopes = scopes;
	o->devids = devids;
	return true;
}

static void kind_override_describe(struct pp_arena *a, struct pp_step *s)
{
	const struct pp_step_override *o = &s->override;

	if (!strcmp(o->table, "DMAR"))
		s->text = pp_arena_printf(
			a,
			"give the kernel, from the initrd, the firmware's DMAR table without the "
			"%u entr%s that reserve%s memory for these devices",
			o->nr_scopes, o->nr_scopes == 1 ? "y" : "ies",
			o->nr_scopes == 1 ? "s" : "");
	else
		s->text = pp_arena_printf(
			a,
			"give the kernel, from the initrd, the firmware's %s table with %u "
			"device%s taken out of its memory blocks",
			o->table, o->nr_devids, o->nr_devids == 1 ? "" : "s");
	s->undo = pp_arena_strdup(a, "rebuild the initrd without that table and reboot");
}

static json_t *kind_override_to_json(const struct pp_step *s)
{
	const struct pp_step_override *o = &s->override;
	json_t *list = json_array();
	bool dmar = !strcmp(o->table, "DMAR");

	for (uint32_t i = 0; i < o->nr_scopes; i++)
		list = pp_plan_json_push(list, json_integer(o->scopes[i]));
	for (uint32_t i = 0; i < o->nr_devids; i++) {
		uint16_t devid = o->devids[i];
		list = pp_plan_json_push(list, pp_plan_json_address((struct pp_address){
						       o->segment, (uint8_t)(devid >> 8),
						       devid >> 3 & 0x1f, devid & 7 }));
	}
	return json_pack("{s:s, s:o, s:I, s:o}", "table", o->table, "expected_crc",
	                 pp_plan_json_hex(o->expected_crc, 8), "expected_bytes",
	                 (json_int_t)o->expected_bytes, dmar ? "scopes" : "devices", list);
}

/* In ascending order, so that none is there twice. */
static int kind_override_read_scopes(struct pp_json_reader *r, const json_t *o,
                                     struct pp_step_override *ret)
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
	return err || n ? err : pp_json_bad(r, "'scopes' is empty");
}

static int kind_override_read_devids(struct pp_json_reader *r, const json_t *o,
                                     struct pp_step_override *ret)
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
		err = pp_plan_read_address(r, json_array_get(list, i), &a);
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
	return n ? 0 : pp_json_bad(r, "'devices' is empty");
}

static int kind_override_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *s)
{
	struct pp_step_override *ret = &s->override;
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
	return dmar ? kind_override_read_scopes(r, o, ret) : kind_override_read_devids(r, o, ret);
}

static void kind_override_check_replaced(struct pp_checking *c, const struct pp_step_override *o)
{
	static const char what[] = "the table is no longer the firmware's";
	struct pp_span now = !strcmp(o->table, "DMAR") ? c->h->dmar_bytes : c->h->ivrs_bytes;

	if (!now.len)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		             "/sys/firmware/acpi/tables/%s was not read", o->table);
	else if (now.len == o->expected_bytes && pp_span_crc32(now) == o->expected_crc)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "/sys/firmware/acpi/tables/%s is unchanged", o->table);
	else
		pp_check_add(c, NULL, PP_VERIFIED_YES, what,
		             "/sys/firmware/acpi/tables/%s: %zu bytes, before %u", o->table,
		             now.len, o->expected_bytes);
}

static void kind_override_check(struct pp_checking *c, const struct pp_step *s)
{
	static const char what[] = "the kernel took the table from the initrd";
	const struct pp_step_override *o = &s->override;
	const struct pp_kernel *k = &c->h->kernel;
	const struct pp_log_override *said =
		!strcmp(o->table, "DMAR") ? &k->log_dmar : &k->log_ivrs;

	kind_override_check_replaced(c, o);
	if (said->taken)
		pp_check_add(c, NULL, PP_VERIFIED_YES, what,
		             "kernel log: Table Upgrade: override [%s", o->table);
	else if (k->log_override_refused)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "kernel log: kernel is locked down, ignoring table override");
	else if (said->added)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "kernel log: Table Upgrade: install [%s: its OEM ids are not those of "
		             "the firmware's table, so the kernel has both and reads the "
		             "firmware's; run 'pcipass undo', then 'pcipass free' again",
		             o->table);
	else if (said->found)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "kernel log: %s ACPI table found in initrd, but not taken: its OEM "
		             "revision is not above that of the firmware's table; run 'pcipass "
		             "undo', then 'pcipass free' again",
		             o->table);
	else if (k->log_error)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "the kernel log was not read");
	else if (!k->log_from_boot)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what,
		             "the kernel log does not reach back to the boot");
	else
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "kernel log: no %s in the initrd",
		             o->table);
}

const struct pp_step_kind_ops pp_step_kind_override = {
	.name = "override",
	.summary = "gives the kernel a firmware table without some entries, from the initrd",
	.keys = "table expected_crc expected_bytes scopes? devices?",
	.copy = kind_override_copy,
	.describe = kind_override_describe,
	.to_json = kind_override_to_json,
	.from_json = kind_override_from_json,
	.check = kind_override_check,
};
