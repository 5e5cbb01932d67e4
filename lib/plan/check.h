/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan compared with a host that was read anew: did it work? */
#ifndef PP_PLAN_CHECK_H
#define PP_PLAN_CHECK_H

#include "judge/judge.h"
#include "plan/plan.h"

/* One question after the reboot, its answer and what it rests on. */
struct pp_check {
	const struct pp_plan_device *device; /* NULL: about the host */
	const char *what;                    /* as it should be */
	enum pp_verified answer;
	const char *evidence; /* what was found, and where */
};

struct pp_checks {
	const struct pp_check *list;
	uint32_t count;
	enum pp_verified result; /* no if any says no, else unknown if any is, else yes */
};

/* A plan being held against a survey. */
struct pp_checking {
	const struct pp_plan *p;
	const struct pp_survey *s;
	const struct pp_host *h;
	struct pp_arena *a;
	bool booted;
	struct pp_check *list;
	uint32_t count, size;
	bool failed; /* out of memory */
};

#define PP_CHECK_REGION_PROPERTY "DEVPKEY_PciDevice_RequiresReservedMemoryRegion"

/* One answer; what is static, or of pp_check_text(). d is NULL for one about the host. */
void pp_check_add(struct pp_checking *c, const struct pp_plan_device *d, enum pp_verified answer,
                  const char *what, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* In the arena; "" after a failure. */
const char *pp_check_text(struct pp_checking *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The device of that address in the host; PP_NO_DEVICE: there is none, which is an answer then. */
uint32_t pp_check_find(struct pp_checking *c, const struct pp_plan_device *d, struct pp_address a,
                       const char *what);

/*
 * Whether the BIOS is the one that the plan was made with, by version and date. *ret_words: both,
 * for people; NULL unless they differ. HP's versions are names of a family: its date tells them
 * apart.
 */
enum pp_verified pp_check_same_bios(const struct pp_plan *p, const struct pp_host *h,
                                    struct pp_arena *a, const char **ret_words);

/* Pure; *ret lives in a and borrows from p and s. */
int pp_plan_check(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                  struct pp_arena *a, struct pp_checks *ret, struct pp_error *e);

const char *pp_verified_name(enum pp_verified v); /* "yes", "no", "unknown" */

#endif
