/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers and capabilities in configuration spaces built in memory. */
#include "decode.h"

/* --- header --- */

static void test_endpoint_header(void **state)
{
	struct config_builder b;

	cb_init(&b);
	b.bytes[0x0e] = 0x80;
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.header_read, PP_YES);
	assert_int_equal(c.vendor, 0x1000);
	assert_int_equal(c.device, 0x0072);
	assert_int_equal(c.command, 0x0406);
	assert_int_equal(c.status, 0);
	assert_int_equal(c.revision, 3);
	assert_int_equal(c.class_code, 0x010700);
	assert_int_equal(c.header_type, PP_HEADER_NORMAL);
	assert_true(c.multifunction);
	assert_int_equal(c.interrupt_pin, 1);
	assert_int_equal(b.calls, 1);
}

static void test_bridge_header(void **state)
{
	for (unsigned int type = 0; type <= 2; type++) {
		struct config_builder b;
		cb_init(&b);
		b.bytes[0x0e] = (uint8_t)type;
		memcpy(b.bytes + 0x18, (uint8_t[]){ 1, 2, 9 }, 3);
		struct pp_config c = decode_clean(&b);
		assert_false(c.multifunction);
		assert_int_equal(c.header_type, type);
		assert_int_equal(c.primary, type ? 1 : 0);
		assert_int_equal(c.secondary, type ? 2 : 0);
		assert_int_equal(c.subordinate, type ? 9 : 0);
	}
}

/* PCI-to-PCI Bridge 1.2, 3.2.5: the base above the limit closes a window, and so do zeros. */
static void test_bridge_windows(void **state)
{
	struct config_builder b;

	cb_init(&b);
	b.bytes[0x0e] = 1;
	memset(b.bytes + 0x18, 0, 0x34 - 0x18);
	struct pp_config c = decode_clean(&b);
	assert_false(c.memory.open || c.prefetchable.open);
	cb_u32(&b, 0x20, 0xc510c400);
	cb_u32(&b, 0x24, 0x1ff10001);
	cb_u32(&b, 0x28, 0x38);
	cb_u32(&b, 0x2c, 0x39);
	c = decode_clean(&b);
	assert_true(c.memory.open && c.prefetchable.open);
	assert_true(c.memory.start == 0xc4000000 && c.memory.end_incl == 0xc51fffff);
	assert_true(c.prefetchable.start == 0x3800000000 &&
	            c.prefetchable.end_incl == 0x391fffffff);
	cb_u32(&b, 0x20, 0x0000fff0);
	cb_u32(&b, 0x24, 0xd1f0d000); /* 32 bits: the upper halves are no part of it */
	c = decode_clean(&b);
	assert_false(c.memory.open);
	assert_true(c.prefetchable.start == 0xd0000000 && c.prefetchable.end_incl == 0xd1ffffff);
	b.bytes[0x0e] = 0;
	c = decode_clean(&b);
	assert_false(c.prefetchable.open);
	assert_int_equal(c.bar[4], 0x0000fff0);
}

static void test_header_not_read(void **state)
{
	for (size_t len = 0; len < 64; len++) {
		struct config_builder b;
		cb_init(&b);
		b.len = len;
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.header_read, PP_NO);
		assert_caps(&c, 0, PP_CAP_COUNT - 1, PP_UNKNOWN);
		assert_int_equal(c.pcie_type_known, PP_UNKNOWN);
		assert_int_equal(c.pcie_type, PP_PCIE_NONE);
		assert_int_equal(c.flr, PP_UNKNOWN);
		assert_int_equal(c.vendor, 0);
	}
}

static void test_device_gone(void **state)
{
	struct config_builder b;

	cb_init(&b);
	memset(b.bytes, 0xff, 64);
	struct result r = decode(&b);
	assert_int_equal(r.rc, -ENODEV);
	assert_non_null(strstr(r.error.text, "0000:07:00.0"));
	assert_int_equal(r.config.vendor, 0xdead); /* untouched */
}

static void test_vf_is_not_gone(void **state)
{
	struct config_builder b;

	cb_init(&b);
	memset(b.bytes, 0xff, 4);
	cb_pcie(&b, 0xa0, PP_PCIE_ENDPOINT);
	cb_u32(&b, 0xa4, 1u << 28);
	cb_need(&b, 0x100, 4);
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.vendor, 0xffff);
	assert_int_equal(c.device, 0xffff);
	assert_int_equal(c.flr, PP_YES);
}

static void test_reader_errors_come_through(void **state)
{
	/* The header, a capability, a register, an extended header. */
	static const int places[] = { 0x10, 0x42, 0x53, 0x57, 0x102, 0x207 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x05, 0x40);
		cb_pcie(&b, 0x50, PP_PCIE_ENDPOINT);
		cb_ext(&b, 0x0001, 0x100);
		cb_ext(&b, 0x000d, 0x200);
		cb_need(&b, 0x204, 4);
		decode_clean(&b);
		b.fail_at = places[i];
		b.fail_code = -EIO;
		struct result r = decode(&b);
		assert_int_equal(r.rc, -EIO);
		assert_int_equal(r.error.code, EIO);
		assert_non_null(strstr(r.error.text, "0000:07:00.0+0x"));
		assert_int_equal(r.config.vendor, 0xdead);
	}
}

static void test_odd_header(void **state)
{
	struct config_builder b;
	struct result r;

	cb_init(&b);
	b.bytes[0x3d] = 5;
	r = decode(&b);
	assert_note(&r, "interrupt pin 5");
	cb_init(&b);
	cb_cap(&b, 0x05, 0x40);
	b.bytes[0x0e] = 3;
	r = decode(&b);
	assert_note(&r, "header type 0x03");
	assert_caps(&r.config, 0, PP_CAP_COUNT - 1, PP_UNKNOWN);
}

/* --- standard capabilities --- */

static void test_no_list_means_none(void **state)
{
	struct config_builder b;

	cb_init(&b);
	b.bytes[0x34] = 0x40; /* must not be believed without status bit 4 */
	struct pp_config c = decode_clean(&b);
	assert_caps(&c, 0, PP_CAP_COUNT - 1, PP_NO);
	assert_int_equal(c.pcie_type_known, PP_NO);
	assert_int_equal(c.pcie_type, PP_PCIE_NONE);
	assert_int_equal(c.flr, PP_NO);
	assert_int_equal(c.af_flr, PP_NO);
	assert_int_equal(c.slot_implemented, PP_NO);
	assert_int_equal(c.acs_known, PP_NO);
	assert_int_equal(c.sriov_known, PP_NO);
	assert_int_equal(c.pm_no_soft_reset, PP_UNKNOWN);
	assert_int_equal(b.calls, 1);

	b.bytes[0x06] |= 0x10;
	b.bytes[0x34] = 0;
	c = decode_clean(&b);
	assert_caps(&c, 0, PP_CAP_COUNT - 1, PP_NO);
}

static void test_each_standard_capability(void **state)
{
	static const struct {
		uint8_t id;
		enum pp_cap cap;
	} rows[] = {
		{ 0x05, PP_CAP_MSI },
		{ 0x11, PP_CAP_MSIX },
		{ 0x13, PP_CAP_AF },
		{ 0x01, PP_CAP_PM },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x03, 0x40); /* VPD: its data must not be touched */
		cb_cap(&b, 0x09, 0x48);
		cb_cap(&b, rows[i].id, 0x60);
		if (rows[i].cap == PP_CAP_PM)
			cb_need(&b, 0x64, 2);
		struct pp_config c = decode_clean(&b);
		for (int k = 0; k < PP_CAP_COUNT; k++) {
			bool this_one = k == (int)rows[i].cap;
			assert_int_equal(c.caps[k].seen, this_one ? PP_YES : PP_NO);
			assert_int_equal(c.caps[k].offset, this_one ? 0x60 : 0);
		}
	}
}

static void test_cardbus_pointer(void **state)
{
	struct config_builder b;

	cb_init(&b);
	b.bytes[0x0e] = 2;
	b.bytes[0x34] = 0xff; /* part of a window on CardBus bridges */
	b.link = 0x14;
	cb_cap(&b, 0x05, 0xa0);
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.caps[PP_CAP_MSI].offset, 0xa0);
}

static void test_no_soft_reset(void **state)
{
	for (unsigned int bit = 0; bit < 16; bit++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x01, 0x50);
		cb_u16(&b, 0x54, (uint16_t)(1u << bit));
		cb_need(&b, 0x54, 2);
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.pm_no_soft_reset, bit == 3 ? PP_YES : PP_NO);
	}
}

static void test_af_needs_both_bits(void **state)
{
	for (unsigned int bits = 0; bits < 4; bits++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x13, 0x98);
		b.bytes[0x9a] = 6;
		b.bytes[0x9b] = (uint8_t)bits;
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.af_flr, bits == 3 ? PP_YES : PP_NO);
	}
}

static void test_pcie_types_and_flr(void **state)
{
	for (uint8_t type = 0; type < 16; type++) {
		struct config_builder b;
		bool endpoint = type == 0 || type == 1 || type == 9;
		cb_init(&b);
		cb_pcie(&b, 0x70, type);
		cb_need(&b, 0x100, 4);
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.pcie_type_known, PP_YES);
		assert_int_equal(c.pcie_type, type);
		assert_int_equal(c.flr, PP_NO);
		cb_u32(&b, 0x74, ~(1u << 28));
		assert_int_equal(decode_clean(&b).flr, PP_NO);
		cb_u32(&b, 0x74, 1u << 28);
		assert_int_equal(decode_clean(&b).flr, endpoint ? PP_YES : PP_NO);
	}
}

static void test_slot_number(void **state)
{
	static const struct {
		uint8_t type;
		bool flag, slot;
	} rows[] = {
		{ PP_PCIE_ROOT_PORT, true, true },           { PP_PCIE_ROOT_PORT, false, false },
		{ PP_PCIE_DOWNSTREAM, true, true },          { PP_PCIE_UPSTREAM, true, false },
		{ PP_PCI_TO_PCIE_BRIDGE, true, true },       { PP_PCIE_TO_PCI_BRIDGE, true, false },
		{ PP_PCIE_RC_EVENT_COLLECTOR, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_builder b;
		cb_init(&b);
		b.bytes[0x0e] = 1;
		cb_pcie(&b, 0x90, rows[i].type);
		cb_u16(&b, 0x92, TYPE(rows[i].type) | (rows[i].flag ? 0x100 : 0));
		cb_u32(&b, 0xa4, 0x1555u << 19 | 0x7ffff);
		if (rows[i].slot)
			cb_need(&b, 0xa4, 4);
		cb_need(&b, 0x100, 4);
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.slot_implemented, rows[i].slot ? PP_YES : PP_NO);
		assert_int_equal(c.slot_number_known, rows[i].slot ? PP_YES : PP_NO);
		assert_int_equal(c.slot_number, rows[i].slot ? 0x1555 : 0);
	}
}

static void test_first_of_a_kind_counts(void **state)
{
	struct config_builder b;

	cb_init(&b);
	cb_cap(&b, 0x05, 0x50);
	cb_cap(&b, 0x05, 0x60);
	struct result r = decode(&b);
	assert_note(&r, "a second time, first at 0x50");
	assert_int_equal(r.config.caps[PP_CAP_MSI].offset, 0x50);
	assert_int_equal(r.config.caps[PP_CAP_MSIX].seen, PP_NO);
}

/* --- broken standard lists --- */

static void test_loops(void **state)
{
	/* Back to the beginning, to itself, into the middle. */
	static const uint8_t back[] = { 0x40, 0x60, 0x50 };

	for (size_t i = 0; i < sizeof(back); i++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x09, 0x40);
		cb_cap(&b, 0x05, 0x50);
		cb_cap(&b, 0x11, 0x60);
		b.bytes[0x61] = back[i];
		struct result r = decode(&b);
		assert_note(&r, "loop");
		assert_int_equal(r.config.caps[PP_CAP_MSI].seen, PP_YES);
		assert_int_equal(r.config.caps[PP_CAP_MSIX].seen, PP_YES);
		assert_int_equal(r.config.caps[PP_CAP_PCIE].seen, PP_UNKNOWN);
		assert_int_equal(r.config.caps[PP_CAP_ACS].seen, PP_UNKNOWN);
		assert_int_equal(r.config.pcie_type_known, PP_UNKNOWN);
		assert_int_equal(b.calls, 4);
	}
}

static void test_pointer_below_0x40(void **state)
{
	for (unsigned int pointer = 4; pointer < 0x40; pointer += 4) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x05, 0x50);
		b.bytes[0x51] = (uint8_t)pointer;
		struct result r = decode(&b);
		assert_note(&r, "below 0x40");
		assert_int_equal(r.config.caps[PP_CAP_MSI].seen, PP_YES);
		assert_int_equal(r.config.caps[PP_CAP_PM].seen, PP_UNKNOWN);
		b.bytes[0x34] = (uint8_t)pointer;
		r = decode(&b);
		assert_note(&r, "+0x34: ");
		assert_int_equal(r.config.caps[PP_CAP_MSI].seen, PP_UNKNOWN);
	}
}

static void test_unaligned_pointer_is_masked(void **state)
{
	for (unsigned int low = 1; low < 4; low++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, 0x05, 0x50);
		b.bytes[0x34] |= (uint8_t)low;
		struct result r = decode(&b);
		assert_note(&r, "not aligned: taken as 0x50");
		assert_int_equal(r.config.caps[PP_CAP_MSI].offset, 0x50);
		assert_int_equal(r.config.caps[PP_CAP_MSIX].seen, PP_NO);
		/* Nothing left after the mask: the end. */
		b.bytes[0x34] = 0x50;
		b.bytes[0x51] = (uint8_t)low;
		assert_int_equal(decode_clean(&b).caps[PP_CAP_MSIX].seen, PP_NO);
	}
}

static void test_capability_all_ones(void **state)
{
	struct config_builder b;

	cb_init(&b);
	cb_cap(&b, 0x05, 0x50);
	cb_cap(&b, 0xff, 0x60);
	struct result r = decode(&b);
	assert_note(&r, "+0x60: capability reads all ones");
	assert_int_equal(r.config.caps[PP_CAP_MSI].seen, PP_YES);
	assert_int_equal(r.config.caps[PP_CAP_PCIE].seen, PP_UNKNOWN);
}

static void test_capability_at_the_very_end(void **state)
{
	static const uint8_t ids[] = { 0x01, 0x10, 0x07 };

	for (size_t i = 0; i < sizeof(ids); i++) {
		struct config_builder b;
		cb_init(&b);
		cb_cap(&b, ids[i], 0xfc);
		if (ids[i] == 0x10)
			cb_need(&b, 0x100, 4);
		cb_u16(&b, 0xfe, TYPE(PP_PCIE_ENDPOINT));
		struct result r = decode(&b);
		assert_note(&r, "passes the end");
		assert_int_equal(r.config.pm_no_soft_reset, PP_UNKNOWN);
		assert_int_equal(r.config.flr, ids[i] == 0x10 ? PP_UNKNOWN : PP_NO);
		assert_int_equal(r.config.caps[PP_CAP_ACS].seen,
		                 ids[i] == 0x07 ? PP_UNKNOWN : PP_NO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_header),
		cmocka_unit_test(test_bridge_header),
		cmocka_unit_test(test_bridge_windows),
		cmocka_unit_test(test_header_not_read),
		cmocka_unit_test(test_device_gone),
		cmocka_unit_test(test_vf_is_not_gone),
		cmocka_unit_test(test_reader_errors_come_through),
		cmocka_unit_test(test_odd_header),
		cmocka_unit_test(test_no_list_means_none),
		cmocka_unit_test(test_each_standard_capability),
		cmocka_unit_test(test_cardbus_pointer),
		cmocka_unit_test(test_no_soft_reset),
		cmocka_unit_test(test_af_needs_both_bits),
		cmocka_unit_test(test_pcie_types_and_flr),
		cmocka_unit_test(test_slot_number),
		cmocka_unit_test(test_first_of_a_kind_counts),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_pointer_below_0x40),
		cmocka_unit_test(test_unaligned_pointer_is_masked),
		cmocka_unit_test(test_capability_all_ones),
		cmocka_unit_test(test_capability_at_the_very_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
