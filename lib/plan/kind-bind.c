/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of steps that bind a device to vfio-pci, and take it off. */
#include <string.h>

#include "plan/kind.h"

static bool kind_bind_needs_reboot(const struct pp_step *s)
{
	return !pp_step_bind_is(&s->bind, PP_BIND_NOW);
}

static bool kind_bind_copy(struct pp_arena *a, struct pp_step *s)
{
	s->bind.expected_driver =
		pp_arena_strdup(a, s->bind.expected_driver ? s->bind.expected_driver : "");
	return s->bind.expected_driver;
}

static const char *kind_bind_when(const struct pp_step_bind *b)
{
	if (!pp_step_bind_is(b, PP_BIND_AT_BOOT))
		return "now, until the next boot";
	return pp_step_bind_is(b, PP_BIND_NOW) ? "now and at every boot"
	                                       : "at every boot, from the next one on";
}

static void kind_bind_describe(struct pp_arena *a, struct pp_step *s)
{
	const char *driver = s->bind.expected_driver;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a, "bind %s to vfio-pci, %s", address, kind_bind_when(&s->bind));
	s->undo = *driver ? pp_arena_printf(a, "give it back to %s", driver)
	                  : pp_arena_strdup(a, "leave it without a driver again");
}

static void kind_unbind_describe(struct pp_arena *a, struct pp_step *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(s->bind.address, address);
	s->text = pp_arena_printf(a,
	                          "unbind %s from vfio-pci and give it back to the host driver, %s",
	                          address, kind_bind_when(&s->bind));
	s->undo = pp_arena_strdup(a, "bind it to vfio-pci again");
}

/* "when" stands there only where it is not both: plans from before it was there mean that. */
static json_t *kind_bind_to_json(const struct pp_step *s)
{
	const struct pp_step_bind *b = &s->bind;
	const char *when = !pp_step_bind_is(b, PP_BIND_AT_BOOT) ? "now"
	                   : !pp_step_bind_is(b, PP_BIND_NOW)   ? "boot"
	                                                        : NULL;

	return json_pack("{s:o, s:o, s:o, s:s, s:s*}", "address", pp_plan_json_address(b->address),
	                 "vendor", pp_plan_json_id(b->vendor), "device", pp_plan_json_id(b->device),
	                 "expected_driver", b->expected_driver, "when", when);
}

static int kind_bind_read_when(struct pp_json_reader *r, const json_t *o, unsigned int *ret)
{
	const json_t *v = json_object_get(o, "when");
	const char *text = json_string_value(v);

	if (!v)
		*ret = PP_BIND_NOW | PP_BIND_AT_BOOT;
	else if (text && !strcmp(text, "now"))
		*ret = PP_BIND_NOW;
	else if (text && !strcmp(text, "boot"))
		*ret = PP_BIND_AT_BOOT;
	else
		return pp_json_bad(r, "'when' is neither now nor boot");
	return 0;
}

int pp_plan_read_binding(struct pp_json_reader *r, const json_t *o, struct pp_step_bind *ret)
{
	int err = pp_plan_read_address(r, json_object_get(o, "address"), &ret->address);

	if (!err)
		err = pp_plan_read_id(r, o, "vendor", &ret->vendor);
	if (!err)
		err = pp_plan_read_id(r, o, "device", &ret->device);
	if (err)
		return err;
	ret->expected_driver = json_string_value(json_object_get(o, "expected_driver"));
	if (ret->expected_driver && !*ret->expected_driver) {
		ret->expected_driver = "";
		return 0;
	}
	return pp_json_read_name(r, o, "expected_driver", " ()", &ret->expected_driver);
}

static int kind_bind_from_json(struct pp_json_reader *r, const json_t *o, struct pp_step *ret)
{
	int err = kind_bind_read_when(r, o, &ret->bind.when);

	return err ? err : pp_plan_read_binding(r, o, &ret->bind);
}

/* bound: it should be on vfio-pci; else it should not. */
static void kind_bind_check_driver(struct pp_checking *c, const struct pp_step_bind *s, bool bound)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t d = c->h->devices_error ? PP_NO_DEVICE : pp_host_find(c->h, s->address);

	pp_address_format_short(s->address, address);
	const char *what = pp_check_text(
		c, bound ? "%s is bound to vfio-pci" : "%s is no longer bound to vfio-pci",
		address);
	if (d == PP_NO_DEVICE) {
		pp_check_add(c, NULL, PP_VERIFIED_NO, what, "no device has this address now");
		return;
	}
	const struct pp_text_fact *driver = &c->h->devices[d].driver;
	if (!driver->text && driver->error != ENOENT)
		pp_check_add(c, NULL, PP_VERIFIED_UNKNOWN, what, "its driver was not read");
	else if (c->booted && !pp_step_bind_is(s, PP_BIND_AT_BOOT))
		pp_check_add(
			c, NULL, PP_VERIFIED_UNKNOWN, what,
			"it was bound until the next boot only, and the host has been rebooted");
	else
		pp_check_add(c, NULL,
		             (driver->text && strstr(driver->text, "vfio")) == bound
		                     ? PP_VERIFIED_YES
		                     : PP_VERIFIED_NO,
		             what, "%s%s", driver->text ? "its driver is " : "it has no driver",
		             driver->text ? driver->text : "");
}

static void kind_bind_check(struct pp_checking *c, const struct pp_step *s)
{
	kind_bind_check_driver(c, &s->bind, true);
}

static void kind_unbind_check(struct pp_checking *c, const struct pp_step *s)
{
	kind_bind_check_driver(c, &s->bind, false);
}

#define KEYS "address vendor device expected_driver when?"

const struct pp_step_kind_ops pp_step_kind_bind = {
	.name = "bind",
	.summary = "binds a device to vfio-pci, now and at every boot",
	.keys = KEYS,
	.needs_reboot = kind_bind_needs_reboot,
	.copy = kind_bind_copy,
	.describe = kind_bind_describe,
	.to_json = kind_bind_to_json,
	.from_json = kind_bind_from_json,
	.check = kind_bind_check,
};

const struct pp_step_kind_ops pp_step_kind_unbind = {
	.name = "unbind",
	.summary = "unbinds a device from vfio-pci and gives it back to the host driver",
	.keys = KEYS,
	.needs_reboot = kind_bind_needs_reboot,
	.copy = kind_bind_copy,
	.describe = kind_unbind_describe,
	.to_json = kind_bind_to_json,
	.from_json = kind_bind_from_json,
	.check = kind_unbind_check,
};
