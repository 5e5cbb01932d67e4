/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings as lib/settings reaches them, opened and read once for a transaction: each reading may
 * be a run of HP's conrep, which takes seconds, at times minutes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcipass/settings.h>

#include "txn/context.h"

/* A setting that was written: the write has read it back, and it counts until something is read. */
struct written {
	const struct pp_step_setting *setting;
	const char *value;
};

#define MAX_WRITTEN 16

struct pp_setting_session {
	struct pp_settings *settings; /* NULL: a write came since; to be read anew */
	const char *schema, *store;   /* of settings */
	struct written written[MAX_WRITTEN];
	uint32_t nr_written;
};

static bool session_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool session_is_of(const struct pp_setting_session *o, const struct pp_step_setting *s)
{
	if (!o->settings || !session_same(o->schema, s->schema))
		return false;
	/* Found out for a step, named by the operation that came of it. */
	return session_same(o->store, s->store) ||
	       session_same(pp_settings_where(o->settings), s->store);
}

static int session_read(const struct pp_apply *a, const struct pp_step_setting *s,
                        struct pp_settings **ret, struct pp_error *e)
{
	const char *store = s->store || !a->options ? s->store : a->options->store;
	bool dry_run = a->options && a->options->dry_run;
	/* A write that was interrupted is brought to an end first, once we hold the lock. */
	struct pp_settings_options o = { .store = store, .state = a->state, .may_write = !dry_run };
	struct pp_settings *settings = NULL;

	if (!store && *a->root)
		return pp_fail(e, ENOTSUP, "which store of settings belongs to %.200s is not known",
		               a->root);
	int r = pp_settings_open(&o, &settings, e);
	if (r)
		return r;
	r = pp_settings_schema_built_in(settings, s->schema, e);
	if (!r)
		r = pp_settings_read(settings, e);
	if (r)
		pp_settings_close(settings);
	else
		*ret = settings;
	return r;
}

/* Open, with schema and values read, for this setting. */
static int session_open(struct pp_apply *a, const struct pp_step_setting *s,
                        struct pp_setting_session **ret, struct pp_error *e)
{
	struct pp_setting_session *o = a->settings_open;
	struct pp_settings *settings = NULL;

	if (!o)
		o = a->settings_open = calloc(1, sizeof(*o));
	if (!o)
		return pp_fail_oom(e, "settings");
	if (!session_is_of(o, s)) {
		int r = session_read(a, s, &settings, e);
		if (r)
			return r;
		pp_settings_close(o->settings);
		*o = (struct pp_setting_session){ settings, s->schema, s->store, { { 0 } }, 0 };
	}
	*ret = o;
	return 0;
}

static int plan_value(struct pp_settings *settings, const struct pp_step_setting *s,
                      const char *value, struct pp_settings_plan **ret, struct pp_error *e)
{
	char text[1024];
	const char *assignments[] = { text };

	if ((size_t)snprintf(text, sizeof(text), "%s=%s", s->section, value) >= sizeof(text))
		return pp_fail(e, EINVAL, "%.100s: its value is too long", s->section);
	return pp_settings_plan_set(settings, assignments, 1, ret, e);
}

/* What a write of ours has left there; NULL: it was not written, or something was read since. */
static const char *session_written(const struct pp_setting_session *o,
                                   const struct pp_step_setting *s)
{
	for (uint32_t i = o && !o->settings ? o->nr_written : 0; i-- > 0;) {
		const struct pp_step_setting *w = o->written[i].setting;
		if (!strcmp(w->section, s->section) && session_same(w->schema, s->schema) &&
		    session_same(w->store, s->store))
			return o->written[i].value;
	}
	return NULL;
}

/* Nothing would change: it says so already. */
static int session_says(struct pp_apply *a, const struct pp_step_setting *s, const char *value,
                        struct pp_error *e)
{
	const char *written = session_written(a->settings_open, s);
	struct pp_setting_session *o;
	struct pp_settings_plan *plan;

	if (written && !strcmp(written, value))
		return 1;
	int r = session_open(a, s, &o, e);
	if (!r)
		r = plan_value(o->settings, s, value, &plan, e);
	return r ? r : pp_settings_plan_count(plan) == 0;
}

static int session_check(struct pp_apply *a, const struct pp_step_setting *s,
                         const char **ret_store, struct pp_error *e)
{
	struct pp_setting_session *o;
	struct pp_settings_plan *plan;
	int r = session_open(a, s, &o, e);

	if (!r)
		r = plan_value(o->settings, s, s->wanted, &plan, e);
	if (r)
		return r;
	const char *store = pp_arena_strdup(&a->arena, pp_settings_where(o->settings));
	if (!store)
		return pp_fail_oom(e, s->section);
	*ret_store = store;
	return 0;
}

static int session_set(struct pp_apply *a, const struct pp_step_setting *s, const char *value,
                       struct pp_error *e)
{
	struct pp_setting_session *o;
	struct pp_settings_plan *plan;
	int r = session_open(a, s, &o, e);

	if (!r)
		r = plan_value(o->settings, s, value, &plan, e);
	if (!r)
		r = pp_settings_write(o->settings, plan, e);
	/* What was read no longer holds, however that ended. */
	if (a->settings_open) {
		pp_settings_close(a->settings_open->settings);
		a->settings_open->settings = NULL;
	}
	if (!r && o->nr_written < MAX_WRITTEN)
		o->written[o->nr_written++] = (struct written){ s, value };
	return r;
}

static void session_close(struct pp_apply *a)
{
	if (a->settings_open)
		pp_settings_close(a->settings_open->settings);
	free(a->settings_open);
	a->settings_open = NULL;
}

const struct pp_apply_settings pp_apply_machine_settings = {
	.says = session_says, .check = session_check, .set = session_set, .close = session_close
};
