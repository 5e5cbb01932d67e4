/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Schemas, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "conrep/schema.h"

struct result {
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_schema schema;
	struct pp_error error;
	int rc;
};

static struct result r;

static void parse_bytes(const char *text, size_t arena_bytes)
{
	pp_arena_fini(&r.arena);
	pp_arena_init(&r.arena, arena_bytes);
	pp_notes_init(&r.notes, &r.arena);
	r.schema = (struct pp_schema){ .object = "untouched" };
	r.error = (struct pp_error){ 0 };
	r.rc = pp_schema_parse(PP_SPAN(text, strlen(text)), "s.xml", &r.arena, &r.notes, &r.schema,
	                       &r.error);
}

static const struct pp_schema *parse(const char *text)
{
	parse_bytes(text, 0);
	if (r.rc)
		fail_msg("%s", r.error.text);
	return &r.schema;
}

/* inside stands in lines 2 and on of a document with one section, "A". */
static const char *document(const char *inside)
{
	static char text[4096];

	snprintf(text, sizeof(text), "<Conrep><Section name='A'>\n%s</Section></Conrep>", inside);
	return text;
}

static const struct pp_schema_section *section(const char *inside)
{
	parse(document(inside));
	assert_int_equal(r.schema.nr_sections, 1);
	return &r.schema.sections[0];
}

static const struct pp_schema_section *clean_section(const char *inside)
{
	section(inside);
	if (r.notes.count)
		fail_msg("noted: %s", r.notes.first->text);
	return &r.schema.sections[0];
}

static void refuse_document(const char *text, const char *message)
{
	parse_bytes(text, 0);
	assert_int_equal(r.rc, -EBADMSG);
	assert_int_equal(r.error.code, EBADMSG);
	assert_string_equal(r.error.text, message);
	assert_string_equal(r.schema.object, "untouched");
}

/* start: of the message. */
static void refuse_kind(const char *text, const char *start)
{
	parse_bytes(text, 0);
	assert_int_equal(r.rc, -EBADMSG);
	if (strncmp(r.error.text, start, strlen(start)))
		fail_msg("%s, wanted %s", r.error.text, start);
}

static void refuse(const char *inside, unsigned int line, const char *message)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "s.xml line %u: section A: %s", line, message);
	refuse_document(document(inside), whole);
}

/* The note at that place of the list. */
static void assert_note(unsigned int index, unsigned int line, const char *text)
{
	const struct pp_note *n = r.notes.first;

	for (unsigned int i = 0; n && i < index; i++)
		n = n->next;
	assert_non_null(n);
	assert_string_equal(n->object, "s.xml");
	assert_string_equal(n->text, text);
	assert_int_equal(n->offset, line);
}

static void note_one(const char *inside, unsigned int line, const char *message)
{
	char whole[512];

	section(inside);
	snprintf(whole, sizeof(whole), "section A: %s", message);
	assert_note(0, line, whole);
	assert_int_equal(r.notes.count, 1);
}

static int teardown(void **state)
{
	pp_arena_fini(&r.arena);
	return 0;
}

#define V0   "<value id='0'>Off</value>"
#define V1   "<value id='0x01'>On</value>"
#define BITS "<mask>0x03</mask>"
#define EV   "<ev>CQSBKT</ev><length>8</length>"

static void test_global(void **state)
{
	const struct pp_schema *s =
		parse("<Conrep><global>\n<helptext><![CDATA[ For\n some. ]]></helptext>"
	              "<fileversion>4.35</fileversion><minimumconrepversion>3.40"
	              "</minimumconrepversion><platforms><platform>Gen8</platform>"
	              "<platform> ProLiant ML3 </platform></platforms>"
	              "<onmismatch>exception</onmismatch></global></Conrep>");

	assert_string_equal(s->object, "s.xml");
	assert_string_equal(s->helptext, "For\n some.");
	assert_string_equal(s->file_version, "4.35");
	assert_string_equal(s->minimum_version, "3.40");
	assert_string_equal(s->on_mismatch, "exception");
	assert_int_equal(s->global.nr_platforms, 2);
	assert_string_equal(s->global.platforms[0], "Gen8");
	assert_string_equal(s->global.platforms[1], "ProLiant ML3");
	assert_int_equal(s->nr_sections, 0);
	assert_int_equal(r.notes.count, 0);

	s = parse("<Conrep/>");
	assert_string_equal(s->helptext, "");
	assert_string_equal(s->on_mismatch, "");
	assert_int_equal(s->global.nr_platforms, 0);
	assert_int_equal(r.notes.count, 0);
}

static void test_values_in_an_ev(void **state)
{
	const struct pp_schema_section *s = clean_section(
		"<value id='0x10'> Auto Set </value><helptext><![CDATA[Why.]]></helptext>\n"
		"<ev>CQSBKT</ev><byte>00</byte><length>0x08</length><value id='32'>On</value>"
		"<mask>0x30</mask><altname>B</altname><altname>C</altname>");

	assert_string_equal(s->name, "A");
	assert_int_equal(s->line, 1);
	assert_string_equal(s->helptext, "Why.");
	assert_int_equal(s->nr_altnames, 2);
	assert_string_equal(s->altnames[0], "B");
	assert_string_equal(s->altnames[1], "C");
	assert_int_equal(s->kind, PP_SECTION_ENUM);
	assert_int_equal(s->space, PP_CELL_EV);
	assert_string_equal(s->ev, "CQSBKT");
	assert_int_equal(s->length, 8);
	assert_int_equal(s->offset, 0);
	assert_int_equal(s->mask, 0x30);
	assert_int_equal(s->nr_values, 2);
	assert_string_equal(s->values[0].text, "Auto Set");
	assert_int_equal(s->values[0].id, 0x10);
	assert_int_equal(s->values[0].line, 2);
	assert_string_equal(s->values[1].text, "On");
	assert_int_equal(s->values[1].id, 32);
	assert_int_equal(s->values[1].line, 3);
	assert_false(s->text);
}

static void test_values_at_an_address(void **state)
{
	const struct pp_schema_section *s = clean_section("<nvram>0x0237</nvram>" V0 V1 BITS);

	assert_int_equal(s->kind, PP_SECTION_ENUM);
	assert_int_equal(s->space, PP_CELL_NVRAM);
	assert_null(s->ev);
	assert_int_equal(s->length, 0);
	assert_int_equal(s->offset, 0x237);
	assert_int_equal(s->mask, 3);
	s = clean_section("<cmos>92</cmos>" V0 V1 BITS);
	assert_int_equal(s->space, PP_CELL_CMOS);
	assert_int_equal(s->offset, 92);
	assert_int_equal(clean_section("<nvram>4095</nvram>" V0 BITS)->offset, 4095);
	assert_int_equal(clean_section("<cmos>0xFF</cmos>" V0 BITS)->offset, 255);
	assert_int_equal(clean_section("<cmos>0x0e</cmos>" V0 BITS)->offset, 14);
}

#define FIELD(name, start, size)                                                                   \
	"<Field><Field_name>" name "</Field_name><Field_start>" start                              \
	"</Field_start><Field_size>" size "</Field_size></Field>"
#define RECORDS(length, size, fields)                                                              \
	"<ev>CQHORD</ev><length>" length "</length><record_size>" size                             \
	"</record_size><Fields>\n" fields "</Fields>"

static void test_records(void **state)
{
	const struct pp_schema_section *s = clean_section(
		RECORDS("64", "8", FIELD("Id", "0", "4") "\n" FIELD("Slot", "0x04", "1")));

	assert_int_equal(s->kind, PP_SECTION_RECORDS);
	assert_int_equal(s->length, 64);
	assert_int_equal(s->record_size, 8);
	assert_int_equal(s->nr_fields, 2);
	assert_string_equal(s->fields[0].name, "Id");
	assert_int_equal(s->fields[0].start, 0);
	assert_int_equal(s->fields[0].size, 4);
	assert_int_equal(s->fields[0].line, 3);
	assert_string_equal(s->fields[1].name, "Slot");
	assert_int_equal(s->fields[1].start, 4);
	assert_int_equal(s->fields[1].size, 1);
	assert_int_equal(s->fields[1].line, 4);
	assert_false(s->text);
	assert_false(s->empty_delete);
	s = clean_section(RECORDS("30", "15", FIELD("Line", "0", "15")) "<format>text</format>"
	                                                                "<empty_delete>1"
	                                                                "</empty_delete>");
	assert_true(s->text);
	assert_true(s->empty_delete);
	s = clean_section(RECORDS("1", "1", FIELD("a", "0", "1")) "<empty_delete>0</empty_delete>");
	assert_false(s->empty_delete);
}

static void test_raw(void **state)
{
	const struct pp_schema_section *s = clean_section("<ev>A.b-C_1</ev><length>4096</length>");

	assert_int_equal(s->kind, PP_SECTION_RAW);
	assert_string_equal(s->ev, "A.b-C_1");
	assert_int_equal(s->length, 4096);
	assert_false(s->text);
	assert_true(clean_section("<format>text</format>" EV)->text);
}

static void test_conditions(void **state)
{
	const struct pp_schema_conditions *c =
		&clean_section("<platforms><platform>Gen8</platform><platform>Gen9</platform>"
	                       "</platforms><romfamilies><romfamily>P70</romfamily></romfamilies>"
	                       "<romdates><greaterthan>06/01/09</greaterthan></romdates>"
	                       "<proc_mans><proc_man>Intel</proc_man></proc_mans>" EV)
			 ->conditions;

	assert_int_equal(c->nr_platforms, 2);
	assert_string_equal(c->platforms[1], "Gen9");
	assert_int_equal(c->nr_rom_families, 1);
	assert_string_equal(c->rom_families[0], "P70");
	assert_int_equal(c->nr_rom_dates, 1);
	assert_string_equal(c->rom_dates[0], "06/01/09");
	assert_int_equal(c->nr_processors, 1);
	assert_string_equal(c->processors[0], "Intel");
}

static void test_bad_documents(void **state)
{
	refuse_document("<Other/>", "s.xml line 1: <Other>, wanted <Conrep>");
	refuse_document("<Conrep version='1' originating_platform='X'/>",
	                "s.xml line 1: this is a data file, which says what each setting is to be; "
	                "wanted a schema, which says where each setting lies");
	refuse_kind("\n<Conrep><Section name='A'>On</Section></Conrep>",
	            "s.xml line 2: this is a data file, ");
	refuse_kind("<Conrep><Section name='A'/><Section name='L'><Line0>x</Line0></Section>"
	            "</Conrep>",
	            "s.xml line 1: this is a data file, ");
	refuse_kind("<hprcu version='1.0'><feature/></hprcu>",
	            "s.xml line 1: this is a file of HP's ROM Configuration Utility (hprcu), "
	            "which conrep cannot read; wanted a schema, ");
	/* What may be meant as a schema is told what it lacks. */
	refuse_kind("<Conrep><Section name='A'/></Conrep>", "s.xml line 1: section A: no <ev>, ");
	refuse_kind("<Conrep><Section name='A'>x<mask>1</mask></Section></Conrep>",
	            "s.xml line 1: section A: no <ev>, ");
	refuse_kind("<Conrep><global/><Section name='A'>On</Section></Conrep>",
	            "s.xml line 1: section A: no <ev>, ");
	refuse_document("<Conrep><global/>\n<global/></Conrep>", "s.xml line 2: a second <global>");
	refuse_document("<Conrep><global><fileversion/>\n<fileversion/></global></Conrep>",
	                "s.xml line 2: a second <fileversion> in <global>");
	refuse_document("<Conrep><global>\n<helptext><b/></helptext></global></Conrep>",
	                "s.xml line 2: <b> inside <helptext>");
	refuse_document("<Conrep><global>\n<romfamilies><romfamily>P70</romfamily></romfamilies>"
	                "</global></Conrep>",
	                "s.xml line 2: <romfamilies> in <global>, only <platforms> is known");
	refuse_document("<Conrep>\n<Section/></Conrep>", "s.xml line 2: a section without a name");
	refuse_document("<Conrep>\n<Section name=''/></Conrep>",
	                "s.xml line 2: a section without a name");
	refuse_document("<Conrep>\n<Section name='A '/></Conrep>",
	                "s.xml line 2: section name \"A \": blanks around it");
	refuse_document("<Conrep>\n<Section name='A'><helptext>x</helptext></Section></Conrep>",
	                "s.xml line 2: section A: no <ev>, <nvram> or <cmos> says where it is");
	refuse_document("<Conrep>\n<!DOCTYPE a></Conrep>",
	                "s.xml line 2: StartTag: invalid element name");
}

static void test_bad_conditions(void **state)
{
	refuse(EV "\n<platforms><family>x</family></platforms>", 3,
	       "<family> inside <platforms>, wanted <platform>");
	refuse(EV "<platforms>\n<platform> </platform></platforms>", 3, "an empty <platform>");
	refuse(EV "<platforms>\n<platform><b/></platform></platforms>", 3, "<b> inside <platform>");
	refuse(EV "<romdates>\n<lessthan>01/01/10</lessthan></romdates>", 3,
	       "<lessthan> inside <romdates>, wanted <greaterthan>");
	refuse(EV "<romdates>\n<greaterthan>2010-01-01</greaterthan></romdates>", 3,
	       "\"2010-01-01\" is not a date, expected MM/DD/YY");
	refuse(EV "<platforms/>\n<platforms/>", 3, "a second <platforms>");
	refuse(EV "\n<altname/>", 3, "an empty <altname>");
}

static void test_bad_storage(void **state)
{
	refuse(V0 BITS, 1, "no <ev>, <nvram> or <cmos> says where it is");
	refuse("<nvram>1</nvram>" EV V0 BITS, 1, "more than one of <ev>, <nvram> and <cmos>");
	refuse("<nvram>1</nvram><cmos>16</cmos>" V0, 1,
	       "more than one of <ev>, <nvram> and <cmos>");
	refuse("<nvram>1</nvram>\n<nvram>2</nvram>" V0, 3, "a second <nvram>");
	refuse("<nvram>4096</nvram>" V0, 2, "nvram 4096 is too large, at most 0xfff");
	refuse("<nvram>0x10000000000000000</nvram>" V0, 2,
	       "nvram \"0x10000000000000000\" is not a number (decimal, or 0x and hex)");
	refuse("<cmos>0x100</cmos>" V0, 2, "cmos 0x100 is too large, at most 0xff");
	refuse("<cmos>0x0d</cmos>" V0, 2, "CMOS byte 0x0d is the clock's own");
	refuse("<nvram>1</nvram>" BITS, 1, "a byte at an address, and no <value>");
	refuse("<nvram>1</nvram>\n<byte>1</byte>" V0, 3, "<byte> 1 at a single byte");
	refuse("<nvram>1</nvram>\n<length>2</length>" V0, 3, "<length> 2 at a single byte");
	refuse("<ev>X</ev>" V0, 2, "<ev> without <length>");
	refuse("<ev>X</ev>\n<length>0</length>" V0, 3, "length 0, at least 1");
	refuse("<ev>X</ev>\n<length>4097</length>" V0, 3,
	       "length 4097 is too large, at most 0x1000");
	refuse("<ev/><length>1</length>", 2, "\"\" is not a valid EV name");
	refuse("<ev>../x</ev><length>1</length>", 2, "\"../x\" is not a valid EV name");
	refuse("<ev>..</ev><length>1</length>", 2, "\"..\" is not a valid EV name");
	refuse("<ev>A B</ev><length>1</length>", 2, "\"A B\" is not a valid EV name");
	refuse("<ev>A12345678901234567890123456789012</ev><length>1</length>", 2,
	       "\"A12345678901234567890123456789012\" is not a valid EV name");
	refuse("\n<color>red</color>" EV, 3, "unknown element <color>");
	refuse("\n<ev>X<b/></ev>", 3, "<b> inside <ev>");
}

static void test_bad_numbers(void **state)
{
	static const char *const none[] = { "", "x", "-1", "+1", "1 2", "0x", "1f", "0xg", "1.0" };
	char inside[128], message[128];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(inside, sizeof(inside), "<nvram>%s</nvram>" V0, none[i]);
		snprintf(message, sizeof(message),
		         "nvram \"%s\" is not a number (decimal, or 0x and hex)", none[i]);
		refuse(inside, 2, message);
	}
	refuse("<nvram>010</nvram>" V0, 2, "nvram \"010\" may be octal or decimal");
	assert_int_equal(clean_section("<nvram>007</nvram>" V0 BITS)->offset, 7);
	assert_int_equal(clean_section("<nvram> 0X0A\n</nvram>" V0 BITS)->offset, 10);
}

static void test_bad_values(void **state)
{
	refuse("<nvram>1</nvram>" BITS "\n<value id='4'>On</value>", 3,
	       "id 0x04 is outside the mask 0x03");
	refuse("<nvram>1</nvram>\n<mask>0</mask>" V0, 3, "mask 0, at least 1");
	refuse("<nvram>1</nvram>\n<mask>0x100</mask>" V0, 3,
	       "mask 0x100 is too large, at most 0xff");
	refuse("<nvram>1</nvram>" BITS "\n<value>On</value>", 3, "a value without an id");
	refuse("<nvram>1</nvram>" BITS "\n<value id='256'>On</value>", 3,
	       "id 256 is too large, at most 0xff");
	refuse("<nvram>1</nvram>" BITS "\n<value id='1'> </value>", 3, "value 0x01 without a text");
	refuse("<nvram>1</nvram>" BITS "\n<value id='1'>On<b/></value>", 3, "<b> inside <value>");
	refuse("<nvram>1</nvram>" BITS V1 "\n<value id='2'>On</value>", 3,
	       "value \"On\" is id 0x02, in line 2 0x01");
	/* Also behind another text of the same id. */
	refuse("<nvram>1</nvram>" BITS "<value id='2'>Two</value>" V1 "\n<value id='2'>On</value>",
	       3, "value \"On\" is id 0x02, in line 2 0x01");
	refuse("<nvram>1</nvram>" BITS "\n<value id='2'>0x01</value>", 3,
	       "value \"0x01\" reads as another byte than 0x02");
	assert_string_equal(
		clean_section("<nvram>1</nvram>" BITS "<value id='2'>0x02</value>")->values[0].text,
		"0x02");
	refuse(EV BITS V0, 1, "no <byte> says which of 8 bytes it is");
	refuse(EV BITS V0 "\n<byte>8</byte>", 3, "byte 8 of an EV of 8 bytes");
	refuse(EV BITS V0 "<byte>7</byte>\n<record_size>1</record_size>", 3,
	       "<record_size> in a section of values");
}

static void test_too_many_values(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 1 << 20);
	pp_buffer_puts(&b, "<Conrep><Section name='A'><nvram>1</nvram><mask>0xff</mask>");
	for (int i = 0; i < 256; i++)
		pp_buffer_printf(&b, "<value id='%d'>v%d</value>", i, i);
	pp_buffer_puts(&b, "</Section></Conrep>");
	assert_int_equal(parse(b.data)->sections[0].nr_values, 256);
	assert_int_equal(r.notes.count, 0);
	b.len -= strlen("</Section></Conrep>");
	pp_buffer_puts(&b, "<value id='1'>more</value></Section></Conrep>");
	refuse_document(b.data, "s.xml line 1: section A: 257 values, at most 256");
	pp_buffer_fini(&b);
}

static void test_bad_records(void **state)
{
	refuse(EV "<record_size>1</record_size>", 1, "records without <Fields>");
	refuse(EV "<Fields/>", 1, "records without <record_size>");
	refuse(EV "<record_size>4</record_size>\n<Fields/>", 3, "0 fields in a record of 4 bytes");
	refuse(RECORDS("10", "4", FIELD("A", "0", "4")), 2,
	       "10 bytes are no whole number of records of 4");
	refuse(RECORDS("8", "0", FIELD("A", "0", "4")), 2, "record_size 0, at least 1");
	refuse(RECORDS("8", "4", FIELD("A", "0", "5")), 3,
	       "field A ends at byte 5 of a record of 4");
	refuse(RECORDS("8", "4", FIELD("A", "4", "1")), 3,
	       "field A ends at byte 5 of a record of 4");
	refuse(RECORDS("8", "4", FIELD("A", "0", "0")), 3, "Field_size 0, at least 1");
	refuse(RECORDS("8", "4", FIELD("A", "0", "2") "\n" FIELD("B", "1", "2")), 4,
	       "fields A and B overlap");
	refuse(RECORDS("8", "4", FIELD("A", "2", "2") "\n" FIELD("B", "0", "3")), 4,
	       "fields A and B overlap");
	refuse(RECORDS("8", "4", FIELD("A", "0", "1") "\n" FIELD("A", "1", "1")), 4,
	       "fields A and A give one element the same name");
	refuse(RECORDS("8", "4", FIELD("1A", "0", "1")), 3,
	       "field name \"1A\" cannot name an element");
	refuse(RECORDS("8", "4", FIELD("", "0", "1")), 3, "field name \"\" cannot name an element");
	refuse(RECORDS("8", "4", FIELD("A B", "0", "1")), 3,
	       "field name \"A B\" cannot name an element");
	refuse(RECORDS("8", "4", "<Field><Field_name>A</Field_name></Field>"), 3,
	       "a field without <Field_size>");
	refuse(RECORDS("8", "4", "<Other/>"), 3, "<Other> inside <Fields>");
	refuse(RECORDS("8", "4", "<Field>\n<Other/></Field>"), 4, "unknown element <Other>");
	refuse(RECORDS("8", "4",
	               "<Field><Field_size>1</Field_size>\n<Field_size>2</Field_size>"
	               "</Field>"),
	       4, "a second <Field_size>");
	refuse(RECORDS("8", "4", FIELD("A", "0", "4")) "\n<mask>1</mask>", 4,
	       "<mask> in a section of records");
	refuse(EV "\n<byte>0</byte>", 3, "<byte> in a section of raw bytes");
	refuse(EV "\n<format>hex</format>", 3, "format \"hex\", only text is known");
	refuse(RECORDS("8", "4", FIELD("A", "0", "4")) "\n<empty_delete>2</empty_delete>", 4,
	       "empty_delete 2 is too large, at most 0x1");
}

/* "A1" of record 0 is "A" of record 10, if there is one. */
static void test_names_of_elements(void **state)
{
	refuse(RECORDS("22", "2", FIELD("A", "0", "1") "\n" FIELD("A1", "1", "1")), 4,
	       "fields A and A1 give one element the same name");
	refuse(RECORDS("22", "2", FIELD("A1", "0", "1") "\n" FIELD("A", "1", "1")), 4,
	       "fields A1 and A give one element the same name");
	clean_section(RECORDS("20", "2", FIELD("A", "0", "1") FIELD("A1", "1", "1")));
	clean_section(RECORDS("22", "2", FIELD("A", "0", "1") FIELD("A2", "1", "1")));
	clean_section(RECORDS("22", "2", FIELD("A", "0", "1") FIELD("A01", "1", "1")));
	clean_section(RECORDS("22", "2", FIELD("A", "0", "1") FIELD("Ab1", "1", "1")));
}

static void test_notes(void **state)
{
	note_one("<nvram>1</nvram>" V0, 1, "no <mask>, taken as 0xff");
	assert_int_equal(r.schema.sections[0].mask, 0xff);
	note_one("<ev>X</ev><length>2</length>" V0 BITS, 1, "no <byte>, taken as 0");
	assert_int_equal(r.schema.sections[0].offset, 0);
	note_one("<nvram>1</nvram>" BITS V1 "\n<value id='1'>Yes</value>", 3,
	         "id 0x01 stands in line 2 already");
	note_one(EV "\n<platforms/>", 3, "an empty <platforms> is not a condition");
	note_one(EV "\n<platforms>x<platform>y</platform></platforms>", 3,
	         "text between the elements of <platforms> is ignored");
	note_one(EV "stray", 1, "text between the elements of <Section> is ignored");
	note_one("<nvram>1</nvram>" V0 BITS "\n<byte>00</byte>", 3,
	         "<byte> at a single byte is ignored");
	note_one("<nvram>1</nvram>" V0 BITS "\n<length>1</length>", 3,
	         "<length> at a single byte is ignored");
	note_one("<nvram>1</nvram>" V0 BITS "\n<format>text</format>", 3,
	         "<format> at values is ignored");
	assert_false(r.schema.sections[0].text);
	note_one(EV "\n<empty_delete>1</empty_delete>", 3,
	         "<empty_delete> without records is ignored");
	assert_false(r.schema.sections[0].empty_delete);
	note_one(EV "\n<altname x='1'>B</altname>", 3, "an attribute of <altname> is ignored");
	note_one("<nvram>1</nvram>" BITS "\n<value id='1' x='2'>On</value>", 3,
	         "attributes of <value> other than the id are ignored");
}

static void test_notes_of_the_document(void **state)
{
	parse("<Conrep>\n<other><b/></other><global>\n<color/><onmismatch>skip</onmismatch>"
	      "</global>tail\n<Section name='A' type='x'>" EV "</Section></Conrep>");
	assert_note(0, 1, "text between the elements of <Conrep> is ignored");
	assert_note(1, 2, "unknown element <other>");
	assert_note(2, 3, "unknown element <color> in <global>");
	assert_note(3, 2, "onmismatch \"skip\" is not known, taken as exception");
	assert_note(4, 4, "section A: attributes other than the name are ignored");
	assert_int_equal(r.notes.count, 5);
	assert_int_equal(r.schema.nr_sections, 1);
}

static void test_twins(void **state)
{
#define ONE(name, condition) "<Section name='" name "'>" condition EV "</Section>\n"
#define P(x)                 "<platforms><platform>" x "</platform></platforms>"
	parse("<Conrep>\n" ONE("A", P("x")) ONE("A", P("y")) ONE("A", "") ONE("B", P("x"))
	              ONE("A", P("x")) "</Conrep>");
	assert_int_equal(r.schema.nr_sections, 5);
	assert_note(0, 6, "section A: line 2 has that name too, and no condition tells them apart");
	assert_int_equal(r.notes.count, 1);
}

static void test_too_many_sections(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 1 << 20);
	pp_buffer_puts(&b, "<Conrep>");
	for (int i = 0; i <= PP_SCHEMA_MAX_SECTIONS; i++)
		pp_buffer_puts(&b, "<Section/>");
	pp_buffer_puts(&b, "</Conrep>");
	parse_bytes(b.data, 0);
	assert_int_equal(r.rc, -E2BIG);
	assert_string_equal(r.error.text, "s.xml: 10001 sections, at most 10000 are read");
	pp_buffer_fini(&b);
}

/* Sanitizers, for whom this is set, are slow. */
#ifdef PP_ARENA_PER_OBJECT
#define SLOWER 8
#else
#define SLOWER 1
#endif

static double parse_seconds(struct pp_buffer *b)
{
	clock_t start = clock();

	parse_bytes(b->data, 0);
	pp_buffer_fini(b);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Work grows with the file, not with its square. */
static void test_hostile_work(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 16u << 20);
	pp_buffer_puts(&b, "<Conrep><global>");
	for (int i = 0; i < 190000; i++)
		pp_buffer_printf(&b, "<e%x/>", i);
	pp_buffer_puts(&b, "</global></Conrep>");
	assert_true(parse_seconds(&b) < 5 * SLOWER);
	assert_int_equal(r.rc, 0);

	pp_buffer_init(&b, 16u << 20);
	pp_buffer_puts(&b, "<Conrep>");
	for (int i = 0; i < PP_SCHEMA_MAX_SECTIONS; i++) {
		pp_buffer_puts(&b, "<Section name='x'>" EV "<platforms>");
		for (int k = 0; k < 13; k++)
			pp_buffer_puts(&b, "<platform>one that all of them have</platform>");
		pp_buffer_printf(&b, "<platform>%d</platform></platforms></Section>", i);
	}
	pp_buffer_puts(&b, "</Conrep>");
	assert_true(parse_seconds(&b) < 3 * SLOWER);
	assert_int_equal(r.rc, 0);
}

static void test_out_of_memory(void **state)
{
	const char *text =
		document("<altname>B</altname>" P("x") RECORDS("8", "4", FIELD("A", "0", "4")));
	int failed = 0;

	for (size_t limit = 1; limit < 16384; limit += 32) {
		parse_bytes(text, limit);
		if (!r.rc)
			break;
		assert_int_equal(r.rc, -ENOMEM);
		assert_string_equal(r.error.text, "s.xml: out of memory");
		failed++;
	}
	assert_int_equal(r.rc, 0);
	assert_in_range(failed, 20, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_global, teardown),
		cmocka_unit_test_teardown(test_values_in_an_ev, teardown),
		cmocka_unit_test_teardown(test_values_at_an_address, teardown),
		cmocka_unit_test_teardown(test_records, teardown),
		cmocka_unit_test_teardown(test_raw, teardown),
		cmocka_unit_test_teardown(test_conditions, teardown),
		cmocka_unit_test_teardown(test_bad_documents, teardown),
		cmocka_unit_test_teardown(test_bad_conditions, teardown),
		cmocka_unit_test_teardown(test_bad_storage, teardown),
		cmocka_unit_test_teardown(test_bad_numbers, teardown),
		cmocka_unit_test_teardown(test_bad_values, teardown),
		cmocka_unit_test_teardown(test_too_many_values, teardown),
		cmocka_unit_test_teardown(test_bad_records, teardown),
		cmocka_unit_test_teardown(test_names_of_elements, teardown),
		cmocka_unit_test_teardown(test_notes, teardown),
		cmocka_unit_test_teardown(test_notes_of_the_document, teardown),
		cmocka_unit_test_teardown(test_twins, teardown),
		cmocka_unit_test_teardown(test_too_many_sections, teardown),
		cmocka_unit_test_teardown(test_hostile_work, teardown),
		cmocka_unit_test_teardown(test_out_of_memory, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
