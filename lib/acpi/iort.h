/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IORT table (Arm DEN 0049): bytes in, const model out. */
#ifndef PP_ACPI_IORT_H
#define PP_ACPI_IORT_H

#include "acpi/table.h"

/* Arm DEN 0049, IO Remapping Table, issue E.d and later (table revision 5 on). */

/* 3: node types */
enum pp_iort_type {
	PP_IORT_ITS_GROUP = 0,
	PP_IORT_NAMED_COMPONENT = 1,
	PP_IORT_ROOT_COMPLEX = 2,
	PP_IORT_SMMU = 3, /* version 1 and 2 */
	PP_IORT_SMMU_V3 = 4,
	PP_IORT_PMCG = 5,
	PP_IORT_RMR = 6, /* reserved memory ranges */
	PP_IORT_IWB = 7,
};

#define PP_IORT_RMR_REMAP_PERMITTED 0x01 /* flags of an RMR: the kernel makes it relaxable */
#define PP_IORT_RMR_PRIVILEGED      0x02
#define PP_IORT_MAPPING_SINGLE      0x01 /* flags of a mapping: the input does not count */
#define PP_IORT_ATS_SUPPORTED       0x01 /* ats of a root complex */

/* The kernel reads no RMR of an older table. */
#define PP_IORT_RMR_REVISION 5

/* 3.1: from the ids of a node to those of the node it points to. */
struct pp_iort_mapping {
	uint32_t input_base;
	uint32_t ids_minus_1;      /* of the input range; some firmware means the number itself */
	uint32_t output_base;      /* of an RMR: the first stream id */
	uint32_t output_reference; /* offset of a node in the table, as it says */
	const struct pp_iort_node *output; /* that node; NULL: none begins there (noted) */
	uint32_t flags;
	uint32_t offset; /* in the table */
};

/* A memory range of an RMR. */
struct pp_iort_range {
	uint64_t base, length_bytes;
	uint32_t offset; /* in the table */
};

/* Fields that its type does not have are 0. */
struct pp_iort_node {
	uint8_t type; /* enum pp_iort_type; unknown ones are kept */
	uint8_t revision;
	uint16_t length;
	uint32_t offset;     /* in the table */
	uint32_t identifier; /* reserved before table revision 3 */
	uint32_t flags;      /* NAMED_COMPONENT, RMR */
	uint32_t segment;    /* ROOT_COMPLEX */
	uint32_t ats;        /* ROOT_COMPLEX: attributes */
	uint64_t base;       /* SMMU, SMMU_V3: registers */
	const char *name;    /* NAMED_COMPONENT: cleaned path, else NULL */
	const struct pp_iort_mapping *mappings;
	const struct pp_iort_range *ranges; /* RMR */
	uint16_t nr_mappings, nr_ranges;
	struct pp_span raw; /* the whole node, borrowed from the input */
};

struct pp_iort {
	struct pp_acpi_header header;
	const struct pp_iort_node *nodes;
	uint32_t nr_nodes;
};

/*
 * Decodes a whole table; *ret lives in a and borrows from in. The nodes that mappings point to may
 * form circles: whoever follows them counts his steps. Odd but usable goes to notes: a mapping
 * that points to no node; an RMR that the kernel skips (no range, no mapping, an old table); a
 * range that is empty, wraps or is not aligned to 64 KiB; fewer nodes than said, or bytes behind
 * them; a name without its NUL; an unknown type.
 * -EBADMSG: a node that passes the end of the table or is shorter than its type needs (the kernel
 * sees one of length 0 again and again), an array that does not lie in its node.
 * Source: DEN 0049; the walk: drivers/acpi/arm64/iort.c, iort_scan_node(), iort_find_rmrs().
 */
int pp_iort_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_iort *ret, struct pp_error *e);

/*
 * The root complex of a PCI segment: the first of them, as the kernel takes it. NULL: none.
 * Source: drivers/acpi/arm64/iort.c, iort_match_node_callback().
 */
const struct pp_iort_node *pp_iort_root_complex(const struct pp_iort *t, uint32_t segment);

/* Version 1 to 3. */
bool pp_iort_is_smmu(const struct pp_iort_node *n);

/*
 * The SMMU to which root's mappings lead a requester id (bus << 8 | devfn), and the stream id that
 * it has there. NULL: to none; *ret is then untouched.
 * Source: DEN 0049, 3.1; drivers/acpi/arm64/iort.c, iort_node_map_id(), iort_id_map().
 */
const struct pp_iort_node *pp_iort_find_smmu(const struct pp_iort *t,
                                             const struct pp_iort_node *root, uint32_t id,
                                             uint32_t *ret);

/* "RMR", "root complex" …; NULL for an unknown type. */
const char *pp_iort_type_name(uint8_t type);

#endif
