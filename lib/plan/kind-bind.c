/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of steps that bind a device to vfio-pci, and take it off. */
#include <string.h>

#include "plan/kind.h"

static bool kind_bind_needs_reboot(const struct pp_step *s)
{
	return !pp_step_bind_is(&s->bind, PP_BIND_NOW);
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

	const char *address = PP_ADDRESS_SHORT(s->bind.address);
	s->text = pp_arena_printf(a, "bind %s to vfio-pci, %s", address, kind_bind_when(&s->bind));
	s->undo = *driver ? pp_arena_printf(a, "give it back to %s", driver)
	                  : pp_arena_strdup(a, "leave it without a driver again");
}

static void kind_unbind_describe(struct pp_arena *a, struct pp_step *s)
{
	const char *address = PP_ADDRESS_SHORT(s->bind.address);
	s->text = pp_arena_printf(a,
	                          "unbind %s from vfio-pci and give it back to the host driver, %s",
	                          address, kind_bind_when(&s->bind));
	s->undo = pp_arena_strdup(a, "bind it to vfio-pci again");
}

/* bound: it should be on vfio-pci; else it should not. */
static void kind_bind_check_driver(struct pp_checking *c, const struct pp_step_bind *s, bool bound)
{
	const char *address = PP_ADDRESS_SHORT(s->address);
	const char *what = pp_check_text(
		c, bound ? "%s is bound to vfio-pci" : "%s is no longer bound to vfio-pci",
		address);
	uint32_t d = pp_check_find(c, NULL, s->address, what);
	if (d == PP_NO_DEVICE)
		return;
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

/* Plans from before there was "when" mean both, as without it. */
static const char *const whens[] = { [PP_BIND_NOW] = "now", [PP_BIND_AT_BOOT] = "boot" };
static const struct pp_json_row rows[] = {
	{ "address", &pp_plan_address, PP_KIND_AT(bind.address) },
	{ "vendor", &pp_plan_id, PP_KIND_AT(bind.vendor) },
	{ "device", &pp_plan_id, PP_KIND_AT(bind.device) },
	{ "expected_driver", &pp_row_name, PP_KIND_AT(bind.expected_driver), .more = " ()",
	  .or_empty = true },
	{ "when", &pp_row_word, PP_KIND_AT(bind.when), .may_lack = true, .omit_null = true,
	  .words = whens, .max = sizeof(whens) / sizeof(whens[0]) },
	{ NULL },
};

const struct pp_step_kind_ops pp_step_kind_bind = {
	.name = "bind",
	.summary = "binds a device to vfio-pci, now and at every boot",
	.rows = rows,
	.needs_reboot = kind_bind_needs_reboot,
	.describe = kind_bind_describe,
	.check = kind_bind_check,
};

const struct pp_step_kind_ops pp_step_kind_unbind = {
	.name = "unbind",
	.summary = "unbinds a device from vfio-pci and gives it back to the host driver",
	.rows = rows,
	.needs_reboot = kind_bind_needs_reboot,
	.describe = kind_unbind_describe,
	.check = kind_unbind_check,
};
