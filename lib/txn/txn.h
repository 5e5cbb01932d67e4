/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transaction: operations that are executed all or rolled back all, and their journal on disk. */
#ifndef PP_TXN_TXN_H
#define PP_TXN_TXN_H

#include "txn/op.h"

enum pp_txn_purpose {
	PP_TXN_PLAN,   /* stays applied until it is undone */
	PP_TXN_ATTACH, /* always rolled back, if need be by the next command */
	/* A write of settings, one operation: over when it is done, and its journal goes. */
	PP_TXN_SETTINGS,
	PP_TXN_PURPOSES,
};

enum pp_phase {
	PP_PHASE_APPLYING,
	PP_PHASE_APPLIED,
	PP_PHASE_UNDOING,
	PP_PHASE_UNDONE,
	PP_PHASES,
};

/*
 * The journal holds each operation with what was there before beside what it makes of it, so that
 * it can be carried on or rolled back by a program that knows nothing else. apply.json in the state
 * directory, or beside a store that has its own, mode 0600, always whole: written beside, synced,
 * renamed. On disk it is one operation ahead at any moment.
 */
struct pp_txn {
	enum pp_txn_purpose purpose;
	enum pp_phase phase;
	const char *boot_id; /* of the boot in which it was applied; "" not known */
	const char *plan;    /* its JSON; NULL for an attach */
	/* A write of settings: the host on which it was begun; NULL: not known, or no host's. */
	const struct pp_plan_host *host;
	struct pp_op *ops; /* in the order of execution */
	uint32_t nr_ops;
	const char
		*previous; /* the journal before, as text: what a rollback comes back to; or NULL */
};

#define PP_TXN_MAX_BYTES (48u << 20)
#define PP_TXN_MAX_OPS   1024
/* What refuses where a plan is neither applied nor undone. */
#define PP_TXN_HALF_DONE                                                                           \
	"an apply was interrupted: \"pcipass apply --resume\" continues it, \"pcipass undo\" "     \
	"undoes it"

/* Journals below journals. One more apply is refused, for undo could not lead back to all of them.
 */
#define PP_TXN_MAX_DEPTH 8

/*
 * -ENOENT: none. -EBADMSG: damaged, or of something else. -EPERM: somebody else could have written
 * it. *ret lives in the arena.
 */
int pp_txn_load(struct pp_apply *a, struct pp_txn *ret, struct pp_error *e);
/* The last plan's: below that of an attach or a write of settings. */
int pp_txn_load_plan(struct pp_apply *a, struct pp_txn *ret, struct pp_error *e);
int pp_txn_parse(struct pp_span in, const char *object, struct pp_arena *arena, struct pp_txn *ret,
                 struct pp_error *e);
/* Synced when it returns. */
int pp_txn_save(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e);
/* As text, in the arena. */
int pp_txn_text(const struct pp_txn *t, struct pp_arena *arena, const char **ret,
                struct pp_error *e);
int pp_txn_remove(const struct pp_apply *a, struct pp_error *e);
/* Removes what a writer that was killed left beside it, and its files; with the lock held only. */
void pp_txn_clean_up(struct pp_apply *a, const struct pp_txn *t);

/* Each operation can be executed, or undone, by pp_op_check(); else nothing was changed. */
int pp_txn_check(struct pp_apply *a, const struct pp_txn *t, enum pp_direction dir,
                 struct pp_error *e);
/*
 * Each can be undone, and each place that is written to then has room for what is put back.
 * -EROFS, -ENOSPC: nothing was changed.
 */
int pp_txn_check_rollback(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e);

/* Executes what is not done yet, then reads everything back. -EINTR: the caller's stop(). */
int pp_txn_run(struct pp_apply *a, struct pp_txn *t, struct pp_error *e);
/* Undoes everything, in reverse, tools last; the journal is then the one before, or undone. */
int pp_txn_rollback(struct pp_apply *a, struct pp_txn *t, struct pp_error *e);
/* After a failure that *e tells: rolls back, and adds what became of it. Returns -e->code. */
int pp_txn_failed(struct pp_apply *a, struct pp_txn *t, struct pp_error *e);
/* Writes that this phase is reached; what was undone gives way to the journal before. */
int pp_txn_end(struct pp_apply *a, struct pp_txn *t, enum pp_phase phase, struct pp_error *e);

/* Calls say with each thing that a rollback does, made from the operations. */
void pp_txn_describe_rollback(const struct pp_txn *t, void (*say)(void *ctx, const char *line),
                              void *ctx);
/* There may be something of it on the host. */
bool pp_txn_is_to_undo(const struct pp_op *op);
/* How many they are. */
uint32_t pp_txn_count_rollback(const struct pp_txn *t);

/*
 * Drops two plans below t that took each other back, for which the journal has no more room. *ret:
 * there were two.
 */
int pp_txn_drop_pair(struct pp_apply *a, struct pp_txn *t, bool *ret, struct pp_error *e);

/*
 * Brings to an end what was killed, with the lock held. *ret: something was put back.
 *
 * An attach is rolled back. What another boot left is dropped, for that has reset the drivers; what
 * somebody else has changed since stays, and of a device that was removed nothing is left to do.
 * -EBUSY: a guest has a device by now; -EIO: not all is back, the text has what to type, and the
 * journal stays.
 *
 * Of a write of settings all the new ones stand, or all the old, or the old are put back; say is
 * told which. -EUCLEAN: they are neither, so somebody else wrote, or this is another host than the
 * one that the journal is of; it stays.
 */
int pp_txn_recover(struct pp_apply *a, bool *ret, struct pp_error *e);

/* All of the changes or none, with a journal and a lock; what failed is rolled back. Writes nothing
 * where nothing changes. host: that of the settings, for the journal; may be NULL. -EBUSY: in use,
 * or changed since it was read. -EUCLEAN, -EALREADY: what was interrupted before has to be brought
 * to an end first. */
int pp_txn_write_settings(struct pp_store *s, const struct pp_changes *c,
                          const struct pp_plan_host *host, struct pp_error *e);
/*
 * Called before anything else is done with a store: pp_txn_recover() of its journal, or, where
 * may_write is not set, only a look. text gets a sentence for people; "": nothing was interrupted.
 */
int pp_txn_recover_settings(struct pp_store *s, bool may_write, char *text, size_t size,
                            struct pp_error *e);

/* Of the boot that runs, in the arena; "" not known, NULL: no memory. */
const char *pp_boot_id(struct pp_apply *a);

#endif
