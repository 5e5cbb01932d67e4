/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan that is being made. */
#ifndef PP_REMEDY_STEP_H
#define PP_REMEDY_STEP_H

#include <pcipass/plan.h>

#include "base/arena.h"
#include "base/error.h"
#include "pci/address.h"

/* A section of a schema from one value to another. */
struct pp_step_setting {
	const char *schema;  /* one of ours, by file name: "rmrds.xml" */
	const char *section; /* "RMRDS_Slot2" */
	const char *expected, *wanted;
	const char *store; /* NULL: found out when it is applied */
};

/* What is taken out of a table, which must be the one that the plan was made from. */
struct pp_step_override {
	const char *table;     /* "DMAR", "IVRS" or "IORT" */
	uint32_t expected_crc; /* CRC-32 of the table as the firmware has it */
	uint32_t expected_bytes;
	const uint32_t *scopes; /* DMAR: offsets of the scopes; IORT: of the RMR nodes */
	uint32_t nr_scopes;
	uint16_t segment;       /* IVRS */
	const uint16_t *devids; /* IVRS */
	uint32_t nr_devids;
};

/* ARGUMENT and TAKE_OFF */
struct pp_step_argument {
	const char *argument; /* "intel_iommu=on"; from a list of known ones */
};

/* A switch of a kernel module, turned on; one of pp_module_option_find(). */
struct pp_step_option {
	const char *module, *option;
};

/* A device's virtual functions, turned off. */
struct pp_step_vfs {
	struct pp_address address;
	uint16_t vendor, device; /* as expected */
	uint32_t expected;       /* how many are on */
};

/* BIND, UNBIND and NO_DRIVER */
struct pp_step_bind {
	struct pp_address address;
	uint16_t vendor, device;     /* as expected */
	const char *expected_driver; /* "" none */
	unsigned int when;           /* enum pp_bind_when; 0: both */
};

struct pp_step {
	enum pp_step_kind kind;
	const char *remedy;      /* its id */
	const char *text;        /* what is done, one sentence */
	const char *side_effect; /* NULL: none */
	const char *undo;        /* how it is undone, one sentence */
	bool needs_reboot;
	union {
		struct pp_step_setting setting;
		struct pp_step_override override;
		struct pp_step_argument argument;
		struct pp_step_option option;
		struct pp_step_bind bind;
		struct pp_step_vfs vfs;
	};
};

#define PP_PLAN_MAX_STEPS 256
/* Devices, regions, scopes … of one plan. */
#define PP_PLAN_MAX_ITEMS 65536

/* The steps of a plan being made; all text in the arena. */
struct pp_steps {
	struct pp_arena *arena;
	struct pp_step *list; /* PP_PLAN_MAX_STEPS + 1 of them: the last takes what is too much */
	uint32_t count;
	const char *store; /* the one that carries settings out; NULL: found out when applied */
	bool failed;       /* out of memory, or too many */
};

/* -ENOMEM. */
int pp_steps_init(struct pp_steps *s, struct pp_arena *a, const char *store, struct pp_error *e);
/* A zeroed step at the end; pp_step_complete() makes it whole once its fields are set. Never NULL:
 * after a failure it is one that goes nowhere. */
struct pp_step *pp_steps_add(struct pp_steps *s, enum pp_step_kind kind, const char *remedy,
                             const char *side_effect);
/* A kernel argument, unless it is planned already. */
void pp_steps_add_argument(struct pp_steps *s, const char *remedy, const char *argument,
                           const char *side_effect);
/* Steps of these kinds and fields. */
void pp_steps_add_like(struct pp_steps *s, const char *remedy, const struct pp_step *like,
                       uint32_t nr, const char *side_effect);
/* What a person does, unless the same sentence is there already. */
void pp_steps_add_instruction(struct pp_steps *s, const char *remedy, const char *text,
                              const char *side_effect, const char *undo, bool needs_reboot);

/* Whether it binds, or unbinds, now; at boot. */
bool pp_step_bind_is(const struct pp_step_bind *b, enum pp_bind_when when);
/* One of the kernel arguments that a plan may hold. */
bool pp_argument_is_known(const char *argument);
/* No framebuffer of the firmware's, nor simpledrm where it is built in. */
#define PP_ARGUMENT_NO_FRAMEBUFFER "initcall_blacklist=sysfb_init,simpledrm_platform_driver_init"
/* One of those that a plan may take off. */
bool pp_argument_is_unwanted(const char *argument);

#endif
