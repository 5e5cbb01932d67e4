/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bridge without its driver, now and at every boot.
 *
 * Its driver_override names a driver that does not exist, so that none takes it: at boot by a udev
 * rule in the event of the bridge itself. The driver may have been there first, built into the
 * kernel or loaded for another bridge: then the rule unbinds it as well. That is early enough, for
 * only a guest's start looks at the bridge.
 */
#include <stdio.h>
#include <string.h>

#include "apply/bind.h"
#include "apply/steps.h"
#include "base/text.h"

static const char *no_driver_rule(struct pp_apply *a, const struct pp_step_bind *b,
                                  const char *address)
{
	return pp_arena_printf(&a->arena,
	                       "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
	                       "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
	                       "ATTR{driver_override}=\"" PP_NO_DRIVER "\"\n"
	                       "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
	                       "ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
	                       "DRIVER==\"?*\", ATTR{driver/unbind}=\"%s\"\n",
	                       address, b->vendor, b->device, address, b->vendor, b->device,
	                       address);
}

static int no_driver_at_boot(struct pp_stage *s, const struct pp_step_bind *b, const char *address,
                             struct pp_error *e)
{
	int r = pp_bind_add_rule(s, no_driver_rule(s->apply, b, address), e);

	/* The makers of initrds take the rule along: so that the way back takes it out again. */
	return r ? r
	         : pp_step_rebuild_initrd(
			   s,
			   "what makes this host's initrd is not known: the bridge is "
			   "unbound when the system has started from it",
			   e);
}

static int step_no_driver_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_bind *b = &step->bind;
	struct pp_apply *a = s->apply;
	struct pp_bound now;
	char class[PP_BIND_CLASS_BYTES];
	bool bridge;
	int r = pp_bind_expect(a, b, &now, e);

	if (!r)
		r = pp_bind_read_class(a, now.address, class, &bridge, e);
	if (r)
		return r;
	/* It stands between the host and the devices below, and works without a driver. */
	if (!bridge)
		return pp_fail(e, EINVAL, "%s: its class is %.20s, need a PCI bridge, 0x0604xx",
		               now.address, class);
	if (*now.now.driver && strcmp(now.now.driver, b->expected_driver))
		return pp_bind_drifted(&now, b->expected_driver, e);
	r = no_driver_at_boot(s, b, now.address, e);
	if (r || !strcmp(now.now.override, PP_NO_DRIVER))
		return r;
	return pp_bind_now(s, &pp_op_no_driver, &now, e);
}

const struct pp_step_ops pp_step_no_driver_ops = { .stage = step_no_driver_stage };
