/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The evaluated host: rules, findings, rows of the survey. */
#ifndef PP_JUDGE_JUDGE_H
#define PP_JUDGE_JUDGE_H

#include <pcipass/judge.h>

#include "host/host.h"
#include "remedy/remedy.h"

enum pp_scope {
	PP_SCOPE_OF_HOST,
	PP_SCOPE_OF_GROUP,
	PP_SCOPE_OF_DEVICE,
	PP_NR_SCOPES,
};

#define PP_MAX_REMEDIES 8

/* One reason, with its proof. */
struct pp_finding {
	const struct pp_rule *rule;
	const struct pp_host *host;
	enum pp_effect effect;
	enum pp_effect could; /* with PP_EFFECT_UNKNOWN */
	const char *text;     /* one sentence, no full stop; names the thing and the reason */
	const char *const *evidence; /* what was read, and where */
	uint32_t nr_evidence;
	struct pp_remedy remedies[PP_MAX_REMEDIES]; /* best first; none with an obstacle */
	uint32_t nr_remedies;
};

struct pp_judging;

/*
 * A rule is a row. Its function looks at one host, group or device and adds findings, or none; it
 * knows no other rule.
 */
struct pp_rule {
	const char *id; /* stable */
	enum pp_scope scope;
	unsigned int targets;  /* PP_FOR_…: for whom it speaks; 0: for KVM alone */
	bool about_regions;    /* its findings are about a reserved region */
	bool about_isolation;  /* its findings say why devices share a group, or do not */
	bool if_blocked;       /* the survey shows its findings of blocked devices as well */
	unsigned int kinds;    /* of hosts that it looks at: PP_ON_…; 0: every kind */
	const char *reference; /* specification or kernel file that it rests on */
	void (*on_host)(struct pp_judging *j);
	void (*on_group)(struct pp_judging *j, const struct pp_group *g);
	void (*on_device)(struct pp_judging *j, const struct pp_device *d);
};

/* A device's answer. */
struct pp_row {
	const struct pp_device *device;
	enum pp_verdict verdict;
	const struct pp_finding *const
		*findings; /* blocks first, then unknown, degrades, informs */
	uint32_t nr_findings;
	bool by_free; /* blocked, and "pcipass free" carries out all that frees it */
};

struct pp_survey {
	struct pp_arena arena;
	const struct pp_host *host;
	enum pp_target target;
	const struct pp_row *rows; /* one a device, in address order */
	uint32_t nr_rows;
	const struct pp_finding *const *common_findings; /* about every device alike */
	uint32_t nr_common_findings;
	const struct pp_finding *const *host_findings; /* about no device in particular */
	uint32_t nr_host_findings;
	unsigned int counts[PP_VERDICT_COUNT];
};

/* Whether "pcipass free" frees for this target on this host: for KVM, and under Windows for
 * Hyper-V. */
static inline bool pp_survey_is_acted_on(const struct pp_survey *s)
{
	return s->target == (s->host->windows ? PP_TARGET_HYPERV : PP_TARGET_KVM);
}

/*
 * The remedy that a plan takes for a finding: the one asked for by id, else the first that can be
 * planned and gives the device itself away; NULL if none can be planned.
 */
const struct pp_remedy *pp_finding_choice(const struct pp_finding *f, const char *id);
/* Whether a finding is about a reserved region: all of them have the same remedies. */
bool pp_finding_is_region(const struct pp_finding *f);

/* Drivers that leave DMA to user space, and no driver at all. */
bool pp_leaves_dma_alone(const struct pp_device *d);
/* Header type 1 or 2: no function that a guest could be given. */
bool pp_has_bridge_header(const struct pp_device *d);

/*
 * One of those in a group that count for VFIO: what a guest could be given, and a host or ISA
 * bridge whose driver must let go of it.
 */
bool pp_counts_in_group(const struct pp_device *d);

/* All rules in turn, for documentation and tests: NULL behind the last. */
const struct pp_rule *pp_rule_at(size_t index);

/* Drivers that leave DMA to user space; "": none. Such a device leaves its group usable. */
bool pp_driver_leaves_dma_alone(const char *driver);

#endif
