/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan, and the words for them. */
#include <string.h>

#include "remedy/step.h"

/* What a kernel can be told; no plan, whoever wrote it, tells it anything else. */
static const char *const arguments[] = {
	"intel_iommu=on",
	"intel_iommu=on,relax_rmrr",
	"iommu=pt",
};

const char *pp_step_kind_name(enum pp_step_kind kind)
{
	static const char *const names[PP_STEP_KINDS] = {
		[PP_STEP_SETTING] = "setting",   [PP_STEP_OVERRIDE] = "override",
		[PP_STEP_ARGUMENT] = "argument", [PP_STEP_BIND] = "bind",
		[PP_STEP_UNBIND] = "unbind",     [PP_STEP_INSTRUCTION] = "instruction",
	};
	return kind < PP_STEP_KINDS ? names[kind] : "";
}

bool pp_step_bind_is(const struct pp_step_bind *b, enum pp_bind_when when)
{
	return !b->when || b->when & when;
}

bool pp_step_needs_reboot(const struct pp_step *s)
{
	switch (s->kind) {
	case PP_STEP_INSTRUCTION:
		return s->needs_reboot;
	case PP_STEP_BIND:
	case PP_STEP_UNBIND:
		return !pp_step_bind_is(&s->bind, PP_BIND_NOW);
	default:
		return true;
	}
}

bool pp_argument_is_known(const char *argument)
{
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
	step->needs_reboot = pp_step_needs_reboot(step);
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

static void step_describe_override(struct pp_arena *a, struct pp_step *s)
{
	const struct pp_step_override *o = &s->override;

	if (!strcmp(o->table, "DMAR"))
		s->text = pp_arena_printf(
			a,
			"give the kernel, from the initrd, the firmware's DMAR table without the "
			"%u entr%s that reserve%s memory for these devices",
			o->nr_scopes, o->nr_scopes == 1 ? "y" : "ies",
			o->nr_scopes == 1 ? "s" : "");
	else
		s->text = pp_arena_printf(
			a,
			"give the kernel, from the initrd, the firmware's %s table with %u "
			"device%s taken out of its memory blocks",
			o->table, o->nr_devids, o->nr_devids == 1 ? "" : "s");
	s->undo = pp_arena_strdup(a, "the initrd without that table, and a reboot");
}

static const char *step_when_text(const struct pp_step_bind *b)
{
	if (!pp_step_bind_is(b, PP_BIND_AT_BOOT))
		return "now, and no longer than to the next boot";
	return pp_step_bind_is(b, PP_BIND_NOW) ? "now and at every boot"
	                                       : "at every boot, from the next one on";
}

static void step_describe_bind(struct pp_arena *a, struct pp_step *s)
{
	const char *driver = s->bind.expected_driver;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "bind %s to vfio-pci, %s", address, step_when_text(&s->bind));
	s->undo = *driver ? pp_arena_printf(a, "give it back to %s", driver)
	                  : pp_arena_strdup(a, "leave it without a driver again");
}

static void step_describe_unbind(struct pp_arena *a, struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "take %s off vfio-pci for the host's own driver, %s", address,
	                          step_when_text(&s->bind));
	s->undo = pp_arena_strdup(a, "bind it to vfio-pci again");
}

/* The program that root is to run, where the plan names one, is seen before it is agreed to. */
static const char *step_program(const struct pp_step_setting *s, const char *before)
{
	if (!s->store || strncmp(s->store, "hp:", 3) != 0)
		return "";
	return before ? before : s->store + 3;
}

bool pp_step_describe(struct pp_arena *a, struct pp_step *s)
{
	switch (s->kind) {
	case PP_STEP_SETTING:
		s->text = pp_arena_printf(
			a, "set the BIOS setting %s to %s%s%s; now it should be %s",
			s->setting.section, s->setting.wanted, step_program(&s->setting, " by "),
			step_program(&s->setting, NULL), s->setting.expected);
		s->undo =
			pp_arena_printf(a, "set it to %s again, and a reboot", s->setting.expected);
		break;
	case PP_STEP_OVERRIDE:
		step_describe_override(a, s);
		break;
	case PP_STEP_ARGUMENT:
		s->text = pp_arena_printf(a, "add %s to the kernel's command line, for every boot",
		                          s->argument.argument);
		s->undo = pp_arena_strdup(a, "take it off again, and a reboot");
		break;
	case PP_STEP_BIND:
		step_describe_bind(a, s);
		break;
	case PP_STEP_UNBIND:
		step_describe_unbind(a, s);
		break;
	default:
		break;
	}
	return s->text && s->undo;
}
