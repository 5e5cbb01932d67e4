/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must hold before a device's driver is changed: neither host nor guest uses it. */
#ifndef PP_TXN_PRECONDITION_H
#define PP_TXN_PRECONDITION_H

#include "txn/context.h"

/* Whose a device is, asked right before it is taken away: -EBUSY, and who says why. */

/* Nothing that the host works with hangs below it. driver: the one it has, "" none. */
int pp_precondition_host(struct pp_apply *a, const char *address, const char *driver,
                         struct pp_error *e);

/*
 * No guest has it, or another device of its group, and its virtual functions are off. The kernel
 * takes a device off vfio-pci only when its user has let it go, and whoever asks for it waits in
 * the kernel until then (drivers/vfio, vfio_unregister_group_dev()); a host's driver next to a
 * guest's device breaks their isolation.
 */
int pp_precondition_guest(struct pp_apply *a, const char *address, struct pp_error *e);

#endif
