/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared libraries that are opened when something needs them, not when the program starts. */
#ifndef PP_LAZY_LIBRARY_H
#define PP_LAZY_LIBRARY_H

#include "base/error.h"

/*
 * Opens the library unless it is open: before the first use of it, for without it each of its
 * functions answers as it does when there is no memory. -ELIBACC, with the loader's reason: it is
 * not there, or not the one that pcipass was built for.
 */
int pp_lazy_archive(struct pp_error *e);
int pp_lazy_xml(struct pp_error *e);

#endif
