/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CHANGE_CARRY_H
#define PP_CHANGE_CARRY_H

#include "change/deed.h"

/* A journal's deeds, done and undone; the journal on disk is one step ahead at any moment. */

/* Each deed can be done, or undone, by pp_deed_check(); else nothing was changed. */
int pp_carry_check(struct pp_apply *a, const struct pp_apply_journal *j, enum pp_way way,
                   struct pp_error *e);
/*
 * Each can be undone, and each place that is written to then has room for what is put back.
 * -EROFS, -ENOSPC: nothing was changed.
 */
int pp_carry_check_back(struct pp_apply *a, const struct pp_apply_journal *j, struct pp_error *e);
/* Does what is not done yet, then reads everything back. */
int pp_carry_on(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e);
/* Undoes everything, in reverse, tools last; the journal is then the one before, or undone. */
int pp_carry_back(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e);
/* After a failure that *e tells: carries back, and adds what became of it. Returns -e->code. */
int pp_carry_failed(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e);
int pp_carry_end(struct pp_apply *a, struct pp_apply_journal *j, enum pp_phase phase,
                 struct pp_error *e);

/* Of the boot that runs, in the arena; "" not known, NULL: no memory. */
const char *pp_boot_id(struct pp_apply *a);

#endif
