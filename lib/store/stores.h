/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each kind of store is opened. */
#ifndef PP_STORE_STORES_H
#define PP_STORE_STORES_H

#include "store/store.h"

int pp_image_open(const char *path, struct pp_store **ret, struct pp_error *e);
/* directory NULL: the kernel's. -ENOENT also if none of our variables is there. */
int pp_efivars_open(const char *directory, const char *state, struct pp_store **ret,
                    struct pp_error *e);
/* program NULL: the first of the usual places. */
int pp_hp_open(const char *program, const char *state, struct pp_store **ret, struct pp_error *e);

/*
 * For so long what was read counts as what is there before a write: nobody else can have run the
 * program through in that time.
 */
#define PP_HP_FRESH_MS 1000
void pp_hp_set_fresh(struct pp_store *s, unsigned int ms);
/* How long one run of HP's conrep may last; for tests. */
void pp_hp_set_timeout(struct pp_store *s, unsigned int seconds);

/* A store whose struct has that size and a struct pp_store as its first member; NULL: no memory. */
void *pp_store_alloc(size_t size, const struct pp_store_ops *ops, struct pp_error *e);
/* r, and *ret where that is 0; else the store is closed. */
int pp_store_opened(struct pp_store *s, int r, struct pp_store **ret);

/* Fills where and state for a store of this host. place "": the usual one. */
int pp_store_name(struct pp_store *s, const char *state, const char *kind, const char *place,
                  struct pp_error *e);

/* Where names become lines of a file: no control bytes. */
int pp_store_check_path(const char *path, struct pp_error *e);

#endif
