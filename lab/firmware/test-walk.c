/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over slots, on made-up configuration spaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "walk.h"

#define MAX_FUNCTIONS 600

/* A made-up configuration space: what is not listed answers with all ones. */
struct made {
	struct lab_address at;
	uint8_t bytes[256];
};

struct space {
	struct made functions[MAX_FUNCTIONS];
	unsigned int nr;
	unsigned long reads;
	bool everything_is_a_bridge;
};

static struct space space;
static struct lab_board board;

static uint32_t hostile(const struct lab_address *at, uint8_t offset)
{
	if (offset == 0x0c)
		return 0x00810000;
	if (offset == 0x18)
		return (uint32_t)0xff << 16 | (uint32_t)(at->bus + 1 + at->function) << 8;
	return offset == 0x04 ? 1u << 20 : 0x40404040;
}

static uint32_t read_made(void *context, const struct lab_address *at, uint8_t offset)
{
	space.reads++;
	if (space.everything_is_a_bridge)
		return hostile(at, offset);
	for (unsigned int i = 0; i < space.nr; i++) {
		struct made *m = &space.functions[i];
		uint32_t value;

		if (m->at.bus != at->bus || m->at.device != at->device ||
		    m->at.function != at->function)
			continue;
		memcpy(&value, m->bytes + offset, 4);
		return value;
	}
	return 0xffffffff;
}

static uint8_t *add(uint8_t bus, uint8_t device, uint8_t function, uint8_t header)
{
	assert_in_range(space.nr, 0, MAX_FUNCTIONS - 1);
	struct made *m = &space.functions[space.nr++];

	m->at = (struct lab_address){ 0, bus, device, function };
	m->bytes[0] = 0x86;
	m->bytes[1] = 0x80;
	m->bytes[0x0e] = header;
	return m->bytes;
}

/* A port of a PCI Express type; slot 0: Slot Implemented is off. */
static uint8_t *add_port(uint8_t bus, uint8_t device, uint8_t type, uint8_t slot, uint8_t secondary,
                         uint8_t subordinate)
{
	uint8_t *b = add(bus, device, 0, 1);

	b[0x19] = secondary;
	b[0x1a] = subordinate;
	b[0x06] = 0x10;
	b[0x34] = 0x40;
	b[0x40] = 0x01;
	b[0x41] = 0x60;
	b[0x60] = 0x10;
	b[0x62] = type << 4;
	b[0x63] = slot ? 1 : 0;
	b[0x76] = slot << 3;
	return b;
}

static int setup(void **state)
{
	memset(&space, 0, sizeof(space));
	memset(&board, 0, sizeof(board));
	return 0;
}

static void walk(void)
{
	lab_walk(&board, 0, 0, 0xff, read_made, NULL);
}

static void test_slots_and_paths(void **state)
{
	add_port(0, 2, 4, 2, 1, 1);
	add(1, 0, 0, 0x80);
	add(1, 0, 1, 0x00);
	add_port(0, 3, 4, 3, 2, 2);
	add_port(0, 4, 4, 0, 3, 3);
	add(3, 0, 0, 0);
	add(0, 5, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 2);
	assert_int_equal(board.slots[0].number, 2);
	assert_int_equal(board.slots[0].nr_endpoints, 2);
	assert_int_equal(board.slots[1].number, 3);
	assert_int_equal(board.slots[1].nr_endpoints, 0);
	assert_int_equal(board.nr_endpoints, 2);
	struct lab_endpoint *e = &board.endpoints[1];
	assert_int_equal(e->start_bus, 0);
	assert_int_equal(e->nr_hops, 2);
	assert_int_equal(e->hops[0].device, 2);
	assert_int_equal(e->hops[1].device, 0);
	assert_int_equal(e->hops[1].function, 1);
	assert_int_equal(board.nr_odd, 0);
}

/* A card with a switch on it: its ports have numbers of their own, the slot is the board's. */
static void test_switch_on_a_card(void **state)
{
	add_port(0, 2, 4, 2, 1, 4);
	add_port(1, 0, 5, 0, 2, 4);
	add_port(2, 0, 6, 7, 3, 3);
	add_port(2, 1, 6, 8, 4, 4);
	add(3, 0, 0, 0);
	add(4, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 1);
	assert_int_equal(board.slots[0].number, 2);
	assert_int_equal(board.slots[0].nr_endpoints, 2);
	assert_int_equal(board.endpoints[1].nr_hops, 4);
}

/* A switch on the board: the root port has no slot, the switch's ports have. */
static void test_switch_on_the_board(void **state)
{
	add_port(0, 2, 4, 0, 1, 4);
	add_port(1, 0, 5, 0, 2, 4);
	add_port(2, 0, 6, 7, 3, 3);
	add_port(2, 1, 6, 8, 4, 4);
	add(3, 0, 0, 0);
	add(4, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 2);
	assert_int_equal(board.slots[0].number, 7);
	assert_int_equal(board.slots[1].number, 8);
	assert_int_equal(board.slots[1].nr_endpoints, 1);
}

static void test_same_number_twice(void **state)
{
	add_port(0, 2, 4, 2, 1, 1);
	add_port(0, 3, 4, 2, 2, 2);
	add(1, 0, 0, 0);
	add(2, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 1);
	assert_int_equal(board.slots[0].nr_endpoints, 2);
}

static void test_upstream_port_and_plain_bridge_have_no_slot(void **state)
{
	add_port(0, 2, 5, 2, 1, 1);
	add(1, 0, 0, 0);
	uint8_t *b = add(0, 3, 0, 1);
	b[0x19] = b[0x1a] = 2;
	add(2, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 0);
	assert_int_equal(board.nr_endpoints, 0);
}

static void test_odd_bus_numbers(void **state)
{
	add_port(0, 2, 4, 2, 0, 0); /* not set up */
	add_port(0, 3, 4, 3, 5, 4); /* ends before it begins */
	add_port(0, 4, 4, 4, 6, 6); /* the same bus twice */
	add_port(0, 5, 4, 5, 6, 6);
	add_port(0, 6, 4, 6, 8, 8);
	add_port(8, 0, 4, 7, 8, 8); /* back to itself */
	add_port(8, 1, 4, 7, 9, 9); /* beyond the bridge above */
	add(6, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_odd, 4);
	assert_int_equal(board.nr_endpoints, 1);
}

/* The capability list is a ring, or ends beyond the registers that are read. */
static void test_bad_capability_list(void **state)
{
	uint8_t *b = add_port(0, 2, 4, 2, 1, 1);
	b[0x60] = 0x01;
	b[0x61] = 0x40;
	b = add_port(0, 3, 4, 3, 2, 2);
	b[0x41] = 0xf8;
	b[0xf8] = 0x10;
	b[0xfa] = 0x40;
	b[0xfb] = 1;
	add(1, 0, 0, 0);
	add(2, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_slots, 0);
	assert_int_equal(board.nr_endpoints, 0);
}

static void test_too_many(void **state)
{
	add_port(0, 2, 4, 2, 1, 1);
	add_port(0, 3, 4, 3, 2, 2);
	for (unsigned int i = 0; i < 512; i++)
		add(1 + i / 256, i / 8 % 32, i % 8, 0x80);
	walk();
	assert_int_equal(board.nr_endpoints, LAB_MAX_ENDPOINTS);
	assert_int_equal(board.nr_left_out, 512 - LAB_MAX_ENDPOINTS);
	assert_int_equal(board.slots[1].nr_endpoints, 0);
}

static void test_too_deep(void **state)
{
	for (unsigned int i = 0; i < 12; i++)
		add_port(i, 0, 4, 1, i + 1, 12);
	add(12, 0, 0, 0);
	walk();
	assert_int_equal(board.nr_endpoints, 0);
	assert_int_equal(board.nr_left_out, 1);
}

/* Every address answers as a bridge with buses below: each bus is entered once at most. */
static void test_everything_is_a_bridge(void **state)
{
	space.everything_is_a_bridge = true;
	walk();
	assert_in_range(space.reads, 1, 256UL * 256 * 64);
	assert_int_equal(board.nr_endpoints, 0);
	assert_true(board.nr_odd > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_slots_and_paths, setup),
		cmocka_unit_test_setup(test_switch_on_a_card, setup),
		cmocka_unit_test_setup(test_switch_on_the_board, setup),
		cmocka_unit_test_setup(test_same_number_twice, setup),
		cmocka_unit_test_setup(test_upstream_port_and_plain_bridge_have_no_slot, setup),
		cmocka_unit_test_setup(test_odd_bus_numbers, setup),
		cmocka_unit_test_setup(test_bad_capability_list, setup),
		cmocka_unit_test_setup(test_too_many, setup),
		cmocka_unit_test_setup(test_too_deep, setup),
		cmocka_unit_test_setup(test_everything_is_a_bridge, setup),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
