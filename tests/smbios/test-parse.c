/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMBIOS structures built in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "smbios-builder.h"
#include "smbios/smbios.h"

struct result {
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_smbios smbios;
	struct pp_error error;
	int rc;
};

static struct smbios_builder b;
static struct result r;

/* In a block of its exact size, so that a sanitizer sees a read behind it. */
static void parse_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	pp_arena_fini(&r.arena);
	pp_arena_init(&r.arena, 0);
	pp_notes_init(&r.notes, &r.arena);
	r.smbios = (struct pp_smbios){ .product = "untouched" };
	r.error = (struct pp_error){ 0 };
	r.rc = pp_smbios_parse(PP_SPAN(copy, len), &r.arena, &r.notes, &r.smbios, &r.error);
	free(copy);
}

static const struct pp_smbios *parse(void)
{
	parse_bytes(b.bytes, b.len);
	if (r.rc)
		fail_msg("%s", r.error.text);
	return &r.smbios;
}

static const struct pp_smbios *parse_clean(void)
{
	parse();
	if (r.notes.count)
		fail_msg("noted: %s", r.notes.first->text);
	return &r.smbios;
}

static void assert_one_note(size_t offset, const char *text)
{
	assert_int_equal(r.notes.count, 1);
	assert_string_equal(r.notes.first->object, "SMBIOS");
	assert_int_equal(r.notes.first->offset, offset);
	if (!strstr(r.notes.first->text, text))
		fail_msg("noted: %s", r.notes.first->text);
}

static void assert_fails(int code, const char *text)
{
	parse_bytes(b.bytes, b.len);
	assert_int_equal(r.rc, -code);
	assert_int_equal(r.error.code, code);
	if (!strstr(r.error.text, text))
		fail_msg("%s", r.error.text);
	assert_string_equal(r.smbios.product, "untouched");
}

static int setup(void **state)
{
	sb_init(&b);
	return 0;
}

static int teardown(void **state)
{
	pp_arena_fini(&r.arena);
	return 0;
}

static void test_a_machine(void **state)
{
	sb_bios(&b, "HP", "P70", "02/10/2014");
	sb_begin(&b, 17, 0x28, 0x1100); /* not read */
	sb_finish(&b);
	sb_system(&b, "HP", "ProLiant DL380p Gen8", "CZ1234");
	sb_begin(&b, 4, 0x2a, 0x0400);
	sb_string(&b, "Proc 1");
	sb_text(&b, 0x07, "Intel");
	sb_finish(&b);
	sb_slot(&b, 0x11, 0x0901, "PCI-E Slot 1", 1, 3, 0x04, 0x00);
	sb_slot(&b, 0x11, 0x0902, "PCI-E Slot 2", 2, 4, 0x07, 0x0b);
	sb_onboard(&b, 0x2900, "Embedded LOM 1", 0x85, 3, 0x02, 0x01);
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();

	assert_string_equal(s->bios_vendor, "HP");
	assert_string_equal(s->bios_version, "P70");
	assert_string_equal(s->bios_date, "02/10/2014");
	assert_string_equal(s->manufacturer, "HP");
	assert_string_equal(s->product, "ProLiant DL380p Gen8");
	assert_string_equal(s->processor_manufacturer, "Intel");
	assert_int_equal(s->nr_slots, 2);
	assert_int_equal(s->slots[0].usage, 3);
	const struct pp_smbios_slot *slot = &s->slots[1];
	assert_int_equal(slot->handle, 0x0902);
	assert_string_equal(slot->designation, "PCI-E Slot 2");
	assert_int_equal(slot->slot_type, 0xb5);
	assert_int_equal(slot->width, 0x0b);
	assert_int_equal(slot->usage, 4);
	assert_int_equal(slot->length, 4);
	assert_int_equal(slot->id, 2);
	assert_true(slot->address.present);
	assert_int_equal(slot->address.segment, 0);
	assert_int_equal(slot->address.bus, 7);
	assert_int_equal(slot->address.device, 1);
	assert_int_equal(slot->address.function, 3);
	assert_int_equal(b.bytes[slot->offset], 9);
	assert_int_equal(b.bytes[slot->offset + 2], 0x02);
	assert_int_equal(s->nr_onboard, 1);
	const struct pp_smbios_onboard *onboard = &s->onboard[0];
	assert_int_equal(onboard->handle, 0x2900);
	assert_string_equal(onboard->designation, "Embedded LOM 1");
	assert_int_equal(onboard->device_type, 5);
	assert_true(onboard->enabled);
	assert_int_equal(onboard->instance, 3);
	assert_int_equal(onboard->address.bus, 2);
	assert_int_equal(onboard->address.function, 1);
	assert_int_equal(b.bytes[onboard->offset], 41);
	assert_int_equal(s->nr_hpe_devices, 0);
}

static void test_nothing_there_is_null(void **state)
{
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();
	assert_null(s->bios_vendor);
	assert_null(s->manufacturer);
	assert_null(s->product);
	assert_null(s->processor_manufacturer);
	assert_int_equal(s->nr_slots + s->nr_onboard + s->nr_hpe_devices, 0);

	sb_init(&b);
	sb_begin(&b, 1, 0x1b, 1); /* all string numbers 0 */
	sb_finish(&b);
	sb_begin(&b, 9, 0x11, 2);
	sb_finish(&b);
	sb_end(&b);
	s = parse_clean();
	assert_null(s->manufacturer);
	assert_string_equal(s->slots[0].designation, "");
}

static void test_the_first_of_a_type_counts(void **state)
{
	sb_bios(&b, "HP", "P70", "02/10/2014");
	sb_bios(&b, "HP", "backup", "01/01/2012");
	sb_system(&b, "HP", "ProLiant", "1");
	sb_system(&b, "Other", "Other", "2");
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();
	assert_string_equal(s->bios_version, "P70");
	assert_string_equal(s->product, "ProLiant");
}

static void test_texts_are_cleaned(void **state)
{
	sb_system(&b, "  HP  ", "Pro\x1b[2JLiant\xff ", "1");
	sb_slot(&b, 0x11, 1, "   ", 1, 3, 0, 0);
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();
	assert_string_equal(s->manufacturer, "HP");
	assert_string_equal(s->product, "Pro?[2JLiant?");
	assert_string_equal(s->slots[0].designation, "");
}

static void test_addresses(void **state)
{
	static const struct {
		uint16_t segment;
		uint8_t length, bus, devfn;
		bool present;
		bool note;
	} rows[] = {
		{ 0, 0x11, 0, 0, true },         { 0xffff, 0x11, 0xff, 0xff, false },
		{ 0, 0x11, 0xff, 0xff, false },  { 0x00ff, 0x11, 0xff, 0xff, false },
		{ 0, 0x11, 0xff, 0, true },      { 0, 0x11, 0, 0xff, true },
		{ 1, 0x17, 0x40, 0x08, true },   { 0, 0x10, 0x40, 0x08, false },
		{ 0, 0x0d, 0x40, 0x08, false },  { 0, 0x0c, 0x40, 0x08, false },
		{ 0xffff, 0x11, 3, 0, true, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sb_init(&b);
		sb_begin(&b, 9, rows[i].length, 1);
		sb_address(&b, 0x0d, rows[i].segment, rows[i].bus, rows[i].devfn);
		sb_finish(&b);
		sb_end(&b);
		const struct pp_smbios_address a = parse()->slots[0].address;
		assert_int_equal(a.present, rows[i].present);
		assert_int_equal(a.segment, a.present ? rows[i].segment : 0);
		assert_int_equal(a.bus, a.present ? rows[i].bus : 0);
		assert_int_equal(a.device << 3 | a.function, a.present ? rows[i].devfn : 0);
		if (rows[i].note)
			assert_one_note(0x0d, "no segment");
		else
			assert_int_equal(r.notes.count, 0);
	}
}

static void test_onboard_disabled(void **state)
{
	sb_onboard(&b, 1, "Embedded SATA", 0x09, 1, 0, 0xfa);
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();
	assert_false(s->onboard[0].enabled);
	assert_int_equal(s->onboard[0].device_type, 9);
	assert_int_equal(s->onboard[0].address.device, 0x1f);
	assert_int_equal(s->onboard[0].address.function, 2);
}

/* --- HPE's records --- */

static void test_hpe_device(void **state)
{
	/* Before the record that says whose they are, as on the machines themselves. */
	sb_hpe_device(&b, 0x28, 0xb8, 0xae, 2, "HPE Smart Array", 0x5c, 0x08);
	sb_hpe_device(&b, 0x22, 0xb9, 0xaf, 3, "Empty slot 3", 0x5c, 0x08);
	sb_system(&b, "HPE", "ProLiant DL360 Gen10", "1");
	sb_end(&b);
	const struct pp_smbios *s = parse_clean();
	assert_int_equal(s->nr_hpe_devices, 2);
	const struct pp_smbios_hpe_device *d = s->hpe_devices;
	assert_int_equal(d->handle, 0xb8);
	assert_int_equal(d->assoc_handle, 0xae);
	assert_int_equal(d->device_type, 0x09);
	assert_int_equal(d->location, 0x0a);
	assert_int_equal(d->instance, 2);
	assert_string_equal(d->name, "HPE Smart Array");
	assert_true(d->address.present);
	assert_int_equal(d->address.bus, 0x5c);
	assert_int_equal(d->address.device, 1);
	assert_int_equal(d->offset, 0);
	assert_false(d[1].address.present);
	assert_int_equal(d[1].instance, 3);
}

static void test_whose_type_203_it_is(void **state)
{
	static const struct {
		const char *bios, *system;
		uint32_t count;
	} rows[] = {
		{ "HP", "Other", 1 },
		{ "HPE", "Other", 1 },
		{ "Other", "HP", 1 },
		{ "Other", "HPE", 1 },
		{ "Other", "Hewlett-Packard", 1 },
		{ "Other", "Hewlett Packard Enterprise", 1 },
		{ "Other", "HP   ", 1 },
		{ "Other", "Dell Inc.", 0 },
		{ "Other", "HPX", 0 },
		{ "Other", "hp", 0 },
		{ "", "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sb_init(&b);
		sb_bios(&b, rows[i].bios, "1", "2");
		sb_hpe_device(&b, 0x28, 1, 2, 3, "x", 0, 0);
		sb_system(&b, rows[i].system, "ProLiant", "1");
		sb_end(&b);
		assert_int_equal(parse()->nr_hpe_devices, rows[i].count);
	}
}

/* --- odd, but usable --- */

static void test_no_end_marker(void **state)
{
	sb_system(&b, "HP", "ProLiant", "1");
	assert_string_equal(parse()->product, "ProLiant");
	assert_one_note(b.len, "no end marker");
	parse_bytes(NULL, 0);
	assert_int_equal(r.rc, 0);
	assert_one_note(0, "no end marker");
}

static void test_nothing_behind_the_end_is_read(void **state)
{
	sb_end(&b);
	size_t end = b.len;
	sb_system(&b, "HP", "ProLiant", "1");
	assert_null(parse()->product);
	assert_one_note(end, "behind the last structure");
	/* Not even what would be no structure. */
	b.len = end;
	memset(b.bytes + end, 0, 64);
	b.len += 64;
	parse();
	assert_one_note(end, "64 bytes behind");
}

static void test_less_than_a_header_left(void **state)
{
	sb_system(&b, "HP", "ProLiant", "1");
	b.len += 3;
	assert_string_equal(parse()->product, "ProLiant");
	assert_int_equal(r.notes.count, 2);
}

static void test_string_that_is_not_there(void **state)
{
	sb_begin(&b, 1, 0x1b, 1);
	sb_text(&b, 0x05, "ProLiant");
	sb_u8(&b, 0x04, 9);
	sb_finish(&b);
	sb_end(&b);
	assert_null(parse()->manufacturer);
	assert_string_equal(r.smbios.product, "ProLiant");
	assert_one_note(4, "string 9");
}

static void test_empty_string_ends_the_set(void **state)
{
	/* NUL first, then bytes: the set is empty, the structure ends at the two NULs. */
	sb_begin(&b, 1, 0x08, 1);
	sb_u8(&b, 0x04, 1);
	sb_u8(&b, 0x05, 2);
	memcpy(b.bytes + b.len, "\0HP\0\0", 5);
	b.len += 5;
	sb_end(&b);
	assert_null(parse()->manufacturer);
	assert_null(r.smbios.product);
	assert_int_equal(r.notes.count, 2);
}

static void test_unterminated_strings(void **state)
{
	sb_begin(&b, 1, 0x08, 1);
	sb_text(&b, 0x04, "HP");
	sb_text(&b, 0x05, "ProLiant");
	/* The second NUL, then the first, then a byte of the string. */
	for (int i = 0; i < 3; i++) {
		parse();
		assert_string_equal(r.smbios.manufacturer, "HP");
		assert_string_equal(r.smbios.product, i < 2 ? "ProLiant" : "ProLian");
		assert_int_equal(r.notes.count, 2);
		assert_non_null(strstr(r.notes.first->next->text, "not terminated"));
		b.len--;
	}
}

static void test_structures_too_short_for_their_type(void **state)
{
	static const struct {
		uint8_t type, need;
	} rows[] = {
		{ 0, 0x12 }, { 1, 0x08 }, { 4, 0x1a }, { 9, 0x0c }, { 41, 0x0b }, { 203, 0x1f }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int length = 4; length <= rows[i].need; length++) {
			sb_init(&b);
			sb_begin(&b, rows[i].type, (uint8_t)length, 7);
			memset(b.bytes + 4, 1, length - 4);
			sb_string(&b, "HP");
			sb_finish(&b);
			if (rows[i].type == 203)
				sb_bios(&b, "HP", "1", "2");
			sb_end(&b);
			const struct pp_smbios *s = parse();
			bool used = length == rows[i].need;
			bool seen = s->nr_slots || s->nr_onboard || s->nr_hpe_devices ||
			            s->manufacturer || s->processor_manufacturer ||
			            (s->bios_vendor && rows[i].type == 0);
			assert_int_equal(seen, used);
			if (!used)
				assert_one_note(0, "not used");
		}
	}
}

/* --- unusable --- */

static void test_length_below_the_header(void **state)
{
	for (uint8_t length = 0; length < 4; length++) {
		sb_init(&b);
		sb_system(&b, "HP", "ProLiant", "1");
		size_t at = b.len;
		sb_begin(&b, 9, 4, 1);
		sb_finish(&b);
		sb_end(&b);
		b.bytes[at + 1] = length;
		char where[40];
		snprintf(where, sizeof(where), "SMBIOS+0x%zx: ", at);
		assert_fails(EBADMSG, where);
		assert_non_null(strstr(r.error.text, "type 9 has length"));
	}
}

static void test_structure_passes_the_end(void **state)
{
	sb_begin(&b, 1, 0x1b, 1);
	b.len -= 1;
	assert_fails(EBADMSG, "SMBIOS+0x0: structure of type 1 has length 27, need 4 to 26");
	b.len = 4;
	assert_fails(EBADMSG, "need 4 to 4");
}

static void test_too_large(void **state)
{
	size_t len = PP_SMBIOS_MAX_BYTES + 1;
	uint8_t *bytes = calloc(1, len);

	assert_non_null(bytes);
	bytes[0] = 127;
	bytes[1] = 4;
	parse_bytes(bytes, len);
	assert_int_equal(r.rc, -E2BIG);
	parse_bytes(bytes, len - 1);
	assert_int_equal(r.rc, 0);
	free(bytes);
}

/* Cut anywhere, it is refused or gives a part of what is there; never anything else. */
static void test_every_length(void **state)
{
	sb_bios(&b, "HP", "P70", "02/10/2014");
	sb_system(&b, "HP", "ProLiant", "1");
	sb_slot(&b, 0x11, 1, "PCI-E Slot 1", 1, 3, 4, 0);
	sb_slot(&b, 0x11, 2, "PCI-E Slot 2", 2, 3, 7, 0);
	sb_end(&b);
	for (size_t len = 0; len < b.len; len++) {
		parse_bytes(b.bytes, len);
		if (r.rc) {
			assert_int_equal(r.rc, -EBADMSG);
			continue;
		}
		assert_true(r.notes.count > 0);
		assert_true(r.smbios.nr_slots <= 2);
		if (r.smbios.nr_slots)
			assert_int_equal(r.smbios.slots[0].address.bus, 4);
		if (r.smbios.product && len > 100)
			assert_string_equal(r.smbios.product, "ProLiant");
	}
}

static void test_out_of_memory(void **state)
{
	unsigned int failed = 0;

	sb_system(&b, "HP", "ProLiant", "1");
	sb_slot(&b, 0x11, 1, "PCI-E Slot 1", 1, 3, 4, 0);
	sb_end(&b);
	for (size_t limit = 1; limit < 4096; limit += 16) {
		struct pp_arena arena;
		struct pp_smbios s = { .product = "untouched" };
		struct pp_error e;
		pp_arena_init(&arena, limit);
		int rc = pp_smbios_parse(sb_span(&b), &arena, NULL, &s, &e);
		assert_true(rc == 0 || rc == -ENOMEM);
		assert_string_equal(s.product, rc ? "untouched" : "ProLiant");
		failed += rc != 0;
		pp_arena_fini(&arena);
	}
	assert_in_range(failed, 1, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_there_is_null, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_first_of_a_type_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_texts_are_cleaned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_onboard_disabled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hpe_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whose_type_203_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_end_marker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_behind_the_end_is_read, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_less_than_a_header_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_string_that_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_string_ends_the_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unterminated_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_structures_too_short_for_their_type, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_length_below_the_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_structure_passes_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
