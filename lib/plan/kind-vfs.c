/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of step that turns a device's virtual functions off. */
#include "plan/kind.h"

static bool kind_vfs_needs_reboot(const struct pp_step *s)
{
	return false;
}

static void kind_vfs_describe(struct pp_arena *a, struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->vfs.address, address);
	s->text = pp_arena_printf(a, "disable the virtual functions of %s; there are %u now",
	                          address, s->vfs.expected);
	s->undo =
		pp_arena_printf(a, "enable %u again; the settings of each of them are not restored",
	                        s->vfs.expected);
}

static json_t *kind_vfs_to_json(const struct pp_step *s)
{
	return json_pack("{s:o, s:o, s:o, s:i}", "address", pp_plan_json_address(s->vfs.address),
	                 "vendor", pp_plan_json_id(s->vfs.vendor), "device",
	                 pp_plan_json_id(s->vfs.device), "expected", (int)s->vfs.expected);
}

static int kind_vfs_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *ret)
{
	int err = pp_plan_read_address(r, json_object_get(o, "address"), &ret->vfs.address);

	if (!err)
		err = pp_plan_read_id(r, o, "vendor", &ret->vfs.vendor);
	if (!err)
		err = pp_plan_read_id(r, o, "device", &ret->vfs.device);
	return err ? err
	           : pp_json_read_number(r, json_object_get(o, "expected"), "expected", 1,
	                                 UINT16_MAX, &ret->vfs.expected);
}

static void kind_vfs_check(struct pp_checking *c, const struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t d = c->h->devices_error ? PP_NO_DEVICE : pp_host_find(c->h, s->vfs.address);

	pp_address_format_short(s->vfs.address, address);
	const char *what = pp_check_text(c, "%s has no virtual functions", address);
	if (d == PP_NO_DEVICE)
		pp_check_add(c, NULL, c->h->devices_error ? PP_VERIFIED_UNKNOWN : PP_VERIFIED_NO,
		             what, "%s",
		             c->h->devices_error ? "the devices were not read"
		                                 : "no device has this address now");
	else if (c->h->devices[d].nr_vfs_on)
		pp_check_add(c, NULL, PP_VERIFIED_NO, what,
		             "%u are on: something enabled them again, such as a udev rule, a "
		             "service, or an option of its driver",
		             c->h->devices[d].nr_vfs_on);
	else
		pp_check_add(c, NULL, PP_VERIFIED_YES, what, "no device has it as its physfn");
}

const struct pp_step_kind_ops pp_step_kind_vfs = {
	.name = "vfs",
	.summary = "disables the virtual functions of a device, until something enables them again",
	.keys = "address vendor device expected",
	.needs_reboot = kind_vfs_needs_reboot,
	.describe = kind_vfs_describe,
	.to_json = kind_vfs_to_json,
	.from_json = kind_vfs_from_json,
	.check = kind_vfs_check,
};
