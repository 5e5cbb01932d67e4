/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_ATTACH_LEFTOVER_H
#define PP_ATTACH_LEFTOVER_H

#include "attach/attach.h"

/*
 * What an attempt that was killed left: devices on vfio-pci, and nobody to put them back. So each
 * attempt writes down what it will take before it takes anything: attach.json in
 * PP_SYS_RUN, which a reboot empties as it resets drivers. It is removed when all is back.
 */

/*
 * Nobody else attaches, or puts back, till this is released. -EBUSY: somebody does, and who. A dry
 * run locks what is there and makes nothing.
 */
int pp_leftover_lock(struct pp_sys *s, bool dry_run, struct pp_lock *ret, struct pp_error *e);

/* The rest with the lock held. */
int pp_leftover_save(const struct pp_attach *a, struct pp_error *e);
void pp_leftover_remove(struct pp_sys *s);

struct pp_leftover_options {
	bool dry_run; /* say it only */
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

/* There may be something; looked at without the lock, so that where there is not nothing is made.
 */
bool pp_leftover_exists(struct pp_sys *s);
/*
 * Puts it back and removes the file; what somebody else has changed meanwhile, and all of another
 * boot, is left as it is. *ret: there was something to put back. -EBUSY: a guest has a device by
 * now; -EIO: not all is back, the text has what to type; -EBADMSG. The file then stays.
 */
int pp_leftover_put_back(struct pp_sys *s, const struct pp_leftover_options *o, bool *ret,
                         struct pp_error *e);

#endif
