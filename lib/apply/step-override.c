/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A firmware table without some scopes, in front of the initrd. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "apply/steps.h"
#include "acpi/table.h"
#include "boot/boot.h"
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "apply/override.h"
#include "boot/uki.h"
#include "base/crc32.h"
#include "base/text.h"
#include "override/override.h"
#include "source/source.h"

#define TABLES    "sys/firmware/acpi/tables"
#define ORIGINALS PP_APPLY_STATE "/firmware"

/* An early archive stands at the beginning; what is larger is the initrd itself. */
#define SEARCHED_BYTES (64u << 20)

/* Lockdown: "none [integrity] confidentiality". */
static int check_lockdown(struct pp_apply *a, struct pp_error *e)
{
	char text[128];
	int r = pp_sys_text(a->sys, "sys/kernel/security/lockdown", text, sizeof(text));

	if (r == -ENOENT || (!r && strstr(text, "[none]")))
		return 0;
	if (r)
		return pp_fail(
			e, -r,
			"/sys/kernel/security/lockdown: %s: whether this host is locked down is "
			"not known, and pcipass does not replace firmware tables on a "
			"locked-down host",
			strerror(-r));
	return pp_fail(
		e, EPERM,
		"/sys/kernel/security/lockdown says %.60s, and [none] is needed: pcipass "
		"does not replace firmware tables on a locked-down host. 'pcipass explain' lists other remedies",
		text);
}

static int step_override_check_kernel(struct pp_apply *a, struct pp_error *e)
{
	const char *name = pp_boot_release(a);
	char path[256];
	struct pp_content c;

	if (!name)
		return 0;
	snprintf(path, sizeof(path), "boot/config-%s", name);
	int r = pp_sys_content(a->sys, path, &a->arena, &c, e);
	if (r || !c.exists || pp_span_find(c.bytes, "CONFIG_ACPI_TABLE_UPGRADE=y"))
		return r;
	return pp_fail(
		e, ENOTSUP,
		"the kernel was built without ACPI_TABLE_UPGRADE (/%s): it takes "
		"no table from the initrd. Start another kernel, or use another remedy (pcipass explain)",
		path);
}

/* What the log of this boot says: a measured launch, or that a table is replaced already. */
static int check_log(struct pp_stage *s, const char *table, bool ours, struct pp_error *e)
{
	struct pp_source *source;
	struct pp_span log;
	char replaced[64];
	int r = pp_apply_source(s->apply, &source, e);

	if (r)
		return r;
	r = pp_source_kernel_log(source, &s->apply->arena, &log);
	pp_source_free(source);
	/* No log is no proof of anything; verify looks again after the reboot. */
	if (r)
		return 0;
	if (pp_span_find(log, "tboot: found shared page"))
		return pp_fail(e, EPERM,
		               "the host was started by tboot, which keeps the table that it "
		               "measured: one from the initrd would be ignored. Start it without "
		               "tboot, or use another remedy (pcipass explain)");
	snprintf(replaced, sizeof(replaced), "Table Upgrade: override [%s", table);
	if (!ours && pp_span_find(log, replaced))
		return pp_fail(e, EEXIST,
		               "the running kernel has a %s from the initrd already, and "
		               "pcipass did not put it there: remove it first",
		               table);
	return 0;
}

static bool step_override_same_bytes(struct pp_span a, struct pp_span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

static bool is_expected(const struct pp_step_override *o, struct pp_span t)
{
	return t.len == o->expected_bytes && pp_span_crc32(t) == o->expected_crc;
}

static int step_override_read_table(struct pp_apply *a, const char *directory, const char *name,
                                    struct pp_span *ret, struct pp_error *e)
{
	const char *path = pp_arena_printf(&a->arena, "%s/%s", directory, name);
	int r = path ? pp_sys_read(a->sys, path, PP_ACPI_TABLE_MAX_BYTES, &a->arena, ret) : -ENOMEM;

	return r ? pp_fail(e, -r, "/%s/%s: %s", directory, name, strerror(-r)) : 0;
}

/*
 * The table that the plan was made from: the running one, or, where that is ours, the firmware's,
 * of which a copy was kept. *ret_fresh: the copy is to be made from it.
 */
static int find_base(struct pp_stage *s, const struct pp_step_override *o, struct pp_span ours,
                     struct pp_span *ret, bool *ret_fresh, struct pp_error *e)
{
	struct pp_span running, kept;
	struct pp_error ignored;
	int r = step_override_read_table(s->apply, TABLES, o->table, &running, e);

	if (r)
		return r;
	*ret_fresh = !ours.len || !step_override_same_bytes(running, ours);
	*ret = running;
	if (is_expected(o, running))
		return 0;
	if (!*ret_fresh &&
	    !step_override_read_table(s->apply, ORIGINALS, o->table, &kept, &ignored) &&
	    is_expected(o, kept)) {
		*ret = kept;
		return 0;
	}
	return pp_fail(e, EBUSY,
	               "%s: %zu bytes, CRC-32 %08x; the plan was made from one of %u bytes, %08x: "
	               "make a new plan",
	               o->table, running.len, pp_span_crc32(running), o->expected_bytes,
	               o->expected_crc);
}

/* What is to be taken out, as lists that grow. */
struct cuts {
	uint32_t *scopes;
	uint16_t *devids;
	uint32_t nr_scopes, nr_devids;
};

static int add_cuts(struct pp_stage *s, const struct pp_step_override *o, struct cuts *c,
                    struct pp_error *e)
{
	uint32_t *scopes = PP_ARENA_ARRAY(&s->apply->arena, c->nr_scopes + o->nr_scopes, uint32_t);
	uint16_t *devids = PP_ARENA_ARRAY(&s->apply->arena, c->nr_devids + o->nr_devids, uint16_t);

	if (!scopes || !devids)
		return pp_fail_oom(e, o->table);
	for (uint32_t i = 0; i < c->nr_scopes; i++)
		scopes[i] = c->scopes[i];
	for (uint32_t i = 0; i < o->nr_scopes; i++)
		scopes[c->nr_scopes++] = o->scopes[i];
	for (uint32_t i = 0; i < c->nr_devids; i++)
		devids[i] = c->devids[i];
	for (uint32_t i = 0; i < o->nr_devids; i++) {
		uint32_t k = 0;
		while (k < c->nr_devids && devids[k] != o->devids[i])
			k++;
		devids[k] = o->devids[i];
		c->nr_devids += k == c->nr_devids;
	}
	c->scopes = scopes;
	c->devids = devids;
	return 0;
}

static bool same_table(const struct pp_step_override *a, const struct pp_step_override *b)
{
	return !strcmp(a->table, b->table) && a->expected_crc == b->expected_crc &&
	       a->expected_bytes == b->expected_bytes && a->segment == b->segment;
}

static int add_plan_cuts(struct pp_stage *s, const struct pp_plan *p, uint32_t nr_steps,
                         const struct pp_step_override *o, struct cuts *c, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < nr_steps; i++)
		if (p->steps[i].kind == PP_STEP_OVERRIDE && same_table(&p->steps[i].override, o) &&
		    &p->steps[i].override != o)
			r = add_cuts(s, &p->steps[i].override, c, e);
	return r;
}

/* Devices that earlier plans freed stay free: their cuts were made in the same table. */
static int add_earlier_cuts(struct pp_stage *s, const struct pp_step_override *o, struct cuts *c,
                            struct pp_error *e)
{
	const struct pp_txn *t = s->before;
	bool found = false;

	for (int depth = 0; t && depth < PP_TXN_MAX_DEPTH; depth++) {
		struct pp_plan *plan;
		int r = pp_plan_parse(t->plan, strlen(t->plan), &plan, e);
		if (r)
			return pp_fail_prefix(e, "the journal's plan");
		uint32_t before = c->nr_scopes + c->nr_devids;
		r = t->phase == PP_PHASE_APPLIED ? add_plan_cuts(s, plan, plan->nr_steps, o, c, e)
		                                 : 0;
		found |= c->nr_scopes + c->nr_devids != before;
		pp_plan_free(plan);
		struct pp_txn *next = PP_ARENA_NEW(&s->apply->arena, struct pp_txn);
		if (r || !next)
			return r ? r : pp_fail_oom(e, "journal");
		if (!t->previous)
			break;
		r = pp_txn_parse(PP_SPAN(t->previous, strlen(t->previous)), "the older journal",
		                 &s->apply->arena, next, e);
		if (r)
			return r;
		t = next;
	}
	return found ? 0
	             : pp_fail(e, EUCLEAN,
	                       "an override of %s is installed, and the journal does not say what "
	                       "it leaves out: remove it first (pcipass override remove)",
	                       o->table);
}

int pp_override_make(struct pp_arena *arena, const struct pp_step_override *o, struct pp_span base,
                     struct pp_span *ret, struct pp_error *e)
{
	if (!strcmp(o->table, "DMAR"))
		return pp_override_dmar(base, o->scopes, o->nr_scopes, arena, ret, e);
	if (!strcmp(o->table, "IORT"))
		return pp_override_iort(base, o->scopes, o->nr_scopes, arena, ret, e);
	if (!strcmp(o->table, "IVRS"))
		return pp_override_ivrs(base, o->segment, o->devids, o->nr_devids, arena, ret, e);
	return pp_fail(e, ENOTSUP, "%.10s: no table that pcipass changes", o->table);
}

static int step_override_build(struct pp_stage *s, const struct pp_step_override *o,
                               bool add_earlier, struct pp_span base, struct pp_span *ret,
                               struct pp_error *e)
{
	struct cuts cuts = { 0 };
	int r = add_cuts(s, o, &cuts, e);

	/* Two steps on one table in one plan. */
	if (!r)
		r = add_plan_cuts(s, s->plan, s->step, o, &cuts, e);
	if (!r && add_earlier)
		r = add_earlier_cuts(s, o, &cuts, e);
	if (r)
		return r;
	struct pp_step_override all = *o;
	all.scopes = cuts.scopes;
	all.nr_scopes = cuts.nr_scopes;
	all.devids = cuts.devids;
	all.nr_devids = cuts.nr_devids;
	return pp_override_make(&s->apply->arena, &all, base, ret, e);
}

static int step_override_put_all(struct pp_stage *s, const struct pp_initrd_made_by *by,
                                 const struct pp_span *tables, uint32_t nr, struct pp_error *e)
{
	struct pp_span cpio;
	int r = pp_override_cpio(tables, nr, &s->apply->arena, &cpio, e);

	if (!r)
		r = pp_stage_put(s, PP_INITRD_CPIO, cpio, 0644, e);
	return r ? r : pp_initrd_install(s, by, tables, nr, cpio, e);
}

/* The table of ours that is installed now; empty: none. */
static int step_override_find_installed(struct pp_stage *s, const char *name, struct pp_span *ret,
                                        struct pp_error *e)
{
	struct pp_stage now = { .apply = s->apply };
	const struct pp_span *tables;
	uint32_t nr;
	int r = pp_initrd_tables(&now, &tables, &nr, e);

	*ret = (struct pp_span){ 0 };
	for (uint32_t i = 0; !r && i < nr; i++)
		if (!memcmp(tables[i].data, name, 4))
			*ret = tables[i];
	return r;
}

/* All tables of ours, with this one in place of its former self. */
static int put_table(struct pp_stage *s, const struct pp_initrd_made_by *by, struct pp_span made,
                     struct pp_error *e)
{
	const struct pp_span *present;
	uint32_t nr, at = 0;
	int r = pp_initrd_tables(s, &present, &nr, e);

	if (r)
		return r;
	struct pp_span *tables = PP_ARENA_ARRAY(&s->apply->arena, nr + 1, struct pp_span);
	if (!tables)
		return pp_fail_oom(e, "tables");
	for (uint32_t i = 0; i < nr; i++)
		tables[i] = present[i];
	while (at < nr && memcmp(tables[at].data, made.data, 4))
		at++;
	tables[at] = made;
	return step_override_put_all(s, by, tables, at == nr ? nr + 1 : nr, e);
}

static int stage_on(struct pp_stage *s, const struct pp_step_override *o,
                    const struct pp_initrd_made_by *by, struct pp_error *e)
{
	struct pp_span base, made, installed;
	char kept[64];
	bool fresh;
	int r = step_override_find_installed(s, o->table, &installed, e);

	if (!r)
		r = check_log(s, o->table, installed.len != 0, e);
	if (!r)
		r = find_base(s, o, installed, &base, &fresh, e);
	/* Cut from the firmware's table, while an earlier cut of it is installed. */
	if (!r)
		r = step_override_build(s, o,
		                        installed.len && !step_override_same_bytes(base, installed),
		                        base, &made, e);
	if (r)
		return r;
	snprintf(kept, sizeof(kept), ORIGINALS "/%s", o->table);
	if (fresh)
		r = pp_stage_put(s, kept, base, 0600, e);
	return r ? r : put_table(s, by, made, e);
}

static int step_override_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_override *o = &step->override;
	struct pp_initrd_made_by by;
	const char *foreign = NULL;
	int r = check_lockdown(s->apply, e);

	if (!r)
		r = step_override_check_kernel(s->apply, e);
	if (!r)
		r = pp_initrd_find(s->apply, &by, e);
	if (!r)
		r = by.maker->foreign(s, &foreign, e);
	if (!r && foreign)
		r = pp_fail(e, EEXIST, "%.300s, and pcipass did not put it there: remove it first",
		            foreign);
	return r ? r : stage_on(s, o, &by, e);
}

static int search_failed(const char *path, struct pp_error *e)
{
	return pp_fail(e, EIO, "/%s: was rebuilt, but the kernel would not find the table in it",
	               path);
}

static int search_part(struct pp_apply *a, const char *path, struct pp_span table, enum pp_tri *ret,
                       struct pp_error *e)
{
	struct pp_span image;
	int r = a->sys->ops->map(a->sys, path, SEARCHED_BYTES, &image);

	if (r)
		return pp_fail(e, EIO, "/%s: cannot be read: %s", path, strerror(-r));
	*ret = pp_override_initrd_find(image, table);
	a->sys->ops->unmap(a->sys, image);
	return 0;
}

static int search_image(struct pp_apply *a, const char *path, struct pp_span table,
                        struct pp_error *e)
{
	enum pp_tri found = PP_UNKNOWN;
	int r = search_part(a, path, table, &found, e);

	return r || found == PP_YES ? r : search_failed(path, e);
}

static int search_uki(struct pp_apply *a, struct pp_span table, struct pp_error *e)
{
	struct pp_uki u;
	struct pp_uki_image image;
	int r = pp_uki_find(a, &u, e);

	if (!r)
		r = pp_uki_open(a, u.path, &image, e);
	if (r)
		return r;
	bool found = pp_override_initrd_has(image.initrd, table);
	pp_uki_close(a, &image);
	return found ? 0
	             : pp_fail(e, EIO,
	                       "/%s: its initrd was rebuilt, but the kernel would not find the table in it",
	                       u.path);
}

/* The file that is known to be the running kernel's; where none is, the reboot will tell. */
static int search_initrd(struct pp_apply *a, struct pp_span table, struct pp_error *e)
{
	static const char *const forms[][2] = { { "boot/initrd.img-", "" },
		                                { "boot/initramfs-", ".img" },
		                                { "boot/initrd-", "" } };
	const char *release = pp_boot_release(a), *path;
	int r = 0;

	for (size_t i = 0; release && i < sizeof(forms) / sizeof(forms[0]); i++) {
		char whole[256];
		snprintf(whole, sizeof(whole), "%s%s%s", forms[i][0], release, forms[i][1]);
		if (pp_sys_has(a->sys, whole))
			return search_image(a, whole, table, e);
	}
	for (unsigned int n = 0; !r && (path = pp_config_preset(a, "_image", n)); n++)
		if (pp_sys_has(a->sys, path))
			r = search_image(a, path, table, e);
	return r;
}

/* On an ESP that is not mounted, as Proxmox's, it is a copy of the one in /boot. */
static const char *find_initrd(struct pp_apply *a, const char *name)
{
	const char *path = pp_boot_file(a, name), *last = name;

	if (path)
		return path;
	for (const char *at = name; *at; at++)
		if (*at == '/' || *at == '\\')
			last = at + 1;
	path = pp_arena_printf(&a->arena, "boot/%s", last);
	return path && *last && pp_sys_has(a->sys, path) ? path : NULL;
}

/*
 * The initrds of the entry that the next boot takes: a loader puts them one behind the other, and
 * what is compressed ends the kernel's search. Of one that is not found nothing can be said: the
 * reboot will tell.
 */
static int search_entry(struct pp_apply *a, struct pp_span table, struct pp_error *e)
{
	const char *const *name = pp_boot_initrds(a), *path = NULL;
	enum pp_tri found = PP_UNKNOWN;

	if (!name)
		return pp_fail_oom(e, "boot");
	if (!*name)
		return search_initrd(a, table, e);
	for (; found == PP_UNKNOWN && *name; name++) {
		path = find_initrd(a, *name);
		int r = path ? search_part(a, path, table, &found, e) : 0;
		if (r || !path)
			return r;
	}
	return found == PP_YES ? 0 : search_failed(path, e);
}

/* What the next boot loads holds the table, where the kernel looks for it. */
static int step_override_verify(struct pp_apply *a, const struct pp_step *step, struct pp_error *e)
{
	struct pp_stage s = { .apply = a };
	struct pp_initrd_made_by by;
	const struct pp_span *tables;
	enum pp_boot_style way;
	uint32_t nr;
	int r = pp_initrd_tables(&s, &tables, &nr, e);

	if (!r)
		r = pp_initrd_find(a, &by, e);
	if (!r)
		r = pp_boot_find(a, &way, e);
	if (r || !by.rebuild)
		return r;
	for (uint32_t k = 0; k < nr; k++)
		if (!memcmp(tables[k].data, step->override.table, 4))
			return way == PP_BOOT_UKI     ? search_uki(a, tables[k], e)
			       : way == PP_BOOT_ENTRY ? search_entry(a, tables[k], e)
			                              : search_initrd(a, tables[k], e);
	return 0;
}

const struct pp_step_ops pp_step_override_ops = { .stage = step_override_stage,
	                                          .verify = step_override_verify };
