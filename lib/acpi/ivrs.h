/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IVRS table (AMD 48882, 5.2): bytes in, const model out. */
#ifndef PP_ACPI_IVRS_H
#define PP_ACPI_IVRS_H

#include "acpi/table.h"

/* AMD I/O Virtualization Technology (IOMMU) specification 48882, chapter 5. */

enum pp_ivrs_type {
	PP_IVHD_10 = 0x10,
	PP_IVHD_11 = 0x11,
	PP_IVHD_40 = 0x40,
	PP_IVMD_ALL = 0x20,
	PP_IVMD_SELECT = 0x21,
	PP_IVMD_RANGE = 0x22,
};

#define PP_IVMD_UNITY     0x01
#define PP_IVMD_READ      0x02
#define PP_IVMD_WRITE     0x04
#define PP_IVMD_EXCLUSION 0x08

#define PP_IVHD_DEV_ALL         0x01
#define PP_IVHD_DEV_SELECT      0x02
#define PP_IVHD_DEV_RANGE_START 0x03
#define PP_IVHD_DEV_RANGE_END   0x04
#define PP_IVHD_DEV_ALIAS       0x42
#define PP_IVHD_DEV_ALIAS_RANGE 0x43
#define PP_IVHD_DEV_EXT_SELECT  0x46
#define PP_IVHD_DEV_EXT_RANGE   0x47
#define PP_IVHD_DEV_SPECIAL     0x48
#define PP_IVHD_DEV_ACPI_HID    0xf0

/* A device entry of an IVHD. Fields that its type does not have are 0. */
struct pp_ivhd_device {
	uint8_t type; /* PP_IVHD_DEV_*; unknown ones are kept (their size follows from bits 7:6) */
	uint8_t flags;
	uint16_t devid;       /* bus << 8 | device << 3 | function */
	uint16_t alias_devid; /* ALIAS, ALIAS_RANGE; the source device id of SPECIAL */
	uint8_t special_handle, special_variety; /* SPECIAL: IOAPIC 1, HPET 2 */
	uint32_t extended;                       /* EXT_SELECT, EXT_RANGE: bit 31 ATS disabled */
	const char *hid, *cid;                   /* ACPI_HID: cleaned, "" if all 0; else NULL */
	const char *uid; /* ACPI_HID: cleaned text, or the number in decimal; NULL: has none */
	uint32_t offset; /* in the table */
	uint16_t length;
};

/* One block: an IVHD (an IOMMU) or an IVMD (a reserved memory region). */
struct pp_ivrs_block {
	uint8_t type; /* enum pp_ivrs_type; unknown ones are kept */
	uint8_t flags;
	uint16_t length;
	uint32_t offset;
	uint16_t devid; /* IVHD: of the IOMMU; IVMD: the first or only device */
	/* IVHD */
	uint16_t capability; /* offset of the IOMMU's capability block */
	uint64_t base;       /* register base; IVMD: first byte of the region */
	uint16_t segment;    /* IVHD and IVMD (offset 8, where the specification has it) */
	uint16_t info;
	uint32_t features;  /* 10h: feature reporting; 11h, 40h: attributes */
	uint64_t efr, efr2; /* 11h, 40h: images of the extended feature registers */
	const struct pp_ivhd_device *devices;
	uint16_t nr_devices;
	/* IVMD */
	uint16_t end_devid;    /* RANGE: the last device */
	uint64_t length_bytes; /* of the region */
	struct pp_span raw;
};

struct pp_ivrs {
	struct pp_acpi_header header;
	uint32_t info; /* IVinfo */
	const struct pp_ivrs_block *blocks;
	uint32_t nr_blocks;
};

/*
 * Decodes a whole table; *ret lives in a and borrows from in. Odd but usable goes to notes: a
 * region that is empty, not aligned to 4 KiB or wraps; a range of devices that is never ended,
 * never started or ends below its start; a device identified by a broken HID or UID; an unknown
 * type; trailing bytes. An unknown block type is kept.
 * -EBADMSG: a block or device entry that passes the end of what holds it or is shorter than its
 * type needs (the kernel loops for ever on length 0); a device entry of f1h-ffh, whose length
 * nothing tells.
 * Source: 48882 5.2; the walk: drivers/iommu/amd/init.c, init_iommu_from_acpi().
 */
int pp_ivrs_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_ivrs *ret, struct pp_error *e);

static inline bool pp_ivrs_is_ivmd(uint8_t type)
{
	return type >= PP_IVMD_ALL && type <= PP_IVMD_RANGE;
}

static inline bool pp_ivrs_is_ivhd(uint8_t type)
{
	return type == PP_IVHD_10 || type == PP_IVHD_11 || type == PP_IVHD_40;
}

#endif
