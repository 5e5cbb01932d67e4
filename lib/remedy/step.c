/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan that is being made. */
#include <string.h>

#include "base/text.h"
#include "remedy/step.h"

/* What a kernel can be told; no plan, whoever wrote it, tells it anything else. */
static const char *const arguments[] = {
	"intel_iommu=on",
	"intel_iommu=on,relax_rmrr",
	"iommu=pt",
	PP_ARGUMENT_NO_FRAMEBUFFER,
};

/* What keeps VFIO from a device, and nothing else needs: no plan takes anything else off. */
static const char *const unwanted[] = {
	"intel_iommu=off", "intel_iommu=igfx_off",   "amd_iommu=off", "iommu=off",
	"intremap=off",    "intel_iommu=intgpu_off", "nointremap",
};

bool pp_argument_is_unwanted(const char *argument)
{
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		if (!strcmp(unwanted[i], argument))
			return true;
	return false;
}

bool pp_step_bind_is(const struct pp_step_bind *b, enum pp_bind_when when)
{
	return !b->when || b->when & when;
}

/* "8" and "00:14.0" of an ivrs_ioapic argument, as pcipass itself writes them. */
static bool argument_names_ioapic(const char *id, size_t n, const char *address)
{
	char number[4], again[PP_ADDRESS_TEXT_BYTES];
	struct pp_address a;
	uint64_t v;

	if (!n || n >= sizeof(number) || (n > 1 && *id == '0'))
		return false;
	memcpy(number, id, n);
	number[n] = '\0';
	if (number[strspn(number, "0123456789")] || !pp_parse_dec(number, 0xff, &v) ||
	    !pp_address_parse(address, &a) || a.domain)
		return false;
	if (strlen(address) > 7)
		pp_address_format(a, again);
	else
		pp_address_format_short(a, again);
	return !strcmp(again, address);
}

/* "ivrs_ioapic[8]=00:14.0", or "ivrs_ioapic=8@0000:00:14.0". */
static bool argument_is_ivrs(const char *argument)
{
	static const char name[] = "ivrs_ioapic";
	const char *s = argument + sizeof(name) - 1;

	if (strncmp(argument, name, sizeof(name) - 1))
		return false;
	const char *end = *s == '[' ? strstr(s, "]=") : *s == '=' ? strchr(s, '@') : NULL;
	if (!end)
		return false;
	return argument_names_ioapic(s + 1, (size_t)(end - s - 1), end + (*s == '[' ? 2 : 1));
}

bool pp_argument_is_known(const char *argument)
{
	if (argument_is_ivrs(argument))
		return true;
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		if (!strcmp(arguments[i], argument))
			return true;
	return false;
}

int pp_steps_init(struct pp_steps *s, struct pp_arena *a, const char *store, struct pp_error *e)
{
	*s = (struct pp_steps){ .arena = a, .store = store };
	s->list = PP_ARENA_ARRAY(a, PP_PLAN_MAX_STEPS + 1, struct pp_step);
	return s->list ? 0 : pp_fail_oom(e, "plan");
}

/* A plan outlives what it was made from. */
static const char *step_copy(struct pp_steps *s, const char *text)
{
	const char *copy = text ? pp_arena_strdup(s->arena, text) : NULL;

	s->failed |= text && !copy;
	return copy;
}

struct pp_step *pp_steps_add(struct pp_steps *s, enum pp_step_kind kind, const char *remedy,
                             const char *side_effect)
{
	bool full = s->count == PP_PLAN_MAX_STEPS;
	struct pp_step *step = &s->list[s->count];

	s->failed |= full;
	s->count += !full;
	*step = (struct pp_step){
		.kind = kind,
		.remedy = step_copy(s, remedy),
		.side_effect = step_copy(s, side_effect),
	};
	return step;
}

void pp_steps_add_argument(struct pp_steps *s, const char *remedy, const char *argument,
                           const char *side_effect)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->list[i].kind == PP_STEP_ARGUMENT &&
		    !strcmp(s->list[i].argument.argument, argument))
			return;
	struct pp_step *step = pp_steps_add(s, PP_STEP_ARGUMENT, remedy, side_effect);
	step->argument.argument = step_copy(s, argument);
}

void pp_steps_add_like(struct pp_steps *s, const char *remedy, const struct pp_step *like,
                       uint32_t nr, const char *side_effect)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct pp_step *step = pp_steps_add(s, like[i].kind, remedy, side_effect);
		struct pp_step made = like[i];
		made.remedy = step->remedy;
		made.side_effect = step->side_effect;
		*step = made;
		side_effect = NULL;
	}
}

void pp_steps_add_instruction(struct pp_steps *s, const char *remedy, const char *text,
                              const char *side_effect, const char *undo, bool needs_reboot)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (s->list[i].kind == PP_STEP_INSTRUCTION && !strcmp(s->list[i].text, text))
			return;
	struct pp_step *step = pp_steps_add(s, PP_STEP_INSTRUCTION, remedy, side_effect);
	step->text = step_copy(s, text);
	step->undo = step_copy(s, undo);
	step->needs_reboot = needs_reboot;
}
