/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One apply: where it works, and the lock that keeps out any other. */
#ifndef PP_TXN_CONTEXT_H
#define PP_TXN_CONTEXT_H

#include <pcipass/apply.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "plan/plan.h"
#include "store/store.h"
#include "sys/machine.h"
#include "sys/state.h"

struct pp_setting_session;

struct pp_apply {
	struct pp_arena arena;
	const struct pp_apply_options *options;
	struct pp_sys *sys;
	bool owns_sys;
	const char *root;  /* of sys: without a slash at its end, "" is the machine itself */
	const char *state; /* the state directory, of journal and lock */
	/* A write of settings alone: its store, borrowed; NULL: any other transaction. */
	struct pp_store *store;
	struct pp_lock lock;
	struct pp_setting_session *sessions; /* NULL: none; see setting-session.c */
};

/* Where an override lies on the host, below the root: hooks name it, so it never moves. */
#define PP_APPLY_STATE PP_SYS_STATE

/*
 * o is borrowed, and so is sys; sys NULL: this machine, or the files below the options' root. After
 * a failure, too, pp_apply_fini() does no harm; nor does it twice.
 */
int pp_apply_init(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_apply *ret,
                  struct pp_error *e);
void pp_apply_fini(struct pp_apply *a);

/* The state directory is private: pp_sys_private_directory(). */
int pp_apply_check_state(const struct pp_apply *a, bool make, struct pp_error *e);
/*
 * Nobody else applies from here on to pp_apply_fini(); makes the directory. -EBUSY: somebody does,
 * and who. A dry run locks what is there and makes nothing.
 */
int pp_apply_lock(struct pp_apply *a, struct pp_error *e);
/*
 * The same before options->confirm is asked: a host on which nothing was ever applied is left as it
 * is, and not locked, until the answer is yes.
 */
int pp_apply_lock_to_ask(struct pp_apply *a, struct pp_error *e);

/* -EBUSY if somebody holds that lock; it is not taken. */
int pp_apply_check_lock(const struct pp_apply *a, struct pp_error *e);

/* What the machine's files say; *ret goes to pp_source_free(). */
int pp_apply_source(const struct pp_apply *a, struct pp_source **ret, struct pp_error *e);
/* The host, read anew; *ret goes to pp_host_free(). */
int pp_apply_read_host(const struct pp_apply *a, struct pp_host **ret, struct pp_error *e);

void pp_apply_say(const struct pp_apply *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Journal and lock are not those of the host, but lie beside the store's own file. */
static inline bool pp_apply_is_apart(const struct pp_apply *a)
{
	return a->store && a->store->own;
}

/* The path of the journal; the macro's text lives as long as the block around it. */
const char *pp_apply_journal(const struct pp_apply *a, char ret[PATH_MAX]);
#define PP_APPLY_JOURNAL(a) pp_apply_journal((a), (char[PATH_MAX]){ "" })

/*
 * The store of that name, open until pp_apply_fini(): the one that a setting was staged with, or
 * a->store, or opened now.
 */
int pp_apply_store(struct pp_apply *a, const char *where, struct pp_store **ret,
                   struct pp_error *e);
/* Closes the stores and settings that were opened for the apply. */
void pp_apply_close_stores(struct pp_apply *a);

/* As the kernel has it ("budget dvb"), and nothing that would lead out of its directory in sysfs.
 */
bool pp_is_driver_name(const char *s);

#endif
