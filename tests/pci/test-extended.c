/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended capabilities. */
#include "decode.h"

static void cb_pcie_ready(struct config_builder *b)
{
	cb_init(b);
	cb_pcie(b, 0x70, PP_PCIE_ENDPOINT);
	cb_need(b, 0x100, 4);
}

static void test_each_extended_capability(void **state)
{
	static const struct {
		uint16_t id;
		enum pp_cap cap;
	} rows[] = {
		{ 0x000d, PP_CAP_ACS },
		{ 0x000e, PP_CAP_ARI },
		{ 0x0010, PP_CAP_SRIOV },
		{ 0x0015, PP_CAP_REBAR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_builder b;
		cb_pcie_ready(&b);
		cb_ext(&b, 0x0001, 0x100);
		cb_ext(&b, 0x002e, 0x148); /* DOE: a mailbox, not to be touched */
		cb_ext(&b, rows[i].id, 0xe00);
		if (rows[i].cap == PP_CAP_ACS)
			cb_need(&b, 0xe04, 4);
		if (rows[i].cap == PP_CAP_SRIOV) {
			cb_need(&b, 0xe08, 10);
			cb_need(&b, 0xe24, 24);
		}
		if (rows[i].cap == PP_CAP_REBAR) {
			cb_need(&b, 0xe04, 8);
			cb_u32(&b, 0xe08, 1 << 5);
		}
		struct pp_config c = decode_clean(&b);
		for (int k = PP_CAP_ACS; k < PP_CAP_COUNT; k++) {
			bool this_one = k == (int)rows[i].cap;
			assert_int_equal(c.caps[k].seen, this_one ? PP_YES : PP_NO);
			assert_int_equal(c.caps[k].offset, this_one ? 0xe00 : 0);
		}
		assert_int_equal(c.acs_known, rows[i].cap == PP_CAP_ACS ? PP_YES : PP_NO);
		assert_int_equal(c.sriov_known, rows[i].cap == PP_CAP_SRIOV ? PP_YES : PP_NO);
	}
}

static void test_acs_registers(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x000d, 0x100);
	cb_u16(&b, 0x104, 0x205f);
	cb_u16(&b, 0x106, PP_ACS_SV | PP_ACS_RR | PP_ACS_CR | PP_ACS_UF);
	cb_need(&b, 0x104, 4);
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.acs_cap, 0x205f);
	assert_int_equal(c.acs_ctl, 0x1d);
}

static void test_sriov_registers(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x0010, 0x100);
	cb_u16(&b, 0x108, 0x0009); /* VF Enable, MSE */
	cb_u16(&b, 0x10a, 0xffff);
	cb_u16(&b, 0x10c, 0x1111);
	cb_u16(&b, 0x10e, 0x0080);
	cb_u16(&b, 0x110, 0x0007);
	cb_need(&b, 0x108, 10);
	cb_u32(&b, 0x124, 0xfe00000c);
	cb_u32(&b, 0x128, 0x00000038);
	cb_u32(&b, 0x138, 0x00001000);
	cb_need(&b, 0x124, 24);
	struct pp_config c = decode_clean(&b);
	assert_true(c.sriov_vf_enable);
	assert_int_equal(c.vf_bars_known, PP_YES);
	assert_int_equal(c.vf_bar[0], 0xfe00000c);
	assert_int_equal(c.vf_bar[1], 0x38);
	assert_int_equal(c.vf_bar[5], 0x1000);
	assert_int_equal(c.sriov_total_vfs, 0x80);
	assert_int_equal(c.sriov_num_vfs, 7);
	cb_u16(&b, 0x108, 0xfffe);
	assert_false(decode_clean(&b).sriov_vf_enable);
}

/* PCIe 7.8.6: the first pair says how many there are; each says which BAR it is about. */
static void test_resizable_bars(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x0015, 0x100);
	cb_u32(&b, 0x104, 0x7f00 << 4);
	cb_u32(&b, 0x108, 2 << 5 | 14 << 8 | 1);
	cb_u32(&b, 0x10c, 0x0007 << 4);
	cb_u32(&b, 0x110, 7 << 5 | 1 << 8 | 3);
	cb_need(&b, 0x104, 16);
	struct pp_config c = decode_clean(&b);
	assert_true(c.rebar[1].there && c.rebar[3].there);
	assert_false(c.rebar[0].there || c.rebar[2].there || c.rebar[4].there);
	assert_int_equal(c.rebar[1].now, 14);
	assert_int_equal(c.rebar[1].sizes, 0x7f00);
	assert_int_equal(c.rebar[3].sizes, 7);
	/* more pairs than there are BARs, and a BAR that does not exist */
	cb_u32(&b, 0x108, 7 << 5 | 7);
	memset(b.bytes + 0x114, 0, 0x20);
	cb_need(&b, 0x104, 48);
	c = decode_clean(&b);
	for (unsigned int i = 0; i < PP_CONFIG_BARS; i++)
		assert_int_equal(c.rebar[i].there, i == 0 || i == 3);
	/* one that passes the end */
	cb_pcie_ready(&b);
	cb_ext(&b, 0x000b, 0x100);
	cb_ext(&b, 0x0015, 0xff8);
	struct result r = decode(&b);
	assert_note(&r, "passes the end at 0x1000");
	for (unsigned int i = 0; i < PP_CONFIG_BARS; i++)
		assert_false(r.config.rebar[i].there);
}

static void test_no_extended_list(void **state)
{
	static const uint32_t headers[] = { 0, 0xffffffff };

	for (size_t i = 0; i < 2; i++) {
		struct config_builder b;
		cb_pcie_ready(&b);
		cb_u32(&b, 0x100, headers[i]);
		struct pp_config c = decode_clean(&b);
		assert_caps(&c, PP_CAP_ACS, PP_CAP_REBAR, PP_NO);
		assert_int_equal(c.acs_known, PP_NO);
	}
}

static void test_conventional_has_no_extended(void **state)
{
	struct config_builder b;

	cb_init(&b);
	cb_cap(&b, 0x05, 0x50);
	b.len = 256;
	struct pp_config c = decode_clean(&b); /* 0x100 is not even asked for */
	assert_int_equal(c.pcie_type_known, PP_NO);
	assert_caps(&c, PP_CAP_ACS, PP_CAP_REBAR, PP_NO);
}

static void test_pcix_mode_2_has_extended(void **state)
{
	for (unsigned int bit = 28; bit < 32; bit++) {
		struct config_builder b;
		bool mode2 = bit >= 30;
		cb_init(&b);
		cb_cap(&b, 0x07, 0x68);
		cb_u32(&b, 0x6c, 1u << bit);
		cb_need(&b, 0x6c, 4);
		cb_ext(&b, 0x000e, 0x100);
		if (!mode2)
			memset(b.needed + 0x100, false, 4);
		struct pp_config c = decode_clean(&b);
		assert_int_equal(c.pcie_type_known, PP_NO);
		assert_int_equal(c.caps[PP_CAP_ARI].seen, mode2 ? PP_YES : PP_NO);
		assert_int_equal(c.caps[PP_CAP_ACS].seen, PP_NO);
	}
}

static void test_extended_not_readable(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x000d, 0x100);
	b.len = 256;
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.pcie_type_known, PP_YES);
	assert_int_equal(c.flr, PP_NO);
	assert_caps(&c, PP_CAP_ACS, PP_CAP_REBAR, PP_UNKNOWN);
	assert_int_equal(c.acs_known, PP_UNKNOWN);
	b.len = 64;
	c = decode_clean(&b);
	assert_int_equal(c.header_read, PP_YES);
	assert_caps(&c, 0, PP_CAP_COUNT - 1, PP_UNKNOWN);
	assert_int_equal(c.flr, PP_UNKNOWN);
}

static void test_broken_extended_lists(void **state)
{
	static const struct {
		uint32_t header; /* of the second capability, at 0x200 */
		const char *note;
	} rows[] = {
		{ 0x1000000b, "loop" },        { 0x2000000b, "loop" },
		{ 0x0fc0000b, "below 0x100" }, { 0x0040000b, "below 0x100" },
		{ 0xffffffff, "all ones" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_builder b;
		cb_pcie_ready(&b);
		cb_ext(&b, 0x000e, 0x100);
		cb_ext(&b, 0x000b, 0x200);
		cb_u32(&b, 0x200, rows[i].header);
		struct result r = decode(&b);
		assert_note(&r, rows[i].note);
		assert_int_equal(r.config.caps[PP_CAP_ARI].seen, PP_YES);
		assert_int_equal(r.config.caps[PP_CAP_ACS].seen, PP_UNKNOWN);
		assert_int_equal(r.config.acs_known, PP_UNKNOWN);
		assert_int_equal(r.config.sriov_known, PP_UNKNOWN);
	}
}

static void test_unaligned_extended_pointer(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x000b, 0x100);
	cb_ext(&b, 0x000e, 0x200);
	cb_u16(&b, 0x102, 0x2031);
	struct result r = decode(&b);
	assert_note(&r, "0x203 is not aligned: taken as 0x200");
	assert_int_equal(r.config.caps[PP_CAP_ARI].offset, 0x200);
	assert_int_equal(r.config.caps[PP_CAP_ACS].seen, PP_NO);
}

static void test_extended_passes_the_end(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	cb_ext(&b, 0x000b, 0x100);
	cb_ext(&b, 0x000d, 0xffc);
	struct result r = decode(&b);
	assert_note(&r, "passes the end at 0x1000");
	assert_int_equal(r.config.caps[PP_CAP_ACS].seen, PP_YES);
	assert_int_equal(r.config.acs_known, PP_UNKNOWN);
}

static void test_a_full_extended_list_ends(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	for (unsigned int at = 0x100; at < 0x1000; at += 4)
		cb_ext(&b, 0x0023, (uint16_t)at);
	struct pp_config c = decode_clean(&b);
	assert_caps(&c, PP_CAP_ACS, PP_CAP_REBAR, PP_NO);
	assert_int_equal(b.calls, 3 + 0xf00 / 4);
}

static void test_aliased_space(void **state)
{
	struct config_builder b;

	cb_pcie_ready(&b);
	for (unsigned int at = 0x100; at < 0x1000; at += 0x100) {
		memcpy(b.bytes + at, b.bytes, 0x100);
		cb_need(&b, at, 4);
	}
	struct result r = decode(&b);
	assert_note(&r, "only repeats");
	assert_caps(&r.config, PP_CAP_ACS, PP_CAP_REBAR, PP_NO);
	/* Once different, and it is a list after all, whatever its ids look like. */
	cb_u32(&b, 0xf00, 0);
	cb_u32(&b, 0x00, 0x0001000d);
	for (unsigned int at = 0x100; at < 0xf00; at += 0x100)
		cb_u32(&b, at, 0x0001000d);
	cb_need(&b, 0x104, 4);
	assert_int_equal(decode_clean(&b).caps[PP_CAP_ACS].seen, PP_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_extended_capability),
		cmocka_unit_test(test_acs_registers),
		cmocka_unit_test(test_sriov_registers),
		cmocka_unit_test(test_resizable_bars),
		cmocka_unit_test(test_no_extended_list),
		cmocka_unit_test(test_conventional_has_no_extended),
		cmocka_unit_test(test_pcix_mode_2_has_extended),
		cmocka_unit_test(test_extended_not_readable),
		cmocka_unit_test(test_broken_extended_lists),
		cmocka_unit_test(test_unaligned_extended_pointer),
		cmocka_unit_test(test_extended_passes_the_end),
		cmocka_unit_test(test_a_full_extended_list_ends),
		cmocka_unit_test(test_aliased_space),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
