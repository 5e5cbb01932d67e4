/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the running kernel has a module: loaded, built in, or there to be loaded. */
#ifndef PP_HOST_MODULE_H
#define PP_HOST_MODULE_H

#include "base/span.h"

enum pp_module_state {
	PP_MODULE_UNKNOWN = 0,
	PP_MODULE_HERE,      /* loaded or built in */
	PP_MODULE_LOADABLE,  /* its file is listed, or the configuration says m */
	PP_MODULE_NOT_BUILT, /* the kernel's configuration leaves it out, or nothing lists it */
	PP_MODULE_NO_FILE,   /* the configuration has it as a module, and no file is there */
	PP_MODULE_NO_FILES,  /* no modules of the running release are there; of another there are */
	PP_MODULE_FORBIDDEN, /* the command line or modprobe.d keeps it from being loaded */
};

struct pp_module {
	enum pp_module_state state;
	const char *evidence; /* what was read, and where; NULL while nothing is known */
	/* While nothing is known: why, an errno value; 0: another kernel is asked for. */
	int error;
};

/* Whether it is known that it can be used neither now nor by loading it. */
static inline bool pp_module_is_missing(const struct pp_module *m)
{
	return m->state >= PP_MODULE_NOT_BUILT;
}

/*
 * modprobe.d(5): "install vfio-pci /bin/false", which keeps a module out. Any other command may
 * load it. *ret: the module's name as it stands.
 */
bool pp_module_ban_parse(struct pp_span line, struct pp_span *ret);

/* A line of modules.dep or modules.builtin about one of the modules that are looked for. */
bool pp_module_line_matters(struct pp_span line);

#endif
