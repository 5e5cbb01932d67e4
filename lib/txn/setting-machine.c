/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings as the settings room reaches them. */
#include <stdio.h>

#include <pcipass/settings.h>

#include "txn/context.h"

/* Opened, with schema and values read. */
static int open_settings(const struct pp_apply *a, const struct pp_step_setting *s, bool may_write,
                         struct pp_settings **ret, struct pp_error *e)
{
	const char *store = s->store || !a->options ? s->store : a->options->store;
	struct pp_settings_options o = { .store = store,
		                         .state = a->state,
		                         .may_write = may_write };
	struct pp_settings *settings;

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

static int plan_value(struct pp_settings *settings, const struct pp_step_setting *s,
                      const char *value, struct pp_settings_plan **ret, struct pp_error *e)
{
	char text[1024];
	const char *assignments[] = { text };

	if ((size_t)snprintf(text, sizeof(text), "%s=%s", s->section, value) >= sizeof(text))
		return pp_fail(e, EINVAL, "%.100s: its value is too long", s->section);
	return pp_settings_plan_set(settings, assignments, 1, ret, e);
}

/* Nothing would change: it says so already. */
static int says(const struct pp_apply *a, const struct pp_step_setting *s, const char *value,
                struct pp_error *e)
{
	struct pp_settings *settings;
	struct pp_settings_plan *plan;
	int r = open_settings(a, s, false, &settings, e);

	if (r)
		return r;
	r = plan_value(settings, s, value, &plan, e);
	if (!r)
		r = pp_settings_plan_count(plan) == 0;
	pp_settings_close(settings);
	return r;
}

static int check(struct pp_apply *a, const struct pp_step_setting *s, const char **ret_store,
                 struct pp_error *e)
{
	struct pp_settings *settings;
	struct pp_settings_plan *plan;
	int r = open_settings(a, s, false, &settings, e);

	if (r)
		return r;
	r = plan_value(settings, s, s->wanted, &plan, e);
	const char *store = r ? NULL : pp_arena_strdup(&a->arena, pp_settings_where(settings));
	pp_settings_close(settings);
	if (!r && !store)
		return pp_fail_oom(e, s->section);
	if (!r)
		*ret_store = store;
	return r;
}

static int set(const struct pp_apply *a, const struct pp_step_setting *s, const char *value,
               struct pp_error *e)
{
	struct pp_settings *settings;
	struct pp_settings_plan *plan;
	int r = open_settings(a, s, true, &settings, e);

	if (r)
		return r;
	r = plan_value(settings, s, value, &plan, e);
	if (!r)
		r = pp_settings_write(settings, plan, e);
	pp_settings_close(settings);
	return r;
}

const struct pp_apply_settings pp_apply_machine_settings = { .says = says,
	                                                     .check = check,
	                                                     .set = set };
