/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/store: where HP's packages put conrep, by system. */
#ifndef PP_STORE_HP_PLACES_H
#define PP_STORE_HP_PLACES_H

/* Both with NULL at the end. */
extern const char *const pp_hp_usual_directories[];
extern const char *const pp_hp_names[];

#endif
