/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel argument, where this host's boot loader reads it. */
#include <string.h>

#include "apply/steps.h"
#include "boot/loader.h"
#include "host/command-line.h"

/* What takes back the argument if it stands there, too: which of the two counts differs by kernel.
 */
static const char *contrary(const char *line, const char *argument)
{
	static const struct {
		const char *argument, *contrary;
	} pairs[] = {
		{ "intel_iommu=on", "intel_iommu=off" },
		{ "intel_iommu=on", "iommu=off" },
		{ "intel_iommu=on", "intremap=off" },
		{ "amd_iommu=on", "amd_iommu=off" },
		{ "amd_iommu=on", "iommu=off" },
		{ "iommu=pt", "iommu=off" },
		{ "iommu=pt", "iommu=nopt" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strncmp(argument, pairs[i].argument, strlen(pairs[i].argument)) &&
		    pp_command_line_has(line, pairs[i].contrary))
			return pairs[i].contrary;
	return NULL;
}

/* An earlier step of the plan takes it off. */
static bool step_argument_goes(const struct pp_stage *s, const char *argument)
{
	for (uint32_t i = 0; i < s->step; i++)
		if (s->plan->steps[i].kind == PP_STEP_TAKE_OFF &&
		    !strcmp(s->plan->steps[i].argument.argument, argument))
			return true;
	return false;
}

int pp_step_add_argument(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	const struct pp_loader *loader;
	int r = pp_loader_find(s->apply, &loader, e);
	if (r)
		return r;
	const char *line = loader->command_line(s->apply);
	size_t end;
	if (line && !pp_command_line_end(line, &end))
		return pp_fail(
			e, ENOTSUP,
			"the kernel command line has a quotation mark without its "
			"partner, so %s would become part of a quoted value: correct it in %s, "
			"then try again",
			argument, loader->reads);
	if (line && pp_command_line_has(line, argument))
		return 0;
	const char *off = line ? contrary(line, argument) : NULL;
	if (off && !step_argument_goes(s, off))
		return pp_fail(e, ENOTSUP,
		               "the kernel command line has %s: remove it from %s, then try again",
		               off, loader->reads);
	return loader->add(s, argument, e);
}

static int step_argument_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const char *argument = step->argument.argument;

	/* It goes into a shell's file. */
	if (!pp_argument_is_known(argument))
		return pp_fail(e, EPERM, "%.100s: not a kernel argument that pcipass writes",
		               argument);
	return pp_step_add_argument(s, argument, e);
}

/* The boot loader's own file says it: a later file in /etc may have overruled ours. */
static int step_argument_verify(struct pp_apply *a, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_loader *loader;
	int r = pp_loader_find(a, &loader, e);

	if (r)
		return r;
	const char *line = loader->command_line(a);
	if (line && !pp_command_line_has(line, step->argument.argument))
		return pp_fail(e, EIO,
		               "%s did not reach the first boot entry (%s): another file of its "
		               "configuration overrules it or, in grub.cfg, a \";\" outside "
		               "quotes ends the command line before it",
		               step->argument.argument, loader->name);
	return 0;
}

const struct pp_step_ops pp_step_argument_ops = { .stage = step_argument_stage,
	                                          .verify = step_argument_verify };
