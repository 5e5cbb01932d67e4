/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that leaves a bridge without a driver. */
#include <string.h>

#include "plan/kind.h"

static bool kind_no_driver_needs_reboot(const struct pp_step *s)
{
	return false;
}

static bool kind_no_driver_copy(struct pp_arena *a, struct pp_step *s)
{
	s->bind.expected_driver = pp_arena_strdup(a, s->bind.expected_driver);
	return s->bind.expected_driver;
}

static void kind_no_driver_describe(struct pp_arena *a, struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "unbind the bridge %s from %s, now and at every boot", address,
	                          s->bind.expected_driver);
	s->undo = pp_arena_printf(a, "bind it to %s again", s->bind.expected_driver);
}

static json_t *kind_no_driver_to_json(const struct pp_step *s)
{
	return json_pack("{s:o, s:o, s:o, s:s}", "address", pp_plan_json_address(s->bind.address),
	                 "vendor", pp_plan_json_id(s->bind.vendor), "device",
	                 pp_plan_json_id(s->bind.device), "expected_driver",
	                 s->bind.expected_driver);
}

static int kind_no_driver_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *ret)
{
	int err = pp_plan_read_binding(r, o, &ret->bind);

	return err || *ret->bind.expected_driver
	               ? err
	               : pp_json_bad(r, "'expected_driver' names no driver");
}

static void kind_no_driver_check(struct pp_checking *c, const struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t d = c->h->devices_error ? PP_NO_DEVICE : pp_host_find(c->h, s->bind.address);

	pp_address_format_short(s->bind.address, address);
	const char *what = pp_check_text(c, "the bridge %s has no driver", address);
	if (d == PP_NO_DEVICE) {
		pp_check_add(c, NULL, c->h->devices_error ? PP_VERIFIED_UNKNOWN : PP_VERIFIED_NO,
		             what, "%s",
		             c->h->devices_error ? "the devices were not read"
		                                 : "no device has this address now");
		return;
	}
	const struct pp_text_fact *driver = &c->h->devices[d].driver;
	if (driver->text)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "its driver is %s", driver->text);
	else if (driver->error == ENOENT)
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "/sys/bus/pci/devices/*/driver: none");
	else
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "its driver was not read");
}

const struct pp_step_kind_ops pp_step_kind_no_driver = {
	.name = "no-driver",
	.summary = "unbinds a bridge from its driver, now and at every boot, by a udev rule",
	.keys = "address vendor device expected_driver",
	.needs_reboot = kind_no_driver_needs_reboot,
	.copy = kind_no_driver_copy,
	.describe = kind_no_driver_describe,
	.to_json = kind_no_driver_to_json,
	.from_json = kind_no_driver_from_json,
	.check = kind_no_driver_check,
};
