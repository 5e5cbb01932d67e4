/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where pcipass keeps the journal and the lock of its work. */
#ifndef PP_SYS_STATE_H
#define PP_SYS_STATE_H

/* The root of this machine, as pp_sys_live() has it, and the directory below a machine's root. */
#ifdef _WIN32
#define PP_SYS_ROOT  "C:/ProgramData"
#define PP_SYS_STATE "pcipass"
#else
#define PP_SYS_ROOT  ""
#define PP_SYS_STATE "var/lib/pcipass"
#endif

#endif
