/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan from somebody else. What is taken must be in its bounds, say what it does, and be taken
 * again when it is written out.
 */
#include "host/host.h"
#include "plan/json.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch_words(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
}

static void walk(const struct pp_plan *p)
{
	if (p->nr_steps > PP_PLAN_MAX_STEPS || p->nr_devices > PP_PLAN_MAX_ITEMS)
		abort();
	touch_words(p->request);
	touch(p->devices, p->nr_devices * sizeof(*p->devices));
	touch(p->regions, p->nr_regions * sizeof(*p->regions));
	for (uint32_t i = 0; i < p->nr_steps; i++) {
		const struct pp_step *s = &p->steps[i];
		touch_words(s->text);
		touch_words(s->side_effect);
		touch_words(s->undo);
		if (s->kind == PP_STEP_ARGUMENT && !pp_argument_is_known(s->argument.argument))
			abort();
		if (s->kind == PP_STEP_TAKE_OFF && !pp_argument_is_unwanted(s->argument.argument))
			abort();
		if (s->kind == PP_STEP_OPTION &&
		    !pp_module_option_find(s->option.module, s->option.option))
			abort();
		if (s->kind == PP_STEP_SETTING &&
		    (strchr(s->setting.schema, '/') ||
		     (s->setting.store && strpbrk(s->setting.store, ":/"))))
			abort();
		if (s->kind == PP_STEP_OVERRIDE) {
			touch(s->override.scopes, s->override.nr_scopes * sizeof(uint32_t));
			touch(s->override.devids, s->override.nr_devids * sizeof(uint16_t));
		}
	}
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		touch_words(p->alternatives[i].text);
}

/* Written out it is read again, and written the same. */
static void round_trip(const struct pp_plan *p)
{
	struct pp_error e = { 0 };
	struct pp_plan *again;
	json_t *first = pp_plan_json(p);
	char *text = json_dumps(first, JSON_COMPACT);

	if (!text)
		abort();
	if (strlen(text) <= PP_PLAN_MAX_BYTES) {
		if (pp_plan_parse(text, strlen(text), &again, &e))
			abort();
		json_t *second = pp_plan_json(again);
		if (!json_equal(first, second))
			abort();
		json_decref(second);
		pp_plan_free(again);
	}
	free(text);
	json_decref(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_error e = { 0 };
	struct pp_plan *p;
	int err = pp_plan_parse(data, size, &p, &e);

	if (err) {
		if (err != -e.code || !e.text[0])
			abort();
		return 0;
	}
	walk(p);
	round_trip(p);
	pp_plan_free(p);
	return 0;
}
