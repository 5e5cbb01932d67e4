/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that leaves a bridge without a driver. */
#include "plan/kind.h"

static bool kind_no_driver_needs_reboot(const struct pp_step *s)
{
	return false;
}

static void kind_no_driver_describe(struct pp_arena *a, struct pp_step *s)
{
	const char *address = PP_ADDRESS_SHORT(s->bind.address);
	s->text = pp_arena_printf(a, "unbind the bridge %s from %s, now and at every boot", address,
	                          s->bind.expected_driver);
	s->undo = pp_arena_printf(a, "bind it to %s again", s->bind.expected_driver);
}

static void kind_no_driver_check(struct pp_checking *c, const struct pp_step *s)
{
	const char *address = PP_ADDRESS_SHORT(s->bind.address);
	const char *what = pp_check_text(c, "the bridge %s has no driver", address);
	uint32_t d = pp_check_find(c, NULL, s->bind.address, what);
	if (d == PP_NO_DEVICE)
		return;
	const struct pp_text_fact *driver = &c->h->devices[d].driver;
	if (driver->text)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "its driver is %s", driver->text);
	else if (driver->error == ENOENT)
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "/sys/bus/pci/devices/*/driver: none");
	else
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "its driver was not read");
}

static const struct pp_json_row rows[] = {
	{ "address", &pp_plan_address, PP_KIND_AT(bind.address) },
	{ "vendor", &pp_plan_id, PP_KIND_AT(bind.vendor) },
	{ "device", &pp_plan_id, PP_KIND_AT(bind.device) },
	{ "expected_driver", &pp_row_name, PP_KIND_AT(bind.expected_driver), .more = " ()" },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_no_driver = {
	.name = "no-driver",
	.summary = "unbinds a bridge from its driver, now and at every boot, by a udev rule",
	.rows = rows,
	.needs_reboot = kind_no_driver_needs_reboot,
	.describe = kind_no_driver_describe,
	.check = kind_no_driver_check,
};
