/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_STORE_H
#define PP_STORE_STORE_H

#include "conrep/change.h"
#include "conrep/area.h"
#include "sys/lock.h"

/*
 * Where settings live. A store is a table of functions; the transaction in transaction.h drives it
 * and knows nothing of its kind.
 */
struct pp_store;
struct pp_journal;

/* How a store stands to a transaction. */
enum pp_store_state {
	PP_STANDS_OLD,
	PP_STANDS_NEW,
	PP_STANDS_PART,  /* some of it old, some of it new */
	PP_STANDS_OTHER, /* something is neither */
};

struct pp_store_ops {
	const char *kind; /* "image", "efivars", "hp" */
	/*
	 * Every cell that a section of the schema uses, put into *ret (initialised by the caller).
	 * A cell that the store does not have or that could not be read gets its errno: ENOENT an
	 * absent EV, ENODATA not kept here or not told, ENOTSUP not reachable this way.
	 */
	int (*read)(struct pp_store *s, const struct pp_schema *schema, struct pp_areas *ret,
	            struct pp_error *e);
	/*
	 * What will be written, as the store needs it, and what to put back; *ret borrows from c
	 * and a. Reads the store again: -EBUSY if it is not what the changes were planned on.
	 * Writes nothing, but fails for whatever can be known beforehand to fail a write.
	 */
	int (*prepare)(struct pp_store *s, const struct pp_changes *c, struct pp_arena *a,
	               struct pp_journal *ret, struct pp_error *e);
	/* Reads the store. text says what stands where, for PP_STANDS_PART and _OTHER. */
	int (*compare)(struct pp_store *s, const struct pp_journal *j, enum pp_store_state *ret,
	               char *text, size_t size, struct pp_error *e);
	/*
	 * Writes the new, or with back the old. Each write compares with what is there immediately
	 * before: -EBUSY if that is not the old (with back: neither old nor new), with nothing of
	 * it written. A store that can write all at once does; with another, a failure may leave
	 * a part.
	 */
	int (*write)(struct pp_store *s, const struct pp_journal *j, bool back, struct pp_error *e);
	/* Removes what a dead process left; called with the lock held. May be NULL. */
	void (*sweep)(struct pp_store *s);
	/*
	 * Who the machine is, if the store itself knows, else NULL. An image does; HP's conrep
	 * tells with the first read.
	 */
	const struct pp_machine *(*machine)(const struct pp_store *s);
	void (*close)(struct pp_store *s);
};

/* The first member of every store. The texts belong to the store. */
struct pp_store {
	const struct pp_store_ops *ops;
	const char *where; /* for people: "image:FILE", "efivars", "hp:/usr/sbin/conrep" */
	const char
		*journal;  /* path of the journal of its transactions; other files are beside it */
	const char *lock;  /* path of its lock file */
	const char *state; /* directory to be made (only the last component) if missing, or NULL */
	struct pp_lock held;
};

/*
 * what: "image:FILE", "efivars" or "efivars:DIRECTORY", "hp" or "hp:PROGRAM". state is the
 * directory for journals and temporary files of stores that have no directory of their own (NULL:
 * /var/lib/pcipass); an image keeps its journal beside it. A symbolic link to an image means the
 * file that it leads to. *ret goes to pp_store_close(). Opening makes and changes nothing.
 * -EINVAL: no such kind. -ENOENT: not there. -EBADMSG: an image that is none or is damaged.
 */
int pp_store_open(const char *what, const char *state, struct pp_store **ret, struct pp_error *e);
void pp_store_close(struct pp_store *s);

/*
 * The store of this host: EFI variables if ours are there, else HP's own conrep, else -ENOENT with
 * a sentence that says what was looked for and what can be given instead.
 */
int pp_store_detect(const char *state, struct pp_store **ret, struct pp_error *e);

/*
 * Nobody else writes from here on until unlock: -EBUSY says who holds it, if known. The lock
 * file lies beside the journal and is removed at the end; sys/lock.h has the rest.
 */
int pp_store_lock(struct pp_store *s, struct pp_error *e);
void pp_store_unlock(struct pp_store *s);
/* -EBUSY if somebody holds the lock, without taking it. */
int pp_store_busy(const struct pp_store *s, struct pp_error *e);

/*
 * Makes an image file of cells and identity; refuses to replace one unless overwrite is set. Cells
 * with an error are left out. A symbolic link is refused. -EBUSY: an image of that name is in use;
 * -EUCLEAN: one has a journal, which would be taken for the new one's.
 */
int pp_image_create(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                    bool overwrite, struct pp_error *e);

#endif
