/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines on which a setting must not be written although the schema allows it. */
#ifndef PP_CONREP_QUIRK_H
#define PP_CONREP_QUIRK_H

#include "conrep/match.h"

/*
 * What is known of machines and not written in a schema: one row a group of sections, chosen by how
 * their name (or another name of theirs) begins, in either case. reason as in pp_section_match().
 */
enum pp_match pp_quirk_match(const struct pp_schema_section *s, const struct pp_machine *m,
                             char *reason, size_t size);

#endif
