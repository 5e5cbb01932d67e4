/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sections are for a machine. */
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

static const struct pp_machine gen8 = { "ProLiant DL380p Gen8", "P70", "05/24/2019", "Intel" };
static const struct pp_machine gen9 = { "ProLiant DL380 Gen9", "P89", "05/24/2019", "Intel" };
static const struct pp_machine nobody = { NULL, NULL, NULL, NULL };

static void parse(const char *inside)
{
	char text[4096];
	struct pp_error e;

	pp_arena_fini(&arena);
	pp_arena_init(&arena, 0);
	snprintf(text, sizeof(text), "<Conrep>%s</Conrep>", inside);
	if (pp_schema_parse(PP_SPAN(text, strlen(text)), "s.xml", &arena, NULL, &schema, &e))
		fail_msg("%s", e.text);
}

static int teardown(void **state)
{
	pp_arena_fini(&arena);
	return 0;
}

#define PLACE(address) "<nvram>" address "</nvram><value id='0'>Off</value><value id='1'>On</value>"
#define SECTION(name, conditions, address)                                                         \
	"<Section name='" name "'>" conditions PLACE(address) "</Section>\n"
#define PLATFORM(x) "<platforms><platform>" x "</platform></platforms>"
#define FAMILY(x)   "<romfamilies><romfamily>" x "</romfamily></romfamilies>"
#define DATE(x)     "<romdates><greaterthan>" x "</greaterthan></romdates>"
#define PROC(x)     "<proc_mans><proc_man>" x "</proc_man></proc_mans>"

static enum pp_match fit(const char *conditions, const struct pp_machine *m)
{
	char text[1024];

	snprintf(text, sizeof(text), "<Section name='A'>%s" PLACE("1") "</Section>", conditions);
	parse(text);
	memset(reason, 'x', sizeof(reason));
	enum pp_match answer = pp_section_match(&schema.sections[0], m, reason, sizeof(reason));
	assert_non_null(memchr(reason, '\0', sizeof(reason)));
	assert_int_equal(answer == PP_MATCH_YES, !reason[0]);
	assert_int_equal(pp_section_match(&schema.sections[0], m, NULL, 0), answer);
	return answer;
}

static void test_no_condition(void **state)
{
	assert_int_equal(fit("", &gen8), PP_MATCH_YES);
	assert_int_equal(fit("", &nobody), PP_MATCH_YES);
	assert_int_equal(fit("<platforms/>", &nobody), PP_MATCH_YES);
}

static void test_platforms(void **state)
{
	const struct pp_machine ml350 = { .product = "ProLiant ML350 Gen9" }, empty = { "" };

	assert_int_equal(fit(PLATFORM("Gen8"), &gen8), PP_MATCH_YES);
	assert_int_equal(fit(PLATFORM("ProLiant ML3"), &ml350), PP_MATCH_YES);
	assert_int_equal(fit(PLATFORM("gen8"), &gen8), PP_MATCH_NO);
	assert_int_equal(fit(PLATFORM("Gen8"), &gen9), PP_MATCH_NO);
	assert_string_equal(reason,
	                    "A is for product \"Gen8\", this machine's is \"ProLiant DL380 Gen9\"");
	assert_int_equal(fit(PLATFORM("Gen8"), &nobody), PP_MATCH_UNKNOWN);
	assert_string_equal(reason, "A is for product \"Gen8\", this machine's is not known");
	assert_int_equal(fit(PLATFORM("Gen8"), &empty), PP_MATCH_UNKNOWN);
	assert_int_equal(fit("<platforms><platform>G7</platform><platform>Gen9</platform>"
	                     "</platforms>",
	                     &gen9),
	                 PP_MATCH_YES);
	assert_int_equal(fit("<platforms><platform>G6</platform><platform>G7</platform>"
	                     "</platforms>",
	                     &gen9),
	                 PP_MATCH_NO);
	assert_string_equal(
		reason,
		"A is for product \"G6\" or \"G7\", this machine's is \"ProLiant DL380 Gen9\"");
}

static void test_families(void **state)
{
	assert_int_equal(fit(FAMILY("P70"), &gen8), PP_MATCH_YES);
	assert_int_equal(fit(FAMILY("P7"), &gen8), PP_MATCH_NO);
	assert_int_equal(fit(FAMILY("P701"), &gen8), PP_MATCH_NO);
	assert_string_equal(reason, "A is for ROM family \"P701\", this machine's is \"P70\"");
	assert_int_equal(fit(FAMILY("P70"), &nobody), PP_MATCH_UNKNOWN);
}

static void test_dates(void **state)
{
	const struct pp_machine odd = { .rom_date = "2019-05-24" };

	assert_int_equal(fit(DATE("05/23/19"), &gen8), PP_MATCH_YES);
	assert_int_equal(fit(DATE("05/24/19"), &gen8), PP_MATCH_NO); /* newer, not as new */
	assert_string_equal(
		reason, "A is for ROM date after \"05/24/19\", this machine's is \"05/24/2019\"");
	assert_int_equal(fit(DATE("05/25/2019"), &gen8), PP_MATCH_NO);
	assert_int_equal(fit(DATE("12/31/99"), &gen8), PP_MATCH_YES);
	assert_int_equal(fit(DATE("12/31/18"), &nobody), PP_MATCH_UNKNOWN);
	assert_int_equal(fit(DATE("12/31/18"), &odd), PP_MATCH_UNKNOWN);
}

static void test_date_texts(void **state)
{
	static const char *const none[] = { "",          "05/24",      "5/24/019",    "13/01/10",
		                            "00/01/10",  "01/32/10",   "01/00/10",    "01/01/10 ",
		                            " 01/01/10", "01-01-2010", "01/01/20100", "a/b/cd",
		                            "001/1/10",  "1/1/1",      "01/01/10/1",  "01//10" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(pp_rom_date(none[i]), 0);
	assert_int_equal(pp_rom_date("05/24/2019"), 20190524);
	assert_int_equal(pp_rom_date("05/24/19"), 20190524);
	assert_int_equal(pp_rom_date("5/4/09"), 20090504);
	assert_int_equal(pp_rom_date("01/01/69"), 20690101);
	assert_int_equal(pp_rom_date("01/01/70"), 19700101);
	assert_int_equal(pp_rom_date("12/31/99"), 19991231);
}

static void test_processors(void **state)
{
	static const struct {
		const char *machine, *wanted;
		enum pp_match fit;
	} cases[] = {
		{ "Intel", "Intel", PP_MATCH_YES },
		{ "Intel(R) Corporation", "Intel", PP_MATCH_YES },
		{ "Intel", "Intel(R) Corporation", PP_MATCH_YES },
		{ "GenuineIntel", "Intel", PP_MATCH_YES },
		{ "AMD", "AMD", PP_MATCH_YES },
		{ "Advanced Micro Devices, Inc.", "AMD", PP_MATCH_YES },
		{ "AMD", "Intel", PP_MATCH_NO },
		{ "Intel", "AMD", PP_MATCH_NO },
		{ "I", "Intel", PP_MATCH_NO },
		{ "Other Maker", "Other", PP_MATCH_YES },
		{ "Other", "Another", PP_MATCH_NO },
		{ "", "Intel", PP_MATCH_UNKNOWN },
		{ NULL, "Intel", PP_MATCH_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pp_machine m = { .processor = cases[i].machine };
		char text[128];
		snprintf(text, sizeof(text), PROC("%s"), cases[i].wanted);
		assert_int_equal(fit(text, &m), cases[i].fit);
	}
}

/* Each of two kinds yes, no or unknown: no wins, then unknown. */
static void test_kinds_are_anded(void **state)
{
	static const char *const products[] = { "Gen8", "Gen9", NULL };
	static const char *const families[] = { "P70", "P71", NULL };
	static const enum pp_match wanted[3][3] = {
		{ PP_MATCH_YES, PP_MATCH_NO, PP_MATCH_UNKNOWN },
		{ PP_MATCH_NO, PP_MATCH_NO, PP_MATCH_NO },
		{ PP_MATCH_UNKNOWN, PP_MATCH_NO, PP_MATCH_UNKNOWN },
	};

	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			struct pp_machine m = { .product = products[i], .rom_family = families[j] };
			assert_int_equal(fit(PLATFORM("Gen8") FAMILY("P70"), &m), wanted[i][j]);
		}
	assert_int_equal(fit(PLATFORM("Gen8") FAMILY("P70") DATE("01/01/10") PROC("Intel"), &gen8),
	                 PP_MATCH_YES);
	assert_int_equal(fit(PLATFORM("Gen8") FAMILY("P70") DATE("01/01/10") PROC("AMD"), &gen8),
	                 PP_MATCH_NO);
}

static void test_schema_fit(void **state)
{
	parse("<global><helptext><![CDATA[\n For\n Gen8\tonly. ]]></helptext>" PLATFORM(
		"Gen8") "</global>");
	assert_int_equal(pp_schema_match(&schema, &gen8, reason, sizeof(reason)), PP_MATCH_YES);
	assert_string_equal(reason, "");
	assert_int_equal(pp_schema_match(&schema, &gen9, reason, sizeof(reason)), PP_MATCH_NO);
	assert_string_equal(reason, "s.xml is for product \"Gen8\", this machine's is "
	                            "\"ProLiant DL380 Gen9\": For Gen8 only.");
	assert_int_equal(pp_schema_match(&schema, &nobody, reason, sizeof(reason)),
	                 PP_MATCH_UNKNOWN);
	assert_int_equal(pp_schema_match(&schema, &gen9, reason, 10), PP_MATCH_NO);
	assert_string_equal(reason, "s.xml is ");
	assert_int_equal(pp_schema_match(&schema, &gen9, NULL, 0), PP_MATCH_NO);
	parse("");
	assert_int_equal(pp_schema_match(&schema, &nobody, reason, sizeof(reason)), PP_MATCH_YES);
}

static void test_long_lists_are_cut(void **state)
{
	parse("<global><platforms><platform>1</platform><platform>2</platform>"
	      "<platform>3</platform><platform>4</platform><platform>5</platform>"
	      "<platform>6</platform><platform>7</platform><platform>0</platform></platforms>"
	      "</global>");
	struct pp_machine m = { .product = "X" };
	assert_int_equal(pp_schema_match(&schema, &m, reason, sizeof(reason)), PP_MATCH_NO);
	assert_string_equal(reason,
	                    "s.xml is for product \"1\" or \"2\" or \"3\" or \"4\" or \"5\" or "
	                    "\"6\" or 2 more, this machine's is \"X\"");
}

static enum pp_match guarded(const char *section, const char *product)
{
	struct pp_machine m = { .product = product };

	parse(section);
	enum pp_match answer = pp_section_match(&schema.sections[0], &m, reason, sizeof(reason));
	assert_int_equal(pp_section_match(&schema.sections[0], &m, NULL, 0), answer);
	return answer;
}

static void test_guard(void **state)
{
	static const char slot[] = SECTION("RMRDS_Slot2", "", "0x26a");

	assert_int_equal(guarded(slot, "ProLiant DL380p Gen8"), PP_MATCH_YES);
	assert_string_equal(reason, "");
	assert_int_equal(guarded(slot, "ProLiant MicroServer Gen8"), PP_MATCH_YES);
	assert_non_null(strstr(reason, "reported not to help"));
	assert_int_equal(guarded(slot, "ProLiant DL380 Gen9"), PP_MATCH_NO);
	assert_non_null(strstr(reason,
	                       "RMRDS_Slot2 is for a ProLiant Gen8 only and this machine is "
	                       "\"ProLiant DL380 Gen9\""));
	assert_non_null(strstr(reason, "Energy_Performance_Bias"));
	assert_non_null(strstr(reason, "HP Shared Memory features"));
	assert_int_equal(guarded(slot, "ProLiant DL380 G7"), PP_MATCH_NO);
	assert_non_null(strstr(reason, "the same byte means something else"));
	assert_null(strstr(reason, "HP Shared Memory features"));
	assert_int_equal(guarded(slot, "Other Gen8"), PP_MATCH_NO);
	assert_int_equal(guarded(slot, NULL), PP_MATCH_UNKNOWN);
	assert_non_null(strstr(reason, "product name is not known"));
	assert_int_equal(guarded(slot, ""), PP_MATCH_UNKNOWN);
}

static void test_whom_the_guard_guards(void **state)
{
	/* What a Gen9 keeps in the byte is its own business, and so is another name. */
	assert_int_equal(guarded(SECTION("Energy_Bias", "", "0x26a"), gen9.product), PP_MATCH_YES);
	assert_int_equal(guarded(SECTION("RMRDS", "", "0x26a"), gen9.product), PP_MATCH_YES);
	/* Another spelling is no other name. */
	assert_int_equal(guarded(SECTION("rmrds_slot1", "", "0x26a"), gen9.product), PP_MATCH_NO);
	/* An alias is a name. */
	assert_int_equal(guarded(SECTION("B", "<altname>RMRDS_Slot1</altname>", "1"), gen9.product),
	                 PP_MATCH_NO);
	/* The schema's word does not open what the guard closes. */
	assert_int_equal(guarded(SECTION("RMRDS_Slot1", PLATFORM("Gen9"), "0x26a"), gen9.product),
	                 PP_MATCH_NO);
	assert_non_null(strstr(reason, "Energy_Performance_Bias"));
	/* Nor does the guard open what the schema closes. */
	assert_int_equal(guarded(SECTION("RMRDS_Slot1", PLATFORM("DL360"), "0x26a"), gen8.product),
	                 PP_MATCH_NO);
	assert_string_equal(reason, "RMRDS_Slot1 is for product \"DL360\", this machine's is "
	                            "\"ProLiant DL380p Gen8\"");
}

static void find(const char *name, const struct pp_machine *m, int code, unsigned int line)
{
	const struct pp_schema_section *s = NULL;
	struct pp_error e = { 0 };
	int rc = pp_schema_find(&schema, m, name, &s, &e);

	if (rc != -code || e.code != code)
		fail_msg("%d, wanted %d: %s", rc, -code, e.text);
	snprintf(reason, sizeof(reason), "%s", e.text);
	if (code)
		assert_null(s);
	else
		assert_int_equal(s->line, line);
}

static void test_find(void **state)
{
	parse("\n" SECTION("One", "<altname>Uno</altname>", "1") /* line 2 */
	      SECTION("Two", PLATFORM("Gen9"), "2") SECTION("Two", PLATFORM("Gen8"), "3") SECTION(
		      "Three", PLATFORM("Gen8"), "4") SECTION("Three", FAMILY("P70"), "5")
	              SECTION("RMRDS_Slot1", "", "0x26a") SECTION("Four", PLATFORM("Gen8"), "6")
	                      SECTION("Four", FAMILY("P70"), "6")
	                              SECTION("Five", "<altname>Two</altname>", "7"));

	find("One", &gen8, 0, 2);
	find("Uno", &gen8, 0, 2);
	find("one", &gen8, ENOENT, 0);
	assert_string_equal(reason, "s.xml: no section one");
	find("Two", &gen9, 0, 3);
	find("Two", &gen8, 0, 4);
	/* On another machine the name is that of an alias. */
	find("Two", &(struct pp_machine){ .product = "ProLiant G7" }, 0, 10);
	find("Two", &nobody, ENODATA, 0);
	assert_string_equal(
		reason, "s.xml line 3: Two is for product \"Gen9\", this machine's is not known");
	find("Three", &gen8, EBADMSG, 0);
	assert_string_equal(reason, "s.xml: section Three fits this machine in line 5 and in line "
	                            "6, and they differ");
	find("Three", &gen9, ENOTSUP, 0);
	assert_string_equal(reason,
	                    "s.xml line 5: Three is for product \"Gen8\", this machine's is "
	                    "\"ProLiant DL380 Gen9\"");
	/* One fits; whether the other does too cannot be told. */
	find("Three", &(struct pp_machine){ .product = "Gen8" }, ENODATA, 0);
	assert_string_equal(
		reason,
		"s.xml line 6: Three is for ROM family \"P70\", this machine's is not known");
	/* Both mean the same byte. */
	find("Four", &gen8, 0, 8);
	find("Four", &(struct pp_machine){ .product = "Gen8" }, 0, 8);
	find("RMRDS_Slot1", &gen8, 0, 7);
	find("RMRDS_Slot1", &gen9, EPERM, 0);
	assert_non_null(strstr(reason, "s.xml line 7: RMRDS_Slot1 is for a ProLiant Gen8 only"));
	find("RMRDS_Slot1", &nobody, ENODATA, 0);
}

/* Each thing that makes two sections of one name differ. */
static void test_what_differs(void **state)
{
	static const char *const bodies[] = {
		"<nvram>1</nvram><mask>1</mask><value id='1'>On</value>",
		"<nvram>2</nvram><mask>1</mask><value id='1'>On</value>",
		"<cmos>16</cmos><mask>1</mask><value id='1'>On</value>",
		"<nvram>1</nvram><mask>3</mask><value id='1'>On</value>",
		"<nvram>1</nvram><mask>1</mask><value id='0'>On</value>",
		"<nvram>1</nvram><mask>1</mask><value id='1'>Off</value>",
		"<nvram>1</nvram><mask>1</mask><value id='1'>On</value><value id='0'>Off</value>",
		"<ev>X</ev><length>1</length>",
		"<ev>Y</ev><length>1</length>",
		"<ev>X</ev><length>2</length>",
		"<ev>X</ev><length>2</length><format>text</format>",
		"<ev>X</ev><length>2</length><record_size>1</record_size><Fields><Field>"
		"<Field_name>a</Field_name><Field_size>1</Field_size><Field_start>0</Field_start>"
		"</Field></Fields>",
		"<ev>X</ev><length>2</length><record_size>1</record_size><Fields><Field>"
		"<Field_name>b</Field_name><Field_size>1</Field_size><Field_start>0</Field_start>"
		"</Field></Fields>",
		"<ev>X</ev><length>2</length><record_size>2</record_size><Fields><Field>"
		"<Field_name>a</Field_name><Field_size>1</Field_size><Field_start>0</Field_start>"
		"</Field></Fields>",
		"<ev>X</ev><length>2</length><record_size>2</record_size><Fields><Field>"
		"<Field_name>a</Field_name><Field_size>1</Field_size><Field_start>1</Field_start>"
		"</Field></Fields>",
		"<ev>X</ev><length>2</length><record_size>2</record_size><Fields><Field>"
		"<Field_name>a</Field_name><Field_size>2</Field_size><Field_start>0</Field_start>"
		"</Field></Fields>",
		"<ev>X</ev><length>2</length><record_size>1</record_size><Fields><Field>"
		"<Field_name>a</Field_name><Field_size>1</Field_size><Field_start>0</Field_start>"
		"</Field></Fields><empty_delete>1</empty_delete>",
	};
	const size_t count = sizeof(bodies) / sizeof(bodies[0]);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			char text[2048];
			snprintf(text, sizeof(text),
			         "\n<Section name='A'>%s</Section>\n<Section name='A'>%s</Section>",
			         bodies[i], bodies[j]);
			parse(text);
			find("A", &nobody, i == j ? 0 : EBADMSG, 2);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_no_condition, teardown),
		cmocka_unit_test_teardown(test_platforms, teardown),
		cmocka_unit_test_teardown(test_families, teardown),
		cmocka_unit_test_teardown(test_dates, teardown),
		cmocka_unit_test_teardown(test_date_texts, teardown),
		cmocka_unit_test_teardown(test_processors, teardown),
		cmocka_unit_test_teardown(test_kinds_are_anded, teardown),
		cmocka_unit_test_teardown(test_schema_fit, teardown),
		cmocka_unit_test_teardown(test_long_lists_are_cut, teardown),
		cmocka_unit_test_teardown(test_guard, teardown),
		cmocka_unit_test_teardown(test_whom_the_guard_guards, teardown),
		cmocka_unit_test_teardown(test_find, teardown),
		cmocka_unit_test_teardown(test_what_differs, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
