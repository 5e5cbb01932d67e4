/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A write of settings that stands for itself: a transaction of one operation whose journal goes
 * when it is done. And what is found of one that was interrupted, before anything else is done.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "settings/settings.h"
#include "host/host.h"
#include "sys/atomic.h"
#include "txn/txn.h"

/* The transaction of one store. */
struct writing {
	struct pp_apply_options options;
	struct pp_apply apply;
	char *text; /* what recovery says */
	size_t size;
};

static void writing_say(void *ctx, const char *line)
{
	struct writing *w = ctx;

	snprintf(w->text, w->size, "%s", line);
}

static int writing_init(struct writing *w, struct pp_store *s, bool may_write, struct pp_error *e)
{
	bool usual = !s->state || !strcmp(s->state, pp_sys_state());

	w->options = (struct pp_apply_options){ .state = usual ? NULL : s->state,
		                                .dry_run = !may_write,
		                                .ctx = w };
	int r = pp_apply_init(&w->options, NULL, &w->apply, e);
	w->apply.store = s;
	return r;
}

/* The journal that this one is written over, as text; NULL: none. */
static int writing_find_before(struct pp_apply *a, const char **ret, struct pp_error *e)
{
	struct pp_txn t;
	int r = pp_txn_load(a, &t, e);

	*ret = NULL;
	if (r)
		return r == -ENOENT ? 0 : r;
	if (t.purpose != PP_TXN_PLAN)
		return pp_fail(
			e, EUCLEAN,
			"something was interrupted and is to be brought to an end first; try "
			"again");
	if (t.phase == PP_PHASE_APPLYING || t.phase == PP_PHASE_UNDOING)
		return pp_fail(e, EALREADY, PP_TXN_HALF_DONE);
	return pp_txn_text(&t, &a->arena, ret, e);
}

static int writing_run(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_error why = { 0 };
	int r = pp_txn_run(a, t, e);

	if (r)
		return pp_txn_failed(a, t, e);
	r = pp_txn_end(a, t, PP_PHASE_APPLIED, &why);
	if (!r)
		return 0;
	return pp_fail(e, -r,
	               "all is written and reads back; only the journal could not be removed for "
	               "good (%.200s): the next command that writes there does that",
	               why.text);
}

static int writing_locked(struct writing *w, struct pp_store *s, const struct pp_changes *c,
                          const struct pp_plan_host *host, struct pp_error *e)
{
	struct pp_op op = { .ops = &pp_op_setting, .setting.store = s->where };
	struct pp_txn t = {
		.purpose = PP_TXN_SETTINGS,
		.phase = PP_PHASE_APPLYING,
		.host = host,
		.ops = &op,
		.nr_ops = 1,
	};
	struct pp_apply *a = &w->apply;
	int r = writing_find_before(a, &t.previous, e);

	if (r)
		return r;
	pp_txn_clean_up(a, &t);
	r = s->ops->prepare(s, c, &a->arena, &op.setting.change, e);
	t.boot_id = pp_boot_id(a);
	if (!r && !t.boot_id)
		r = pp_fail_oom(e, "journal");
	return r ? r : writing_run(a, &t, e);
}

int pp_txn_write_settings(struct pp_store *s, const struct pp_changes *c,
                          const struct pp_plan_host *host, struct pp_error *e)
{
	struct pp_error local;
	struct writing w;

	if (!c->nr_writes)
		return 0;
	if (!e)
		e = &local;
	int r = writing_init(&w, s, true, e);
	if (!r)
		r = pp_apply_lock(&w.apply, e);
	if (!r)
		r = writing_locked(&w, s, c, host, e);
	pp_apply_fini(&w.apply);
	return r;
}

/* Nothing is made or taken for looking; a journal that may not be read is nobody's business here.
 */
static int recover_look(struct pp_apply *a, struct pp_error *e)
{
	struct pp_txn t;
	bool found;
	int r = pp_txn_load(a, &t, e);

	if (r == -ENOENT || r == -EACCES)
		return 0;
	if (r || (t.purpose != PP_TXN_SETTINGS && !pp_apply_is_apart(a)))
		return r;
	r = pp_apply_check_lock(a, e);
	return r ? r : pp_txn_recover(a, &found, e);
}

/* Where nothing was interrupted, who may not write is told so when he wants to write. */
static int recover_write(struct pp_apply *a, struct pp_store *s, struct pp_error *e)
{
	const char *path = PP_APPLY_JOURNAL(a);
	bool found;

	bool journal = pp_path_is_there(path);
	if (!journal && !pp_apply_is_apart(a) && !pp_path_is_there(a->state))
		return 0;
	int r = pp_apply_lock(a, e);
	if (r)
		return !journal && r != -EBUSY ? 0 : r;
	r = pp_txn_recover(a, &found, e);
	if (r)
		return r;
	pp_atomic_clean_up(path);
	if (s->ops->sweep)
		s->ops->sweep(s);
	return 0;
}

int pp_txn_recover_settings(struct pp_store *s, bool may_write, char *text, size_t size,
                            struct pp_error *e)
{
	struct writing w = { .text = text, .size = size };
	int r = writing_init(&w, s, may_write, e);

	if (r)
		return r;
	w.options.say = writing_say;
	r = may_write ? recover_write(&w.apply, s, e) : recover_look(&w.apply, e);
	pp_apply_fini(&w.apply);
	return r;
}

int pp_settings_open(const struct pp_settings_options *o, struct pp_settings **ret,
                     struct pp_error *e)
{
	struct pp_settings *s;
	int r = pp_settings_new(o, &s, e);

	if (r)
		return r;
	r = pp_txn_recover_settings(s->store, o->may_write, s->recovered, sizeof(s->recovered), e);
	if (r)
		pp_settings_close(s);
	else
		*ret = s;
	return r;
}

static int settings_read_host(struct pp_arena *a, struct pp_plan_host *ret, struct pp_error *e)
{
	const struct pp_apply live = { .root = "" };
	struct pp_host *host;
	int r = pp_apply_read_host(&live, &host, e);

	if (r)
		return r;
	r = pp_plan_take_host(ret, host, a, e);
	pp_host_free(host);
	return r;
}

int pp_settings_write(struct pp_settings *s, const struct pp_settings_plan *p, struct pp_error *e)
{
	if (p->settings != s)
		return pp_fail(e, EINVAL, "settings: a plan of other settings");
	if (s->store->own || !p->changes.nr_writes)
		return pp_txn_write_settings(s->store, &p->changes, NULL, e);
	/* Settings of this host: the journal is no other one's. */
	struct pp_plan_host host;
	int r = settings_read_host(&s->arena, &host, e);
	return r ? r : pp_txn_write_settings(s->store, &p->changes, &host, e);
}
