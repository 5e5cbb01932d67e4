/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_CHANGE_JOURNAL_H
#define PP_CHANGE_JOURNAL_H

#include "change/place.h"

/*
 * The journal of an apply: the plan, and every single change (a deed) with what was there before,
 * so that it can be carried on or taken back by a program that knows nothing else. apply.json in
 * the state folder, mode 0600, always whole: written beside, synced, renamed.
 *
 * Deeds stand in the order in which they are done: what is easily taken back first, the BIOS
 * settings last. They are undone in reverse, but tools run after the files that they read.
 */
enum pp_deed_kind {
	PP_DEED_FOLDER,  /* made, mode 0755 */
	PP_DEED_FILE,    /* replaced, made or removed */
	PP_DEED_INITRD,  /* a tool that makes the initrds anew */
	PP_DEED_LOADER,  /* a tool that makes the boot loader's menu anew */
	PP_DEED_DRIVER,  /* a device to vfio-pci, now */
	PP_DEED_RELEASE, /* a device off it, to the host's own driver, now */
	PP_DEED_SETTING, /* a BIOS setting */
	PP_DEED_KINDS,
};

enum pp_deed_state {
	PP_DEED_PENDING,
	PP_DEED_BEGUN, /* done or not: to be looked at */
	PP_DEED_DONE,
	PP_DEED_UNDONE,
	PP_DEED_STATES,
};

struct pp_deed {
	enum pp_deed_kind kind;
	enum pp_deed_state state;
	uint32_t step;    /* of the plan: the first that asked for it */
	const char *path; /* FOLDER, FILE; below the root */
	struct pp_content old_content, new_content;
	const char *const *argv;        /* INITRD, LOADER */
	const char *address;            /* DRIVER, RELEASE */
	const char *driver, *override;  /* before; "" none */
	struct pp_step_setting setting; /* SETTING */
};

enum pp_phase {
	PP_PHASE_APPLYING,
	PP_PHASE_APPLIED,
	PP_PHASE_UNDOING,
	PP_PHASE_UNDONE,
	PP_PHASES,
};

struct pp_apply_journal {
	enum pp_phase phase;
	const char *boot_id; /* of the boot in which it was applied; "" not known */
	const char *plan;    /* its JSON */
	struct pp_deed *deeds;
	uint32_t nr_deeds;
	const char *previous; /* the journal before, as text: what undo comes back to; or NULL */
};

#define PP_JOURNAL_MAX_BYTES (48u << 20)
#define PP_JOURNAL_MAX_DEEDS 1024
/* Journals below journals. One more apply is refused, for undo could not lead back to all of them.
 */
#define PP_JOURNAL_MAX_DEPTH 8

/* -ENOENT: none. -EBADMSG: damaged, or of something else; *ret lives in the arena. */
int pp_apply_journal_load(struct pp_apply *a, struct pp_apply_journal *ret, struct pp_error *e);
int pp_apply_journal_parse(struct pp_span in, const char *object, struct pp_arena *arena,
                           struct pp_apply_journal *ret, struct pp_error *e);
/* Synced when it returns. */
int pp_apply_journal_save(struct pp_apply *a, const struct pp_apply_journal *j, struct pp_error *e);
/* Removes what a writer that was killed left beside it; with the lock held only. */
void pp_apply_journal_sweep(const struct pp_apply *a);
/* Where there is no room to write that everything is as before: so is a host without a journal. */
int pp_apply_journal_remove(const struct pp_apply *a, struct pp_error *e);
/* As text, in the arena. */
int pp_apply_journal_text(const struct pp_apply_journal *j, struct pp_arena *arena,
                          const char **ret, struct pp_error *e);

#endif
