/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where HP's packages put conrep on Linux. */
#include <stddef.h>

#include "store/hp-places.h"

const char *const pp_hp_names[] = { "conrep", "hp-conrep", NULL };

const char *const pp_hp_usual_directories[] = {
	"/opt/hp/hp-scripting-tools/bin",
	"/opt/hp/hp-scripting-tools",
	"/opt/hpe/hpe-scripting-tools/bin",
	"/opt/hp/conrep",
	"/opt/hp/tools",
	"/usr/local/sbin",
	"/usr/local/bin",
	"/usr/sbin",
	"/usr/bin",
	"/sbin",
	"/bin",
	NULL,
};
