/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_PLAN_PLAN_H
#define PP_PLAN_PLAN_H

#include <pcipass/plan.h>

#include "base/arena.h"
#include "pci/address.h"

enum pp_step_kind {
	PP_STEP_SETTING,     /* a BIOS setting, through a store */
	PP_STEP_OVERRIDE,    /* the firmware's table without some scopes, from the initrd */
	PP_STEP_ARGUMENT,    /* a kernel argument, at every boot */
	PP_STEP_BIND,        /* a device to vfio-pci, now and at every boot */
	PP_STEP_UNBIND,      /* and off it, to the host's own driver */
	PP_STEP_INSTRUCTION, /* what only a person can do, in a menu */
	PP_STEP_KINDS,
};

/* A section of a schema from one value to another. */
struct pp_step_setting {
	const char *schema;  /* one of ours, by file name: "rmrds.xml" */
	const char *section; /* "RMRDS_Slot2" */
	const char *expected, *wanted;
	const char *store; /* NULL: found out when it is applied */
};

/* What is taken out of a table, which must be the one that the plan was made from. */
struct pp_step_override {
	const char *table;     /* "DMAR" or "IVRS" */
	uint32_t expected_crc; /* CRC-32 of the table as the firmware has it */
	uint32_t expected_bytes;
	const uint32_t *scopes; /* DMAR: offsets of the scopes */
	uint32_t nr_scopes;
	uint16_t segment;       /* IVRS */
	const uint16_t *devids; /* IVRS */
	uint32_t nr_devids;
};

struct pp_step_argument {
	const char *argument; /* "intel_iommu=on"; from a list of known ones */
};

/* BIND and UNBIND */
struct pp_step_bind {
	struct pp_address address;
	uint16_t vendor, device;     /* as expected */
	const char *expected_driver; /* "" none */
	unsigned int when;           /* enum pp_bind_when; 0: both */
};

struct pp_step {
	enum pp_step_kind kind;
	const char *cure; /* its id */
	const char *text; /* what is done, one sentence */
	const char *risk; /* NULL: nothing worth a word */
	const char *undo; /* how it is undone, one sentence */
	bool needs_reboot;
	union {
		struct pp_step_setting setting;
		struct pp_step_override override;
		struct pp_step_argument argument;
		struct pp_step_bind bind;
	};
};

/* A way that was not taken, and its price. */
struct pp_alternative {
	const char *cure, *text, *risk;
	bool possible; /* false: text says why not here */
};

struct pp_plan_device {
	struct pp_address address;
	uint16_t vendor, device;
	const char *slot; /* NULL: none */
	bool asked;       /* else it comes along: it shares a group */
};

/* Memory that was reserved for one of the devices when the plan was made. */
struct pp_plan_region {
	uint64_t start, end_incl;
};

struct pp_plan {
	struct pp_arena arena;
	const char *wish;
	const char *by; /* the cure that was asked for; NULL: none, or the plan comes from a file */
	/* The host it was made from: apply refuses another. NULL: not known. */
	const char *product, *bios_version, *kernel;
	const struct pp_plan_device *devices;
	uint32_t nr_devices;
	const struct pp_plan_region *regions;
	uint32_t nr_regions;
	const struct pp_step *steps;
	uint32_t nr_steps;
	const struct pp_alternative *alternatives;
	uint32_t nr_alternatives;
};

#define PP_PLAN_MAX_BYTES (4u << 20)
#define PP_PLAN_MAX_STEPS 256
/* Devices, regions, scopes … of one plan. */
#define PP_PLAN_MAX_ITEMS 65536

const char *pp_step_kind_name(enum pp_step_kind kind); /* "setting", "override", … */
/* Takes effect at the next boot only; an instruction's own word counts. */
bool pp_step_needs_reboot(const struct pp_step *s);
/* Whether it binds, or unbinds, now; at boot. */
bool pp_step_bind_is(const struct pp_step_bind *b, enum pp_bind_when when);
/* One of the kernel arguments that a plan may hold. */
bool pp_argument_is_known(const char *argument);

/* An empty plan with its arena; NULL: out of memory. */
struct pp_plan *pp_plan_alloc(void);

/*
 * What the step does and how it is undone, made from its fields, so that a plan says what it does
 * whoever wrote it; an instruction keeps its own. false: out of memory.
 */
bool pp_step_describe(struct pp_arena *a, struct pp_step *step);

#endif
