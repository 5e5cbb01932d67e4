/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_PLAN_MAKE_H
#define PP_PLAN_MAKE_H

/* Inside the room: a plan being made. */

#include "judge/judge.h"
#include "plan/plan.h"

#define PP_PLAN_MAX_ALTERNATIVES 32

/* A table with the devices taken out, tried once. */
struct pp_table_try {
	bool done;
	const char *obstacle; /* NULL: it works */
	struct pp_step_override step;
};

struct pp_planning {
	const struct pp_survey *s;
	const struct pp_host *h;
	const char *cure; /* asked for; NULL: the best */
	const char *store;
	struct pp_plan *plan;
	struct pp_arena *a; /* the plan's */
	uint32_t *freed;    /* every device of the groups concerned, bridges too, ascending */
	uint32_t nr_freed;
	uint32_t *held; /* those of them that a region holds */
	uint32_t nr_held;
	bool *is_asked, *is_freed, *is_held; /* by device */
	bool held_on_bus[256];               /* of any domain: the kernel's bridges know none */
	bool held_by_table;                  /* else it is known of the group only */
	struct pp_table_try table;
	struct pp_step *steps;
	uint32_t nr_steps;
	struct pp_alternative *alternatives;
	uint32_t nr_alternatives;
	bool failed; /* out of memory, or too much of something */
};

/* A zeroed step at the end of the plan. Never NULL: after a failure it is one that goes nowhere. */
struct pp_step *pp_planning_step(struct pp_planning *p, enum pp_step_kind kind, const char *cure,
                                 const char *risk);
void pp_planning_instruct(struct pp_planning *p, const char *cure, const char *text,
                          const char *risk);
void pp_planning_argue(struct pp_planning *p, const char *cure, const char *argument,
                       const char *risk);
/* One that is there already is not added again. */
void pp_planning_alternative(struct pp_planning *p, bool possible, const char *cure,
                             const char *text, const char *risk);
/* Text in the plan; "" after a failure. */
const char *pp_planning_text(struct pp_planning *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "07:00.0" */
const char *pp_planning_name(struct pp_planning *p, uint32_t device);

/* A cure of that id among a device's blocking findings; NULL if there is none. */
const struct pp_cure *pp_planning_cure(const struct pp_planning *p, uint32_t device,
                                       const char *id);

/* Whether a finding is about a reserved region: all of them have the same ways out. */
bool pp_blocker_is_region(const struct pp_finding *f);

/*
 * Everything but regions that blocks a device of the plan becomes a step. -ENOTSUP: one has no
 * cure. -ENODATA: what may block could not be read. *regions: there is a region besides.
 */
int pp_plan_look(struct pp_planning *p, bool *regions, struct pp_error *e);
void pp_plan_host_blockers(struct pp_planning *p);
void pp_plan_own_blockers(struct pp_planning *p);

/*
 * Takes the best way out of the regions, or the one asked for, and lists the others. *by_vf: the
 * device itself stays with the host.
 */
int pp_plan_ways(struct pp_planning *p, bool *by_vf, struct pp_error *e);

/* Works out p->table. */
void pp_plan_table(struct pp_planning *p);
/* What taking the regions away from under the firmware may do to a guest's memory. */
const char *pp_plan_region_risk(struct pp_planning *p);
/* The other devices that a bridge's entry covers; NULL: none. */
const char *pp_plan_bridge_risk(struct pp_planning *p);

#endif
