/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rules share: adding findings, evidence and remedies. */
#ifndef PP_JUDGE_RULES_H
#define PP_JUDGE_RULES_H

/* Inside the module: what a rule's function works with. */

#include "host/isolation.h"
#include "host/smmu.h"
#include "judge/judge.h"

#define PP_COMPANIONS_NAMED 6
#define PP_CLASS_IOMMU      0x0806 /* base class and subclass */
/* A region that names a thousand devices is proved by the first few. */
#define PP_MAX_EVIDENCE 16

/* What is asked of a group again and again, worked out once. */
struct pp_group_facts {
	bool kernel_direct; /* the kernel lists a direct region for the group */
	bool regions_read;
	uint32_t nr_held;    /* devices held hard by the firmware's table */
	uint32_t first_held; /* device; PP_NO_DEVICE if none */
	uint32_t refused;    /* the first that the log says was refused for its region, likewise */
	/* Functions that must go to the guest together, or be left without a host driver. */
	uint32_t nr_companions, nr_driven;
	uint32_t companions[PP_COMPANIONS_NAMED]; /* the first few */
	uint32_t nr_behind_vmd;
	uint32_t behind_vmd[PP_COMPANIONS_NAMED]; /* the first few */
};

struct finding_list {
	const struct pp_finding **list;
	uint32_t count, size;
};

struct pp_judging {
	const struct pp_host *host;
	struct pp_survey *survey;
	struct pp_arena *arena;
	const struct pp_rule *rule; /* the one that runs now */
	/* Those of each scope that speak for this target and kind of host, by enum pp_scope. */
	const struct pp_rule **rules[PP_NR_SCOPES];
	uint32_t nr_rules[PP_NR_SCOPES];
	struct pp_group_facts *groups; /* by group index */
	uint32_t *hard;                /* hard holds, by device index */
	/* By the first device below a host bridge: whether the kernel takes RMRs there; or NULL. */
	enum pp_tri *rmrs_count;
	struct pp_region_remedies *region_remedies; /* NULL until a region is found */
	/* With groups that come late: each device's; .group: one that is there; NULL: without. */
	struct pp_isolated *joins;
	/* What the hardware keeps apart, and would by default: worked out when asked for; or NULL.
	 */
	struct pp_isolation_facts *isolation;
	struct finding_list *into; /* where findings go now */
	bool scope_unread;         /* a region names a device that is not found for want of facts */
	bool failed;               /* out of memory: tested once, at the end */
	struct pp_finding lost;
};

/*
 * A region of AMD's table for which Xen, which runs, leaves its IOMMU off; NULL: there is none.
 * Xen: drivers/passthrough/amd/iommu_acpi.c, parse_ivmd_block().
 */
const struct pp_region *pp_xen_refused_ivmd(const struct pp_host *h);

/* Adds a finding of the running rule. Never NULL: after a failure it gives a scratch finding. */
struct pp_finding *pp_find(struct pp_judging *j, enum pp_effect effect, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A finding that could not be decided. */
struct pp_finding *pp_find_unknown(struct pp_judging *j, enum pp_effect could, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One line of proof. */
void pp_evidence(struct pp_judging *j, struct pp_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One without a text, after a failure, is passed over. */
void pp_add_remedy(struct pp_finding *f, const struct pp_remedy *r);
/* One in the rule's own words: for a person; or a kernel argument that "pcipass free" adds. */
void pp_add_remedy_by_hand(struct pp_finding *f, const struct pp_remedy_ops *ops, const char *text,
                           const char *side_effect);
void pp_add_remedy_by_argument(struct pp_finding *f, const struct pp_remedy_ops *ops,
                               const char *text, const char *side_effect, const char *argument);
/* One that "pcipass free" carries out by these steps, whose kinds and fields are set; copied. */
void pp_add_remedy_by_steps(struct pp_judging *j, struct pp_finding *f,
                            const struct pp_remedy_ops *ops, const char *text,
                            const char *side_effect, const struct pp_step *steps,
                            uint32_t nr_steps);

/* The sentence of one of the kernel log's lines as proof, if it is there. */
bool pp_prove_by_log(struct pp_judging *j, struct pp_finding *f, enum pp_log_line line);
/* That the kernel was built without an option. */
bool pp_prove_not_built(struct pp_judging *j, struct pp_finding *f, enum pp_kernel_option option);
/* By hand: take a word off the kernel command line; and put another there, or NULL. */
void pp_add_remedy_take_off(struct pp_judging *j, struct pp_finding *f, const char *word,
                            const char *instead);
/*
 * The word on the command line that leaves this device of Intel's out of the IOMMU; or that the
 * kernel was built to, "". NULL: neither.
 */
const char *pp_graphics_left_out(struct pp_judging *j, const struct pp_device *d);
void pp_add_remedy_bios_update(struct pp_finding *f);

/* For a virtio-iommu whose driver came too late, or not at all. */
void pp_add_remedy_virtio_driver(struct pp_finding *f);
/* The firmware's table is wrong: a newer one, or one from the initrd. */
void pp_add_remedy_table(struct pp_judging *j, struct pp_finding *f);
/* The firmware's setup; for a guest, the machine that its own host gives it. */
void pp_add_remedy_firmware(struct pp_judging *j, struct pp_finding *f);

/* "07:00.0", in the arena. */
const char *pp_name_of(struct pp_judging *j, const struct pp_device *d);
/* "0xbdf83000-0xbdf84fff" */
const char *pp_range(struct pp_judging *j, uint64_t start, uint64_t end_incl);
/* Group of a device with its facts; NULL if it is in none. */
const struct pp_group_facts *pp_group_facts_of(const struct pp_judging *j,
                                               const struct pp_device *d);

/* The regions of a device by the firmware's table, a line each. */
void pp_prove_mappings(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d);

/*
 * The table of regions that is there but was not read or decoded, or may be there; NULL: what it
 * holds is known.
 */
const char *pp_table_unread(const struct pp_host *h);

/* Whether a region leads through, or names, a bridge whose buses were not read. */
bool pp_regions_lead_nowhere(const struct pp_host *h);

/* A hold that Linux does not let go: neither USB nor display, nor relaxed by an argument. */
bool pp_mapping_is_hard(const struct pp_host *h, const struct pp_region_mapping *hold);
/* Number of hard holds of a device. */
static inline uint32_t pp_nr_hard_mappings(const struct pp_judging *j, const struct pp_device *d)
{
	return j->hard[d - j->host->devices];
}

/*
 * Whether INTx is all the interrupts that an endpoint has: PP_NO also for one without a pin, as a
 * VF, which has MSI or MSI-X by the specification, and where the header was not read.
 */
enum pp_tri pp_has_line_interrupts_only(const struct pp_device *d);

/* Works out j->joins; once, before the rules. */
void pp_predict_groups(struct pp_judging *j);
/* The group that a device without one will join, as far as it is there already; PP_NO_GROUP. */
uint32_t pp_group_to_join(const struct pp_judging *j, const struct pp_device *d);

/* On an Arm host, where the IORT leads the device; else nothing. */
void pp_prove_smmu(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d,
                   const struct pp_smmu_path *path);

/* Finds out of all rows, once their findings are complete, whether "pcipass free" frees them. */
void pp_choose_remedies(struct pp_judging *j, struct pp_row *rows);
/* What frees a device, with all of its group, from the regions that hold the group. */
void pp_add_region_remedies(struct pp_judging *j, struct pp_finding *f, const struct pp_device *d);

/* The rules, one table a file. */
struct pp_rule_table {
	const struct pp_rule *rules;
	size_t count;
};
extern const struct pp_rule_table pp_rules_iommu, pp_rules_region, pp_rules_firmware_odd,
	pp_rules_group, pp_rules_device, pp_rules_isolation, pp_rules_power, pp_rules_reset,
	pp_rules_smmu, pp_rules_storage, pp_rules_address, pp_rules_hyperv, pp_rules_xen,
	pp_rules_vfio, pp_rules_argument, pp_rules_claim, pp_rules_disk, pp_rules_iommu_off,
	pp_rules_interrupts, pp_rules_windows;

/* Rules of Hyper-V's and of Xen's. unknown: the sentence for what is neither Intel nor AMD. */
void pp_find_no_iommu(struct pp_judging *j, const char *unknown);
/* NULL: the firmware declares remapping, or its table was not read. */
struct pp_finding *pp_find_no_remapping(struct pp_judging *j, enum pp_effect effect,
                                        const char *text);

#endif
