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

static bool kind_driver_file_copy(struct pp_arena *a, struct pp_step *s)
{
	bool named = s->setting.store;

	s->setting.store = named ? pp_arena_strdup(a, s->setting.store) : NULL;
	return !named || s->setting.store;
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

static json_t *kind_driver_file_to_json(const struct pp_step *s)
{
	return json_pack("{s:s?}", "store", s->setting.store);
}

static int kind_driver_file_from_json(struct pp_json_reader *r, const json_t *o,
                                      struct pp_step *ret)
{
	int err = pp_json_read_text_or_null(r, o, "store", &ret->setting.store);

	if (!err && ret->setting.store && !pp_plan_store_is_valid(ret->setting.store))
		return pp_json_bad(r, "'store' is neither a kind of store nor HP's conrep");
	return err;
}

const struct pp_step_kind_ops pp_step_kind_driver_file = {
	.name = "driver-file",
	.summary = "puts the driver of HP's conrep where Windows looks for it",
	.keys = "store",
	.needs_reboot = kind_driver_file_needs_reboot,
	.copy = kind_driver_file_copy,
	.describe = kind_driver_file_describe,
	.to_json = kind_driver_file_to_json,
	.from_json = kind_driver_file_from_json,
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
