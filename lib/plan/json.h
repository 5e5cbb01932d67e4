/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as JSON. */
#ifndef PP_PLAN_JSON_H
#define PP_PLAN_JSON_H

#include "base/json.h"
#include "plan/plan.h"

#define PP_PLAN_SCHEMA "pcipass.plan/1"

/* The document of doc/schema/plan-1.json, the caller's; NULL: out of memory. */
json_t *pp_plan_json(const struct pp_plan *p);

/* Rows for values that several objects have: struct pp_address, 0000:07:00.0; uint16_t, 1000. */
extern const struct pp_json_type pp_plan_address, pp_plan_id;
/* struct pp_plan_host */
extern const struct pp_json_row pp_plan_host_rows[];
/* What the host's rows do not tell each by itself. */
int pp_plan_check_host_rows(struct pp_json_reader *r, const void *object);
#define PP_PLAN_HOST_ROW(offset)                                                                   \
	{                                                                                          \
		"host", &pp_row_object, (offset), .rows = pp_plan_host_rows,                       \
						  .check = pp_plan_check_host_rows                 \
	}

/* The list with the value, or NULL: a value that could not be made must not go missing. */
json_t *pp_plan_json_push(json_t *list, json_t *value);

#endif
