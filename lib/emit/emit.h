/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the emitters of all hypervisors share. */
#ifndef PP_EMIT_EMIT_H
#define PP_EMIT_EMIT_H

/* Inside the module: what goes to the guest, the same for every hypervisor. */

#include <pcipass/emit.h>

#include "report/out.h"

/* PCI 3.0: functions of a device. Proxmox VE has hostpci0 to hostpci15. */
#define PP_CARD_FUNCTIONS 8
#define PP_MAX_CARDS      16

/* Functions that share a slot on the host, and so in the guest. */
struct pp_card {
	const struct pp_device *functions[PP_CARD_FUNCTIONS]; /* in address order */
	uint8_t guest_functions[PP_CARD_FUNCTIONS];           /* their numbers in the guest */
	uint32_t nr_functions;
	bool whole;        /* all functions that the host shows at this place */
	bool conventional; /* known not to be PCI Express */
	bool keep_rom;     /* a display: the guest's firmware needs its ROM */
	bool has_rom;      /* or may have one: its BARs were not read */
};

struct pp_emission {
	struct pp_out out;
	struct pp_style style;
	const struct pp_survey *survey;
	const struct pp_host *host;
	bool *chosen; /* by device index */
	struct pp_card cards[PP_MAX_CARDS];
	uint32_t nr_cards;
	/* Sums over all cards; of no use where BARs were not read. */
	uint64_t bytes_32, bytes_64;
	bool bars_unread;
};

struct pp_hypervisor {
	const char *name;
	/* How a comment begins, goes on and ends. */
	const char *comment, *comment_rest, *comment_end;
	bool x86_only;         /* its hosts are x86 machines */
	bool binds_itself;     /* takes the devices that it is given from their host drivers */
	enum pp_target target; /* whose verdicts decide */
	/* Whether its text deals with a finding that is in the way. NULL: with none. */
	bool (*passes_over)(const struct pp_finding *f);
	/* Whether a guest can be called so; NULL: the text names none. */
	bool (*takes_guest)(const char *guest);
	/* Whether all that its text needs of the devices is known. NULL: it needs nothing more. */
	int (*check)(const struct pp_emission *m, struct pp_error *e);
	const char *guest_form; /* what a guest is called by: "a number from 100 on" */
	void (*print)(struct pp_emission *m);
};

extern const struct pp_hypervisor pp_emit_qemu, pp_emit_libvirt, pp_emit_proxmox, pp_emit_hyperv,
	pp_emit_xen, pp_emit_kubevirt, pp_emit_harvester;

/* Guests are for the host's own architecture: QEMU's virt in place of q35. */
bool pp_emit_is_arm(const struct pp_emission *m);

/* Chosen devices, as cards; sizes. -EINVAL: too many cards. */
int pp_emission_cards(struct pp_emission *m, struct pp_error *e);

/* A comment, wrapped, in the words of that hypervisor's configuration. */
void pp_emit_comment(struct pp_emission *m, const struct pp_hypervisor *h, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same on one line, however long: something to copy. */
void pp_emit_line(struct pp_emission *m, const struct pp_hypervisor *h, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A program that can go by iommufd: from which version on, and what to know of it then. */
struct pp_iommufd_user {
	const char *name; /* "QEMU" */
	const struct pp_tool_version *(*version)(const struct pp_host *h);
	unsigned int since[2]; /* 9.0 */
	const char *note;      /* a sentence */
};

/* Which way it is told to go, and why. */
enum pp_vfio_way {
	PP_WAY_ONLY_GROUPS,  /* the kernel has no other, as far as is known */
	PP_WAY_TOOL_UNKNOWN, /* these by groups, where the kernel has both */
	PP_WAY_TOOL_OLD,
	PP_WAY_SWITCH_OFF,
	PP_WAY_IOMMUFD,
	PP_WAY_ONLY_IOMMUFD, /* the kernel has no groups */
	PP_WAY_NONE,         /* nor can the program go by iommufd */
};

bool pp_emit_by_iommufd(const struct pp_emission *m, const struct pp_iommufd_user *u);
/* Which way and why, where there is a choice or the old way is gone. */
void pp_emit_way_reason(struct pp_emission *m, const struct pp_hypervisor *h,
                        const struct pp_iommufd_user *u);

/* Address bits that the guest must not go beyond, since the IOMMU maps no more; 0: no limit. */
unsigned int pp_emit_width_limit(const struct pp_emission *m);
/* Why there is one, and what to do about it; whether the BARs fit below. */
void pp_emit_width_reason(struct pp_emission *m, const struct pp_hypervisor *h, const char *then);
/* Reserved ranges of the groups where a guest can have memory. */
void pp_emit_reserved(struct pp_emission *m, const struct pp_hypervisor *h);

/*
 * MiB of the window above 4 GiB that OVMF has to be told to open for the guest's 64-bit BARs; 0:
 * its own is large enough, or their sizes are not known. On Arm the firmware takes what QEMU opens.
 */
uint64_t pp_emit_window_mib(const struct pp_emission *m);
/* Says so where an Arm guest's window is too small. */
void pp_emit_arm_window(struct pp_emission *m, const struct pp_hypervisor *h);

#endif
