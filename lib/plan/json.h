/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as JSON: what its reader and its writer share. */
#ifndef PP_PLAN_JSON_H
#define PP_PLAN_JSON_H

#include <jansson.h>

#include "base/json.h"
#include "plan/plan.h"

#define PP_PLAN_SCHEMA "pcipass.plan/1"

/* The document of doc/schema/plan-1.json, the caller's; NULL: out of memory. */
json_t *pp_plan_json(const struct pp_plan *p);

#endif
