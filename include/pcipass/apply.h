/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carrying plans out on a host, and undoing them. */
#ifndef PCIPASS_APPLY_H
#define PCIPASS_APPLY_H

#include <stdbool.h>

#include <pcipass/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Carries plans out on a host, and undoes them. A journal in the state directory is written and
 * synced before each change, so that pp_apply_resume() or pp_apply_undo() can finish or undo what a
 * crash interrupted. Besides this header, pp_settings_write() changes settings, and
 * pp_attach_try() borrows devices and gives them back.
 */
struct pp_apply_options {
	const char *root;  /* of the host's files; NULL: "/". Another one is for tests and images */
	const char *state; /* directory of the journal; NULL: /var/lib/pcipass below root */
	const char *store; /* for settings whose step names none; NULL: found out */
	bool dry_run;      /* check everything, change nothing */
	/* pp_apply_undo(): undo only what was changed in files, which may be another host's. */
	bool files_only;
	/* A tool of the host that takes longer is stopped, and counts as failed; 0: 1800. */
	unsigned int tool_seconds;
	/* Called with a line for people at each thing done; may be NULL. */
	void (*say)(void *ctx, const char *line);
	/*
	 * Asked between two operations; true: stop here, and roll back. Then -EINTR. May be NULL.
	 * A rollback itself is never stopped.
	 */
	bool (*stop)(void *ctx);
	/* pp_apply_undo(): called with each thing that it is about to do. May be NULL. */
	void (*show)(void *ctx, const char *line);
	/*
	 * pp_apply_run() and pp_apply_undo(): asked once, when everything is checked and nothing is
	 * changed yet; also in a dry run. changes: how many there will be; 0: everything is as
	 * wanted. false: stop here, -ECANCELED. May be NULL, which means yes.
	 */
	bool (*confirm)(void *ctx, unsigned int changes);
	void *ctx;
};

/*
 * All steps or none. Everything is checked before the first change: rights, tools, space, that each
 * step finds what it expects (drift: -EBUSY with what was found), that no other apply runs (-EBUSY)
 * and none was interrupted (-EALREADY). On failure the steps done are undone in reverse; *e says
 * what failed and what became of them.
 * -EPERM: not root, or the kernel is locked down and would ignore a table (said which).
 */
int pp_apply_run(const struct pp_plan *p, const struct pp_apply_options *o, struct pp_error *e);

/*
 * The plan that has to be carried out in front of p, with a question of its own: under Windows HP's
 * conrep needs a driver, and without it not even what the settings are now can be read. *ret NULL:
 * there is nothing to do, or nothing that can be done.
 */
int pp_apply_driver_plan(const struct pp_plan *p, const struct pp_apply_options *o,
                         struct pp_plan **ret, struct pp_error *e);
/* The same for settings that are read or written without a plan, on this host. */
int pp_apply_driver_plan_on(const struct pp_host *h, const struct pp_apply_options *o,
                            struct pp_plan **ret, struct pp_error *e);

/* Goes on with, or takes back, what an interrupted apply left. -ENOENT: there is nothing. */
int pp_apply_resume(const struct pp_apply_options *o, struct pp_error *e);
/*
 * Takes the last apply back, whether it came to its end or not. -ENOENT: there is nothing. -EBUSY:
 * it was carried out on another host. What it did to devices that are gone is left.
 *
 * All three give back first what an attach that was killed has left on vfio-pci; undo then does no
 * more than that. -EBUSY: an attach is at work, or a guest has a device by now. -EIO: not all is
 * back, and *e has what to type.
 */
int pp_apply_undo(const struct pp_apply_options *o, struct pp_error *e);

/*
 * A plan that binds the devices that "what" names to vfio-pci, whether anything blocks them or not;
 * or that takes them off it, whoever bound them. when: enum pp_bind_when, 0 both. Bridges among
 * them are left out. -EINVAL, -ENXIO, -ENODATA: as pp_plan_new().
 */
int pp_apply_bind_plan(const struct pp_survey *s, const char *what, unsigned int when,
                       struct pp_plan **ret, struct pp_error *e);
int pp_apply_unbind_plan(const struct pp_survey *s, const char *what, unsigned int when,
                         struct pp_plan **ret, struct pp_error *e);

/*
 * The table that the plan's override comes to, from the one that the source holds, without
 * installing it: as a table, or as the archive that goes in front of an initrd. -ENOENT: the plan
 * has no such step; -EBUSY: the source's table is not the one that the plan was made from.
 */
enum pp_apply_form { PP_APPLY_TABLE, PP_APPLY_ARCHIVE };
int pp_apply_build(const struct pp_plan *p, struct pp_source *source, enum pp_apply_form form,
                   struct pp_sink sink, struct pp_error *e);

/*
 * What became of our table: a sentence to o->say for what is installed and for what runs. *ret: the
 * running kernel has it. 0 as well where none is installed.
 */
int pp_apply_override_status(const struct pp_apply_options *o, bool *ret, struct pp_error *e);
/* pp_apply_undo() where the last apply did nothing but overrides; else -ENOTSUP. -ENOENT as there.
 */
int pp_apply_override_remove(const struct pp_apply_options *o, struct pp_error *e);

enum pp_apply_state {
	PP_APPLY_NONE,   /* no journal */
	PP_APPLY_PARTLY, /* interrupted: resume or undo */
	PP_APPLY_DONE,   /* carried out, perhaps not in effect before a reboot */
	PP_APPLY_UNDONE,
};

/* What the journal says; *plan (may be NULL) gets the plan that it holds, the caller's. */
int pp_apply_status(const struct pp_apply_options *o, enum pp_apply_state *ret,
                    bool *ret_booted_since, struct pp_plan **ret_plan, struct pp_error *e);

/* An attach was killed, or is at work now: pp_apply_undo() would give its devices back. */
int pp_apply_attach_left(const struct pp_apply_options *o, bool *ret, struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
