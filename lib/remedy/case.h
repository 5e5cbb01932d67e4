/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a remedy is asked about: a host and the devices to free. */
#ifndef PP_REMEDY_CASE_H
#define PP_REMEDY_CASE_H

/* The devices that are to be freed from reserved regions, and what remedies need to know of them.
 */

#include "host/host.h"
#include "remedy/step.h"

/* Memory that is reserved for one of the devices. */
struct pp_plan_region {
	uint64_t start, end_incl;
};

/* By device of the host; shared by the cases of one survey or plan, one case at a time. */
struct pp_remedy_marks {
	const struct pp_host *host;
	struct pp_arena *arena;
	bool *freed, *held;
	bool every_region; /* also those that Linux lets go: another hypervisor refuses them */
	bool *in_table;    /* by group: the firmware's table holds a device of it */
	/* Whether the firmware's table can be built anew at all: worked out once. */
	bool table_tried;
	const char *table_obstacle; /* NULL: it can */
};

/* A table with the devices taken out. */
struct pp_remedy_table {
	bool done;
	const char *obstacle; /* NULL: it works */
	struct pp_step_override step;
};

struct pp_remedy_case {
	const struct pp_host *host;
	struct pp_arena *arena;
	struct pp_remedy_marks *marks;
	/* Every device of the groups concerned, bridges too, ascending; borrowed. */
	const uint32_t *devices;
	uint32_t nr_devices;
	const bool *asked; /* by device of the host: named by the person; NULL: all of them */
	uint32_t *held;    /* those of devices that a region holds */
	uint32_t nr_held;
	bool held_by_table;    /* all of them; else of some it is known of the group only */
	bool held_on_bus[256]; /* of any domain: the kernel's bridges know none */
	bool proved;           /* a new table is built and judged, not only thought possible */
	struct pp_remedy_table table;
	bool failed; /* out of memory */
};

/* -ENOMEM. arena: for all that the cases keep. */
int pp_remedy_marks_init(struct pp_remedy_marks *m, const struct pp_host *h, struct pp_arena *arena,
                         struct pp_error *e);

/*
 * Begins a case over these devices and finds out which of them a region holds: by the firmware's
 * table unless the kernel denies it; of a group in which the table names none, every endpoint if
 * the kernel lists a direct region for it. End it before the next begins.
 */
void pp_remedy_case_begin(struct pp_remedy_case *c, struct pp_remedy_marks *m,
                          const uint32_t *devices, uint32_t nr_devices, const bool *asked);
void pp_remedy_case_end(struct pp_remedy_case *c);

/* The regions that hold them, at the most PP_PLAN_MAX_ITEMS; in the arena. */
void pp_remedy_case_regions(struct pp_remedy_case *c, const struct pp_plan_region **ret,
                            uint32_t *ret_nr);

/* Text in the arena; "" after a failure. */
const char *pp_remedy_printf(struct pp_remedy_case *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "07:00.0" */
const char *pp_remedy_device_name(struct pp_remedy_case *c, uint32_t device);
/* Whether the device was named by the person who wants it freed. */
static inline bool pp_remedy_is_asked(const struct pp_remedy_case *c, uint32_t device)
{
	return !c->asked || c->asked[device];
}

/*
 * What taking regions away from under the firmware may do to a guest's memory, region by region.
 */
const char *pp_remedy_region_risk(struct pp_remedy_case *c);

/*
 * Works out c->table, where pp_remedy_table_needs() says that nothing is missing. With c->proved
 * the new table is built and judged; without, only whether tables like it can be built here.
 */
void pp_remedy_table_try(struct pp_remedy_case *c);
/* What is missing to take devices out of the firmware's table; NULL: nothing. */
const char *pp_remedy_table_needs(const struct pp_host *h);
/* The other devices that a bridge's entry in the table covers; NULL: none. */
const char *pp_remedy_bridge_risk(struct pp_remedy_case *c);

#endif
