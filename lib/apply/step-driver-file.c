/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The driver that HP's conrep needs under Windows. Settings cannot be read without it, and a plan
 * is checked whole before its first change: so it is put in place by a plan of its own, in front.
 */
#include <limits.h>
#include <string.h>

#include "apply/steps.h"
#include "store/hp-driver.h"

/* HP's is some tens of KB. */
#define DRIVER_MAX_BYTES (4u << 20)

static const char *driver_store(const struct pp_apply_options *o, const char *planned)
{
	return planned ? planned : o ? o->store : NULL;
}

static int step_driver_file_stage(struct pp_stage *s, const struct pp_step *step,
                                  struct pp_error *e)
{
	struct pp_arena *a = &s->apply->arena;
	struct pp_hp_driver driver;
	struct pp_span bytes;
	int r = pp_hp_driver_find(driver_store(s->apply->options, step->setting.store), &driver, e);

	if (r || driver.is_there)
		return r;
	if (!*driver.from)
		return pp_fail(e, ENOENT,
		               "hpsstkio.sys, the driver of HP's conrep, is not in conrep's "
		               "package: copy it to %.200s from where you have it",
		               driver.to);
	r = pp_hp_driver_read(&driver, DRIVER_MAX_BYTES, a, &bytes, e);
	return r ? r : pp_stage_put(s, driver.to, bytes, 0600, e);
}

const struct pp_step_ops pp_step_driver_file_ops = { .stage = step_driver_file_stage };

/* Where conrep is not, or is refused, whoever needs it says so. */
static bool driver_is_missing(const char *store)
{
	struct pp_hp_driver driver;
	struct pp_error ignored;

	return !pp_hp_driver_find(store, &driver, &ignored) && !driver.is_there && *driver.from;
}

int pp_apply_driver_plan_on(const struct pp_host *h, const struct pp_apply_options *o,
                            struct pp_plan **ret, struct pp_error *e)
{
	const char *store = driver_store(o, NULL);

	*ret = NULL;
	return driver_is_missing(store) ? pp_plan_for_driver_on(h, store, ret, e) : 0;
}

int pp_apply_driver_plan(const struct pp_plan *p, const struct pp_apply_options *o,
                         struct pp_plan **ret, struct pp_error *e)
{
	const struct pp_step *setting = NULL;

	*ret = NULL;
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].kind == PP_STEP_SETTING)
			setting = &p->steps[i];
	if (!setting)
		return 0;
	if (!driver_is_missing(driver_store(o, setting->setting.store)))
		return 0;
	return pp_plan_for_driver(p, setting->setting.store, ret, e);
}
