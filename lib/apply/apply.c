/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/run.h"
#include "apply/steps.h"
#include "change/carry.h"
#include "change/stage.h"
#include "change/deed.h"
#include "apply/recover.h"
#include "base/buffer.h"

static const struct pp_step_ops *const kinds[PP_STEP_KINDS] = {
	[PP_STEP_SETTING] = &pp_step_setting_ops,   [PP_STEP_OVERRIDE] = &pp_step_override_ops,
	[PP_STEP_ARGUMENT] = &pp_step_argument_ops, [PP_STEP_BIND] = &pp_step_bind_ops,
	[PP_STEP_UNBIND] = &pp_step_unbind_ops,
};

static int check_rights(const struct pp_apply *a, struct pp_error *e)
{
	if (!*a->root && geteuid() != 0)
		return pp_fail(
			e, EPERM,
			"only root can change this host, and this is user %u: run it as root",
			(unsigned int)geteuid());
	return 0;
}

static int expect_machine(struct pp_apply *a, const char *file, const char *what,
                          const char *expected, struct pp_error *e)
{
	char path[128], text[256], want[256];

	snprintf(path, sizeof(path), "sys/class/dmi/id/%s", file);
	if (!expected || pp_place_text(a, path, text, sizeof(text)))
		return 0;
	snprintf(want, sizeof(want), "%s", expected);
	/* Cleaned text has no blanks at its end. */
	for (size_t n = strlen(text); n && text[n - 1] == ' ';)
		text[--n] = '\0';
	if (!strcmp(text, want))
		return 0;
	return pp_fail(e, EBUSY,
	               "the plan was made for a host whose %s is %.100s; this one's is "
	               "%.100s: make a new plan here",
	               what, want, text);
}

static int stage_steps(struct pp_stage *s, struct pp_error *e)
{
	const struct pp_plan *p = s->plan;

	for (uint32_t i = 0; i < p->nr_steps; i++) {
		const struct pp_step_ops *ops =
			p->steps[i].kind < PP_STEP_KINDS ? kinds[p->steps[i].kind] : NULL;
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
	return pp_stage_room(s, e);
}

static int verify_steps(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < p->nr_steps; i++) {
		const struct pp_step_ops *ops =
			p->steps[i].kind < PP_STEP_KINDS ? kinds[p->steps[i].kind] : NULL;
		if (ops && ops->verify)
			r = ops->verify(a, &p->steps[i], e);
	}
	return r;
}

static int to_buffer(void *ctx, const char *bytes, size_t len)
{
	struct pp_buffer *b = ctx;

	pp_buffer_append(b, bytes, len);
	return b->failed ? -1 : 0;
}

static int plan_text(struct pp_apply *a, const struct pp_plan *p, const char **ret,
                     struct pp_error *e)
{
	struct pp_style style = { .format = PP_FORMAT_JSON };
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);

	pp_buffer_init(&b, PP_PLAN_MAX_BYTES);
	int r = pp_report_plan(p, PP_PLAN_OFFERED, &style, (struct pp_sink){ to_buffer, &b }, e);
	if (r)
		return r;
	*ret = b.data ? pp_arena_strdup(&a->arena, b.data) : NULL;
	if (!*ret)
		return pp_fail_oom(e, "plan");
	/* What cannot be read again could not be resumed. */
	struct pp_plan *again;
	r = pp_plan_parse(*ret, strlen(*ret), &again, e);
	if (!r)
		pp_plan_free(again);
	return r;
}

/* How many journals lie below this text, itself counted. */
static int depth_of(struct pp_apply *a, const char *text)
{
	int depth = 0;

	while (text && depth <= PP_JOURNAL_MAX_DEPTH) {
		struct pp_apply_journal j;
		struct pp_error ignored;
		depth++;
		if (pp_apply_journal_parse(PP_SPAN(text, strlen(text)), "journal", &a->arena, &j,
		                           &ignored))
			break;
		text = j.previous;
	}
	return depth;
}

static int make_journal(struct pp_stage *s, struct pp_apply_journal *ret, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_apply_journal j = { .phase = PP_PHASE_APPLYING,
		                      .deeds = s->deeds,
		                      .nr_deeds = s->nr_deeds };
	int r = plan_text(a, s->plan, &j.plan, e);

	j.boot_id = pp_boot_id(a);
	if (!r && !j.boot_id)
		r = pp_fail_oom(e, "journal");
	if (!r && s->before && s->before->phase == PP_PHASE_APPLIED)
		r = pp_apply_journal_text(s->before, &a->arena, &j.previous, e);
	if (r)
		return r;
	if (depth_of(a, j.previous) >= PP_JOURNAL_MAX_DEPTH)
		return pp_fail(e, E2BIG,
		               "%d plans are applied one upon another; undo some, or remove "
		               "%.200s/apply.json and lose the way back",
		               PP_JOURNAL_MAX_DEPTH, a->state);
	*ret = j;
	return 0;
}

static void say_all(const struct pp_apply *a, const struct pp_stage *s)
{
	for (uint32_t i = 0; i < s->nr_deeds; i++) {
		char text[512];
		pp_apply_say(a, "would %s", pp_deed_text(&s->deeds[i], text, sizeof(text)));
	}
	if (!s->nr_deeds)
		pp_apply_say(a, "nothing to change: all is as wanted");
}

/* Everything is as the plan wants it, and there is a journal that says whence. */
static bool nothing_new(const struct pp_stage *s)
{
	return !s->nr_deeds && s->before && s->before->phase == PP_PHASE_APPLIED;
}

static int carry_out(struct pp_stage *s, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	struct pp_apply_journal j;
	int r = make_journal(s, &j, e);

	if (!r)
		r = pp_apply_journal_save(a, &j, e);
	if (r)
		return r;
	r = pp_carry_on(a, &j, e);
	if (!r)
		r = verify_steps(a, s->plan, e);
	if (!r)
		r = pp_carry_end(a, &j, PP_PHASE_APPLIED, e);
	return r ? pp_carry_failed(a, &j, e) : 0;
}

/* What was applied before; *ret NULL: nothing. */
static int load_before(struct pp_apply *a, struct pp_apply_journal *j,
                       const struct pp_apply_journal **ret, struct pp_error *e)
{
	int r = pp_apply_journal_load(a, j, e);

	*ret = NULL;
	if (r == -ENOENT)
		return 0;
	if (r)
		return r;
	if (j->phase == PP_PHASE_APPLYING || j->phase == PP_PHASE_UNDOING)
		return pp_fail(e, EALREADY,
		               "an apply was left half done: \"pcipass apply --resume\" goes on "
		               "with it, \"pcipass undo\" takes it back");
	*ret = j;
	return 0;
}

/* All that the plan comes to here; old: room for the journal before. */
static int stage(struct pp_apply *a, const struct pp_plan *p, struct pp_apply_journal *old,
                 struct pp_stage *s, struct pp_error *e)
{
	const struct pp_apply_journal *before;
	bool found;
	int r = pp_apply_lock(a, e);

	if (!r)
		r = pp_apply_recover(a, &found, e);
	if (!r)
		r = load_before(a, old, &before, e);
	if (!r)
		r = expect_machine(a, "product_name", "product", p->product, e);
	if (!r)
		r = expect_machine(a, "bios_version", "BIOS version", p->bios_version, e);
	if (!r)
		r = pp_stage_init(s, a, p, before, e);
	return r ? r : stage_steps(s, e);
}

static int run(struct pp_apply *a, const struct pp_plan *p, struct pp_error *e)
{
	struct pp_apply_journal old;
	struct pp_stage s;
	int r = stage(a, p, &old, &s, e);

	if (r)
		return r;
	if ((a->options && a->options->dry_run) || nothing_new(&s)) {
		say_all(a, &s);
		return 0;
	}
	return carry_out(&s, e);
}

int pp_apply_run_with(const struct pp_plan *p, const struct pp_apply_options *o,
                      const struct pp_apply_settings *settings, struct pp_error *e)
{
	struct pp_apply a;
	int r = pp_apply_init(o, settings, &a, e);

	if (r)
		return r;
	r = check_rights(&a, e);
	if (!r)
		r = run(&a, p, e);
	pp_apply_fini(&a);
	return r;
}

int pp_apply_count(const struct pp_plan *p, const struct pp_apply_options *o, unsigned int *ret,
                   struct pp_error *e)
{
	struct pp_apply_options dry = { 0 };
	struct pp_apply_journal old;
	struct pp_apply a;
	struct pp_stage s;

	if (o)
		dry = *o;
	dry.dry_run = true;
	dry.say = NULL;
	int r = pp_apply_init(&dry, NULL, &a, e);
	if (r)
		return r;
	r = check_rights(&a, e);
	if (!r)
		r = stage(&a, p, &old, &s, e);
	if (!r)
		*ret = s.nr_deeds;
	pp_apply_fini(&a);
	return r;
}

/* Resume and undo begin so. */
static int open_journal(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e)
{
	int r = check_rights(a, e);

	/* Before the lock: where nothing was applied, nothing is made. */
	if (!r)
		r = pp_apply_journal_load(a, j, e);
	if (!r)
		r = pp_apply_lock(a, e);
	if (!r)
		r = pp_apply_journal_load(a, j, e);
	if (!r)
		pp_apply_journal_sweep(a);
	for (uint32_t i = 0; !r && i < j->nr_deeds; i++)
		if (j->deeds[i].kind == PP_DEED_FILE)
			pp_place_sweep(a, j->deeds[i].path);
	return r;
}

static int resume(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e)
{
	struct pp_plan *plan;

	if (j->phase == PP_PHASE_UNDOING)
		return pp_carry_back(a, j, e);
	if (j->phase != PP_PHASE_APPLYING)
		return pp_fail(e, ENOENT, "nothing was left half done");
	int r = pp_plan_parse(j->plan, strlen(j->plan), &plan, e);
	if (r)
		return r;
	r = pp_carry_check(a, j, PP_WAY_ON, e);
	if (r) {
		pp_plan_free(plan);
		return r;
	}
	/* Nothing is believed: what is there is looked at, tools run again. */
	for (uint32_t i = 0; i < j->nr_deeds; i++)
		j->deeds[i].state =
			j->deeds[i].state == PP_DEED_DONE ? PP_DEED_BEGUN : j->deeds[i].state;
	r = pp_carry_on(a, j, e);
	if (!r)
		r = verify_steps(a, plan, e);
	pp_plan_free(plan);
	if (!r)
		r = pp_carry_end(a, j, PP_PHASE_APPLIED, e);
	return r ? pp_carry_failed(a, j, e) : 0;
}

int pp_apply_resume_with(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                         struct pp_error *e)
{
	struct pp_apply_journal j;
	struct pp_apply a;
	bool found;
	int r = pp_apply_init(o, settings, &a, e);

	if (r)
		return r;
	r = open_journal(&a, &j, e);
	if (!r)
		r = pp_apply_recover(&a, &found, e);
	if (!r)
		r = resume(&a, &j, e);
	pp_apply_fini(&a);
	return r;
}

int pp_apply_undo_with(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                       struct pp_error *e)
{
	struct pp_apply_journal j;
	struct pp_apply a;
	bool found = false;
	int r = pp_apply_init(o, settings, &a, e);

	if (r)
		return r;
	r = open_journal(&a, &j, e);
	if (!r || r == -ENOENT) {
		struct pp_error second = { 0 };
		int r2 = pp_apply_recover(&a, &found, &second);
		if (r2)
			r = pp_fail(e, second.code, "%s", second.text);
	}
	if (!r && j.phase == PP_PHASE_UNDONE)
		r = pp_fail(e, ENOENT, "the last apply was undone already");
	if (!r)
		r = pp_carry_check_back(&a, &j, e);
	if (!r)
		r = pp_carry_back(&a, &j, e);
	pp_apply_fini(&a);
	/* That was what there was to take back. */
	return r == -ENOENT && found ? 0 : r;
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

static int status(struct pp_apply *a, enum pp_apply_state *ret, bool *ret_booted,
                  struct pp_plan **ret_plan, struct pp_error *e)
{
	static const enum pp_apply_state states[PP_PHASES] = { PP_APPLY_PARTLY, PP_APPLY_DONE,
		                                               PP_APPLY_PARTLY, PP_APPLY_UNDONE };
	struct pp_apply_journal j;
	int r = pp_apply_journal_load(a, &j, e);

	if (r == -ENOENT) {
		*ret = PP_APPLY_NONE;
		*ret_booted = false;
		if (ret_plan)
			*ret_plan = NULL;
		return 0;
	}
	if (!r && ret_plan)
		r = pp_plan_parse(j.plan, strlen(j.plan), ret_plan, e);
	if (r)
		return r;
	const char *boot = pp_boot_id(a);
	*ret = states[j.phase];
	*ret_booted = boot && *boot && *j.boot_id && strcmp(boot, j.boot_id);
	return 0;
}

int pp_apply_status(const struct pp_apply_options *o, enum pp_apply_state *ret,
                    bool *ret_booted_since, struct pp_plan **ret_plan, struct pp_error *e)
{
	struct pp_apply a;
	int r = pp_apply_init(o, NULL, &a, e);

	if (r)
		return r;
	r = status(&a, ret, ret_booted_since, ret_plan, e);
	pp_apply_fini(&a);
	return r;
}
