/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration space: its header, and what was read of it. */
#ifndef PP_PCI_CONFIG_H
#define PP_PCI_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"

/*
 * PCI Local Bus 3.0 chapter 6, PCI Express 6.0 chapter 7. The decoder asks for the bytes it needs
 * and no others: reading more can disturb a device, and without root there are only 64.
 */
struct pp_config_reader {
	/*
	 * Fills buf with len bytes from offset. 0; -ENODATA: these bytes were not or cannot be
	 * read (which is neither present nor absent); another negative errno: the device is gone.
	 */
	int (*read)(void *ctx, uint16_t offset, void *buf, uint16_t len);
	void *ctx;
};

/* Capabilities that decide something. */
enum pp_cap {
	PP_CAP_PM,    /* 01 */
	PP_CAP_MSI,   /* 05 */
	PP_CAP_PCIX,  /* 07 */
	PP_CAP_PCIE,  /* 10 */
	PP_CAP_MSIX,  /* 11 */
	PP_CAP_AF,    /* 13 */
	PP_CAP_ACS,   /* extended 000d */
	PP_CAP_ARI,   /* extended 000e */
	PP_CAP_SRIOV, /* extended 0010 */
	PP_CAP_REBAR, /* extended 0015 */
	PP_CAP_COUNT,
};

enum pp_header_type {
	PP_HEADER_NORMAL = 0,
	PP_HEADER_BRIDGE = 1,
	PP_HEADER_CARDBUS = 2,
};

/* PCIe 7.5.3.2, device/port type */
enum pp_pcie_type {
	PP_PCIE_ENDPOINT = 0x0,
	PP_PCIE_LEGACY_ENDPOINT = 0x1,
	PP_PCIE_ROOT_PORT = 0x4,
	PP_PCIE_UPSTREAM = 0x5,
	PP_PCIE_DOWNSTREAM = 0x6,
	PP_PCIE_TO_PCI_BRIDGE = 0x7,
	PP_PCI_TO_PCIE_BRIDGE = 0x8,
	PP_PCIE_RC_ENDPOINT = 0x9,
	PP_PCIE_RC_EVENT_COLLECTOR = 0xa,
	PP_PCIE_NONE = 0xff, /* conventional PCI */
};

#define PP_ACS_SV 0x01 /* PCIe 7.7.11: source validation */
#define PP_ACS_TB 0x02
#define PP_ACS_RR 0x04 /* request redirect */
#define PP_ACS_CR 0x08 /* completion redirect */
#define PP_ACS_UF 0x10 /* upstream forwarding */
#define PP_ACS_EC 0x20
#define PP_ACS_DT 0x40

#define PP_CONFIG_BARS 6

/* Addresses that a bridge passes on. PCI-to-PCI Bridge 1.2, 3.2.5.8 to 3.2.5.10 */
struct pp_config_window {
	uint64_t start, end_incl; /* only where it is open */
	bool open;
};

/* PCIe 7.8.6: a BAR of 2^(20 + now) bytes; bit n of sizes: 2^(20 + n) is possible. */
struct pp_config_rebar {
	bool there;
	uint8_t now;
	uint32_t sizes;
};

struct pp_config {
	enum pp_tri header_read; /* PP_NO: nothing below is known */
	uint16_t vendor, device; /* a VF reads 0xffff here: the kernel's files have its ids */
	uint16_t command, status;
	uint8_t revision;
	uint32_t class_code; /* 24 bits: base, sub, programming interface */
	uint8_t header_type; /* without the multifunction bit */
	bool multifunction;
	bool silent;           /* it has capabilities, and the first of them reads all ones */
	uint8_t interrupt_pin; /* 0: uses no INTx; 1-4 */
	uint16_t subsystem_vendor, subsystem_device;  /* header type 0 */
	uint8_t primary, secondary, subordinate;      /* header type 1 and 2 */
	uint32_t bar[PP_CONFIG_BARS];                 /* header type 0: the registers as they are */
	struct pp_config_window memory, prefetchable; /* header type 1 */

	struct pp_config_cap {
		enum pp_tri seen; /* PP_UNKNOWN: its bytes were not read */
		uint16_t offset;
	} caps[PP_CAP_COUNT];

	/*
	 * Each is PP_UNKNOWN while its bytes were not read, and except for pm_no_soft_reset PP_NO
	 * where its capability is known to be absent. Plain numbers: only where known is PP_YES.
	 */
	enum pp_tri pm_no_soft_reset; /* PM: PMCSR bit 3 */
	enum pp_tri af_flr;           /* AF: both TP and FLR */
	uint8_t pcie_type;            /* enum pp_pcie_type; PP_PCIE_NONE without the capability */
	enum pp_tri pcie_type_known;  /* PP_NO: conventional */
	enum pp_tri flr;              /* PCIe DevCap bit 28, endpoints only */
	enum pp_tri slot_implemented; /* PCIe flags bit 8, ports with a link below them only */
	enum pp_tri slot_number_known;
	uint16_t slot_number; /* PCIe Slot Capabilities 31:19 */
	bool hot_plug;        /* bit 6, where slot_number_known */
	enum pp_tri acs_known;
	uint16_t acs_cap, acs_ctl;
	enum pp_tri sriov_known;
	bool sriov_vf_enable;
	uint16_t sriov_total_vfs, sriov_num_vfs;
	enum pp_tri vf_bars_known;
	uint32_t vf_bar[PP_CONFIG_BARS];
	struct pp_config_rebar rebar[PP_CONFIG_BARS]; /* by BAR; not there: or not read */
};

/*
 * Decodes a function's configuration space. Never fails for what is merely missing: what could not
 * be read is PP_UNKNOWN. A capability list that loops, points below 0x40 (extended: 0x100) or
 * reads all ones is noted and its walk ends there: what was found stands, the rest is PP_UNKNOWN.
 * A pointer that is not aligned is noted and its low bits are masked, as the kernel does.
 * Extended capabilities are looked for only on PCI Express (and PCI-X mode 2) functions.
 * object names the function in notes and errors; it is borrowed for as long as the notes live.
 * -ENODEV: the header reads all ones: gone or asleep (a VF, whose ids alone read so, is not).
 * Any other errno: the reader's own, which it gave for a device that went away under it.
 */
int pp_config_decode(const struct pp_config_reader *in, const char *object, struct pp_notes *notes,
                     struct pp_config *ret, struct pp_error *e);

/* A reader over bytes in memory: those behind in.len are -ENODATA. ctx is a struct pp_span *. */
struct pp_config_reader pp_config_reader_span(struct pp_span *in);

#endif
