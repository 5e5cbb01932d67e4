/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that gives the kernel a firmware table without some entries. */
#include <string.h>

#include "acpi/table.h"
#include "base/crc32.h"
#include "plan/kind.h"

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
	else if (!strcmp(o->table, "IORT"))
		s->text = pp_arena_printf(
			a,
			"give the kernel, from the initrd, the firmware's IORT table with remapping "
			"permitted in the %u entr%s that reserve%s memory for these devices",
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

/* uint16_t behind its segment: a device of an IVRS as an address. */
static json_t *devids_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_step_override *o = member;
	json_t *list = o->nr_devids ? json_array() : json_null();

	for (uint32_t i = 0; i < o->nr_devids; i++) {
		uint16_t devid = o->devids[i];
		struct pp_address a = { o->segment, (uint8_t)(devid >> 8), devid >> 3 & 0x1f,
			                devid & 7 };
		list = pp_plan_json_push(list, pp_plan_address.write(row, &a));
	}
	return list;
}

static int devids_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                       void *member)
{
	const struct pp_json_row addresses = { row->key,
		                               &pp_row_list,
		                               .nr_at = sizeof(void *),
		                               .size = sizeof(struct pp_address),
		                               .max = PP_PLAN_MAX_ITEMS,
		                               .item = &pp_plan_address };
	struct {
		const struct pp_address *list;
		uint32_t nr;
	} all;
	struct pp_step_override *ret = member;
	int err = pp_row_list.read(r, &addresses, v, &all.list);

	if (err)
		return err;
	uint16_t *devids = PP_ARENA_ARRAY(r->arena, all.nr, uint16_t);
	if (!devids)
		return pp_fail_oom(r->error, "plan");
	for (uint32_t i = 0; i < all.nr; i++) {
		struct pp_address a = all.list[i];
		devids[i] = (uint16_t)(a.bus << 8 | a.device << 3 | a.function);
		if (a.domain > 0xffff || a.domain != all.list[0].domain ||
		    (i && devids[i] <= devids[i - 1]))
			return pp_json_bad(r, "'devices' is not in order and of one domain");
	}
	ret->segment = all.nr ? (uint16_t)all.list[0].domain : 0;
	ret->devids = devids;
	ret->nr_devids = all.nr;
	return 0;
}

static bool devids_copy(const struct pp_json_row *row, struct pp_arena *a, void *member)
{
	struct pp_step_override *o = member;
	uint16_t *devids = PP_ARENA_ARRAY(a, o->nr_devids, uint16_t);

	if (devids && o->nr_devids)
		memcpy(devids, o->devids, o->nr_devids * sizeof(*devids));
	o->devids = devids;
	return devids;
}

static const struct pp_json_type devids = { devids_write, devids_read, devids_copy };

static const struct pp_json_row scope = { "scopes", &pp_row_number, .min = 1, .max = UINT32_MAX };
static const struct pp_json_row rows[] = {
	{ "table", &pp_row_name, PP_KIND_AT(override.table) },
	{ "expected_crc", &pp_row_hex, PP_KIND_AT(override.expected_crc), .min = 8,
	  .size = sizeof(uint32_t) },
	{ "expected_bytes", &pp_row_number, PP_KIND_AT(override.expected_bytes),
	  .min = PP_ACPI_HEADER_BYTES, .max = PP_ACPI_TABLE_MAX_BYTES },
	{ "scopes", &pp_row_list, PP_JSON_LIST(struct pp_step, override.scopes, override.nr_scopes),
	  .may_lack = true, .omit_null = true, .max = PP_PLAN_MAX_ITEMS, .item = &pp_row_number,
	  .rows = &scope },
	{ "devices", &devids, PP_KIND_AT(override), .may_lack = true, .omit_null = true },
	{ NULL },
};

/* Scopes in ascending order, so that none is there twice. */
static int kind_override_check_fields(struct pp_json_reader *r, struct pp_step *s)
{
	struct pp_step_override *o = &s->override;
	bool by_offset = !strcmp(o->table, "DMAR") || !strcmp(o->table, "IORT");

	if (!by_offset && strcmp(o->table, "IVRS") != 0)
		return pp_json_bad(r, "'table' is none of DMAR, IVRS and IORT");
	if (by_offset ? !o->nr_scopes || o->nr_devids : !o->nr_devids || o->nr_scopes)
		return pp_json_bad(r, by_offset ? "need 'scopes' alone" : "need 'devices' alone");
	for (uint32_t i = 0; i < o->nr_scopes; i++)
		if (o->scopes[i] <= (i ? o->scopes[i - 1] : 0) || o->scopes[i] >= o->expected_bytes)
			return pp_json_bad(r, "'scopes' is not in order and in the table");
	return 0;
}

static void kind_override_check_replaced(struct pp_checking *c, const struct pp_step_override *o)
{
	static const char what[] = "the table is no longer the firmware's";
	struct pp_span now = !strcmp(o->table, "DMAR")   ? c->h->dmar_bytes
	                     : !strcmp(o->table, "IORT") ? c->h->iort_bytes
	                                                 : c->h->ivrs_bytes;

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

/* Ours is a copy of what the firmware had when the plan was made; that may be another by now. */
static void kind_override_check_bios(struct pp_checking *c)
{
	static const char what[] = "the override was made from this BIOS's table";
	const char *words;
	enum pp_verified same = pp_check_same_bios(c->p, c->h, c->a, &words);

	c->failed |= same == PP_VERIFIED_NO && !words;
	if (words)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "the BIOS was %s: its table may differ; run pcipass undo, reboot, "
		             "then pcipass free again",
		             words);
	else if (same == PP_VERIFIED_YES)
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "BIOS %s", c->p->host.bios_version);
}

static void kind_override_check(struct pp_checking *c, const struct pp_step *s)
{
	static const char what[] = "the kernel took the table from the initrd";
	const struct pp_step_override *o = &s->override;
	const struct pp_kernel *k = &c->h->kernel;
	const struct pp_log_override *said = !strcmp(o->table, "DMAR")   ? &k->log_dmar
	                                     : !strcmp(o->table, "IORT") ? &k->log_iort
	                                                                 : &k->log_ivrs;

	kind_override_check_replaced(c, o);
	kind_override_check_bios(c);
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
	.rows = rows,
	.check_fields = kind_override_check_fields,
	.describe = kind_override_describe,
	.check = kind_override_check,
};
