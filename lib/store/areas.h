/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stores that write bytes have in common. Pure. */
#ifndef PP_STORE_AREAS_H
#define PP_STORE_AREAS_H

#include "store/store.h"

/* Reads one cell of s into *ret; only what must not be read on is an error here. */
typedef int (*pp_area_reader)(void *s, enum pp_area_space space, const char *name,
                              struct pp_areas *ret, struct pp_error *e);

/* Letters, digits, '_', '-', '.', 1 to PP_EV_NAME_MAX of them, and not dots only. */
bool pp_ev_name_ok(const char *name);

/* Every cell that the schema, or the change, is about. */
int pp_areas_of_schema(const struct pp_schema *schema, pp_area_reader get, void *s,
                       struct pp_areas *ret, struct pp_error *e);
int pp_areas_of_change(const struct pp_store_change *change, pp_area_reader get, void *s,
                       struct pp_areas *ret, struct pp_error *e);

/*
 * -EBUSY if a cell of the changes is not what they expect; the cell's own error if it was not read;
 * -EINVAL for changes that no store can hold (empty, too long, no name).
 */
int pp_areas_check(const struct pp_changes *c, const struct pp_areas *now, const char *where,
                   struct pp_error *e);

/*
 * What is to be written of checked changes: of a cell that is there before and after the bytes from
 * the first to the last bit that is meant, and the mask. Lives in a.
 */
int pp_areas_narrow(const struct pp_changes *c, struct pp_arena *a, struct pp_store_change *ret,
                    struct pp_error *e);

/* -EIO and others: a cell was not read. */
int pp_areas_compare(const struct pp_store_change *change, const struct pp_areas *now,
                     const char *where, enum pp_store_state *ret, char *text, size_t size,
                     struct pp_error *e);

/*
 * Puts one write into *now if it is as expected; *ret_change is false if nothing is to be done
 * (only with back). -EBUSY as in pp_store_ops.write.
 */
int pp_areas_step(const struct pp_area_write *w, bool back, struct pp_areas *now, const char *where,
                  bool *ret_change, struct pp_error *e);

#endif
