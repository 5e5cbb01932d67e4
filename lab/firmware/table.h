/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMAR that the firmware writes, with a region for each slot. */
#ifndef LAB_TABLE_H
#define LAB_TABLE_H

#include "walk.h"

/* A reserved region for all endpoints of one slot; end is inclusive. */
struct lab_region {
	uint8_t slot; /* index into lab_board.slots */
	uint64_t base;
	uint64_t end;
};

/* True if all bytes sum to zero. */
bool lab_sums_to_zero(const uint8_t *bytes, uint32_t length);

/* Sets the checksum of a table of at least 36 bytes. */
void lab_seal(uint8_t *table, uint32_t length);

/*
 * Writes into `ret` the DMAR `old` with one RMRR more for each region, behind the units and regions
 * it has: VT-d 8.1 wants the types in ascending order. Returns the new length; 0, with `why` set
 * and `ret` of no use: the old table cannot be used or the new one does not fit.
 */
uint32_t lab_dmar_extend(const uint8_t *old, uint32_t length, const struct lab_board *board,
                         const struct lab_region *regions, unsigned int nr_regions, uint32_t room,
                         uint8_t *ret, const char **why);

#endif
