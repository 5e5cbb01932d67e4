/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without the settings room. */
#include "apply/context.h"

static int none(const struct pp_apply *a, const struct pp_step_setting *s, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "this pcipass was built without BIOS settings");
}

static int says_none(const struct pp_apply *a, const struct pp_step_setting *s, const char *value,
                     struct pp_error *e)
{
	return none(a, s, e);
}

const struct pp_apply_settings pp_apply_machine_settings = { says_none, none, says_none };
