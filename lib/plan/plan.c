/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan in memory, and the words for its steps. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

#define PLAN_MAX_BYTES ((size_t)64 * 1024 * 1024)

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

struct pp_plan *pp_plan_alloc(void)
{
	struct pp_plan *p = calloc(1, sizeof(*p));

	if (p)
		pp_arena_init(&p->arena, PLAN_MAX_BYTES);
	return p;
}

void pp_plan_free(struct pp_plan *p)
{
	if (!p)
		return;
	pp_arena_fini(&p->arena);
	free(p);
}

unsigned int pp_plan_instructions(const struct pp_plan *p)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < p->nr_steps; i++)
		n += p->steps[i].kind == PP_STEP_INSTRUCTION;
	return n;
}

unsigned int pp_plan_steps(const struct pp_plan *p)
{
	return p->nr_steps - pp_plan_instructions(p);
}

bool pp_plan_needs_reboot(const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].needs_reboot)
			return true;
	return false;
}

static void describe_override(struct pp_arena *a, struct pp_step *s)
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

static const char *when_text(const struct pp_step_bind *b)
{
	if (!pp_step_bind_is(b, PP_BIND_AT_BOOT))
		return "now, and no longer than to the next boot";
	return pp_step_bind_is(b, PP_BIND_NOW) ? "now and at every boot"
	                                       : "at every boot, from the next one on";
}

static void describe_bind(struct pp_arena *a, struct pp_step *s)
{
	const char *driver = s->bind.expected_driver;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "bind %s to vfio-pci, %s", address, when_text(&s->bind));
	s->undo = *driver ? pp_arena_printf(a, "give it back to %s", driver)
	                  : pp_arena_strdup(a, "leave it without a driver again");
}

static void describe_unbind(struct pp_arena *a, struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "take %s off vfio-pci for the host's own driver, %s", address,
	                          when_text(&s->bind));
	s->undo = pp_arena_strdup(a, "bind it to vfio-pci again");
}

bool pp_step_describe(struct pp_arena *a, struct pp_step *s)
{
	switch (s->kind) {
	case PP_STEP_SETTING:
		s->text =
			pp_arena_printf(a, "set the BIOS setting %s to %s; now it should be %s",
		                        s->setting.section, s->setting.wanted, s->setting.expected);
		s->undo =
			pp_arena_printf(a, "set it to %s again, and a reboot", s->setting.expected);
		break;
	case PP_STEP_OVERRIDE:
		describe_override(a, s);
		break;
	case PP_STEP_ARGUMENT:
		s->text = pp_arena_printf(a, "add %s to the kernel's command line, for every boot",
		                          s->argument.argument);
		s->undo = pp_arena_strdup(a, "take it off again, and a reboot");
		break;
	case PP_STEP_BIND:
		describe_bind(a, s);
		break;
	case PP_STEP_UNBIND:
		describe_unbind(a, s);
		break;
	default:
		break;
	}
	return s->text && s->undo;
}
