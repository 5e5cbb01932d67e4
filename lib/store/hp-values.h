/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that HP's conrep reported, as texts and as areas. */
#ifndef PP_STORE_HP_VALUES_H
#define PP_STORE_HP_VALUES_H

#include "conrep/codec.h"

/*
 * What HP's conrep told, as texts and as cells. Pure. Bits that no told section owns are zero and
 * not known (pp_area.known), so the same texts always give the same cells.
 */
struct pp_hp_values {
	struct pp_data data;
	struct pp_areas memory;
};

/*
 * Lives in a; borrows from data. A section that the schema has not, or not for this machine, is
 * left out of the cells; so is a text that the schema does not know.
 */
int pp_hp_values_make(const struct pp_schema *schema, const struct pp_data *data,
                      const char *object, struct pp_arena *a, struct pp_hp_values *ret,
                      struct pp_error *e);

int pp_hp_values_copy(const struct pp_hp_values *from, struct pp_areas *ret, struct pp_error *e);

/* By name, or NULL. */
const struct pp_setting *pp_hp_values_setting(const struct pp_data *d, const char *name);

/* Whether what was told says all that want says. */
int pp_hp_values_hold(const struct pp_hp_values *t, const struct pp_schema *schema,
                      const struct pp_setting *want, struct pp_arena *a, bool *ret,
                      struct pp_error *e);

#endif
