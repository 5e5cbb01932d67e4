/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel argument, or one option of it, taken off where this host's boot loader reads it. */
#include <string.h>

#include "apply/steps.h"
#include "boot/boot.h"
#include "boot/loader.h"
#include "host/command-line.h"

/* "NAME=OPTION" stands on the line, alone or in a list; or a word without an option. */
static bool step_take_off_is_on(const char *line, const char *argument)
{
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	size_t name = strcspn(argument, "="), option = strlen(argument) - name - 1;

	if (!argument[name])
		return pp_command_line_has(line, argument);
	while (pp_command_line_next(&rest, &word)) {
		if (word.len <= name || memcmp(word.data, argument, name + 1))
			continue;
		const char *at = (const char *)word.data + name + 1;
		for (size_t left = word.len - name - 1, n; left; at += n, left -= n) {
			const char *comma = memchr(at, ',', left);
			n = comma ? (size_t)(comma - at) : left;
			if (n == option && !memcmp(at, argument + name + 1, n))
				return true;
			n += comma != NULL;
		}
	}
	return false;
}

static int step_take_off_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const char *argument = step->argument.argument;
	const struct pp_loader *loader;

	if (!pp_argument_is_unwanted(argument))
		return pp_fail(e, EPERM, "%.100s: no argument that pcipass takes off", argument);
	int r = pp_loader_find(s->apply, &loader, e);
	if (r)
		return r;
	const char *line = loader->command_line(s->apply);
	if (!step_take_off_is_on(line ? line : pp_boot_command_line(s->apply), argument))
		return 0;
	return loader->take_off(s, argument, e);
}

/* Something else may put it there: a file that the loader's tool reads and pcipass does not know.
 */
static int step_take_off_verify(struct pp_apply *a, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_loader *loader;
	int r = pp_loader_find(a, &loader, e);

	if (r)
		return r;
	const char *line = loader->command_line(a);
	if (line && step_take_off_is_on(line, step->argument.argument))
		return pp_fail(e, EIO,
		               "%s is still in the boot loader's first entry (%s): something else "
		               "puts it there; take it off by hand",
		               step->argument.argument, loader->name);
	return 0;
}

const struct pp_step_ops pp_step_take_off_ops = { .stage = step_take_off_stage,
	                                          .verify = step_take_off_verify };
