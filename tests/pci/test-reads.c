/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a configuration space counts as read. */
#include "decode.h"

/* A network card as they are: PM, MSI, MSI-X, PCIe, VPD; AER, serial number, ARI, SR-IOV, ACS. */
static void cb_typical(struct config_builder *b)
{
	cb_init(b);
	cb_cap(b, 0x01, 0x40);
	cb_u16(b, 0x44, 0x0008);
	cb_need(b, 0x44, 2);
	cb_cap(b, 0x05, 0x50);
	cb_cap(b, 0x11, 0x70);
	cb_pcie(b, 0xa0, PP_PCIE_ENDPOINT);
	cb_u32(b, 0xa4, 1u << 28);
	cb_cap(b, 0x03, 0xe0);
	cb_ext(b, 0x0001, 0x100);
	cb_ext(b, 0x0003, 0x140);
	cb_ext(b, 0x000e, 0x150);
	cb_ext(b, 0x0010, 0x160);
	cb_u16(b, 0x168, 1);
	cb_u16(b, 0x16e, 63);
	cb_u16(b, 0x170, 2);
	cb_need(b, 0x168, 10);
	cb_need(b, 0x184, 24);
	cb_ext(b, 0x000d, 0x1d0);
	cb_u16(b, 0x1d4, 0);
	cb_u16(b, 0x1d6, 0);
	cb_need(b, 0x1d4, 4);
}

static void test_calls_for_a_typical_endpoint(void **state)
{
	struct config_builder b;

	cb_typical(&b);
	struct pp_config c = decode_clean(&b);
	assert_int_equal(c.flr, PP_YES);
	assert_int_equal(c.pm_no_soft_reset, PP_YES);
	assert_int_equal(c.sriov_total_vfs, 63);
	assert_int_equal(c.acs_known, PP_YES);
	/* Header, five capabilities, two registers; five extended ones, two registers, VF BARs. */
	assert_int_equal(b.calls, 1 + 5 + 2 + 5 + 3);
}

/* Without the rest, a fact is what it is with it, or unknown; never anything else. */
static void assert_fewer(enum pp_tri part, enum pp_tri whole)
{
	assert_true(part == PP_UNKNOWN || part == whole);
}

static void assert_part_of(const struct pp_config *part, const struct pp_config *whole)
{
	for (int i = 0; i < PP_CAP_COUNT; i++) {
		assert_fewer(part->caps[i].seen, whole->caps[i].seen);
		if (part->caps[i].seen == PP_YES)
			assert_int_equal(part->caps[i].offset, whole->caps[i].offset);
	}
	assert_fewer(part->pm_no_soft_reset, whole->pm_no_soft_reset);
	assert_fewer(part->af_flr, whole->af_flr);
	assert_fewer(part->pcie_type_known, whole->pcie_type_known);
	assert_fewer(part->flr, whole->flr);
	assert_fewer(part->slot_implemented, whole->slot_implemented);
	assert_fewer(part->slot_number_known, whole->slot_number_known);
	assert_fewer(part->acs_known, whole->acs_known);
	assert_fewer(part->sriov_known, whole->sriov_known);
	assert_fewer(part->vf_bars_known, whole->vf_bars_known);
}

static unsigned int known(const struct pp_config *c)
{
	unsigned int n = c->header_read == PP_YES;

	for (int i = 0; i < PP_CAP_COUNT; i++)
		n += c->caps[i].seen != PP_UNKNOWN;
	return n + (c->pm_no_soft_reset != PP_UNKNOWN) + (c->flr != PP_UNKNOWN) +
	       (c->af_flr != PP_UNKNOWN) + (c->pcie_type_known != PP_UNKNOWN) +
	       (c->acs_known != PP_UNKNOWN) + (c->sriov_known != PP_UNKNOWN);
}

static void test_every_length(void **state)
{
	struct config_builder b;
	unsigned int before = 0;

	cb_typical(&b);
	struct pp_config whole = decode_clean(&b);
	for (size_t len = 0; len <= sizeof(b.bytes); len++) {
		b.len = len;
		struct pp_config part = decode_clean(&b);
		assert_int_equal(part.header_read, len < 64 ? PP_NO : PP_YES);
		assert_part_of(&part, &whole);
		assert_true(known(&part) >= before); /* more bytes, not less knowledge */
		before = known(&part);
		/* A no is allowed only once the list was read to its end, at 0xe0 and 0x1d0. */
		assert_int_equal(part.caps[PP_CAP_AF].seen, len < 0xe4 ? PP_UNKNOWN : PP_NO);
		assert_int_equal(part.caps[PP_CAP_REBAR].seen, len < 0x1d4 ? PP_UNKNOWN : PP_NO);
		assert_int_equal(part.caps[PP_CAP_MSI].seen, len < 0x54 ? PP_UNKNOWN : PP_YES);
		assert_int_equal(part.flr, len < 0xa8 ? PP_UNKNOWN : PP_YES);
		assert_int_equal(part.acs_known, len < 0x1d8 ? PP_UNKNOWN : PP_YES);
		assert_int_equal(part.sriov_known, len < 0x172 ? PP_UNKNOWN : PP_YES);
		assert_int_equal(part.vf_bars_known, len < 0x19c ? PP_UNKNOWN : PP_YES);
	}
	assert_true(before == known(&whole));
}

static void test_span_reader(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct pp_span span = PP_SPAN(bytes, sizeof(bytes));
	struct pp_config_reader r = pp_config_reader_span(&span);
	uint8_t buf[8] = { 0 };

	assert_int_equal(r.read(r.ctx, 0, buf, 4), 0);
	assert_memory_equal(buf, bytes, 4);
	assert_int_equal(r.read(r.ctx, 3, buf, 1), 0);
	assert_int_equal(buf[0], 4);
	assert_int_equal(r.read(r.ctx, 3, buf, 2), -ENODATA);
	assert_int_equal(r.read(r.ctx, 4, buf, 1), -ENODATA);
	assert_int_equal(r.read(r.ctx, 0xffff, buf, 8), -ENODATA);
	span = PP_SPAN(NULL, 0);
	assert_int_equal(r.read(r.ctx, 0, buf, 1), -ENODATA);
}

/* Neither notes nor error text are a must. */
static void test_without_notes(void **state)
{
	struct config_builder b;
	struct pp_config_reader reader = cb_reader(&b);
	struct pp_config c;

	cb_init(&b);
	cb_cap(&b, 0x05, 0x50);
	b.bytes[0x51] = 0x50;
	assert_int_equal(pp_config_decode(&reader, "x", NULL, &c, NULL), 0);
	memset(b.bytes, 0xff, 64);
	assert_int_equal(pp_config_decode(&reader, "x", NULL, &c, NULL), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_for_a_typical_endpoint),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_span_reader),
		cmocka_unit_test(test_without_notes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
