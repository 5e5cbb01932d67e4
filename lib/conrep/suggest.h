/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CONREP_SUGGEST_H
#define PP_CONREP_SUGGEST_H

#include "conrep/schema.h"

/* The name of the schema, altnames too, that was most likely meant; NULL: none is near. */
const char *pp_suggest_name(const struct pp_schema *s, const char *name);

#endif
