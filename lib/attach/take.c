/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Borrows devices for vfio-pci and gives them back. How a driver changes is op-driver.c's; what is
 * borrowed, and what became of it, is said here.
 */
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "txn/precondition.h"
#include "judge/judge.h"

static bool take_is_named(const struct pp_attach *a, uint32_t device)
{
	for (uint32_t i = 0; i < a->nr_devices; i++)
		if (a->devices[i] == device)
			return true;
	return false;
}

/* Adds a device that is to be bound, unless it is as it should be or stays with the host. */
static int plan_device(struct pp_attach *a, uint32_t index)
{
	const struct pp_device *d = &a->host->devices[index];
	struct pp_op *op = &a->txn.ops[a->txn.nr_ops];
	struct pp_error e = { 0 };
	struct pp_driver now;

	const char *address = PP_ADDRESS_TEXT(d->address);
	int r = pp_driver_read(&a->session, address, &now, &e);
	const char *driver = now.driver;
	if (r)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s", e.text);
	/* What vfio-pci does not take stays with the host: if its driver is in the way, the kernel
	 * will say so. What is behind a VMD controller goes when that is taken. */
	if (!take_is_named(a, index) &&
	    (pp_has_bridge_header(d) || pp_is_behind_vmd(d) || pp_driver_leaves_dma_alone(driver)))
		return 0;
	if (!strcmp(driver, PP_VFIO))
		return 0;
	r = pp_precondition_host(&a->session, address, driver, &e);
	if (r)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s%s%s", r == -EBUSY ? "" : address,
		                     r == -EBUSY ? "" : ": ", e.text);
	if (*driver && !a->options.take)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "%s belongs to %s: --take takes it, and puts it back", address,
		                     driver);
	*op = (struct pp_op){ .ops = &pp_op_borrow };
	if (pp_op_driver_init(op, &a->arena, address, &now, &e))
		a->oom = true;
	a->txn.nr_ops++;
	return 0;
}

int pp_take_plan(struct pp_attach *a)
{
	uint32_t n = a->nr_devices;
	int r = 0;

	for (uint32_t i = 0; i < a->nr_groups; i++)
		n += a->groups[i].known == PP_NO_GROUP
		             ? 0
		             : a->host->groups[a->groups[i].known].nr_devices;
	a->txn = (struct pp_txn){ .purpose = PP_TXN_ATTACH, .phase = PP_PHASE_APPLYING };
	a->txn.ops = PP_ARENA_ARRAY(&a->arena, n, struct pp_op);
	a->to_type = PP_ARENA_ARRAY(&a->arena, n * 3, const char *);
	if (!a->txn.ops || !a->to_type)
		a->oom = true;
	for (uint32_t i = 0; !r && !a->oom && i < a->nr_groups; i++) {
		if (a->groups[i].known == PP_NO_GROUP)
			continue;
		const struct pp_group *g = &a->host->groups[a->groups[i].known];
		for (uint32_t k = 0; !r && k < g->nr_devices; k++)
			r = plan_device(a, g->devices[k]);
	}
	/* Those whose group comes only then are in none of these. */
	for (uint32_t i = 0; !r && !a->oom && i < a->nr_devices; i++)
		if (a->host->devices[a->devices[i]].group == PP_NO_GROUP)
			r = plan_device(a, a->devices[i]);
	return a->oom ? -ENOMEM : r;
}

static void set_progress(struct pp_attach *a, enum pp_op_progress progress)
{
	for (uint32_t i = 0; i < a->txn.nr_ops; i++)
		a->txn.ops[i].progress = progress;
}

static int take_save(struct pp_attach *a, struct pp_error *e)
{
	struct pp_txn before;
	int r = a->lock_error.code ? pp_fail(e, a->lock_error.code, "%s", a->lock_error.text)
	                           : pp_txn_load(&a->session, &before, e);

	if (!r)
		r = pp_txn_text(&before, &a->session.arena, &a->txn.previous, e);
	if (r && (r != -ENOENT || a->lock_error.code))
		return r;
	a->txn.boot_id = pp_boot_id(&a->session);
	if (!a->txn.boot_id)
		return pp_fail_oom(e, "journal");
	/* Each of them may have been done by the time that somebody reads it. */
	set_progress(a, PP_OP_BEGUN);
	r = pp_txn_save(&a->session, &a->txn, e);
	set_progress(a, PP_OP_PENDING);
	a->written = !r;
	return r;
}

/* The sentence of a failure without the address at its beginning. */
static const char *without_address(const struct pp_error *e, const char *address)
{
	size_t len = strlen(address);

	return !strncmp(e->text, address, len) && !strncmp(e->text + len, ": ", 2)
	               ? e->text + len + 2
	               : e->text;
}

int pp_take(struct pp_attach *a)
{
	struct pp_error e = { 0 };

	/* From here on somebody knows how to put back what is taken. */
	if (a->txn.nr_ops && take_save(a, &e))
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "what is taken could not be written down beforehand: %s",
		                     e.text);
	for (uint32_t i = 0; i < a->txn.nr_ops; i++) {
		struct pp_op *op = &a->txn.ops[i];
		const char *address = op->device, *driver = op->driver.driver;
		if (pp_attach_stops(a))
			return -ECANCELED;
		op->progress = PP_OP_BEGUN;
		int r = pp_op_execute(&a->session, op, &e);
		pp_attach_step(a, "bind", r, "%s%s%s to vfio-pci%s%s%s", address,
		               *driver ? " from " : "", driver, r ? " (" : "",
		               r ? without_address(&e, address) : "", r ? ")" : "");
		if (r)
			return pp_attach_refused(a);
	}
	return 0;
}

/* NULL: its driver is none that VFIO minds, or could not be read. */
static const char *take_blame(struct pp_attach *a, const char *address)
{
	struct pp_error ignored;
	struct pp_driver now;

	if (pp_driver_read(&a->session, address, &now, &ignored) ||
	    pp_driver_leaves_dma_alone(now.driver))
		return NULL;
	return pp_arena_printf(&a->arena, "%s has %s", address, now.driver);
}

const char *pp_take_culprit(struct pp_attach *a, const struct pp_attach_group *g)
{
	char path[64];
	const char *found = NULL;
	struct pp_names names;

	if (g->known != PP_NO_GROUP) {
		const struct pp_group *known = &a->host->groups[g->known];
		for (uint32_t i = 0; !found && i < known->nr_devices; i++) {
			const char *address =
				PP_ADDRESS_TEXT(a->host->devices[known->devices[i]].address);
			found = take_blame(a, address);
		}
		return found;
	}
	snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%u/devices", g->number);
	if (pp_sys_list(a->sys, path, &a->arena, &names))
		return NULL;
	for (uint32_t i = 0; !found && i < names.count; i++)
		found = take_blame(a, names.names[i]);
	return found;
}

static void tell_by_hand(struct pp_attach *a, const struct pp_op *op)
{
	char lines[1024];

	op->ops->by_hand(&a->session, op, lines, sizeof(lines));
	for (char *line = lines, *end; (end = strchr(line, '\n')); line = end + 1) {
		a->to_type[a->nr_to_type] = pp_arena_strndup(&a->arena, line, (size_t)(end - line));
		if (a->to_type[a->nr_to_type])
			a->nr_to_type++;
		else
			a->oom = true;
	}
}

static void give_back(struct pp_attach *a, struct pp_op *op)
{
	const char *driver = *op->driver.driver ? op->driver.driver : "no driver";
	enum pp_op_found found;
	struct pp_error e = { 0 };
	int r = pp_op_undo(&a->session, op, &e);
	/* A write that failed and yet left all as it was is no failure. */
	bool same = !pp_op_look(&a->session, op, &found) && found == PP_OP_BEFORE;

	pp_attach_step(a, "put-back",
	               same ? 0
	               : r  ? r
	                    : -ENODEV,
	               "%s to %s%s%s", op->device, driver, same || !r ? "" : ": ",
	               same || !r ? "" : without_address(&e, op->device));
	if (same) {
		op->progress = PP_OP_UNDONE;
		return;
	}
	tell_by_hand(a, op);
	a->not_restored = true;
}

void pp_put_back(struct pp_attach *a)
{
	struct pp_error ignored;

	for (uint32_t i = a->txn.nr_ops; i-- > 0;)
		if (a->txn.ops[i].progress == PP_OP_BEGUN)
			give_back(a, &a->txn.ops[i]);
	if (!a->written)
		return;
	/* Should this fail the next command finds all as it was before, and ends it. */
	if (!a->not_restored)
		pp_txn_end(&a->session, &a->txn, PP_PHASE_UNDONE, &ignored);
	else
		pp_txn_save(&a->session, &a->txn, &ignored);
}
