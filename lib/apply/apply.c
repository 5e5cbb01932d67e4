/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries a plan out as one transaction, goes on with it, and takes it back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "sys/trust.h"
#include "txn/stage.h"
#include "txn/txn.h"
#include "plan/json.h"

static int check_rights(const struct pp_apply *a, struct pp_error *e)
{
	return *a->root ? 0 : pp_trust_rights(e);
}

static int stage_steps(struct pp_stage *s, struct pp_error *e)
{
	const struct pp_plan *p = s->plan;

	for (uint32_t i = 0; i < p->nr_steps; i++) {
		const struct pp_step_ops *ops = pp_step_ops_of(&p->steps[i]);
		char prefix[32];
		s->step = i;
		snprintf(prefix, sizeof(prefix), "step %u", i + 1);
		if (!ops)
			continue;
		int r = ops->stage(s, &p->steps[i], e);
		if (r) {
			pp_fail_prefix(e, prefix);
			return r;
		}
		pp_stage_close_step(s);
	}
	pp_stage_sort(s);
	return pp_stage_check_space(s, e);
}

static int verify_steps(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < p->nr_steps; i++) {
		const struct pp_step_ops *ops = pp_step_ops_of(&p->steps[i]);
		if (ops && ops->verify)
			r = ops->verify(a, &p->steps[i], e);
	}
	return r;
}

/* From wherever it stands to applied, or back. */
static int apply_txn(struct pp_apply *a, struct pp_txn *t, const struct pp_plan *p,
                     struct pp_error *e)
{
	int r = pp_txn_run(a, t, e);

	if (!r)
		r = verify_steps(a, p, e);
	if (!r)
		r = pp_txn_end(a, t, PP_PHASE_APPLIED, e);
	return r ? pp_txn_failed(a, t, e) : 0;
}

static int plan_text(struct pp_apply *a, const struct pp_plan *p, const char **ret,
                     struct pp_error *e)
{
	json_t *o = pp_plan_json(p);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	struct pp_plan *again;

	json_decref(o);
	*ret = text ? pp_arena_strdup(&a->arena, text) : NULL;
	free(text);
	if (!*ret)
		return pp_fail_oom(e, "plan");
	/* What cannot be read again could not be resumed. */
	int r = pp_plan_parse(*ret, strlen(*ret), &again, e);
	if (!r)
		pp_plan_free(again);
	return r;
}

/* How many journals lie below this text, itself counted. */
static int depth_of(struct pp_apply *a, const char *text)
{
	int depth = 0;

	while (text && depth <= PP_TXN_MAX_DEPTH) {
		struct pp_txn t;
		struct pp_error ignored;
		depth++;
		if (pp_txn_parse(PP_SPAN(text, strlen(text)), "journal", &a->arena, &t, &ignored))
			break;
		text = t.previous;
	}
	return depth;
}

/* What cannot be read again could not be undone. */
static int check_readable(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	struct pp_txn again;
	const char *text;
	int r = pp_txn_text(t, &a->arena, &text, e);

	return r ? r : pp_txn_parse(PP_SPAN(text, strlen(text)), "journal", &a->arena, &again, e);
}

static int make_txn(struct pp_stage *s, struct pp_txn *ret, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_txn t = { .purpose = PP_TXN_PLAN,
		            .phase = PP_PHASE_APPLYING,
		            .ops = s->ops,
		            .nr_ops = s->nr_ops };
	int r = plan_text(a, s->plan, &t.plan, e);

	t.boot_id = pp_boot_id(a);
	if (!r && !t.boot_id)
		r = pp_fail_oom(e, "journal");
	if (!r && s->before && s->before->phase == PP_PHASE_APPLIED)
		r = pp_txn_text(s->before, &a->arena, &t.previous, e);
	bool full = !r && depth_of(a, t.previous) >= PP_TXN_MAX_DEPTH, dropped = false;
	if (full)
		r = pp_txn_drop_pair(a, &t, &dropped, e);
	if (r)
		return r;
	if (full && !dropped)
		return pp_fail(
			e, E2BIG,
			"%d plans are applied one upon another; undo some of them, or remove %.200s/apply.json, after which they cannot be undone",
			PP_TXN_MAX_DEPTH, a->state);
	r = check_readable(a, &t, e);
	if (!r)
		*ret = t;
	return r;
}

static void say_all(const struct pp_apply *a, const struct pp_stage *s)
{
	for (uint32_t i = 0; i < s->nr_ops; i++) {
		char text[512];
		pp_apply_say(a, "would %s", pp_op_describe(&s->ops[i], PP_RUN, text, sizeof(text)));
	}
	if (!s->nr_ops)
		pp_apply_say(a, "nothing to change: all is as wanted");
}

/* Everything is as the plan wants it, and there is a journal that says whence. */
static bool nothing_new(const struct pp_stage *s)
{
	return !s->nr_ops && s->before && s->before->phase == PP_PHASE_APPLIED;
}

/* After the answer: nobody else has begun meanwhile, and what was staged is as it was. */
static int apply_check_again(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	bool locked = a->lock.fd >= 0;
	struct pp_txn other;
	int r = pp_apply_lock(a, e);

	if (!r && !locked) {
		r = pp_txn_load(a, &other, e);
		if (!r)
			return pp_fail(e, EBUSY,
			               "another pcipass has changed this host since: try again");
		r = r == -ENOENT ? 0 : r;
	}
	return r ? r : pp_txn_check(a, t, PP_RUN, e);
}

/* -ECANCELED: whoever was asked said no. */
static int apply_confirm(const struct pp_apply *a, uint32_t changes, struct pp_error *e)
{
	const struct pp_apply_options *o = a->options;

	if (!o || !o->confirm || o->confirm(o->ctx, changes))
		return 0;
	return pp_fail(e, ECANCELED, "nothing was changed");
}

static int apply_carry_out(struct pp_stage *s, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_txn t;
	int r = make_txn(s, &t, e);

	if (!r && a->options && a->options->confirm)
		r = apply_check_again(a, &t, e);
	if (!r)
		r = pp_txn_save(a, &t, e);
	if (r)
		return r;
	return apply_txn(a, &t, s->plan, e);
}

/* What was applied before; *ret NULL: nothing. */
static int load_before(struct pp_apply *a, struct pp_txn *t, const struct pp_txn **ret,
                       struct pp_error *e)
{
	int r = pp_txn_load_plan(a, t, e);

	*ret = NULL;
	if (r == -ENOENT)
		return 0;
	if (r)
		return r;
	if (t->phase == PP_PHASE_APPLYING || t->phase == PP_PHASE_UNDOING)
		return pp_fail(e, EALREADY, PP_TXN_HALF_DONE);
	*ret = t;
	return 0;
}

/* All that the plan comes to here; old: room for the journal before. */
static int apply_stage(struct pp_apply *a, const struct pp_plan *p, struct pp_txn *old,
                       struct pp_stage *s, struct pp_error *e)
{
	const struct pp_txn *before;
	bool found;
	int r = pp_apply_lock_to_ask(a, e);

	if (!r)
		r = pp_txn_recover(a, &found, e);
	if (!r)
		r = load_before(a, old, &before, e);
	if (!r)
		r = pp_apply_check_host(a, p, "; make a new plan here", e);
	if (!r)
		r = pp_stage_init(s, a, p, before, e);
	return r ? r : stage_steps(s, e);
}

static int apply_run(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	struct pp_txn old;
	struct pp_stage s;
	int r = apply_stage(a, p, &old, &s, e);

	if (!r)
		r = apply_confirm(a, s.nr_ops, e);
	if (r)
		return r;
	if ((a->options && a->options->dry_run) || nothing_new(&s)) {
		say_all(a, &s);
		return 0;
	}
	return apply_carry_out(&s, e);
}

int pp_apply_run_with(const struct pp_plan *p, const struct pp_apply_options *o, struct pp_sys *sys,
                      struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	int r = pp_apply_init(o, sys, &a, e);

	if (!r)
		r = check_rights(&a, e);
	return r ? r : apply_run(&a, p, e);
}

/* Resume and undo begin so. *ret_found: an attach that was killed was rolled back. */
static int open_txn(struct pp_apply *a, struct pp_txn *t, bool *ret_found, struct pp_error *e)
{
	int r = check_rights(a, e);

	/* Before the lock: where nothing was applied, nothing is made. */
	if (!r)
		r = pp_txn_load(a, t, e);
	if (!r)
		r = pp_apply_lock(a, e);
	if (!r)
		r = pp_txn_recover(a, ret_found, e);
	if (!r)
		r = pp_txn_load(a, t, e);
	if (!r)
		pp_txn_clean_up(a, t);
	return r;
}

static int resume_run(struct pp_apply *a, struct pp_txn *t, const struct pp_plan *plan,
                      struct pp_error *e)
{
	int r = pp_apply_check_host(a, plan, "; \"pcipass undo\" undoes what was done", e);

	if (!r)
		r = pp_txn_check(a, t, PP_RUN, e);
	if (r)
		return r;
	/* Nothing is believed: what is there is looked at, tools run again. */
	for (uint32_t i = 0; i < t->nr_ops; i++)
		if (t->ops[i].progress == PP_OP_DONE)
			t->ops[i].progress = PP_OP_BEGUN;
	return apply_txn(a, t, plan, e);
}

static int resume(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_plan *plan;

	if (t->phase == PP_PHASE_UNDOING) {
		int r = pp_apply_prepare_undo(a, t, e);
		return r ? r : pp_txn_rollback(a, t, e);
	}
	if (t->phase != PP_PHASE_APPLYING)
		return pp_fail(e, ENOENT, "no apply was interrupted");
	int r = pp_plan_parse(t->plan, strlen(t->plan), &plan, e);
	if (r)
		return r;
	r = resume_run(a, t, plan, e);
	pp_plan_free(plan);
	return r;
}

int pp_apply_resume_with(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	struct pp_txn t;
	bool found;
	int r = pp_apply_init(o, sys, &a, e);

	if (!r)
		r = open_txn(&a, &t, &found, e);
	return r ? r : resume(&a, &t, e);
}

/* With the lock held, so that what is shown is what is then done. */
static int apply_undo(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	const struct pp_apply_options *o = a->options;

	if (t->phase == PP_PHASE_UNDONE)
		return pp_fail(e, ENOENT, "the last apply was undone already");
	int r = pp_apply_prepare_undo(a, t, e);
	if (!r)
		r = pp_txn_check_rollback(a, t, e);
	if (r)
		return r;
	if (o && o->show)
		pp_txn_describe_rollback(t, o->show, o->ctx);
	r = apply_confirm(a, pp_txn_count_rollback(t), e);
	return r ? r : pp_txn_rollback(a, t, e);
}

int pp_apply_undo_with(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	struct pp_txn t;
	bool found = false;
	int r = pp_apply_init(o, sys, &a, e);

	if (!r)
		r = open_txn(&a, &t, &found, e);
	/* Who types it after a killed attach means that, and not what was applied last week. */
	if (found)
		return r == -ENOENT ? 0 : r;
	return r ? r : apply_undo(&a, &t, e);
}

int pp_apply_run(const struct pp_plan *p, const struct pp_apply_options *o, struct pp_error *e)
{
	return pp_apply_run_with(p, o, NULL, e);
}

int pp_apply_resume(const struct pp_apply_options *o, struct pp_error *e)
{
	return pp_apply_resume_with(o, NULL, e);
}

int pp_apply_undo(const struct pp_apply_options *o, struct pp_error *e)
{
	return pp_apply_undo_with(o, NULL, e);
}

static bool status_booted(const struct pp_txn *t, const char *boot)
{
	return boot && *boot && *t->boot_id && strcmp(boot, t->boot_id);
}

/* The plans below, on which nothing of this one rests; t is used up. */
static int status_add_earlier(struct pp_apply *a, struct pp_txn *t, const char *boot,
                              struct pp_plan *plan, struct pp_error *e)
{
	const struct pp_plan *later = plan;
	int r = 0;

	plan->earlier = PP_ARENA_ARRAY(&plan->arena, PP_TXN_MAX_DEPTH, struct pp_plan *);
	while (!r && plan->earlier && t->previous && plan->nr_earlier < PP_TXN_MAX_DEPTH) {
		const char *text = t->previous;
		struct pp_plan *below;
		r = pp_txn_parse(PP_SPAN(text, strlen(text)), "the journal before", &a->arena, t,
		                 e);
		if (r || t->purpose != PP_TXN_PLAN || t->phase != PP_PHASE_APPLIED)
			continue;
		r = pp_plan_parse(t->plan, strlen(t->plan), &below, e);
		if (r)
			continue;
		below->later = later;
		below->booted_since = status_booted(t, boot);
		later = plan->earlier[plan->nr_earlier++] = below;
	}
	return !r && !plan->earlier ? pp_fail_oom(e, "journal") : r;
}

static int status(struct pp_apply *a, enum pp_apply_state *ret, bool *ret_booted,
                  struct pp_plan **ret_plan, struct pp_error *e)
{
	static const enum pp_apply_state states[PP_PHASES] = { PP_APPLY_PARTLY, PP_APPLY_DONE,
		                                               PP_APPLY_PARTLY, PP_APPLY_UNDONE };
	struct pp_plan *plan = NULL;
	struct pp_txn t;
	int r = pp_txn_load_plan(a, &t, e);

	if (r == -ENOENT) {
		*ret = PP_APPLY_NONE;
		*ret_booted = false;
		if (ret_plan)
			*ret_plan = NULL;
		return 0;
	}
	if (!r && ret_plan)
		r = pp_plan_parse(t.plan, strlen(t.plan), &plan, e);
	if (r)
		return r;
	const char *boot = pp_boot_id(a);
	*ret = states[t.phase];
	*ret_booted = status_booted(&t, boot);
	r = plan ? status_add_earlier(a, &t, boot, plan, e) : 0;
	if (r)
		pp_plan_free(plan);
	else if (ret_plan)
		*ret_plan = plan;
	return r;
}

int pp_apply_status(const struct pp_apply_options *o, enum pp_apply_state *ret,
                    bool *ret_booted_since, struct pp_plan **ret_plan, struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	int r = pp_apply_init(o, NULL, &a, e);

	return r ? r : status(&a, ret, ret_booted_since, ret_plan, e);
}

int pp_apply_attach_left(const struct pp_apply_options *o, bool *ret, struct pp_error *e)
{
	struct pp_apply a PP_CLEANUP(pp_apply_fini);
	struct pp_txn t;
	int r = pp_apply_init(o, NULL, &a, e);

	if (r)
		return r;
	r = pp_txn_load(&a, &t, e);
	*ret = !r && t.purpose == PP_TXN_ATTACH;
	return r == -ENOENT ? 0 : r;
}
