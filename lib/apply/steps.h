/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each kind of step is carried out: the table, and what several kinds share. */
#ifndef PP_APPLY_STEPS_H
#define PP_APPLY_STEPS_H

#include "txn/stage.h"
#include "txn/txn.h"

/* How a kind of step is carried out: a file step-WORD.c for each line of plan/kinds.def. */
struct pp_step_ops {
	int (*stage)(struct pp_stage *s, const struct pp_step *step, struct pp_error *e);
	/* After all operations: it is as wanted. May be NULL. */
	int (*verify)(struct pp_apply *a, const struct pp_step *step, struct pp_error *e);
};
#define PP_KIND(value, word) extern const struct pp_step_ops pp_step_##word##_ops;
#include "plan/kinds.def"
#undef PP_KIND

/* NULL: a person carries it out. */
const struct pp_step_ops *pp_step_ops_of(const struct pp_step *s);

/* Parts of steps that several kinds need. */

/* An argument at every boot, where the boot loader reads it; one that is there is left. */
int pp_step_add_argument(struct pp_stage *s, const char *argument, struct pp_error *e);
/* Files of /etc that changed go into the initrd; unknown: what to say where its maker is not known.
 */
int pp_step_rebuild_initrd(struct pp_stage *s, const char *unknown, struct pp_error *e);

/*
 * -EBUSY unless the plan was made for this host, which is read anew for it: pp_plan_check_host().
 * otherwise: what to do then, as the end of the sentence.
 */
int pp_apply_check_host(struct pp_apply *a, const struct pp_plan *p, const char *otherwise,
                        struct pp_error *e);
/*
 * -EBUSY unless what the journal of a plan has was done on this host: pp_plan_check_machine(). What
 * it has for devices that are not there any more counts as undone; with options->files_only, on
 * whichever host, all that is not of files. What has to be undone for new kernels is added.
 */
int pp_apply_prepare_undo(struct pp_apply *a, struct pp_txn *t, struct pp_error *e);

#endif
