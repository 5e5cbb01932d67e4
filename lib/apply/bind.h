/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binding devices to vfio-pci and back, from the request to the operations. */
#ifndef PP_APPLY_BIND_H
#define PP_APPLY_BIND_H

#include "txn/stage.h"

/* Devices bound at boot; and what puts that file into the initrds. */
#define PP_BIND_RULES "etc/udev/rules.d/05-pcipass.rules"

/* A device as it is now. */
struct pp_bound {
	char address[PP_ADDRESS_TEXT_BYTES];
	struct pp_driver now;
};

/* The step's device is there and has its ids. */
int pp_bind_expect(struct pp_apply *a, const struct pp_step_bind *b, struct pp_bound *ret,
                   struct pp_error *e);
/* Its driver is not the expected one, which may be NULL or "". Returns -EBUSY. */
int pp_bind_drifted(const struct pp_bound *b, const char *expected, struct pp_error *e);
/* Whether its class is that of a PCI bridge; text gets what it says. */
#define PP_BIND_CLASS_BYTES 32
int pp_bind_read_class(struct pp_apply *a, const char *address, char text[PP_BIND_CLASS_BYTES],
                       bool *ret_is_bridge, struct pp_error *e);
/* The lines for a device in our udev rules, unless the first stands there. NULL: no memory. */
int pp_bind_add_rule(struct pp_stage *s, const char *lines, struct pp_error *e);
/* Adds the operation: pp_op_bind or pp_op_unbind. */
int pp_bind_now(struct pp_stage *s, const struct pp_op_ops *ops, const struct pp_bound *b,
                struct pp_error *e);

/*
 * What else than our rule binds the device to vfio-pci: in *where a place, "/etc/modprobe.d/x.conf
 * (options vfio-pci ids=)", in the arena; NULL: nothing that is known.
 */
struct pp_binder {
	const char *where, *how; /* how: to take it out, or NULL */
	bool by_ids; /* vfio-pci has the device's ids: it takes it whenever it is free */
};
/* now: what holds for the running kernel; else for the next boot. */
int pp_bind_foreign(struct pp_apply *a, const struct pp_step_bind *b, bool now,
                    struct pp_binder *ret, struct pp_error *e);

#endif
