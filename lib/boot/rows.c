/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of boot loaders and makers of initrds, and of the tools that these have run. */
#include <string.h>

#include "boot/initrd.h"
#include "boot/loader.h"

#define PP_INITRD(name)
#define PP_LOADER(name) &pp_loader_##name,
const struct pp_loader *const pp_loaders[] = {
#include "boot/rows.def"
	NULL
};
#undef PP_LOADER
#undef PP_INITRD

#define PP_LOADER(name)
#define PP_INITRD(name) &pp_initrd_##name,
const struct pp_initrd *const pp_initrds[] = {
#include "boot/rows.def"
	NULL
};
#undef PP_LOADER
#undef PP_INITRD

static const struct pp_tool *rows_find(const struct pp_tool *const *list, const char *name)
{
	for (; list && *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

const struct pp_tool *pp_tool_find(const char *name)
{
	const struct pp_tool *found = NULL;

	for (size_t i = 0; !found && pp_loaders[i]; i++)
		found = rows_find(pp_loaders[i]->tools, name);
	for (size_t i = 0; !found && pp_initrds[i]; i++) {
		const struct pp_tool *const tools[] = { pp_initrds[i]->rebuild, pp_initrds[i]->feed,
			                                NULL };
		found = rows_find(tools, name);
	}
	return found;
}
