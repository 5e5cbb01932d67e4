/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device to vfio-pci, now and at every boot.
 *
 * At boot by a udev rule that sets driver_override, carried out in the event of every PCI device:
 * udev applies the rules of an event before it loads a module for it, so whichever device comes
 * first, the override stands before any driver of a PCI device is loaded. A rule in the device's
 * own event alone would race with another device that needs the same driver. The rule is in the
 * initrd, too. A driver that is built into the kernel was there first and is taken off. So is that
 * of a virtual function, which appears when its driver may long be loaded.
 */
#include <stdio.h>
#include <string.h>

#include "apply/steps.h"
#include "apply/bind.h"
#include "boot/initrd.h"
#include "txn/precondition.h"

static bool is_built_in(struct pp_apply *a, const char *driver)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/module", driver);
	return *driver && strcmp(driver, PP_VFIO) && !pp_sys_has(a->sys, path);
}

static bool is_virtual_function(struct pp_apply *a, const char *address)
{
	return pp_sys_has(a->sys, PP_SYS_DEVICE(address, "physfn"));
}

/*
 * For a device that has its driver before udev hears of it: off that driver, and offered once more.
 * The driver may come after the event as well, so "bind" counts too, but not where somebody has
 * taken the override off since. ATTR{driver} is the link as it is now; DRIVER is as the event was
 * sent.
 */
static const char *rule_take_off(struct pp_apply *a, const struct pp_step_bind *b,
                                 const char *address)
{
	const char *device =
		pp_arena_printf(&a->arena,
	                        "ACTION==\"add|bind\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
	                        "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
	                        "ATTR{driver_override}==\"" PP_VFIO "\", ",
	                        address, b->vendor, b->device);

	return device ? pp_arena_printf(&a->arena,
	                                "%sATTR{driver}==\"?*\", ATTR{driver}!=\"" PP_VFIO "\", "
	                                "ATTR{driver/unbind}=\"%s\"\n"
	                                "%sATTR{[subsystem/pci]drivers_probe}=\"%s\"\n",
	                                device, address, device, address)
	              : NULL;
}

static const char *rule_of(struct pp_apply *a, const struct pp_step_bind *b, const char *address,
                           bool early)
{
	const char *take_off = early ? rule_take_off(a, b, address) : "";

	return take_off
	               ? pp_arena_printf(
				 &a->arena,
				 "ACTION==\"add\", SUBSYSTEM==\"pci\", "
				 "ATTR{[pci/%s]vendor}==\"0x%04x\", ATTR{[pci/%s]device}==\"0x%04x\", "
				 "ATTR{[pci/%s]driver_override}=\"" PP_VFIO "\"\n"
				 "%s"
				 "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
				 "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
				 "RUN{builtin}+=\"kmod load " PP_VFIO "\"\n",
				 address, b->vendor, address, b->device, address, take_off, address,
				 b->vendor, b->device)
	               : NULL;
}

/* The initrd has drivers, too: the rule goes in there with the host's own tool. */
static int into_initrd(struct pp_stage *s, struct pp_error *e)
{
	struct pp_initrd_made_by by;
	struct pp_error ignored;

	if (pp_initrd_find(s->apply, &by, &ignored) || !by.rebuild) {
		pp_apply_say(s->apply, "what makes this host's initrd is not known: the binding at "
		                       "boot holds if the driver is not in it");
		return 0;
	}
	int r = pp_initrd_include(s, by.maker, PP_BIND_RULES, e);
	return r ? r : pp_initrd_rebuild(s, &by, e);
}

static int step_bind_at_boot(struct pp_stage *s, const struct pp_step_bind *b, const char *address,
                             const char *driver, struct pp_error *e)
{
	struct pp_apply *a = s->apply;
	const char *rule =
		rule_of(a, b, address, is_built_in(a, driver) || is_virtual_function(a, address));
	/* Its first line: the one of another card that was in the slot binds that one only. */
	int r = pp_bind_add_rule(s, rule, e);
	return r ? r : into_initrd(s, e);
}

static int step_bind_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_bind *b = &step->bind;
	struct pp_apply *a = s->apply;
	struct pp_bound now_bound;
	char class[PP_BIND_CLASS_BYTES];
	struct pp_error ignored;
	bool bridge;
	int r = pp_bind_expect(a, b, &now_bound, e);

	if (r)
		return r;
	/* PCI 3.0, 6.2.1: header type at 0eh; vfio-pci takes type 0 only. */
	if (!pp_bind_read_class(a, now_bound.address, class, &bridge, &ignored) && bridge)
		return pp_fail(e, EINVAL, "%s: is a bridge, which vfio-pci does not accept",
		               now_bound.address);
	const char *driver = now_bound.now.driver, *expected = b->expected_driver;
	bool taken = !strcmp(driver, PP_VFIO);
	if (!taken && strcmp(driver, expected ? expected : ""))
		return pp_bind_drifted(&now_bound, expected, e);
	if (!taken)
		r = pp_precondition_host(a, now_bound.address, driver, e);
	if (!r && pp_step_bind_is(b, PP_BIND_AT_BOOT))
		r = step_bind_at_boot(s, b, now_bound.address, driver, e);
	if (!r && !taken && pp_step_bind_is(b, PP_BIND_NOW))
		r = pp_bind_now(s, &pp_op_bind, &now_bound, e);
	return r;
}

const struct pp_step_ops pp_step_bind_ops = { .stage = step_bind_stage };
