/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_APPLY_RECOVER_H
#define PP_APPLY_RECOVER_H

#include "change/context.h"

/*
 * Puts back what an attach that was killed left, and keeps attempts away till the apply's end.
 * Nothing on a root of its own, which is nobody's machine, unless a test says what the machine is.
 */
int pp_apply_recover(struct pp_apply *a, bool *ret, struct pp_error *e);

#endif
