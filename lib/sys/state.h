/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where pcipass keeps the journal and the lock of its work. */
#ifndef PP_SYS_STATE_H
#define PP_SYS_STATE_H

/*
 * The directory as a path of the machine (sys/machine.h): under Windows it is below the directory
 * for the data of programs.
 */
#ifdef _WIN32
#define PP_SYS_STATE "pcipass"
#else
#define PP_SYS_STATE "var/lib/pcipass"
#endif

/* The same of this machine, whole. */
const char *pp_sys_state(void);

#endif
