/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CHANGE_DEED_H
#define PP_CHANGE_DEED_H

#include "change/journal.h"

/* A deed can be done whether it was begun or not: what is there already is left. */

enum pp_way { PP_WAY_ON, PP_WAY_BACK };

/*
 * Before it is done, or undone. -EBUSY: it is neither as before nor as wanted, for somebody else
 * changed it; or the device is in use. Nothing is changed.
 */
int pp_deed_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way, struct pp_error *e);
int pp_deed_do(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
/* Back to before. Of tools: run again, on what is there by then. */
int pp_deed_undo(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
/* It is as wanted. */
int pp_deed_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);

static inline bool pp_deed_is_tool(const struct pp_deed *d)
{
	return d->kind == PP_DEED_INITRD || d->kind == PP_DEED_LOADER;
}

/* "write /etc/default/grub", for people. */
const char *pp_deed_text(const struct pp_deed *d, char *buf, size_t size);
/* "put /etc/default/grub back as it was". */
const char *pp_deed_undo_text(const struct pp_deed *d, char *buf, size_t size);

/* Binding, in driver.c. */
#define PP_VFIO "vfio-pci"
/* Name of the driver, "" none; and of the override. -errno. */
int pp_driver_read(const struct pp_apply *a, const char *address, char *driver, char *override,
                   size_t size);
int pp_driver_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way,
                    struct pp_error *e);
int pp_driver_take(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
int pp_driver_give_back(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
int pp_driver_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
/* The same of a RELEASE: off vfio-pci, and back to what it was. */
int pp_release_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way,
                     struct pp_error *e);
int pp_release_do(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
int pp_release_undo(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);
int pp_release_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e);

#endif
