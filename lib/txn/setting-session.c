/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stores of settings that an apply has open. With their schema and values they are read once:
 * each reading may be a run of HP's conrep, which takes seconds, at times minutes.
 */
#include <stdio.h>
#include <string.h>

#include "settings/settings.h"
#include "txn/stage.h"

struct pp_setting_session {
	struct pp_setting_session *next;
	struct pp_store *store;
	struct pp_settings *settings; /* whose the store is; NULL: the store alone was opened */
	const char *schema;           /* of settings */
};

void pp_apply_close_stores(struct pp_apply *a)
{
	for (struct pp_setting_session *o = a->sessions; o; o = o->next) {
		if (o->settings)
			pp_settings_close(o->settings);
		else
			pp_store_close(o->store);
	}
	a->sessions = NULL;
}

/* The pointers are the session's from here on, and closed with it. */
static int session_add(struct pp_apply *a, struct pp_store *store, struct pp_settings *settings,
                       const char *schema, struct pp_error *e)
{
	struct pp_setting_session *o = PP_ARENA_NEW(&a->arena, struct pp_setting_session);

	if (!o) {
		if (settings)
			pp_settings_close(settings);
		else
			pp_store_close(store);
		return pp_fail_oom(e, "settings");
	}
	*o = (struct pp_setting_session){ a->sessions, store, settings, schema };
	a->sessions = o;
	return 0;
}

int pp_apply_store(struct pp_apply *a, const char *where, struct pp_store **ret, struct pp_error *e)
{
	struct pp_store *store;

	if (pp_apply_is_apart(a) || (a->store && !strcmp(a->store->where, where))) {
		*ret = a->store;
		return 0;
	}
	for (struct pp_setting_session *o = a->sessions; o; o = o->next)
		if (!strcmp(o->store->where, where)) {
			*ret = o->store;
			return 0;
		}
	int r = pp_store_open(where, a->state, &store, e);
	if (!r)
		r = session_add(a, store, NULL, NULL, e);
	if (!r)
		*ret = store;
	return r;
}

/* The lock is held. What was interrupted in a store with a journal of its own ends first. */
static int session_read(struct pp_apply *a, const char *store, const char *schema,
                        struct pp_settings **ret, struct pp_error *e)
{
	const struct pp_settings_options o = { .store = store, .state = a->state };
	bool dry_run = a->options && a->options->dry_run;
	char recovered[512] = "";
	struct pp_settings *s;

	if (!store && *a->root)
		return pp_fail(e, ENOTSUP, "which store of settings belongs to %.200s is not known",
		               a->root);
	int r = pp_settings_new(&o, &s, e);
	if (r)
		return r;
	if (s->store->own)
		r = pp_txn_recover_settings(s->store, !dry_run, recovered, sizeof(recovered), e);
	if (!r && *recovered)
		pp_apply_say(a, "%s", recovered);
	if (!r)
		r = pp_settings_schema_built_in(s, schema, e);
	if (!r)
		r = pp_settings_read(s, e);
	if (r)
		pp_settings_close(s);
	else
		*ret = s;
	return r;
}

static bool session_is_asked(const struct pp_settings *s, const char *asked)
{
	return s->asked == asked || (s->asked && asked && !strcmp(s->asked, asked));
}

/* Open, with schema and values read, for this setting. */
static int session_open(struct pp_apply *a, const struct pp_step_setting *set,
                        struct pp_settings **ret, struct pp_error *e)
{
	const char *asked = set->store || !a->options ? set->store : a->options->store;
	struct pp_settings *s;

	for (struct pp_setting_session *o = a->sessions; o; o = o->next)
		if (o->settings && !strcmp(o->schema, set->schema) &&
		    session_is_asked(o->settings, asked)) {
			*ret = o->settings;
			return 0;
		}
	int r = session_read(a, asked, set->schema, &s, e);
	if (!r)
		r = session_add(a, s->store, s, set->schema, e);
	if (!r)
		*ret = s;
	return r;
}

/* What it comes to if each of them says that. */
static int session_plan(struct pp_settings *s, struct pp_arena *a, const struct pp_op_value *values,
                        uint32_t n, bool before, struct pp_settings_plan **ret, struct pp_error *e)
{
	const char **assignments = PP_ARENA_ARRAY(a, n, const char *);

	for (uint32_t i = 0; assignments && i < n; i++) {
		assignments[i] = pp_arena_printf(a, "%s=%s", values[i].name,
		                                 before ? values[i].before : values[i].after);
		if (!assignments[i])
			assignments = NULL;
	}
	return assignments ? pp_settings_plan_set(s, assignments, n, ret, e)
	                   : pp_fail_oom(e, "settings");
}

/* 1: it says so already. 0: it says what is expected. */
static int session_look(struct pp_settings *s, struct pp_arena *a, const struct pp_op_value *v,
                        struct pp_error *e)
{
	struct pp_settings_plan *plan;
	int r = session_plan(s, a, v, 1, false, &plan, e);

	if (!r && !pp_settings_plan_count(plan))
		return 1;
	if (!r)
		r = session_plan(s, a, v, 1, true, &plan, e);
	if (r || !pp_settings_plan_count(plan))
		return r;
	return pp_fail(e, EBUSY,
	               "%.100s does not say %.100s, which the plan expects: it was changed "
	               "meanwhile; make a new plan",
	               v->name, v->before);
}

/* The operation on that store, so that one write does for all the plan's settings. */
static struct pp_op *session_find_op(struct pp_stage *s, const struct pp_settings *settings,
                                     struct pp_error *e)
{
	for (uint32_t i = 0; i < s->nr_ops; i++)
		if (s->ops[i].ops == &pp_op_setting &&
		    s->ops[i].setting.store == settings->store->where)
			return &s->ops[i];
	struct pp_op *op = pp_stage_add(s, &pp_op_setting, e);
	if (op)
		op->setting.store = settings->store->where;
	return op;
}

static int session_stage(struct pp_stage *s, struct pp_settings *settings,
                         const struct pp_op_value *v, struct pp_error *e)
{
	struct pp_arena *a = &s->apply->arena;
	struct pp_op *op = session_find_op(s, settings, e);
	struct pp_settings_plan *plan;

	if (!op)
		return -e->code;
	uint32_t n = op->setting.nr_values;
	struct pp_op_value *values = PP_ARENA_ARRAY(a, n + 1, struct pp_op_value);
	if (!values)
		return pp_fail_oom(e, v->name);
	if (n == PP_OP_MAX_VALUES)
		return pp_fail(e, E2BIG, "plan: more than %d settings", PP_OP_MAX_VALUES);
	if (n)
		memcpy(values, op->setting.values, n * sizeof(*values));
	values[n++] = *v;
	op->setting.values = values;
	op->setting.nr_values = n;
	int r = session_plan(settings, a, values, n, false, &plan, e);
	return r ? r
	         : settings->store->ops->prepare(settings->store, &plan->changes, a,
	                                         &op->setting.change, e);
}

int pp_stage_setting(struct pp_stage *s, const struct pp_step_setting *set, struct pp_error *e)
{
	const struct pp_op_value v = { set->section, set->expected, set->wanted };
	struct pp_settings *settings;
	int r = session_open(s->apply, set, &settings, e);

	if (!r)
		r = session_look(settings, &s->apply->arena, &v, e);
	if (r)
		return r < 0 ? r : 0;
	return session_stage(s, settings, &v, e);
}
