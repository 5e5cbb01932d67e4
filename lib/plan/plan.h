/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan in memory. */
#ifndef PP_PLAN_PLAN_H
#define PP_PLAN_PLAN_H

#include <pcipass/plan.h>

#include "remedy/case.h"
#include "remedy/step.h"

/* A remedy that the plan does not take. */
struct pp_alternative {
	const char *remedy, *text, *side_effect;
	bool possible; /* false: text says why not here */
};

struct pp_plan_device {
	struct pp_address address;
	uint16_t vendor, device;
	const char *slot;  /* number of its PCI or PCI-E slot; NULL: none */
	const char *place; /* as it is typed: "slot2", "mezz2"; NULL: none, or not in the file */
	bool asked;        /* else it comes along: it shares a group */
};

struct pp_plan_pci {
	struct pp_address address;
	uint16_t vendor, device;
};

/* Which host it is. NULL: not known. */
struct pp_plan_host {
	const char *product, *board, *bios_version, *cpu, *kernel;
	const char *bios_date; /* NULL: not known, or a plan of before */
	const char *windows;   /* what it runs instead of Linux; NULL: it does not */
	/* Its PCI devices but for virtual functions, which come and go, by address. */
	const struct pp_plan_pci *pci;
	uint32_t nr_pci;
};

/* Why devices come along, or what keeps them apart. */
struct pp_plan_isolation {
	const char *rule, *text;
	const char *advice; /* what changes it; NULL: nothing does */
};

#define PP_PLAN_MAX_ISOLATION 32

struct pp_plan {
	struct pp_arena arena;
	const char *request;
	const char *by;    /* the remedy asked for; NULL: none, or the plan comes from a file */
	const char *store; /* the store of settings asked for; NULL as with by */
	struct pp_plan_host host; /* the one that it was made from: apply refuses another */
	const struct pp_plan_device *devices;
	uint32_t nr_devices;
	const struct pp_plan_region *regions;
	uint32_t nr_regions;
	const struct pp_step *steps;
	uint32_t nr_steps;
	const struct pp_alternative *alternatives;
	uint32_t nr_alternatives;
	const struct pp_plan_isolation *isolation;
	uint32_t nr_isolation;
	/* Made of a survey: vfio-pci has all that a guest needs; or which groups it must be given,
	 * where what was asked for is not all of them. */
	bool bound;
	const uint32_t *bind_groups;
	uint32_t nr_bind_groups;
	/* Of one that was applied: those that were applied before it, the newest first. */
	struct pp_plan **earlier;
	uint32_t nr_earlier;
	const struct pp_plan *later; /* of such a one: the next that was applied */
	bool booted_since;           /* and whether the host was booted after it */
};

#define PP_PLAN_MAX_BYTES (4u << 20)
/*
 * A store that a plan may name: a kind, "efivars" or "hp", or HP's program by an absolute path
 * whose last part has "conrep" in it, "hp:/opt/hp/conrep/conrep".
 */
bool pp_plan_store_is_valid(const char *store);

/* "0000:07:00.0 1000:0087", and back: only as it is written. */
#define PP_PLAN_PCI_BYTES (PP_ADDRESS_TEXT_BYTES + 10)
void pp_plan_pci_format(const struct pp_plan_pci *d, char ret[PP_PLAN_PCI_BYTES]);
bool pp_plan_pci_parse(const char *text, struct pp_plan_pci *ret);

/* What is to be said of a host; lives in a. -ENOMEM. */
int pp_plan_take_host(struct pp_plan_host *p, const struct pp_host *h, struct pp_arena *a,
                      struct pp_error *e);
/*
 * 0: h is the host that the plan was made from, by every fact that both have. -EBUSY: it is not, or
 * too little is known to tell; *e says what differs.
 */
int pp_plan_check_host(const struct pp_plan *p, const struct pp_host *h, struct pp_error *e);
/*
 * The same for what was carried out before: since then the BIOS may be a newer one, and cards may
 * have come, gone and moved. Product, board and processor are the same, and so are half of the PCI
 * devices, wherever they are. what: "the plan was made for", which begins the sentence.
 */
int pp_plan_check_machine(const struct pp_plan_host *p, const struct pp_host *h, const char *what,
                          struct pp_error *e);
/* Product and board alone, for a host of which perhaps no more is known: what somebody pasted. */
int pp_plan_check_model(const struct pp_plan_host *p, const struct pp_host *h, const char *what,
                        struct pp_error *e);
/* At that address is the device that the plan names there, as far as can be told; *ret_other: it is
 * another one, else there is none. */
bool pp_plan_device_is_here(const struct pp_plan *p, const struct pp_host *h, struct pp_address a,
                            bool *ret_other);

struct pp_survey;
/*
 * The steps by which "pcipass free REQUEST" does all that it takes. 0: no plan can be made, it has
 * none, or it leaves something to a person.
 */
uint32_t pp_plan_frees(const struct pp_survey *s, const char *request);

/* The same host's and devices' plan that puts the driver of HP's conrep in place, and no more. */
int pp_plan_for_driver(const struct pp_plan *p, const char *store, struct pp_plan **ret,
                       struct pp_error *e);
/* That of a host of which no device is to be freed: for its settings. */
int pp_plan_for_driver_on(const struct pp_host *h, const char *store, struct pp_plan **ret,
                          struct pp_error *e);

/* Whether the remedy of any step has one of these of enum pp_remedy_flags. */
bool pp_plan_does(const struct pp_plan *p, unsigned int flags);

/* An empty plan with its arena; NULL: out of memory. */
struct pp_plan *pp_plan_alloc(void);

#endif
