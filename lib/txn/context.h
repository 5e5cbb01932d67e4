/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_TXN_CONTEXT_H
#define PP_TXN_CONTEXT_H

/* Inside the module: one apply on one root, with its directory and its lock. */

#include <pcipass/apply.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "plan/plan.h"
#include "sys/machine.h"

struct pp_apply;
struct pp_setting_session;

/* How settings are reached, and the kernel; a test puts its own in. */
struct pp_apply_settings {
	/* 1: the section says value; 0: it says something else. */
	int (*says)(struct pp_apply *a, const struct pp_step_setting *s, const char *value,
	            struct pp_error *e);
	/*
	 * With everything that can be known to stop the write looked at, and nothing written. The
	 * store that was found, in the apply's arena, is the one to write to and to undo.
	 */
	int (*check)(struct pp_apply *a, const struct pp_step_setting *s, const char **ret_store,
	             struct pp_error *e);
	int (*set)(struct pp_apply *a, const struct pp_step_setting *s, const char *value,
	           struct pp_error *e);
	/* Ends what these have opened for the apply; may be NULL. */
	void (*close)(struct pp_apply *a);
	/* The machine; borrowed. NULL: this one, or the files below the options' root. */
	struct pp_sys *sys;
};

struct pp_apply {
	struct pp_arena arena;
	const struct pp_apply_options *options;
	const struct pp_apply_settings *settings;
	struct pp_sys *sys;
	const char *root;  /* of sys: without a slash at its end, "" is the machine itself */
	const char *state; /* directory of journal and lock */
	struct pp_lock lock;
	struct pp_setting_session *settings_open; /* NULL: none; see setting-session.c */
};

/* Where an override lies on the host, below the root: hooks name it, so it never moves. */
#define PP_APPLY_STATE "var/lib/pcipass"

/* o is borrowed. settings NULL: the machine's. */
int pp_apply_init(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                  struct pp_apply *ret, struct pp_error *e);
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

void pp_apply_say(const struct pp_apply *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

extern const struct pp_apply_settings pp_apply_machine_settings;

/* As the kernel has it ("budget dvb"), and nothing that would lead out of its directory in sysfs.
 */
bool pp_is_driver_name(const char *s);

#endif
