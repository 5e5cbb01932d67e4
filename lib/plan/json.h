/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_PLAN_JSON_H
#define PP_PLAN_JSON_H

#include <jansson.h>

#include "base/json.h"
#include "plan/plan.h"

#define PP_PLAN_SCHEMA "pcipass.plan/1"

/* The document of doc/schema/plan-1.json, the caller's; NULL: out of memory. */
json_t *pp_plan_json(const struct pp_plan *p);

/* A setting's fields, as a plan and the journal have them. */
json_t *pp_step_setting_json(const struct pp_step_setting *s);
int pp_step_setting_read(struct pp_json_reader *r, const json_t *o, struct pp_step_setting *ret);

#endif
