/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a plan or a journal is this host's, which is read anew; and which devices it still has.
 */
#include <string.h>

#include "apply/steps.h"
#include "host/host.h"
#include "txn/txn.h"

static int same_host_read(struct pp_apply *a, struct pp_host **ret, struct pp_error *e)
{
	struct pp_source *source;
	int r = pp_source_open(*a->root ? a->root : NULL, &source, e);

	if (r)
		return r;
	r = pp_host_read(source, ret, e);
	pp_source_free(source);
	return r;
}

int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, const char *otherwise,
                        struct pp_error *e)
{
	struct pp_host *host;

	/* A plan that names no host at all was not made of one. */
	if (!p->product && !p->bios_version && !p->kernel)
		return 0;
	int r = same_host_read(a, &host, e);
	if (r)
		return r;
	r = pp_plan_check_host(p, host, e);
	pp_host_free(host);
	if (r == -EBUSY)
		pp_fail_suffix(e, otherwise);
	return r;
}

/* What is in the journal for a device that this host does not have is nothing to undo here. */
static void same_host_leave_devices(struct pp_apply *a, struct pp_txn *t, const struct pp_plan *p,
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

static void same_host_leave_all_but_files(struct pp_apply *a, struct pp_txn *t)
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

int pp_apply_check_undo(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_host *host;
	struct pp_plan *plan;

	if (a->options && a->options->files_only) {
		same_host_leave_all_but_files(a, t);
		return 0;
	}
	int r = pp_plan_parse(t->plan, strlen(t->plan), &plan, e);
	if (r)
		return r;
	r = same_host_read(a, &host, e);
	if (!r) {
		r = pp_plan_check_machine(plan, host, e);
		if (r == -EBUSY)
			pp_fail_suffix(e, ": this is another host, and nothing was undone; "
			                  "\"pcipass undo --files\" undoes only what was changed "
			                  "in files");
		if (!r)
			same_host_leave_devices(a, t, plan, host);
		pp_host_free(host);
	}
	pp_plan_free(plan);
	return r;
}
