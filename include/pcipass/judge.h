/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts: findings, remedies and evidence of each device. */
#ifndef PCIPASS_JUDGE_H
#define PCIPASS_JUDGE_H

#include <stdbool.h>

#include <pcipass/error.h>
#include <pcipass/host.h>
#include <pcipass/target.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 * -EINVAL: no address; -ENXIO: no such device; -ENODATA: the source holds no devices.
 */
int pp_survey_verdict(const struct pp_survey *s, const char *address, enum pp_verdict *ret,
                      struct pp_error *e);

/* "assignable", "care", "blocked-fixable", "blocked", "not-endpoint", "unknown". */
const char *pp_verdict_name(enum pp_verdict v);

/*
 * Walking a survey, as pp_host_device_at() walks a host: everything below is borrowed from the
 * survey, const, and valid until pp_survey_free(). Texts are UTF-8 for people, one sentence without
 * its full stop; ids are stable.
 */

/* A device's answer: its verdict and its findings. */
struct pp_row;

/* What one rule found: an effect, a sentence, its evidence, and remedies. */
struct pp_finding;

/* What can be done about a finding on this host. */
struct pp_remedy;

/* The rows, one a device, as pp_host_device_at() has them. NULL: there are no more. */
const struct pp_row *pp_survey_row_at(const struct pp_survey *s, unsigned int index);
/* How many rows there are; 0 also where pp_host_count_devices() fails. */
unsigned int pp_survey_count_rows(const struct pp_survey *s);

/* The row of the device at that address. Errors as of pp_survey_verdict(). */
int pp_survey_find_row(const struct pp_survey *s, const char *address, const struct pp_row **ret,
                       struct pp_error *e);

/* The device that a row is about; borrowed from the host. */
const struct pp_device *pp_row_device(const struct pp_row *r);
/* Its verdict. */
enum pp_verdict pp_row_verdict(const struct pp_row *r);
/* Blocked, and a plan that a program carries out, "pcipass free", makes the device free. */
bool pp_row_by_free(const struct pp_row *r);

/*
 * Every finding that the verdict rests on, those of the host and the group included: what blocks
 * first, then what is unknown, what degrades, what informs. NULL: there are no more.
 */
const struct pp_finding *pp_row_finding_at(const struct pp_row *r, unsigned int index);
/* How many there are. */
unsigned int pp_row_count_findings(const struct pp_row *r);

/* Findings about the host and no device in particular: they only inform. NULL: no more. */
const struct pp_finding *pp_survey_host_finding_at(const struct pp_survey *s, unsigned int index);
/*
 * Findings about every device alike, which each endpoint's row has, too. They are here for a survey
 * without devices. NULL: no more.
 */
const struct pp_finding *pp_survey_common_finding_at(const struct pp_survey *s, unsigned int index);

/* What a finding does to its device. */
enum pp_effect {
	PP_BLOCKS,         /* it cannot be passed through */
	PP_DEGRADES,       /* it can, with a disadvantage */
	PP_INFORMS,        /* nothing */
	PP_EFFECT_UNKNOWN, /* a fact is missing: pp_finding_could() */
};

/* "blocks", "degrades", "informs", "unknown". */
const char *pp_effect_name(enum pp_effect effect);

/* Id of the rule that found it, "rmrr-hard"; doc/rules.md describes each. */
const char *pp_finding_rule(const struct pp_finding *f);
/* The specification's section or the kernel's file that the rule rests on. */
const char *pp_finding_reference(const struct pp_finding *f);
/* What it does to the device. */
enum pp_effect pp_finding_effect(const struct pp_finding *f);
/* With PP_EFFECT_UNKNOWN, the worst that the missing fact could mean; else the effect itself. */
enum pp_effect pp_finding_could(const struct pp_finding *f);
/* The sentence, which names the thing and the reason. */
const char *pp_finding_text(const struct pp_finding *f);

/* What was read, and where, a line each. NULL: there are no more. */
const char *pp_finding_evidence_at(const struct pp_finding *f, unsigned int index);
/* How many lines there are. */
unsigned int pp_finding_count_evidence(const struct pp_finding *f);
/*
 * Where a line of evidence was told, on a host that is made of texts: the name that the text had in
 * pp_import_add(), borrowed from the host; *line counts from 1, 0: the text as a whole. NULL: not
 * in a text, or it is not known where. r: the row that has the finding; NULL: a finding of the
 * host. A line of the kernel log is looked for in all of the log.
 */
const char *pp_finding_origin(const struct pp_row *r, const struct pp_finding *f,
                              unsigned int index, unsigned int *line);

/* What helps against the finding on this host, best first. NULL: there are no more. */
const struct pp_remedy *pp_finding_remedy_at(const struct pp_finding *f, unsigned int index);
/* How many remedies there are; 0 for a finding that blocks: nothing is known to help. */
unsigned int pp_finding_count_remedies(const struct pp_finding *f);

/* Its id, "bios-rmrds"; doc/remedies.md describes each, and struct pp_plan_options takes it. */
const char *pp_remedy_id(const struct pp_remedy *r);
/* What to do. */
const char *pp_remedy_text(const struct pp_remedy *r);
/* Its side effect; NULL: none. */
const char *pp_remedy_side_effect(const struct pp_remedy *r);
/*
 * A program can carry it out ("pcipass free" does, unless pp_remedy_needs() names something); else
 * a person has to.
 */
bool pp_remedy_is_automatic(const struct pp_remedy *r);
/* What is missing before it can be planned, such as root's rights; NULL: nothing. */
const char *pp_remedy_needs(const struct pp_remedy *r);

#ifdef __cplusplus
}
#endif

#endif
