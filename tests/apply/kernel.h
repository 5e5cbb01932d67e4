/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one stand-in for a machine that is acted on: files in a directory, and a kernel that reacts.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "sys/machine.h"

/*
 * Where the directory has a directory "kernel", writes to sysfs have the effect that a kernel gives
 * them: a device's driver is bound and unbound. "kernel/ADDRESS" names the driver that the device
 * matches besides the one of its driver_override; without that file any does. Nothing else of a
 * kernel is here: a test puts its own functions into ops.
 */
struct kernel {
	struct pp_sys base; /* first */
	struct pp_sys_ops ops;
	struct pp_sys *files;
};

/* root is borrowed. ops.free frees nothing: that is kernel_fini()'s. */
int kernel_init(struct kernel *k, const char *root, struct pp_error *e);
void kernel_fini(struct kernel *k);

/* The write of a struct pp_sys whose first member is a struct kernel. */
int kernel_write(struct pp_sys *s, const char *path, const char *text);

/* A device's driver and driver_override, "" for none; into a buffer of 128 bytes. */
const char *kernel_driver(struct kernel *k, const char *address, char *buf);
const char *kernel_override(struct kernel *k, const char *address, char *buf);
/* name NULL: none. */
void kernel_set_driver(struct kernel *k, const char *address, const char *name);

#endif
