/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schemas that the project ships. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conrep/match.h"

static struct pp_arena arena;
static struct pp_schema schema;
static char reason[512];

static void schemas_load(const char *name)
{
	static char bytes[1 << 20];
	char path[4096];
	struct pp_notes notes;
	struct pp_error e;

	const char *root = getenv("PCIPASS_SOURCE_ROOT");
	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/schemas/%s", root, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	pp_arena_fini(&arena);
	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	if (pp_schema_parse(PP_SPAN(bytes, len), name, &arena, &notes, &schema, &e))
		fail_msg("%s", e.text);
	if (notes.count)
		fail_msg("%s line %zu: %s", name, notes.first->offset, notes.first->text);
}

static int teardown(void **state)
{
	pp_arena_fini(&arena);
	return 0;
}

static void test_rmrds_slots(void **state)
{
	schemas_load("rmrds.xml");
	assert_int_equal(schema.nr_sections, 16);
	for (unsigned int slot = 1; slot <= 16; slot++) {
		const struct pp_schema_section *s = &schema.sections[slot - 1];
		char name[32];
		snprintf(name, sizeof(name), "RMRDS_Slot%u", slot);
		assert_string_equal(s->name, name);
		assert_true(*s->helptext);
		assert_int_equal(s->kind, PP_SECTION_ENUM);
		assert_int_equal(s->space, PP_CELL_NVRAM);
		assert_int_equal(s->offset, slot <= 8 ? 0x26a : 0x26b);
		assert_int_equal(s->mask, 1 << ((slot - 1) % 8));
		assert_int_equal(s->nr_values, 2);
		assert_string_equal(s->values[0].text, "Endpoints_Included");
		assert_int_equal(s->values[0].id, 0);
		assert_string_equal(s->values[1].text, "Endpoints_Excluded");
		assert_int_equal(s->values[1].id, s->mask);
	}
}

static void test_rmrds_machines(void **state)
{
	const struct pp_machine gen8 = { .product = "ProLiant DL380p Gen8" };
	const struct pp_machine gen9 = { .product = "ProLiant DL380 Gen9" };
	const struct pp_machine nobody = { 0 };
	const struct pp_machine store = { .product = "StoreEasy 3850", .rom_family = "P70" };
	const struct pp_machine store9 = { .product = "StoreEasy 1650", .rom_family = "P89" };
	const struct pp_machine unread = { .product = "StoreVirtual 4530" };
	const struct pp_schema_section *s;
	struct pp_error e;

	schemas_load("rmrds.xml");
	assert_string_equal(schema.on_mismatch, "exception");
	assert_int_equal(pp_schema_match(&schema, &gen8, reason, sizeof(reason)), PP_MATCH_YES);
	assert_int_equal(pp_schema_match(&schema, &gen9, reason, sizeof(reason)), PP_MATCH_NO);
	assert_non_null(strstr(reason, "rmrds.xml is for product \"Gen8\" or \"StoreEasy\" or "
	                               "\"StoreVirtual\", this machine's is \"ProLiant DL380 "
	                               "Gen9\": "));
	assert_non_null(strstr(reason, "On other generations these bytes hold other settings"));
	assert_int_equal(pp_schema_match(&schema, &nobody, reason, sizeof(reason)),
	                 PP_MATCH_UNKNOWN);
	assert_int_equal(pp_schema_find(&schema, &gen8, "RMRDS_Slot16", &s, &e), 0);
	assert_int_equal(pp_schema_find(&schema, &gen9, "RMRDS_Slot16", &s, &e), -EPERM);
	assert_int_equal(pp_schema_find(&schema, &nobody, "RMRDS_Slot16", &s, &e), -ENODATA);
	assert_int_equal(pp_schema_find(&schema, &gen8, "RMRDS_Slot17", &s, &e), -ENOENT);
	/* Other names of Gen8 boards, and of later ones. */
	assert_int_equal(pp_schema_match(&schema, &store, reason, sizeof(reason)), PP_MATCH_YES);
	assert_int_equal(pp_schema_find(&schema, &store, "RMRDS_Slot1", &s, &e), 0);
	assert_int_equal(pp_schema_find(&schema, &store9, "RMRDS_Slot1", &s, &e), -EPERM);
	assert_int_equal(pp_schema_find(&schema, &unread, "RMRDS_Slot1", &s, &e), -EPERM);
}

/* One section of each kind and space, for the tests that write. */
static void test_lab_has_each_kind(void **state)
{
	bool seen[PP_SECTION_RAW + 1][PP_CELL_CMOS + 1][2] = { 0 };
	bool empty_delete = false, wide = false;

	schemas_load("lab.xml");
	for (uint32_t i = 0; i < schema.nr_sections; i++) {
		const struct pp_schema_section *s = &schema.sections[i];
		assert_true(*s->helptext);
		assert_int_not_equal(strncmp(s->name, "RMRDS", 5), 0);
		seen[s->kind][s->space][s->text] = true;
		empty_delete |= s->empty_delete;
		for (uint32_t j = 0; j < s->nr_fields; j++)
			wide |= !s->text && s->fields[j].size > 1;
	}
	for (int space = PP_CELL_EV; space <= PP_CELL_CMOS; space++)
		assert_true(seen[PP_SECTION_ENUM][space][0]);
	for (int text = 0; text < 2; text++) {
		assert_true(seen[PP_SECTION_RECORDS][PP_CELL_EV][text]);
		assert_true(seen[PP_SECTION_RAW][PP_CELL_EV][text]);
	}
	assert_true(empty_delete);
	assert_true(wide);
}

static void test_lab_machines(void **state)
{
	struct pp_machine m = { "Lab Machine", "L02", "01/01/2020", "Intel" };
	const struct pp_schema_section *s;
	struct pp_error e;

	schemas_load("lab.xml");
	assert_int_equal(pp_schema_match(&schema, &m, reason, sizeof(reason)), PP_MATCH_YES);
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_DMA_Channels", &s, &e), 0);
	assert_int_equal(s->offset, 0x45);
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_VT", &s, &e), 0);
	assert_string_equal(s->name, "Lab_Virtualization");
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_Turbo", &s, &e), 0);
	m.rom_family = "L03";
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_DMA_Channels", &s, &e), 0);
	assert_int_equal(s->offset, 0x6d);
	m.rom_family = "L04";
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_DMA_Channels", &s, &e), -ENOTSUP);
	m.processor = "AMD";
	assert_int_equal(pp_schema_find(&schema, &m, "Lab_Turbo", &s, &e), -ENOTSUP);
	m.product = "ProLiant DL380p Gen8";
	assert_int_equal(pp_schema_match(&schema, &m, reason, sizeof(reason)), PP_MATCH_NO);

	/* A virtual machine of that name takes both schemas. */
	m.product = "ProLiant Lab Gen8";
	assert_int_equal(pp_schema_match(&schema, &m, reason, sizeof(reason)), PP_MATCH_YES);
	schemas_load("rmrds.xml");
	assert_int_equal(pp_schema_match(&schema, &m, reason, sizeof(reason)), PP_MATCH_YES);
	assert_int_equal(pp_schema_find(&schema, &m, "RMRDS_Slot2", &s, &e), -EPERM);
	m.processor = "Intel";
	assert_int_equal(pp_schema_find(&schema, &m, "RMRDS_Slot2", &s, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_rmrds_slots, teardown),
		cmocka_unit_test_teardown(test_rmrds_machines, teardown),
		cmocka_unit_test_teardown(test_lab_has_each_kind, teardown),
		cmocka_unit_test_teardown(test_lab_machines, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
