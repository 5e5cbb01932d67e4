/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The setting: which slots are excluded. */
#ifndef LAB_SETTING_H
#define LAB_SETTING_H

#include <efi.h>
#include <stdint.h>

/*
 * The slots whose endpoints are excluded, bit 0 for slot 1. No variable means all zeros, as on a
 * machine that was never set up, and the variable is made so. One of the wrong size is left as it
 * is and excludes nothing.
 */
uint32_t setting_excluded(const EFI_RUNTIME_SERVICES *runtime);

#endif
