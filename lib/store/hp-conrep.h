/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs HP's conrep to save or load settings. */
#ifndef PP_STORE_HP_CONREP_H
#define PP_STORE_HP_CONREP_H

#include "conrep/data.h"
#include "sys/lock.h"

#define PP_HP_LIMIT_S 300 /* writing through the ROM is slow */

struct pp_hp_program {
	const char *path;
	const char *state; /* its working directories are made in here, 0700 */
	unsigned int limit_s;
};

/* All that it tells of the schema's sections; *ret lives in a. */
int pp_hp_save(const struct pp_hp_program *p, struct pp_span schema, struct pp_arena *a,
               struct pp_data *ret, struct pp_error *e);

/*
 * Gives it a data file. 0: it says that it has written; the caller looks. After any other answer,
 * too, what stands is to be read. It is never ended but for the time limit. The lock
 * stays as long as it runs.
 */
int pp_hp_load(const struct pp_hp_program *p, struct pp_span schema, struct pp_span data,
               const struct pp_lock *lock, struct pp_error *e);

/* Removes working directories whose maker is no more. */
void pp_hp_clean_up(const struct pp_hp_program *p);

#endif
