/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kind of step that puts the driver of HP's conrep where Windows looks for it. A plan may come
 * from somebody else, so it says neither which file nor where to: the program that will use it
 * does.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/json.h"
#include "plan/kind.h"

static bool kind_driver_file_needs_reboot(const struct pp_step *s)
{
	return false;
}

static void kind_driver_file_describe(struct pp_arena *a, struct pp_step *s)
{
	const char *store = s->setting.store;
	bool program = store && !strncmp(store, "hp:", 3);

	s->text = pp_arena_printf(a,
	                          "copy hpsstkio.sys, the driver that HP's conrep needs, from the "
	                          "package of %s to System32\\drivers, unless it is there",
	                          program ? store + 3 : "conrep");
	s->undo = pp_arena_strdup(a, "remove the copy");
}

static const struct pp_json_row rows[] = {
	{ "store", &pp_row_text, PP_KIND_AT(setting.store), .or_null = true,
	  .is_fine = pp_plan_store_is_valid,
	  .otherwise = "is neither a kind of store nor HP's conrep" },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_driver_file = {
	.name = "driver-file",
	.summary = "puts the driver of HP's conrep where Windows looks for it",
	.rows = rows,
	.needs_reboot = kind_driver_file_needs_reboot,
	.describe = kind_driver_file_describe,
};

int pp_plan_for_driver(const struct pp_plan *p, const char *store, struct pp_plan **ret,
                       struct pp_error *e)
{
	json_t *o = pp_plan_json(p), *empty = json_array(), *none = json_array();
	json_t *steps = json_pack("[{s:s, s:s, s:s, s:n, s:s, s:b, s:{s:s?}}]", "kind",
	                          "driver-file", "remedy", "bios-rmrds", "text", "", "side_effect",
	                          "undo", "", "needs_reboot", 0, "driver-file", "store", store);
	char *text = NULL;

	if (o && empty && none && steps && !json_object_set(o, "steps", steps) &&
	    !json_object_set(o, "alternatives", empty) && !json_object_set(o, "regions", none)) {
		json_object_del(o, "isolation");
		text = json_dumps(o, JSON_COMPACT);
	}
	json_decref(o);
	json_decref(empty);
	json_decref(none);
	json_decref(steps);
	int r = text ? pp_plan_parse(text, strlen(text), ret, e) : pp_fail_oom(e, "plan");
	free(text);
	return r;
}

int pp_plan_for_driver_on(const struct pp_host *h, const char *store, struct pp_plan **ret,
                          struct pp_error *e)
{
	struct pp_plan *none = pp_plan_alloc();

	if (!none)
		return pp_fail_oom(e, "plan");
	none->request = "settings";
	int r = pp_plan_take_host(&none->host, h, &none->arena, e);
	if (!r)
		r = pp_plan_for_driver(none, store, ret, e);
	pp_plan_free(none);
	return r;
}
