/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must hold before a device's driver is changed: neither the host nor a guest uses it. */
#include <stdio.h>
#include <string.h>

#include "txn/context.h"
#include "txn/precondition.h"
#include "inuse/guest.h"
#include "inuse/inuse.h"

/* They go with the driver, and another guest may have one: its group is not this one's. */
static int expect_no_functions(struct pp_apply *a, const char *address, struct pp_error *e)
{
	const char *path = PP_SYS_DEVICE(address, "sriov_numvfs");
	char text[16];
	int r = pp_sys_text(a->sys, path, text, sizeof(text));
	if (r == -ENOENT || (!r && !strcmp(text, "0")))
		return 0;
	if (r)
		return pp_fail(e, -r,
		               "%s: /%s: %s: whether a guest has one of its virtual functions is "
		               "not known",
		               address, path, strerror(-r));
	return pp_fail(e, EBUSY,
	               "%s: its virtual functions are on: end the guests that have them, then turn "
	               "them off: echo 0 > /%s",
	               address, path);
}

int pp_precondition_guest(struct pp_apply *a, const char *address, struct pp_error *e)
{
	const char *guest = NULL;
	int r = expect_no_functions(a, address, e);

	if (!r)
		r = pp_guest_find(a->sys, address, &a->arena, &guest, e);
	return r || !guest ? r : pp_fail(e, EBUSY, "%s; end the guest first", guest);
}

int pp_precondition_host(struct pp_apply *a, const char *address, const char *driver,
                         struct pp_error *e)
{
	struct pp_device d = { .driver.text = *driver ? driver : NULL };
	const char *use = NULL;

	if (!pp_address_parse(address, &d.address))
		return pp_fail(e, EINVAL, "%s: no address", address);
	int r = pp_inuse_find(a->sys, &d, &a->arena, &use, e);
	return r || !use ? r : pp_fail(e, EBUSY, "%s is needed by the host: %s", address, use);
}
