/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private strings leave SMBIOS, and nothing else. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"
#include "smbios-builder.h"

#define SECRET "S3CR3T"

static struct smbios_builder b;

static int setup(void **state)
{
	sb_init(&b);
	return 0;
}

static void parse(struct pp_span in, struct pp_arena *a, struct pp_smbios *ret)
{
	struct pp_error e;

	if (pp_smbios_parse(in, a, NULL, ret, &e))
		fail_msg("%s", e.text);
}

/* What must hold for every table; the redacted one is the caller's. */
static struct pp_buffer redact(void)
{
	struct pp_smbios before, after, again;
	struct pp_buffer out, twice;
	struct pp_arena arena;
	struct pp_error e;

	pp_arena_init(&arena, 0);
	pp_buffer_init(&out, PP_SMBIOS_MAX_BYTES);
	pp_buffer_init(&twice, PP_SMBIOS_MAX_BYTES);
	parse(sb_span(&b), &arena, &before);
	assert_int_equal(pp_smbios_redact(sb_span(&b), &out, &e), 0);
	parse(PP_SPAN(out.data, out.len), &arena, &after);
	assert_true(same_smbios(&before, &after));
	/* A redacted table has nothing left to take away. */
	assert_int_equal(pp_smbios_redact(PP_SPAN(out.data, out.len), &twice, &e), 0);
	assert_int_equal(twice.len, out.len);
	if (out.len)
		assert_memory_equal(twice.data, out.data, out.len);
	parse(PP_SPAN(twice.data, twice.len), &arena, &again);
	pp_buffer_fini(&twice);
	pp_arena_fini(&arena);
	return out;
}

static void assert_no_secret(void)
{
	struct pp_buffer out = redact();

	assert_non_null(memmem(b.bytes, b.len, SECRET, strlen(SECRET)));
	if (out.len)
		assert_null(memmem(out.data, out.len, SECRET, strlen(SECRET)));
	pp_buffer_fini(&out);
}

static void add_machine(void)
{
	sb_bios(&b, "HPE", "U30", "02/02/2019");
	sb_system(&b, "HPE", "ProLiant DL380 Gen10", SECRET);
	sb_slot(&b, 0x11, 0x901, "PCI-E Slot 1", 1, 4, 0x13, 0);
	sb_onboard(&b, 0x2900, "Embedded LOM 1", 0x85, 1, 2, 0);
	sb_hpe_device(&b, 0x28, 0xb8, 0x901, 1, "Smart Array", 0x13, 0);
}

static void test_a_machine(void **state)
{
	add_machine();
	sb_end(&b);
	assert_no_secret();
}

/* Behind the exposed strings, before them and between them, of every type that is kept. */
static void test_strings_in_every_place(void **state)
{
	static const struct {
		uint8_t type, length, exposed;
	} rows[] = {
		{ 0, 0x1a, 0x05 },  { 1, 0x1b, 0x05 },   { 4, 0x32, 0x07 },   { 9, 0x18, 0x04 },
		{ 41, 0x0b, 0x04 }, { 203, 0x28, 0x1e }, { 203, 0x40, 0x1e },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int place = 0; place < 4; place++) {
			sb_init(&b);
			if (rows[i].type != 1)
				sb_system(&b, "HPE", "ProLiant", "1");
			sb_begin(&b, rows[i].type, rows[i].length, 1);
			for (unsigned int k = 0; k < 4; k++) {
				if (k == place)
					sb_text(&b, rows[i].exposed, "kept");
				else
					sb_string(&b, SECRET);
			}
			sb_finish(&b);
			sb_end(&b);
			assert_no_secret();
		}
	}
}

static void test_other_types_go(void **state)
{
	for (unsigned int type = 0; type < 256; type++) {
		if (type == 127)
			continue;
		sb_init(&b);
		sb_begin(&b, (uint8_t)type, 0x40, 1);
		memcpy(b.bytes + b.start + 0x30, SECRET, strlen(SECRET));
		sb_string(&b, SECRET);
		sb_string(&b, SECRET);
		sb_finish(&b);
		sb_end(&b);
		assert_no_secret();
	}
}

/* Only the first of these is read, so a second one has no business in a capture. */
static void test_second_records_go(void **state)
{
	add_machine();
	sb_bios(&b, SECRET, SECRET, SECRET);
	sb_system(&b, SECRET, SECRET, SECRET);
	sb_end(&b);
	assert_no_secret();
}

static void test_type_203_of_others_goes(void **state)
{
	sb_system(&b, "Other", "Machine", "1");
	sb_hpe_device(&b, 0x28, 1, 2, 3, SECRET, 0, 0);
	sb_end(&b);
	assert_no_secret();
}

static void test_behind_the_end_goes(void **state)
{
	add_machine();
	sb_end(&b);
	sb_slot(&b, 0x11, 2, SECRET, 2, 3, 5, 0);
	assert_no_secret();
}

static void test_hidden_behind_an_empty_string_goes(void **state)
{
	sb_begin(&b, 1, 0x08, 1);
	memcpy(b.bytes + b.len, "\0" SECRET "\0\0", strlen(SECRET) + 3);
	b.len += strlen(SECRET) + 3;
	sb_end(&b);
	assert_no_secret();
}

static void test_uuid_becomes_zero(void **state)
{
	sb_system(&b, "HP", "ProLiant", "1");
	sb_end(&b);
	struct pp_buffer out = redact();
	uint8_t uuid[16];
	memset(uuid, 0x5a, sizeof(uuid));
	assert_non_null(memmem(b.bytes, b.len, uuid, sizeof(uuid)));
	for (size_t i = 0; i < out.len; i++)
		assert_int_not_equal((uint8_t)out.data[i], 0x5a);
	assert_int_equal(out.data[1], 0x1b); /* the structure keeps its length */
	pp_buffer_fini(&out);
}

static void test_processor_id_and_vendor_bytes_go(void **state)
{
	sb_begin(&b, 4, 0x32, 1);
	memset(b.bytes + b.start + 0x08, 0x5a, 8);
	sb_finish(&b);
	sb_slot(&b, 0x40, 1, "PCI-E Slot 1", 1, 4, 0x13, 0);
	memset(b.bytes + b.start + 0x11, 0x5a, 0x40 - 0x11);
	sb_end(&b);
	struct pp_buffer out = redact();
	for (size_t i = 0; i < out.len; i++)
		assert_int_not_equal((uint8_t)out.data[i], 0x5a);
	pp_buffer_fini(&out);
}

static void test_odd_tables(void **state)
{
	add_machine();
	/* Without an end marker, then cut inside the last structure's strings. */
	for (int i = 0; i < 20; i++, b.len--)
		assert_no_secret();
}

static void test_failures_leave_out_alone(void **state)
{
	struct pp_buffer out;
	struct pp_error e;

	add_machine();
	sb_end(&b);
	pp_buffer_init(&out, 40);
	pp_buffer_puts(&out, "before");
	assert_int_equal(pp_smbios_redact(sb_span(&b), &out, &e), -ENOMEM);
	assert_string_equal(out.data, "before");
	assert_int_equal(out.len, 6);
	pp_buffer_fini(&out);

	pp_buffer_init(&out, 4096);
	pp_buffer_puts(&out, "before");
	b.bytes[1] = 3;
	assert_int_equal(pp_smbios_redact(sb_span(&b), &out, &e), -EBADMSG);
	assert_string_equal(out.data, "before");
	b.bytes[1] = 0x1a;
	assert_int_equal(pp_smbios_redact(sb_span(&b), &out, &e), 0);
	assert_memory_equal(out.data, "before", 6);
	assert_true(out.len > 6);
	pp_buffer_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_machine, setup),
		cmocka_unit_test_setup(test_strings_in_every_place, setup),
		cmocka_unit_test_setup(test_other_types_go, setup),
		cmocka_unit_test_setup(test_second_records_go, setup),
		cmocka_unit_test_setup(test_type_203_of_others_goes, setup),
		cmocka_unit_test_setup(test_behind_the_end_goes, setup),
		cmocka_unit_test_setup(test_hidden_behind_an_empty_string_goes, setup),
		cmocka_unit_test_setup(test_uuid_becomes_zero, setup),
		cmocka_unit_test_setup(test_processor_id_and_vendor_bytes_go, setup),
		cmocka_unit_test_setup(test_odd_tables, setup),
		cmocka_unit_test_setup(test_failures_leave_out_alone, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
