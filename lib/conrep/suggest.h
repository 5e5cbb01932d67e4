/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that was probably meant. */
#ifndef PP_CONREP_SUGGEST_H
#define PP_CONREP_SUGGEST_H

#include "conrep/schema.h"

/* The name of the schema, altnames too, that was most likely meant; NULL: none is near. */
const char *pp_suggest_name(const struct pp_schema *s, const char *name);

/*
 * What was most likely meant by a name that the schema does not have: "; did you mean
 * RMRDS_Slot2?", or for a number that is out of range "; it has RMRDS_Slot1 to RMRDS_Slot16". "":
 * nothing is near.
 */
void pp_suggest(const struct pp_schema *s, const char *name, char *ret, size_t size);

#endif
