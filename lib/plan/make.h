/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a plan: what the files that make its parts share. */
#ifndef PP_PLAN_MAKE_H
#define PP_PLAN_MAKE_H

#include "judge/judge.h"
#include "plan/plan.h"
#include "remedy/remedy.h"

#define PP_PLAN_MAX_ALTERNATIVES 32

struct pp_planning {
	const struct pp_survey *s;
	const struct pp_host *h;
	const char *by;    /* the remedy asked for; NULL: the best */
	const char *store; /* the store of settings asked for; NULL: the one that is found */
	struct pp_plan *plan;
	struct pp_arena *a; /* the plan's */
	uint32_t *freed;    /* every device of the groups concerned, bridges too, ascending */
	uint32_t nr_freed;
	bool *is_asked; /* by device */
	struct pp_remedy_marks marks;
	struct pp_remedy_case regions;
	struct pp_steps steps;
	struct pp_alternative *alternatives;
	uint32_t nr_alternatives;
	bool failed; /* out of memory, or too much of something */
};

/* One that is there already is not added again. */
void pp_planning_alternative(struct pp_planning *p, bool possible, const char *remedy,
                             const char *text, const char *side_effect);
/* The steps of a remedy, each made whole, unless the same is planned already. c may be NULL. */
void pp_planning_add_steps(struct pp_planning *p, struct pp_remedy_case *c,
                           const struct pp_remedy *r);
/* The ids of what could be asked for, of steps and alternatives. */
const char *pp_planning_possible(struct pp_planning *p);
/* Text in the plan; "" after a failure. */
const char *pp_planning_text(struct pp_planning *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "07:00.0" */
const char *pp_planning_name(struct pp_planning *p, uint32_t device);
/* Whether a finding blocks and has a remedy of that id. */
bool pp_planning_offers(const struct pp_finding *f, const char *id);

/*
 * Everything but regions that blocks a device of the plan becomes a step. -ENOTSUP: one has no
 * remedy. -ENODATA: what may block could not be read. *regions: there is a region besides.
 */
int pp_plan_look(struct pp_planning *p, bool *regions, struct pp_error *e);
void pp_plan_host_blockers(struct pp_planning *p);
void pp_plan_own_blockers(struct pp_planning *p);

/*
 * Takes the best remedy for the regions, or the one asked for, and lists the others.
 * *keeps_device: the device itself stays with the host.
 */
int pp_plan_regions(struct pp_planning *p, bool *keeps_device, struct pp_error *e);

#endif
