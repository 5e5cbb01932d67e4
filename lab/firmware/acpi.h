/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables that the firmware finds and replaces. */
#ifndef LAB_ACPI_H
#define LAB_ACPI_H

#include <efi.h>
#include <stdint.h>

/* The firmware's DMAR; NULL: there is none, or the lists of tables cannot be used. */
const uint8_t *acpi_find_dmar(const EFI_SYSTEM_TABLE *system, uint32_t *ret_length);

/* Lets XSDT and RSDT name `with` where they name `old`. Returns how many entries were changed. */
unsigned int acpi_replace(const EFI_SYSTEM_TABLE *system, const uint8_t *old, const uint8_t *with);

#endif
