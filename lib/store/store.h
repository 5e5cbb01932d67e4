/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_STORE_H
#define PP_STORE_STORE_H

#include "conrep/change.h"
#include "conrep/memory.h"

/*
 * Where settings live. A store is a table of functions over cells; the transaction in
 * transaction.h drives it and knows nothing of its kind.
 */
struct pp_store;

struct pp_store_ops {
	const char *kind; /* "image", "efivars", "hp" */
	/*
	 * Every cell that a section of the schema uses, put into *ret (initialised by the caller);
	 * a cell that the store does not have gets its errno, absent EVs ENOENT.
	 */
	int (*read)(struct pp_store *s, const struct pp_schema *schema, struct pp_memory *ret,
	            struct pp_error *e);
	/*
	 * Carries out the writes from *done on, in order; *done counts what has been carried out,
	 * also on failure, when writes[*done] is the one that failed and is old or new, which of
	 * the two the caller reads back. Each write first compares the cell with its old bytes:
	 * -EBUSY if another process has changed it. A store that can do all of them at once does.
	 */
	int (*write)(struct pp_store *s, const struct pp_changes *c, uint32_t *done,
	             struct pp_error *e);
	/* Nobody else writes from here on until unlock; -EBUSY says who holds it, if known. */
	int (*lock)(struct pp_store *s, struct pp_error *e);
	void (*unlock)(struct pp_store *s);
	/* Who the machine is, if the store itself knows (an image does); else NULL. */
	const struct pp_machine *(*machine)(const struct pp_store *s);
	void (*close)(struct pp_store *s);
};

/* The first member of every store. */
struct pp_store {
	const struct pp_store_ops *ops;
	const char *where;   /* for people: "image:FILE", "efivars", "hp:/usr/sbin/conrep" */
	const char *journal; /* path of the journal of its transactions */
};

/*
 * what: "image:FILE", "efivars" or "efivars:FOLDER", "hp" or "hp:PROGRAM". state is the folder for
 * journals and temporary files of stores that have no folder of their own (NULL:
 * /var/lib/pcipass); an image keeps its journal beside it. *ret goes to pp_store_close().
 * -EINVAL: no such kind. -ENOENT: not there. -EBADMSG: an image that is none or is damaged.
 */
int pp_store_open(const char *what, const char *state, struct pp_store **ret, struct pp_error *e);
void pp_store_close(struct pp_store *s);

/*
 * The store of this host: EFI variables if ours are there, else HP's own conrep, else -ENOENT with
 * a sentence that says what was looked for and what can be given instead.
 */
int pp_store_detect(const char *state, struct pp_store **ret, struct pp_error *e);

/* Makes an image file of cells and identity; refuses to replace one unless overwrite is set. */
int pp_image_create(const char *path, const struct pp_machine *m, const struct pp_memory *cells,
                    bool overwrite, struct pp_error *e);

#endif
