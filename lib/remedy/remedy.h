/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remedies: each answers whether it frees devices, and with which steps. */
#ifndef PP_REMEDY_REMEDY_H
#define PP_REMEDY_REMEDY_H

/*
 * What can be done about a reason that blocks a device: one remedy a row. The judge lists what the
 * rows answer for a host and its devices, the plan takes the first that can be done, and the
 * document's overview is made of the rows. Pure.
 */

#include <pcipass/target.h>

#include "remedy/case.h"

/* A set of targets, for the rows that speak of some only. */
#define PP_FOR(target) (1u << (target))
#define PP_FOR_KVM     PP_FOR(PP_TARGET_KVM)
#define PP_FOR_HYPERV  PP_FOR(PP_TARGET_HYPERV)
#define PP_FOR_XEN     PP_FOR(PP_TARGET_XEN)
#define PP_FOR_ALL     (PP_FOR(PP_TARGET_COUNT) - 1)

/* What a remedy does, for those who check afterwards. */
enum pp_remedy_flags {
	PP_REMEDY_FREES_REGIONS = 1 << 0,  /* has an answer of its own for devices in regions */
	PP_REMEDY_ON_REQUEST = 1 << 1,     /* may not help: never chosen unless asked for */
	PP_REMEDY_CHANGES_TABLE = 1 << 2,  /* the table no longer names the devices */
	PP_REMEDY_CHANGES_KERNEL = 1 << 3, /* the kernel no longer lists a direct region */
	PP_REMEDY_OVER_FIRMWARE =
		1 << 4, /* the firmware does not know: it may still use the memory */
	PP_REMEDY_KEEPS_DEVICE = 1 << 5, /* the device itself stays with the host */
	PP_REMEDY_NO_REBOOT = 1 << 6,
	PP_REMEDY_INSECURE = 1 << 7,     /* a guest can then do harm: stands behind all others */
	PP_REMEDY_MOVES_DEVICE = 1 << 8, /* it has another address afterwards */
};

struct pp_remedy_ops;

/* A remedy as it is on one host. Texts are static or in an arena. */
struct pp_remedy {
	const struct pp_remedy_ops *ops;
	const char *text;        /* what to do, one sentence without a full stop */
	const char *side_effect; /* what it costs; NULL: nothing worth a word */
	const char *obstacle;    /* why it cannot be done here; NULL: it can */
	const char *needs;       /* what is missing to plan it: rights, a fact; NULL: nothing */
	bool automatic;          /* "pcipass free" carries it out; else a person does */
	/* automatic: the kernel argument that it adds, or several with blanks between; NULL: none
	 */
	const char *argument;
	/* automatic, in a rule's own words: what it does, with kind and fields set. */
	const struct pp_step *steps;
	uint32_t nr_steps;
};

struct pp_remedy_ops {
	const char *id;      /* stable: documents, JSON and plans refer to it */
	const char *summary; /* for the overview of all remedies */
	const char *undo;    /* the way back, one sentence */
	unsigned int flags;  /* enum pp_remedy_flags */
	/* PP_FOR_…: whom it helps; 0: whoever is the target, as what the firmware does. */
	unsigned int targets;
	unsigned int kinds; /* of hosts that it is for: PP_ON_…; 0: of every kind */
	/* FREES_REGIONS: false where it has nothing to say on this host. */
	bool (*answer)(struct pp_remedy_case *c, struct pp_remedy *ret);
	/* All that it costs in this case; NULL: ret->side_effect is all. */
	const char *(*side_effect)(struct pp_remedy_case *c);
	/* Its steps; NULL: an argument if it has one, else what ret->text tells a person to do. */
	void (*add_steps)(struct pp_remedy_case *c, const struct pp_remedy *r,
	                  struct pp_steps *steps);
};

/* All rows, best first; NULL behind the last. */
const struct pp_remedy_ops *pp_remedy_at(size_t index);
/* By id; NULL if there is none. */
const struct pp_remedy_ops *pp_remedy_find(const char *id);

#define PP_REMEDY_MAX 32

/*
 * What frees the devices of the case from their regions: every remedy that has something to say on
 * this host, best first, with its obstacle if there is one. Returns how many.
 */
uint32_t pp_remedy_answers(struct pp_remedy_case *c, struct pp_remedy ret[PP_REMEDY_MAX]);

/* The steps of a remedy; c is NULL for one that a rule offers in its own words. */
void pp_remedy_add_steps(struct pp_remedy_case *c, const struct pp_remedy *r,
                         struct pp_steps *steps);

/* Why no table from the initrd may replace the firmware's here; NULL: nothing forbids it. */
const char *pp_remedy_override_forbidden(const struct pp_host *h, struct pp_arena *a);

/*
 * Why no RMRDS setting frees this device, on a machine that has these settings: one clause. NULL:
 * one does, or the machine has none, or it is not known. In a.
 */
const char *pp_remedy_no_rmrds(const struct pp_host *h, const struct pp_device *d,
                               struct pp_arena *a);

/*
 * AMD: the kernel arguments that give an IVRS the I/O APICs that it lacks, with blanks between;
 * NULL: it lacks none, or where they are cannot be told. *ret_named, then: what it names. In a.
 */
const char *pp_remedy_ivrs_arguments(const struct pp_host *h, struct pp_arena *a,
                                     const char **ret_named);

/* Of RMRDS settings: "iLO no longer sees …". */
extern const char pp_remedy_rmrds_side_effect[];

/* The rows, one a file or some that belong together. */
#define PP_REMEDY(name) extern const struct pp_remedy_ops pp_remedy_##name;
#include "remedy/rows.def"
#undef PP_REMEDY

#endif
