/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PCIPASS_JUDGE_H
#define PCIPASS_JUDGE_H

#include <pcipass/error.h>
#include <pcipass/host.h>

/* Who should be able to pass the device through. */
enum pp_target {
	PP_TARGET_KVM, /* Linux: KVM with VFIO */
};

/* Never a guess: a missing fact that could decide makes an unknown. */
enum pp_verdict {
	PP_VERDICT_ASSIGNABLE,
	PP_VERDICT_CARE,            /* assignable, with something to know */
	PP_VERDICT_BLOCKED_FIXABLE, /* blocked, and each reason has a remedy */
	PP_VERDICT_BLOCKED,
	PP_VERDICT_NOT_ENDPOINT,
	PP_VERDICT_UNKNOWN,
	PP_VERDICT_COUNT,
};

/* A judged host: a verdict and all its findings for every device. */
struct pp_survey;

/* host is borrowed and must outlive the survey. Pure: no system call, the same answer each time. */
int pp_survey_new(const struct pp_host *host, enum pp_target target, struct pp_survey **ret,
                  struct pp_error *e);
void pp_survey_free(struct pp_survey *s);

/* How many devices have that verdict. */
unsigned int pp_survey_count(const struct pp_survey *s, enum pp_verdict v);

/*
 * The verdict of the device at that address ("07:00.0", "0000:07:00.0").
 * -EINVAL: no address; -ENODEV: no such device; -ENODATA: the source holds no devices.
 */
int pp_survey_verdict(const struct pp_survey *s, const char *address, enum pp_verdict *ret,
                      struct pp_error *e);

/* "assignable", "care", "blocked-fixable", "blocked", "not-endpoint", "unknown". */
const char *pp_verdict_name(enum pp_verdict v);

#endif
