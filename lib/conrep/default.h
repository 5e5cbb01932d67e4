/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default value of a setting, where it is known. */
#ifndef PP_CONREP_DEFAULT_H
#define PP_CONREP_DEFAULT_H

#include "conrep/schema.h"

/*
 * What a section's value is on a machine that nobody has changed: known of a few settings, and
 * written in no schema. One of the section's own values; NULL: not known.
 */
const char *pp_section_default(const struct pp_schema_section *s);

#endif
