/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VIOT table, which says what a virtual machine's virtio-iommu covers: bytes in, const model
 * out. */
#ifndef PP_ACPI_VIOT_H
#define PP_ACPI_VIOT_H

#include "acpi/table.h"

/* ACPI 6.5, 5.2.34.1: node types */
enum pp_viot_type {
	PP_VIOT_PCI_RANGE = 1,
	PP_VIOT_MMIO_ENDPOINT = 2,
	PP_VIOT_IOMMU_PCI = 3,  /* a virtio-iommu that is a PCI function */
	PP_VIOT_IOMMU_MMIO = 4, /* one at an address */
};

/* Fields that its type does not have are 0. */
struct pp_viot_node {
	uint8_t type; /* enum pp_viot_type; unknown ones are kept */
	uint16_t length;
	uint32_t offset;                               /* in the table */
	uint16_t segment_first, segment_last_incl;     /* PCI_RANGE; IOMMU_PCI: the same twice */
	uint16_t requester_first, requester_last_incl; /* bus << 8 | devfn; likewise */
	uint32_t endpoint;                 /* PCI_RANGE: id of the first; MMIO_ENDPOINT */
	uint64_t base;                     /* MMIO_ENDPOINT, IOMMU_MMIO: registers */
	uint16_t output_reference;         /* of what an IOMMU covers: its offset */
	const struct pp_viot_node *output; /* that IOMMU; NULL: none is there (noted) */
};

struct pp_viot {
	struct pp_acpi_header header;
	const struct pp_viot_node *nodes;
	uint32_t nr_nodes;
};

/*
 * Decodes a whole table; *ret lives in a. Odd but usable goes to notes: what refers to no IOMMU,
 * which the kernel skips; a range that ends before it begins; an unknown type; fewer nodes than
 * said, or bytes behind them.
 * -EBADMSG: a node that passes the end of the table or is shorter than its type needs.
 * Source: ACPI 6.5, 5.2.34; the walk: drivers/acpi/viot.c, acpi_viot_init(), viot_parse_node().
 */
int pp_viot_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                  struct pp_viot *ret, struct pp_error *e);

bool pp_viot_is_iommu(const struct pp_viot_node *n);

/*
 * The range that covers a requester id, and of several the last in the table, as the kernel takes
 * it. NULL: none that leads to an IOMMU.
 * Source: drivers/acpi/viot.c, viot_pci_dev_iommu_init(), which goes through them backwards.
 */
const struct pp_viot_node *pp_viot_find_range(const struct pp_viot *t, uint32_t segment,
                                              uint32_t requester_id);

/* "PCI range", "virtio-iommu (PCI)" …; NULL for an unknown type. */
const char *pp_viot_type_name(uint8_t type);

#endif
