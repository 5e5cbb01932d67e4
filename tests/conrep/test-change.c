/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loading would change. */
#include "conrep/suggest.h"
#include "settings-fixture.h"

static const char sections[] =
	"<Section name='Low'><nvram>0x10</nvram><value id='0'>Off</value><value id='1'>On</value>"
	"<value id='1'>Yes</value><mask>0x03</mask></Section>\n"
	"<Section name='High'><altname>Top</altname><nvram>0x10</nvram><value id='0'>Off</value>"
	"<value id='0x80'>On</value><mask>0x80</mask></Section>\n"
	"<Section name='Overlap'><nvram>0x10</nvram><value id='0'>None</value>"
	"<value id='2'>Two</value><mask>0x02</mask></Section>\n"
	"<Section name='Other'><platforms><platform>Gen9</platform></platforms>"
	"<nvram>0x10</nvram><value id='4'>Four</value><mask>0x04</mask></Section>\n"
	"<Section name='Name'><ev>NAME</ev><length>8</length><record_size>4</record_size>"
	"<Fields><Field><Field_name>Line</Field_name><Field_start>0</Field_start>"
	"<Field_size>4</Field_size></Field></Fields><format>text</format>"
	"<empty_delete>1</empty_delete></Section>\n"
	"<Section name='Order'><ev>ORDER</ev><length>3</length><record_size>1</record_size>"
	"<Fields><Field><Field_name>Index</Field_name><Field_start>0</Field_start>"
	"<Field_size>1</Field_size></Field></Fields></Section>\n"
	"<Section name='Bit'><ev>ORDER</ev><length>5</length><byte>4</byte><mask>1</mask>"
	"<value id='0'>0</value><value id='1'>1</value></Section>\n"
	"<Section name='Family'><romfamilies><romfamily>P70</romfamily></romfamilies>"
	"<nvram>0x20</nvram><value id='0'>a</value></Section>\n"
	"<Section name='RMRDS_Slot1'><nvram>0x26A</nvram><value id='0'>Endpoints_Included</value>"
	"<value id='1'>Endpoints_Excluded</value><mask>1</mask></Section>\n";

static uint8_t *nvram;

static int set_up(void **state)
{
	static struct fixture f;

	fixture_init(&f, sections);
	nvram = put_nvram(&f);
	PUT_EV(&f, "NAME", "ab  cd\0\0");
	PUT_EV(&f, "ORDER", "\1\2\3\4\5\6");
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_fini(*state);
	return 0;
}

static struct pp_changes plan(struct fixture *f, const char *wanted)
{
	struct pp_data d = parse_sections(f, wanted);
	struct pp_changes c = { 0 };

	if (pp_changes_plan(&f->schema, &f->machine, &d, &f->memory, &f->arena, &c, &f->e))
		fail_msg("%s", f->e.text);
	assert_ptr_equal(c.schema, &f->schema);
	return c;
}

static void refuse(struct fixture *f, const char *wanted, int code, const char *text)
{
	struct pp_data d = parse_sections(f, wanted);
	struct pp_changes c = { .nr_writes = 77 };

	assert_int_equal(
		pp_changes_plan(&f->schema, &f->machine, &d, &f->memory, &f->arena, &c, &f->e),
		code);
	assert_string_equal(f->e.text, text);
	assert_int_equal(c.nr_writes, 77);
}

static void check_change(const struct pp_change *c, const char *section, const char *entry,
                         const char *old, const char *new, unsigned int line)
{
	assert_string_equal(c->section->name, section);
	assert_int_equal(!!c->entry, !!entry);
	if (entry)
		assert_string_equal(c->entry, entry);
	assert_int_equal(!!c->old_text, !!old);
	if (old)
		assert_string_equal(c->old_text, old);
	assert_int_equal(!!c->new_text, !!new);
	if (new)
		assert_string_equal(c->new_text, new);
	assert_int_equal(c->line, line);
}

static void check_nothing(const struct pp_changes *c)
{
	assert_int_equal(c->nr_changes, 0);
	assert_int_equal(c->nr_writes, 0);
	assert_int_equal(c->nr_settings, 0);
	assert_int_equal(c->nr_skips, 0);
}

static void test_settings_of_one_byte_are_one_write(void **state)
{
	struct fixture *f = *state;

	nvram[0x10] = 0x45;
	nvram[0x11] = 0x99;
	struct pp_changes c = plan(f, "<Section name='Low'>Off</Section>\n"
	                              "<Section name='High'>On</Section>\n");
	assert_int_equal(c.nr_changes, 2);
	check_change(&c.changes[0], "Low", NULL, "On", "Off", 2);
	check_change(&c.changes[1], "High", NULL, "Off", "On", 3);
	assert_int_equal(c.nr_writes, 1);
	const struct pp_area_write *w = &c.writes[0];
	assert_int_equal(w->space, PP_CELL_NVRAM);
	assert_null(w->name);
	assert_false(w->old_absent || w->new_absent);
	assert_int_equal(w->old_bytes.len, PP_NVRAM_BYTES);
	assert_int_equal(w->new_bytes.len, PP_NVRAM_BYTES);
	assert_memory_equal(w->old_bytes.data, nvram, PP_NVRAM_BYTES);
	assert_int_equal(w->new_bytes.data[0x10], 0xc4);
	nvram[0x10] = 0xc4; /* nothing else differs */
	assert_memory_equal(w->new_bytes.data, nvram, PP_NVRAM_BYTES);
	assert_int_equal(w->old_bytes.data[0x10], 0x45);
	assert_int_equal(c.nr_settings, 2);
	assert_string_equal(c.settings[1].name, "High");
	assert_string_equal(c.settings[1].text, "On");
}

static void test_what_is_there_already_is_no_change(void **state)
{
	struct fixture *f = *state;

	nvram[0x10] = 0x81;
	struct pp_changes c = plan(f, "<Section name='Low'>Yes</Section>\n"
	                              "<Section name='Top'>On</Section>\n"
	                              "<Section name='High'>On</Section>\n"
	                              "<Section name='Name'><Line0>ab </Line0><Line1>cd</Line1>"
	                              "</Section><Section name='Order'><Index2>03</Index2>"
	                              "</Section>");
	check_nothing(&c);
	c = plan(f, "");
	check_nothing(&c);
	nvram[0x10] = 0x03; /* no value of Low */
	c = plan(f, "<Section name='Low'>0x03</Section>");
	check_nothing(&c);
}

static void test_entries_change_one_by_one(void **state)
{
	struct fixture *f = *state;
	struct pp_changes c = plan(f, "<Section name='Name'>\n<Line1>x</Line1></Section>\n"
	                              "<Section name='Order'><Index0>01</Index0>\n"
	                              "<Index2>fe</Index2></Section>\n"
	                              "<Section name='Bit'>0</Section>\n");

	assert_int_equal(c.nr_changes, 3);
	check_change(&c.changes[0], "Name", "Line1", "cd", "x", 3);
	check_change(&c.changes[1], "Order", "Index2", "03", "fe", 5);
	check_change(&c.changes[2], "Bit", NULL, "1", "0", 6);
	assert_int_equal(c.nr_writes, 2);
	assert_string_equal(c.writes[0].name, "NAME");
	assert_memory_equal(c.writes[0].new_bytes.data, "ab  x\0\0\0", 8);
	assert_string_equal(c.writes[1].name, "ORDER");
	assert_int_equal(c.writes[1].new_bytes.len, 6);
	assert_memory_equal(c.writes[1].new_bytes.data, "\1\2\xfe\4\4\6", 6);
	assert_int_equal(c.nr_settings, 3);
	assert_int_equal(c.settings[0].nr_entries, 2); /* whole */
	assert_string_equal(c.settings[0].entries[0].text, "ab");
}

static void test_an_ev_that_comes(void **state)
{
	struct fixture *f = *state;

	put_missing(f, PP_CELL_EV, "ORDER", ENOENT);
	put_missing(f, PP_CELL_EV, "NAME", ENOENT);
	struct pp_changes c = plan(f, "<Section name='Order'><Index1>00</Index1>\n"
	                              "<Index2>01</Index2></Section>\n"
	                              "<Section name='Name'><Line0>x</Line0></Section>\n");
	assert_int_equal(c.nr_changes, 3);
	check_change(&c.changes[0], "Order", "Index1", NULL, "00", 2);
	check_change(&c.changes[1], "Order", "Index2", NULL, "01", 3);
	check_change(&c.changes[2], "Name", "Line0", NULL, "x", 4);
	assert_int_equal(c.nr_writes, 2);
	assert_true(c.writes[0].old_absent && c.writes[1].old_absent);
	assert_string_equal(c.writes[0].name, "NAME"); /* the memory's order */
	assert_int_equal(c.writes[1].old_bytes.len, 0);
	assert_int_equal(c.writes[1].new_bytes.len, 5); /* as long as Bit wants it */
	assert_memory_equal(c.writes[1].new_bytes.data, "\0\0\1\0\0", 5);
}

static void test_an_ev_that_goes(void **state)
{
	struct fixture *f = *state;
	struct pp_changes c =
		plan(f, "<Section name='Name'><Line0></Line0><Line1> </Line1></Section>\n");

	assert_int_equal(c.nr_changes, 2);
	check_change(&c.changes[0], "Name", "Line0", "ab", NULL, 2);
	check_change(&c.changes[1], "Name", "Line1", "cd", NULL, 2);
	assert_int_equal(c.nr_writes, 1);
	assert_true(c.writes[0].new_absent && !c.writes[0].old_absent);
	assert_int_equal(c.writes[0].new_bytes.len, 0);
	put_missing(f, PP_CELL_EV, "NAME", ENOENT);
	c = plan(f, "<Section name='Name'><Line0></Line0></Section>");
	check_nothing(&c);
}

static void test_settings_against_each_other(void **state)
{
	struct fixture *f = *state;

	refuse(f,
	       "<Section name='Low'>On</Section>\n<Section name='High'>On</Section>\n"
	       "<Section name='Overlap'>Two</Section>\n",
	       -EINVAL,
	       "f.dat line 2: Low and Overlap in line 4 want different values of the same bits");
	refuse(f, "<Section name='Top'>Off</Section>\n\n<Section name='High'>On</Section>\n",
	       -EINVAL,
	       "f.dat line 2: Top and High in line 4 want different values of the same bits");
	/* Agreeing is no contradiction. */
	struct pp_changes c = plan(f, "<Section name='Top'>On</Section>\n"
	                              "<Section name='High'>On</Section>\n"
	                              "<Section name='Low'>0x02</Section>\n"
	                              "<Section name='Overlap'>Two</Section>\n");
	assert_int_equal(c.nr_changes, 3);
	check_change(&c.changes[0], "High", NULL, "Off", "On", 2);
	assert_int_equal(c.nr_settings, 3);
}

static void test_unknown_names(void **state)
{
	refuse(*state, "<Section name='Hihg'>On</Section>", -EINVAL,
	       "f.dat line 2: s.xml has no section Hihg; did you mean High?");
	refuse(*state, "<Section name='Hxxh'>On</Section>", -EINVAL,
	       "f.dat line 2: s.xml has no section Hxxh");
	refuse(*state, "<Section name='high'>On</Section>", -EINVAL,
	       "f.dat line 2: s.xml has no section high; did you mean High?");
	refuse(*state, "<Section name='Low'>On</Section>\n<Section name='RMRDS_Slt2'>x</Section>",
	       -EINVAL, "f.dat line 3: s.xml has no section RMRDS_Slt2; did you mean RMRDS_Slot1?");
	refuse(*state, "<Section name='Topp'>On</Section>", -EINVAL,
	       "f.dat line 2: s.xml has no section Topp; did you mean Top?");
	refuse(*state, "<Section name='Completely'>On</Section>", -EINVAL,
	       "f.dat line 2: s.xml has no section Completely");
}

static void test_suggestions_are_bounded(void **state)
{
	struct fixture *f = *state;
	char name[80];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(pp_suggest_name(&f->schema, name));
	assert_null(pp_suggest_name(&f->schema, ""));
	assert_null(pp_suggest_name(&f->schema, "Lo"));
	assert_string_equal(pp_suggest_name(&f->schema, "lOW"), "Low");
	assert_string_equal(pp_suggest_name(&f->schema, "xRMRDSSlot_1"), "RMRDS_Slot1");
	assert_null(pp_suggest_name(&f->schema, "xxRMRDSSlot_1x"));
}

static void test_bad_values_name_the_line(void **state)
{
	refuse(*state, "<Section name='High'>On</Section>\n<Section name='Low'>Maybe</Section>",
	       -EINVAL,
	       "f.dat line 3: Low: invalid value \"Maybe\" (allowed: \"Off\", \"On\", \"Yes\")");
	refuse(*state, "<Section name='Order'>\n<Index3>00</Index3></Section>", -EINVAL,
	       "f.dat line 3: Order Index3: no such entry; a field (Index) and a number from 0 to 2 "
	       "make one");
}

static void test_what_is_for_another_machine_is_skipped(void **state)
{
	struct pp_changes c = plan(*state, "<Section name='High'>On</Section>\n"
	                                   "<Section name='Other'>Four</Section>\n"
	                                   "<Section name='Family'>b</Section>\n");

	assert_int_equal(c.nr_changes, 1);
	assert_int_equal(c.nr_skips, 2);
	assert_string_equal(c.skips[0].name, "Other");
	assert_int_equal(c.skips[0].line, 3);
	assert_non_null(strstr(c.skips[0].reason, "Gen9"));
	assert_int_equal(c.skips[1].line, 4);
	assert_non_null(strstr(c.skips[1].reason, "P70"));
}

static int plan_code(struct fixture *f, const char *wanted)
{
	struct pp_data d = parse_sections(f, wanted);
	struct pp_changes c;

	return pp_changes_plan(&f->schema, &f->machine, &d, &f->memory, &f->arena, &c, &f->e);
}

static void test_a_guard_stops_the_whole_load(void **state)
{
	static const char wanted[] = "<Section name='High'>On</Section>\n"
				     "<Section name='RMRDS_Slot1'>Endpoints_Excluded</Section>";
	struct fixture *f = *state;

	assert_int_equal(plan_code(f, wanted), 0);
	f->machine.product = "ProLiant DL360 Gen9";
	assert_int_equal(plan_code(f, wanted), -EPERM);
	assert_non_null(strstr(f->e.text, "f.dat line 3: "));
	assert_non_null(strstr(f->e.text, "Gen8"));
	f->machine.product = NULL;
	assert_int_equal(plan_code(f, wanted), -ENODATA);
	assert_non_null(strstr(f->e.text, "f.dat line 3: "));
}

static void test_a_schema_for_another_machine(void **state)
{
	struct fixture f;

	fixture_init(&f, "<global><helptext>Old ones</helptext><platforms><platform>Gen7"
	                 "</platform></platforms></global><Section name='A'><nvram>1</nvram>"
	                 "<value id='0'>x</value></Section>");
	put_nvram(&f);
	assert_int_equal(plan_code(&f, "<Section name='A'>x</Section>"), -EPERM);
	assert_non_null(strstr(f.e.text, "Gen7"));
	assert_non_null(strstr(f.e.text, "Old ones"));
	struct pp_data d;
	const struct pp_skip *skips;
	uint32_t n;
	assert_int_equal(pp_settings_decode(&f.schema, &f.machine, &f.memory, &f.arena, &d, &skips,
	                                    &n, &f.e),
	                 -EPERM);
	f.machine.product = NULL;
	assert_int_equal(plan_code(&f, "<Section name='A'>x</Section>"), -ENODATA);
	fixture_fini(&f);
}

static void test_an_unread_cell_that_is_needed(void **state)
{
	struct fixture *f = *state;

	put_missing(f, PP_CELL_EV, "NAME", EIO);
	refuse(f, "<Section name='High'>On</Section>\n<Section name='Name'><Line0/></Section>",
	       -EIO, "f.dat line 3: Name: EV NAME could not be read: Input/output error");
	struct pp_changes c = plan(f, "<Section name='High'>On</Section>");
	assert_int_equal(c.nr_writes, 1);
	put_missing(f, PP_CELL_NVRAM, NULL, ENODATA);
	refuse(f, "<Section name='High'>On</Section>", -ENODATA,
	       "f.dat line 2: High: NVRAM was not read");
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;
	struct pp_data d = parse_sections(f, "<Section name='Name'><Line0>x</Line0></Section>\n"
	                                     "<Section name='High'>On</Section>\n"
	                                     "<Section name='Family'>b</Section>\n");
	size_t enough = 0;

	for (size_t limit = 0; !enough; limit += 16) {
		struct pp_changes c = { .nr_writes = 77 };
		struct pp_arena small;
		pp_arena_init(&small, limit + 1);
		int r = pp_changes_plan(&f->schema, &f->machine, &d, &f->memory, &small, &c, &f->e);
		if (r) {
			assert_int_equal(r, -ENOMEM);
			assert_int_equal(c.nr_writes, 77);
		} else {
			assert_int_equal(c.nr_changes, 2);
			enough = limit;
		}
		pp_arena_fini(&small);
	}
	assert_in_range(enough, 2 * PP_NVRAM_BYTES, 16 * PP_NVRAM_BYTES);
}

static void test_a_save(void **state)
{
	struct fixture *f = *state;
	const struct pp_skip *skips;
	struct pp_data d;
	uint32_t n;

	put_missing(f, PP_CELL_EV, "ORDER", ENOENT);
	f->machine.rom_family = NULL;
	assert_int_equal(pp_settings_decode(&f->schema, &f->machine, &f->memory, &f->arena, &d,
	                                    &skips, &n, &f->e),
	                 0);
	static const char *const names[] = { "Low", "High", "Overlap", "Name", "RMRDS_Slot1" };
	assert_int_equal(d.nr_settings, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_string_equal(d.settings[i].name, names[i]);
	assert_string_equal(d.machine.rom_date, "08/02/2014");
	assert_int_equal(n, 3); /* not Other, which is not for this machine */
	assert_string_equal(skips[0].name, "Order");
	assert_string_equal(skips[0].reason, "Order: there is no EV ORDER");
	assert_string_equal(skips[1].name, "Bit");
	assert_string_equal(skips[2].name, "Family");
	assert_non_null(strstr(skips[2].reason, "not known"));
}

static void test_twins_are_saved_once(void **state)
{
	static const char twins[] =
		"<Section name='A'><nvram>1</nvram><value id='0'>x</value></Section>\n"
		"<Section name='B'><nvram>1</nvram><value id='0'>x</value></Section>\n"
		"<Section name='A'><nvram>1</nvram><value id='0'>x</value></Section>\n"
		"<Section name='C'><nvram>1</nvram><value id='0'>x</value></Section>\n"
		"<Section name='C'><nvram>2</nvram><value id='0'>x</value></Section>\n"
		"<Section name='D'><nvram>1</nvram><value id='0'>x</value></Section>\n"
		"<Section name='D'><platforms><platform>Gen9</platform></platforms>"
		"<nvram>2</nvram><value id='0'>x</value></Section>\n";
	const struct pp_skip *skips;
	struct fixture f;
	struct pp_data d;
	uint32_t n;

	fixture_init(&f, twins);
	put_nvram(&f);
	assert_int_equal(pp_settings_decode(&f.schema, &f.machine, &f.memory, &f.arena, &d, &skips,
	                                    &n, &f.e),
	                 0);
	assert_int_equal(d.nr_settings, 3);
	assert_string_equal(d.settings[0].name, "A");
	assert_string_equal(d.settings[1].name, "B");
	assert_string_equal(d.settings[2].name, "D");
	assert_int_equal(n, 2);
	assert_string_equal(skips[0].name, "C");
	assert_non_null(strstr(skips[0].reason, "line 5 and in line 6"));
	fixture_fini(&f);
}

/* As HP's tool saves raw bytes that a machine does not have. */
static void test_raw_without_a_value(void **state)
{
	static const char raw[] = "<Section name='OS'><ev>OS</ev><length>2</length></Section>\n"
				  "<Section name='Id'><ev>ID</ev><length>2</length></Section>\n";
	static const char none[] =
		"<Section name='OS'></Section>\n<Section name='Id'>\n</Section>\n";
	struct fixture f;

	fixture_init(&f, raw);
	PUT_EV(&f, "ID", "\x15\x90");
	put_missing(&f, PP_CELL_EV, "OS", ENOENT);
	struct pp_changes c = plan(&f, none);
	assert_int_equal(c.nr_changes, 0);
	assert_int_equal(c.nr_writes, 0);
	assert_int_equal(c.nr_skips, 1); /* of what is there already nothing is left out */
	assert_string_equal(c.skips[0].name, "Id");
	assert_string_equal(c.skips[0].reason, "the file gives no value");
	c = plan(&f, "<Section name='OS'>00 0a</Section>\n");
	assert_int_equal(c.nr_changes, 1);
	check_change(&c.changes[0], "OS", NULL, NULL, "00 0a", 2);
	assert_true(c.writes[0].old_absent);
	/* Typed, it would be lost in silence. */
	const struct pp_setting typed = { .name = "Id", .helptext = "", .text = "" };
	const struct pp_data d = { .object = "typed", .settings = &typed, .nr_settings = 1 };
	assert_int_equal(pp_changes_plan(&f.schema, &f.machine, &d, &f.memory, &f.arena, &c, &f.e),
	                 -EINVAL);
	assert_string_equal(f.e.text, "typed: Id: \"\" is not 2 bytes of two hex digits each, with "
	                              "single blanks between them");
	fixture_fini(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_settings_of_one_byte_are_one_write),
		TEST(test_what_is_there_already_is_no_change),
		TEST(test_entries_change_one_by_one),
		TEST(test_an_ev_that_comes),
		TEST(test_an_ev_that_goes),
		TEST(test_settings_against_each_other),
		TEST(test_unknown_names),
		TEST(test_suggestions_are_bounded),
		TEST(test_bad_values_name_the_line),
		TEST(test_what_is_for_another_machine_is_skipped),
		TEST(test_a_guard_stops_the_whole_load),
		TEST(test_a_schema_for_another_machine),
		TEST(test_an_unread_cell_that_is_needed),
		TEST(test_no_memory),
		TEST(test_a_save),
		TEST(test_twins_are_saved_once),
		TEST(test_raw_without_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
