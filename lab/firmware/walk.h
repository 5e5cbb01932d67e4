/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions lie in which slot. */
#ifndef LAB_WALK_H
#define LAB_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which functions lie in which slot, from configuration space alone. Pure: the tests run it over a
 * made-up bus, the firmware over the real one. Configuration space is hostile input: a bus is
 * entered once at most, only downwards, and every list below is bounded.
 */
#define LAB_MAX_HOPS      8
#define LAB_MAX_SLOTS     64
#define LAB_MAX_ENDPOINTS 256

struct lab_hop {
	uint8_t device;
	uint8_t function;
};

/* A function with a type 0 header and the way to it from its root bus. */
struct lab_endpoint {
	uint8_t start_bus;
	uint8_t slot; /* index into lab_board.slots */
	uint8_t nr_hops;
	struct lab_hop hops[LAB_MAX_HOPS];
};

/* A number in Slot Capabilities; ports that claim the same number are one slot. */
struct lab_slot {
	uint16_t segment;
	uint16_t number;
	uint16_t nr_endpoints;
};

struct lab_board {
	uint16_t nr_slots;
	uint16_t nr_endpoints;
	uint32_t nr_odd;      /* bridges that were not followed: bus numbers make no sense */
	uint32_t nr_left_out; /* slots and endpoints beyond the limits, and what lies too deep */
	struct lab_slot slots[LAB_MAX_SLOTS];
	struct lab_endpoint endpoints[LAB_MAX_ENDPOINTS];
};

struct lab_address {
	uint16_t segment;
	uint8_t bus;
	uint8_t device;
	uint8_t function;
};

/* Four bytes of configuration space at a multiple of four; all ones where nothing answers. */
typedef uint32_t (*lab_config_read)(void *context, const struct lab_address *at, uint8_t offset);

/* Adds what lies below the root bus `first`, whose bridges may use buses up to `last`. */
void lab_walk(struct lab_board *board, uint16_t segment, uint8_t first, uint8_t last,
              lab_config_read read, void *context);

#endif
