/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "config-builder.h"

#define TYPE(t) ((uint16_t)((t) << 4 | 2))

/* What one decoding gave; the notes' texts one after the other. */
struct result {
	struct pp_config config;
	struct pp_error error;
	int rc;
	unsigned int nr_notes;
	char notes[2048];
};

static struct result decode(struct config_builder *b)
{
	struct result r = { .config = { .vendor = 0xdead } };
	struct pp_config_reader reader = cb_reader(b);
	struct pp_arena arena;
	struct pp_notes notes;

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	b->calls = 0;
	r.rc = pp_config_decode(&reader, "0000:07:00.0", &notes, &r.config, &r.error);
	for (const struct pp_note *n = notes.first; n; n = n->next) {
		size_t used = strlen(r.notes);
		assert_string_equal(n->object, "0000:07:00.0");
		snprintf(r.notes + used, sizeof(r.notes) - used, "+0x%zx: %s\n", n->offset,
		         n->text);
	}
	r.nr_notes = notes.count;
	pp_arena_fini(&arena);
	if (b->trespass >= 0)
		fail_msg("byte 0x%x was asked for", (unsigned int)b->trespass);
	return r;
}

/* The same where nothing odd and no failure is expected. */
static struct pp_config decode_clean(struct config_builder *b)
{
	struct result r = decode(b);

	assert_int_equal(r.rc, 0);
	assert_string_equal(r.notes, "");
	return r.config;
}

static void assert_note(const struct result *r, const char *text)
{
	assert_int_equal(r->rc, 0);
	if (r->nr_notes != 1 || !strstr(r->notes, text))
		fail_msg("wanted one note with \"%s\", got: %s", text, r->notes);
}

static void assert_caps(const struct pp_config *c, enum pp_cap from, enum pp_cap to,
                        enum pp_tri seen)
{
	for (int i = from; i <= (int)to; i++)
		assert_int_equal(c->caps[i].seen, seen);
}

static void cb_pcie(struct config_builder *b, uint8_t at, uint8_t type)
{
	cb_cap(b, 0x10, at);
	cb_u16(b, at + 2u, TYPE(type));
	if (type == PP_PCIE_ENDPOINT || type == PP_PCIE_LEGACY_ENDPOINT ||
	    type == PP_PCIE_RC_ENDPOINT) {
		cb_u32(b, at + 4u, 0);
		cb_need(b, at + 4u, 4);
	}
}

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

/* --- extended capabilities --- */

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
		if (rows[i].cap == PP_CAP_SRIOV)
			cb_need(&b, 0xe08, 10);
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
	struct pp_config c = decode_clean(&b);
	assert_true(c.sriov_vf_enable);
	assert_int_equal(c.sriov_total_vfs, 0x80);
	assert_int_equal(c.sriov_num_vfs, 7);
	cb_u16(&b, 0x108, 0xfffe);
	assert_false(decode_clean(&b).sriov_vf_enable);
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

/* --- what is asked for --- */

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
	/* Header, five capabilities, two registers; five extended ones, two registers. */
	assert_int_equal(b.calls, 1 + 5 + 2 + 5 + 2);
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
		cmocka_unit_test(test_endpoint_header),
		cmocka_unit_test(test_bridge_header),
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
		cmocka_unit_test(test_each_extended_capability),
		cmocka_unit_test(test_acs_registers),
		cmocka_unit_test(test_sriov_registers),
		cmocka_unit_test(test_no_extended_list),
		cmocka_unit_test(test_conventional_has_no_extended),
		cmocka_unit_test(test_pcix_mode_2_has_extended),
		cmocka_unit_test(test_extended_not_readable),
		cmocka_unit_test(test_broken_extended_lists),
		cmocka_unit_test(test_unaligned_extended_pointer),
		cmocka_unit_test(test_extended_passes_the_end),
		cmocka_unit_test(test_a_full_extended_list_ends),
		cmocka_unit_test(test_aliased_space),
		cmocka_unit_test(test_calls_for_a_typical_endpoint),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_span_reader),
		cmocka_unit_test(test_without_notes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
