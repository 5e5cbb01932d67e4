/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of shell variables, such as /etc/default/grub: read and edited. */
#ifndef PP_BOOT_CONFIG_H
#define PP_BOOT_CONFIG_H

#include "txn/context.h"

/*
 * Assignments in the configuration of the tools that make initrds and images. Most of these files
 * are shell scripts; only plain lines are understood, which is what is in them. Files of our own
 * do not count. All values live in the arena; NULL: not set.
 */

/* The last value, "" apart; NULL also if the file is not there. */
const char *pp_config_value(struct pp_apply *a, const char *path, const char *name);

/*
 * Value number n of a variable whose name ends so, in mkinitcpio's presets; a path comes without
 * its leading slash.
 */
const char *pp_config_preset(struct pp_apply *a, const char *end, unsigned int n);
/* dracut.conf(5), also += */
const char *pp_config_dracut(struct pp_apply *a, const char *name);
/* kernel-install(8), install.conf */
const char *pp_config_kernel_install(struct pp_apply *a, const char *name);
/* ukify(1), uki.conf: of the first directory that has it */
const char *pp_config_uki(struct pp_apply *a, const char *name);

#endif
