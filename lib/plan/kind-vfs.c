/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that turns a device's virtual functions off. */
#include "plan/kind.h"

static bool kind_vfs_needs_reboot(const struct pp_step *s)
{
	return false;
}

static void kind_vfs_describe(struct pp_arena *a, struct pp_step *s)
{
	const char *address = PP_ADDRESS_SHORT(s->vfs.address);
	s->text = pp_arena_printf(a, "disable the virtual functions of %s; there are %u now",
	                          address, s->vfs.expected);
	s->undo =
		pp_arena_printf(a, "enable %u again; the settings of each of them are not restored",
	                        s->vfs.expected);
}

static void kind_vfs_check(struct pp_checking *c, const struct pp_step *s)
{
	const char *address = PP_ADDRESS_SHORT(s->vfs.address);
	const char *what = pp_check_text(c, "%s has no virtual functions", address);
	uint32_t d = pp_check_find(c, NULL, s->vfs.address, what);
	if (d == PP_NO_DEVICE)
		return;
	if (c->h->devices[d].nr_vfs_on)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "%u are on: something enabled them again, such as a udev rule, a "
		             "service, or an option of its driver",
		             c->h->devices[d].nr_vfs_on);
	else
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "no device has it as its physfn");
}

static const struct pp_json_row rows[] = {
	{ "address", &pp_plan_address, PP_KIND_AT(vfs.address) },
	{ "vendor", &pp_plan_id, PP_KIND_AT(vfs.vendor) },
	{ "device", &pp_plan_id, PP_KIND_AT(vfs.device) },
	{ "expected", &pp_row_number, PP_KIND_AT(vfs.expected), .min = 1, .max = UINT16_MAX },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_vfs = {
	.name = "vfs",
	.summary = "disables the virtual functions of a device, until something enables them again",
	.rows = rows,
	.needs_reboot = kind_vfs_needs_reboot,
	.describe = kind_vfs_describe,
	.check = kind_vfs_check,
};
