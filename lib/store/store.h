/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store of BIOS settings: the table of functions that each kind of it has. */
#ifndef PP_STORE_STORE_H
#define PP_STORE_STORE_H

#include "conrep/change.h"
#include "conrep/area.h"
#include "sys/lock.h"
#include "sys/state.h"

/*
 * Where settings live. A store is a table of functions that read it, write it and say how it stands
 * to a change; that all is written or nothing is the transaction's business (lib/txn), which knows
 * nothing of a store's kind.
 */
struct pp_store;

/*
 * What is written, and what to put back: cells, or, of a store that is given settings and no bytes,
 * the schema and two data files of conrep's.
 */
struct pp_store_change {
	const struct pp_area_write *writes;
	uint32_t nr_writes;
	struct pp_span schema, old_data, new_data;
};

#define PP_STORE_MAX_DATA (16u << 20)

/* How a store stands to a change. */
enum pp_store_state {
	PP_STANDS_OLD,
	PP_STANDS_NEW,
	PP_STANDS_PART,  /* some of it old, some of it new; or our write did more than it was to */
	PP_STANDS_OTHER, /* something is neither, so somebody else wrote */
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
	 * The changes as the store needs them; *ret borrows from c and a. Reads the store again:
	 * -EBUSY if it is not what the changes were planned on. Writes nothing, but fails for
	 * whatever can be known beforehand to fail a write.
	 */
	int (*prepare)(struct pp_store *s, const struct pp_changes *c, struct pp_arena *a,
	               struct pp_store_change *ret, struct pp_error *e);
	/* Reads the store. text says what stands where, for PP_STANDS_PART and _OTHER. */
	int (*state)(struct pp_store *s, const struct pp_store_change *c, enum pp_store_state *ret,
	             char *text, size_t size, struct pp_error *e);
	/*
	 * Writes the new, or with back the old. Each write compares with what is there immediately
	 * before: -EBUSY if that is not the old (with back: neither old nor new), with nothing of
	 * it written. A store that can write all at once does; with another, a failure may leave
	 * a part. A program that it starts keeps the lock.
	 */
	int (*write)(struct pp_store *s, const struct pp_store_change *c, bool back,
	             const struct pp_lock *lock, struct pp_error *e);
	/* Removes what a dead process left; called with the lock held. May be NULL. */
	void (*sweep)(struct pp_store *s);
	/*
	 * Who the machine is, if the store itself knows, else NULL. An image does; HP's conrep
	 * tells with the first read.
	 */
	const struct pp_machine *(*machine)(const struct pp_store *s);
	/* What the kind holds besides its struct and the arena. May be NULL. */
	void (*close)(struct pp_store *s);
};

/* The first member of every store. The texts belong to the store. */
struct pp_store {
	const struct pp_store_ops *ops;
	const char *where; /* for people: "image:FILE", "efivars", "hp:/usr/sbin/conrep" */
	/*
	 * The file beside which its transactions have their journal and lock, FILE.journal and
	 * FILE.lock; NULL: they have those of the host, in the state directory.
	 */
	const char *own;
	const char *state;     /* the state directory; NULL with own */
	struct pp_arena arena; /* what lives as long as the store */
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
/* A kind of store, with an absolute path if any: as pp_store.where is. */
bool pp_store_is_name(const char *what);

/*
 * The store of this host: EFI variables if ours are there, else HP's own conrep, else -ENOENT with
 * a sentence that says what was looked for and what can be given instead.
 */
int pp_store_detect(const char *state, struct pp_store **ret, struct pp_error *e);

/* The lock of a store that has its own. -EBUSY: somebody holds it, and who. */
int pp_store_lock(const struct pp_store *s, struct pp_lock *ret, struct pp_error *e);
/* -EBUSY if somebody holds it, without taking it. */
int pp_store_check_lock(const struct pp_store *s, struct pp_error *e);
/* -EUCLEAN: a store that has its own has a journal, of a write that was interrupted. */
int pp_store_check_journal(const struct pp_store *s, struct pp_error *e);

/*
 * Makes an image file of cells and identity; refuses to replace one unless overwrite is set. Cells
 * with an error are left out. A symbolic link is refused. -EBUSY: an image of that name is in use;
 * -EUCLEAN: one has a journal, which would be taken for the new one's.
 */
int pp_image_create(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                    bool overwrite, struct pp_error *e);

#endif
