/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMAR table (VT-d 8): bytes in, const model out. */
#ifndef PP_ACPI_DMAR_H
#define PP_ACPI_DMAR_H

#include "acpi/table.h"

/* Intel VT-d specification, chapter 8: DMA Remapping Reporting Structure. */

/* 8.2 */
enum pp_dmar_type {
	PP_DMAR_DRHD = 0,
	PP_DMAR_RMRR = 1,
	PP_DMAR_ATSR = 2,
	PP_DMAR_RHSA = 3,
	PP_DMAR_ANDD = 4,
	PP_DMAR_SATC = 5,
	PP_DMAR_SIDP = 6,
};

/* 8.3.1 */
enum pp_dmar_scope_type {
	PP_SCOPE_ENDPOINT = 1,
	PP_SCOPE_BRIDGE = 2, /* the bridge and everything below it */
	PP_SCOPE_IOAPIC = 3,
	PP_SCOPE_HPET = 4,
	PP_SCOPE_ACPI = 5,
};

#define PP_DMAR_INTR_REMAP      0x01 /* 8.1 flags */
#define PP_DMAR_X2APIC_OPT_OUT  0x02
#define PP_DMAR_DMA_CTRL_OPT_IN 0x04
#define PP_DRHD_INCLUDE_PCI_ALL 0x01 /* 8.3 flags */
#define PP_ATSR_ALL_PORTS       0x01 /* 8.5 flags */
#define PP_SATC_ATC_REQUIRED    0x01 /* 8.8 flags */

struct pp_dmar_hop {
	uint8_t device, function;
};

/* 8.3.1 */
struct pp_dmar_scope {
	uint8_t type; /* enum pp_dmar_scope_type, or what the table says */
	uint8_t flags;
	uint8_t enumeration_id;
	uint8_t start_bus;
	uint8_t nr_hops;
	const struct pp_dmar_hop *hops;
	uint32_t offset; /* in the table */
	uint8_t length;
};

/* One remapping structure. Fields that its type does not have are 0. */
struct pp_dmar_entry {
	uint16_t type; /* enum pp_dmar_type; unknown ones are kept */
	uint16_t length;
	uint32_t offset;       /* in the table */
	uint8_t flags;         /* DRHD, ATSR, SATC */
	uint8_t size;          /* DRHD: bits 3:0 = n, 2^(n+12) bytes of registers */
	uint16_t segment;      /* DRHD, RMRR, ATSR, SATC, SIDP */
	uint64_t base;         /* DRHD, RHSA: register base; RMRR: first byte */
	uint64_t limit_incl;   /* RMRR: last byte */
	uint32_t proximity;    /* RHSA */
	uint8_t acpi_device;   /* ANDD: matches a scope's enumeration id */
	const char *acpi_name; /* ANDD: cleaned path, else NULL */
	const struct pp_dmar_scope *scopes;
	uint16_t nr_scopes;
	struct pp_span raw; /* the whole structure, borrowed from the input */
};

struct pp_dmar {
	struct pp_acpi_header header;
	uint16_t host_address_width; /* bits: 1 more than the byte in the table, so up to 256 */
	uint8_t flags;
	const struct pp_dmar_entry *entries;
	uint32_t nr_entries;
};

/*
 * Decodes a whole table; *ret lives in a and borrows from in. Odd but usable firmware goes to
 * notes: an RMRR at 0-0, not aligned to 4 KiB, with its limit below its base; a DRHD at 0; a scope
 * with no hop, an odd length or a hop that is no PCI device; an ANDD name without its NUL; a host
 * address width that the kernel refuses; an unknown type; trailing bytes; a structure of length 0,
 * where the kernel's walk stops silently and so does this one.
 * -EBADMSG: a structure or scope that passes the end of what holds it, a structure shorter than
 * its type needs, a scope shorter than its own header (the kernel would loop for ever on length 0).
 * Source: VT-d 8.1-8.9; the walk: drivers/iommu/intel/dmar.c, dmar_walk_remapping_entries().
 */
int pp_dmar_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_dmar *ret, struct pp_error *e);

/* "endpoint", "bridge", "ioapic", "hpet", "acpi"; NULL for an unknown type. */
const char *pp_dmar_scope_type_name(uint8_t type);

#endif
