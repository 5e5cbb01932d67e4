/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The MADT, signature "APIC": of an Arm machine's interrupt controllers, those that take messages.
 */
#ifndef PP_ACPI_MADT_H
#define PP_ACPI_MADT_H

#include "acpi/table.h"

/* ACPI 6.5, 5.2.12 */
enum pp_madt_type {
	PP_MADT_GIC_MSI_FRAME = 0x0d, /* 5.2.12.16: a GICv2m */
	PP_MADT_GIC_ITS = 0x0f,       /* 5.2.12.18 */
};

struct pp_madt {
	struct pp_acpi_header header;
	uint32_t nr_structures, nr_msi_frames, nr_its;
};

/* -EBADMSG, -E2BIG: as pp_acpi_table_open(); also a structure without a length, or behind the end.
 */
int pp_madt_parse(struct pp_span in, struct pp_notes *notes, struct pp_madt *ret,
                  struct pp_error *e);

#endif
