/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_JUDGE_JUDGE_H
#define PP_JUDGE_JUDGE_H

#include <pcipass/judge.h>

#include "host/host.h"

enum pp_effect {
	PP_BLOCKS,
	PP_DEGRADES,
	PP_INFORMS,
	PP_EFFECT_UNKNOWN, /* a fact is missing; .could says what it would have decided */
};

enum pp_scope {
	PP_SCOPE_OF_HOST,
	PP_SCOPE_OF_GROUP,
	PP_SCOPE_OF_DEVICE,
};

/* What can be done about a finding. The price is told with it. */
struct pp_cure {
	const char *id;       /* stable: documents and plans refer to it */
	const char *text;     /* what to do, for this host and device */
	const char *risk;     /* what it costs; NULL: nothing worth a word */
	bool by_free;         /* "pcipass free" carries it out; else a person does */
	const char *argument; /* by_free: the kernel argument that it adds; NULL: it adds none */
};

#define PP_MAX_CURES 5

/* One reason, with its proof. */
struct pp_finding {
	const struct pp_rule *rule;
	enum pp_effect effect;
	enum pp_effect could; /* with PP_EFFECT_UNKNOWN */
	const char *text;     /* one sentence, no full stop; names the thing and the reason */
	const char *const *evidence; /* what was read, and where */
	uint32_t nr_evidence;
	struct pp_cure cures[PP_MAX_CURES]; /* best first */
	uint32_t nr_cures;
};

struct pp_judging;

/*
 * A rule is a row. Its function looks at one host, group or device and adds findings, or none; it
 * knows no other rule.
 */
struct pp_rule {
	const char *id; /* stable */
	enum pp_scope scope;
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

/* A locked-down kernel ignores tables from the initrd. */
bool pp_locked_down(const struct pp_host *h);

const char *pp_effect_name(enum pp_effect effect);

/* Whether a reason's first cure is one that "pcipass free" carries out. */
bool pp_finding_by_free(const struct pp_finding *f);
/* The same of any of a blocked device's reasons; false where nothing would free it. */
bool pp_row_by_free(const struct pp_row *row);

/* Drivers that leave DMA to user space, and no driver at all. */
bool pp_leaves_dma_alone(const struct pp_device *d);
/* Header type 1 or 2: no function that a guest could be given. */
bool pp_has_bridge_header(const struct pp_device *d);

/* All rules in turn, for documentation and tests: NULL behind the last. */
const struct pp_rule *pp_rule_at(size_t index);

#endif
