/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where HP's packages put conrep on Linux. */
#include <stddef.h>

#include "store/hp-places.h"

const char pp_hp_driver_name[] = "";
const char pp_hp_rights[] = "; only root can reach the settings";
const char pp_hp_package[] =
	"install HPE's package hp-scripting-tools 11.60, which only HPE's site offers";
const char pp_hp_no_driver[] = "the driver that it needs is missing: package hp-health brings it";
const char *const pp_hp_names[] = { "conrep", "hp-conrep", NULL };

static const char *const places[] = {
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

const char *const *pp_hp_places(struct pp_arena *a)
{
	return places;
}

bool pp_hp_driver_place(char ret[PATH_MAX])
{
	return false;
}
