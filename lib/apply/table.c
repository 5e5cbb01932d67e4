/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An override without a plan's other steps: built, looked for, taken away. */
#include <stdio.h>
#include <string.h>

#include "acpi/table.h"
#include "boot/initrd.h"
#include "apply/override.h"
#include "base/crc32.h"
#include "base/text.h"
#include "override/override.h"
#include "plan/kind.h"
#include "source/source.h"

static int build_one(struct pp_arena *arena, const struct pp_step_override *o,
                     struct pp_source *source, struct pp_span *ret, struct pp_error *e)
{
	struct pp_span table;
	char path[64];

	snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%.4s", o->table);
	int r = pp_source_read_all(source, path, PP_ACPI_TABLE_MAX_BYTES, arena, &table);
	if (r)
		return pp_fail(e, -r, "%s: %s", path, strerror(-r));
	if (table.len != o->expected_bytes || pp_span_crc32(table) != o->expected_crc)
		return pp_fail(e, EBUSY, "%s: not the table that the plan was made from", o->table);
	return pp_override_make(arena, o, table, ret, e);
}

static int apply_table_build(struct pp_arena *arena, const struct pp_plan *p,
                             struct pp_source *source, enum pp_apply_form form, struct pp_span *ret,
                             struct pp_error *e)
{
	struct pp_span tables[2];
	uint32_t n = 0;
	int r = 0;

	for (uint32_t i = 0; !r && i < p->nr_steps && n < 2; i++)
		if (p->steps[i].kind == PP_STEP_OVERRIDE)
			r = build_one(arena, &p->steps[i].override, source, &tables[n++], e);
	if (!r && !n)
		r = pp_fail(e, ENOENT, "the plan changes no table");
	if (!r && form == PP_APPLY_ARCHIVE)
		return pp_override_cpio(tables, n, arena, ret, e);
	if (!r && n > 1)
		r = pp_fail(e, E2BIG, "the plan changes two tables: only the archive holds both");
	if (!r)
		*ret = tables[0];
	return r;
}

int pp_apply_build(const struct pp_plan *p, struct pp_source *source, enum pp_apply_form form,
                   struct pp_sink sink, struct pp_error *e)
{
	struct pp_arena arena PP_CLEANUP(pp_arena_fini);
	struct pp_span bytes;

	pp_arena_init(&arena, 0);
	int r = apply_table_build(&arena, p, source, form, &bytes, e);
	if (!r && sink.write(sink.ctx, (const char *)bytes.data, bytes.len))
		r = pp_fail(e, EIO, "the table could not be written");
	return r;
}

static int status_of(struct pp_apply *a, struct pp_source *source, struct pp_span table, bool *ret,
                     struct pp_error *e)
{
	struct pp_span running;
	char path[64];

	snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%.4s", (const char *)table.data);
	int r = pp_source_read_all(source, path, PP_ACPI_TABLE_MAX_BYTES, &a->arena, &running);
	if (r)
		return pp_fail(e, -r, "/%s: %s", path, strerror(-r));
	bool same = running.len == table.len && !memcmp(running.data, table.data, table.len);
	pp_apply_say(a, "%.4s: ours is installed (%zu bytes); the running kernel has %s",
	             (const char *)table.data, table.len,
	             same ? "it" : "another: reboot, or the kernel log says why it was not taken");
	*ret &= same;
	return 0;
}

static int override_status(struct pp_apply *a, bool *ret, struct pp_error *e)
{
	struct pp_stage s = { .apply = a };
	const struct pp_span *tables;
	struct pp_source *source;
	uint32_t nr;
	int r = pp_initrd_tables(&s, &tables, &nr, e);

	if (!r)
		r = pp_apply_source(a, &source, e);
	if (r)
		return r;
	*ret = nr != 0;
	if (!nr)
		pp_apply_say(a, "no table of pcipass is installed");
	for (uint32_t i = 0; !r && i < nr; i++)
		r = status_of(a, source, tables[i], ret, e);
	pp_source_free(source);
	return r;
}

int pp_apply_override_status(const struct pp_apply_options *o, bool *ret, struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	bool in_effect;
	int r = pp_apply_init(o, NULL, &a, e);

	if (!r)
		r = override_status(&a, &in_effect, e);
	if (!r)
		*ret = in_effect;
	return r;
}

int pp_apply_override_remove(const struct pp_apply_options *o, struct pp_error *e)
{
	enum pp_apply_state state;
	struct pp_plan *plan;
	bool booted;
	int r = pp_apply_status(o, &state, &booted, &plan, e);

	if (r)
		return r;
	if (!plan)
		return pp_fail(e, ENOENT, "nothing is applied here");
	if (state == PP_APPLY_UNDONE) {
		pp_plan_free(plan);
		return pp_fail(e, ENOENT, "the last apply was undone already");
	}
	for (uint32_t i = 0; !r && i < plan->nr_steps; i++)
		if (plan->steps[i].kind != PP_STEP_OVERRIDE &&
		    pp_step_is_automatic(&plan->steps[i]))
			r = pp_fail(e, ENOTSUP,
			            "the last apply did more than to override a table; \"pcipass "
			            "undo\" undoes all of it");
	pp_plan_free(plan);
	return r ? r : pp_apply_undo(o, e);
}
