/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an undo has to do on the host as it is by now: devices go, kernels come, disks move. */
#include <string.h>

#include "apply/steps.h"
#include "boot/loader.h"
#include "host/host.h"
#include "txn/txn.h"

/* What is in the journal for a device that this host does not have is nothing to undo here. */
static void undo_leave_devices(struct pp_apply *a, struct pp_txn *t, const struct pp_plan *p,
                               const struct pp_host *h)
{
	for (uint32_t i = 0; i < t->nr_ops; i++) {
		struct pp_op *op = &t->ops[i];
		struct pp_address address;
		bool other;
		if (!op->device || !pp_txn_is_to_undo(op) ||
		    !pp_address_parse(op->device, &address) ||
		    pp_plan_device_is_here(p, h, address, &other))
			continue;
		pp_apply_say(a, "%s: %s, so nothing is undone there", op->device,
		             other ? "another card is there now" : "no device is there any more");
		op->progress = PP_OP_UNDONE;
	}
}

static void undo_leave_all_but_files(struct pp_apply *a, struct pp_txn *t)
{
	char text[512];

	for (uint32_t i = 0; i < t->nr_ops; i++) {
		struct pp_op *op = &t->ops[i];
		if (pp_op_is_of_files(op->ops) || !pp_txn_is_to_undo(op))
			continue;
		pp_apply_say(a, "not undone: %s", pp_op_describe(op, PP_RUN, text, sizeof(text)));
		op->progress = PP_OP_UNDONE;
	}
}

/*
 * Kernels that were installed since have got what is taken back, too: for each of them the loader's
 * tool runs as well.
 */
static int undo_add_kernels(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_error ignored;
	struct pp_stage s;
	bool each = false;

	for (uint32_t i = 0; i < t->nr_ops; i++)
		each |= t->ops[i].ops->is_tool && t->ops[i].tool.kernel &&
		        pp_txn_is_to_undo(&t->ops[i]);
	int r = each ? pp_stage_init(&s, a, NULL, NULL, e) : 0;
	if (r || !each)
		return r;
	memcpy(s.ops, t->ops, t->nr_ops * sizeof(*t->ops));
	s.nr_ops = t->nr_ops;
	/* What cannot be run any more is said as it is undone. */
	if (pp_kernel_install_run(&s, &ignored))
		return 0;
	for (uint32_t i = t->nr_ops; i < s.nr_ops; i++)
		s.ops[i].progress = PP_OP_DONE;
	t->ops = s.ops;
	t->nr_ops = s.nr_ops;
	return 0;
}

/* This is the host on which it was done. */
static int undo_check_host(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_host *host;
	struct pp_plan *plan;

	int r = pp_plan_parse(t->plan, strlen(t->plan), &plan, e);
	if (r)
		return r;
	r = pp_apply_read_host(a, &host, e);
	if (!r) {
		r = pp_plan_check_machine(&plan->host, host, "the plan was made for", e);
		if (r == -EBUSY)
			pp_fail_suffix(e, ": this is another host, and nothing was undone; "
			                  "\"pcipass undo --files\" undoes only what was changed "
			                  "in files");
		if (!r)
			undo_leave_devices(a, t, plan, host);
		pp_host_free(host);
	}
	pp_plan_free(plan);
	return r;
}

int pp_apply_prepare_undo(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	int r = 0;

	if (a->options && a->options->files_only)
		undo_leave_all_but_files(a, t);
	else
		r = undo_check_host(a, t, e);
	return r ? r : undo_add_kernels(a, t, e);
}
