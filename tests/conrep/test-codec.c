/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of setting from text to bits and back. */
#include "conrep/entry-name.h"
#include "conrep/text-form.h"
#include "settings-fixture.h"

#define FIELD(name, start, size)                                                                   \
	"<Field><Field_name>" name "</Field_name><Field_start>" #start                             \
	"</Field_start><Field_size>" #size "</Field_size></Field>"

static const char sections[] =
	"<Section name='Bit'><nvram>0x10</nvram><value id='0x00'>Off</value>"
	"<value id='0x02'>Auto Set</value><value id='0x02'>Automatic</value><mask>0x06</mask>"
	"</Section>\n"
	"<Section name='Byte'><ev>E</ev><length>4</length><byte>2</byte><mask>0xf0</mask>"
	"<value id='0x10'>One</value></Section>\n"
	"<Section name='Clock'><cmos>0x40</cmos><mask>1</mask><value id='1'>On</value></Section>\n"
	"<Section name='Order'><ev>ORDER</ev><length>6</length><record_size>3</record_size>"
	"<Fields>" FIELD("Index", 0, 1) FIELD(
		"Pair", 1,
		2) "</Fields></Section>\n"
		   "<Section name='Lines'><ev>LINES</ev><length>8</length><record_size>4</record_size>"
		   "<Fields>" FIELD(
			   "Line", 0,
			   3) "</Fields><format>text</format>"
			      "<empty_delete>1</empty_delete></Section>\n"
			      "<Section name='Raw'><ev>RAW</ev><length>3</length></Section>\n"
			      "<Section name='Language'><ev>LANG</ev><length>4</length><format>text</format></Section>\n"
			      "<Section name='Longer'><ev>RAW</ev><length>5</length></Section>\n"
			      "<Section name='Note'><ev>SHARED</ev><length>2</length><record_size>2</record_size>"
			      "<Fields>" FIELD(
				      "Text", 0,
				      2) "</Fields><format>text</format>"
					 "<empty_delete>1</empty_delete></Section>\n"
					 "<Section name='Other'><ev>SHARED</ev><length>3</length><byte>2</byte>"
					 "<value id='0'>No</value></Section>\n";

static int set_up(void **state)
{
	static struct fixture f;

	fixture_init(&f, sections);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_fini(*state);
	return 0;
}

static const struct pp_schema_section *section(struct fixture *f, const char *name)
{
	for (uint32_t i = 0; i < f->schema.nr_sections; i++)
		if (!strcmp(f->schema.sections[i].name, name))
			return &f->schema.sections[i];
	fail_msg("no section %s", name);
	return NULL;
}

static struct pp_setting decode(struct fixture *f, const char *name)
{
	struct pp_setting s = { 0 };

	if (pp_codec_decode(section(f, name), &f->memory, &f->arena, &s, &f->e))
		fail_msg("%s", f->e.text);
	assert_string_equal(s.name, name);
	assert_int_equal(s.line, 0);
	return s;
}

static int encode(struct fixture *f, const char *name, const struct pp_setting *s)
{
	return pp_codec_encode(&f->schema, section(f, name), s, "f.dat", &f->memory, &f->e);
}

static int encode_text(struct fixture *f, const char *name, const char *text)
{
	struct pp_setting s = { .name = name, .helptext = "", .line = 7, .text = text };

	return encode(f, name, &s);
}

static int encode_entry(struct fixture *f, const char *name, const char *entry, const char *text)
{
	struct pp_entry e = { entry, text, 8 };
	struct pp_setting s = {
		.name = name, .helptext = "", .line = 7, .entries = &e, .nr_entries = 1
	};

	return encode(f, name, &s);
}

static void test_values_own_their_mask_only(void **state)
{
	struct fixture *f = *state;
	uint8_t *nvram = put_nvram(f);

	nvram[0x10] = 0xfb;
	assert_string_equal(decode(f, "Bit").text, "Auto Set");
	assert_int_equal(encode_text(f, "Bit", "\n  Off\n"), 0);
	assert_int_equal(nvram[0x10], 0xf9);
	assert_int_equal(encode_text(f, "Bit", "Automatic"), 0);
	assert_int_equal(nvram[0x10], 0xfb);
	PUT_EV(f, "E", "\xff\xff\x1f\xff\xff\xff");
	assert_string_equal(decode(f, "Byte").text, "One");
	assert_int_equal(encode_text(f, "Byte", "0x20"), 0);
	ASSERT_EV(&f->memory, "E", "\xff\xff\x2f\xff\xff\xff");
}

static void test_a_byte_that_is_no_value(void **state)
{
	struct fixture *f = *state;
	uint8_t *nvram = put_nvram(f);

	nvram[0x10] = 0xff;
	assert_string_equal(decode(f, "Bit").text, "0x06");
	nvram[0x10] = 0x00;
	assert_int_equal(encode_text(f, "Bit", " 0x06 "), 0);
	assert_int_equal(nvram[0x10], 0x06);
	static const char *const bad[] = { "0x01", "0x0a", "0x6",       "06",   "0X06", "0x006",
		                           "",     "off",  "Auto  Set", "0x0g", "Auto", "0x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(encode_text(f, "Bit", bad[i]), -EINVAL);
		assert_int_equal(nvram[0x10], 0x06);
		assert_int_equal(strncmp(f->e.text, "f.dat line 7: Bit: invalid value \"", 34), 0);
		assert_non_null(
			strstr(f->e.text, "(allowed: \"Off\", \"Auto Set\", \"Automatic\""));
	}
}

static void test_unread_cells_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct pp_setting s = { .name = "untouched" };
	const struct pp_schema_section *bit = section(f, "Bit"), *byte = section(f, "Byte");

	assert_int_equal(pp_codec_decode(bit, &f->memory, &f->arena, &s, &f->e), -ENODATA);
	assert_string_equal(f->e.text, "Bit: NVRAM was not read");
	put_missing(f, PP_CELL_NVRAM, NULL, EACCES);
	assert_int_equal(pp_codec_decode(bit, &f->memory, &f->arena, &s, &f->e), -EACCES);
	assert_string_equal(f->e.text, "Bit: NVRAM could not be read: Permission denied");
	assert_int_equal(encode_text(f, "Bit", "Off"), -EACCES);
	assert_string_equal(f->e.text,
	                    "f.dat line 7: Bit: NVRAM could not be read: Permission denied");
	put_missing(f, PP_CELL_NVRAM, NULL, ENOENT); /* no bytes to make */
	assert_int_equal(encode_text(f, "Bit", "Off"), -ENOENT);
	assert_int_equal(encode_text(f, "Clock", "On"), -ENODATA);
	put_missing(f, PP_CELL_EV, "E", ENOENT);
	assert_int_equal(pp_codec_decode(byte, &f->memory, &f->arena, &s, &f->e), -ENOENT);
	assert_string_equal(f->e.text, "Byte: there is no EV E");
	PUT_EV(f, "E", "\x01\x02\x03");
	assert_int_equal(pp_codec_decode(byte, &f->memory, &f->arena, &s, &f->e), -EBADMSG);
	assert_string_equal(f->e.text, "Byte: EV E has 3 bytes, need 4");
	assert_int_equal(encode_text(f, "Byte", "One"), -EBADMSG);
	ASSERT_EV(&f->memory, "E", "\x01\x02\x03");
	assert_string_equal(s.name, "untouched");
}

static void test_records_of_hex(void **state)
{
	struct fixture *f = *state;

	PUT_EV(f, "ORDER", "\x01\xab\xcd\xff\x00\x10\x77");
	struct pp_setting s = decode(f, "Order");
	static const char *const wanted[][2] = {
		{ "Index0", "01" }, { "Pair0", "ab cd" }, { "Index1", "ff" }, { "Pair1", "00 10" }
	};
	assert_null(s.text);
	assert_int_equal(s.nr_entries, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_string_equal(s.entries[i].name, wanted[i][0]);
		assert_string_equal(s.entries[i].text, wanted[i][1]);
	}
	assert_int_equal(encode_entry(f, "Order", "Pair1", "\n ABcd "), 0);
	ASSERT_EV(&f->memory, "ORDER", "\x01\xab\xcd\xff\xab\xcd\x77");
	assert_int_equal(encode_entry(f, "Order", "Pair1", " 0B Ee\n"), 0);
	ASSERT_EV(&f->memory, "ORDER", "\x01\xab\xcd\xff\x0b\xee\x77");
	assert_int_equal(encode_entry(f, "Order", "Index1", " 0C "), 0);
	ASSERT_EV(&f->memory, "ORDER", "\x01\xab\xcd\x0c\x0b\xee\x77");
}

/* Whatever is not one of the two forms, of the right number of bytes, writes nothing. */
static void test_bad_hex(void **state)
{
	static const struct {
		const char *name, *text, *message;
	} rows[] = {
		{ "Pair1", "", "\"\" is not 2 bytes of two hex digits each, with single blanks" },
		{ "Pair1", "abc", "\"abc\" is not 2 bytes of" },
		{ "Pair1", "ab c", "\"ab c\" is not 2 bytes of" },
		{ "Pair1", "a bcd", "\"a bcd\" is not 2 bytes of" },
		{ "Pair1", "ab  cd", "\"ab  cd\" is not 2 bytes of" },
		{ "Pair1", "ab\tcd", "\"ab cd\" is not 2 bytes of" },
		{ "Pair1", "ab\ncd", "\"ab cd\" is not 2 bytes of" },
		{ "Pair1", "ab,cd", "\"ab,cd\" is not 2 bytes of" },
		{ "Pair1", "0xab", "\"0xab\" is not 2 bytes of" },
		{ "Pair1", "abcg", "\"abcg\" is not 2 bytes of" },
		{ "Pair1", "ab cdef", "\"ab cdef\" is not 2 bytes of" },
		{ "Pair1", "abcd ef", "\"abcd ef\" is not 2 bytes of" },
		{ "Pair1", "ab", "\"ab\" is 1 byte, wanted 2" },
		{ "Pair1", "ab cd ef", "\"ab cd ef\" is 3 bytes, wanted 2" },
		{ "Pair1", "abcdef", "\"abcdef\" is 3 bytes, wanted 2" },
		{ "Index1", "", "\"\" is not a byte of two hex digits" },
		{ "Index1", "a", "\"a\" is not a byte of two hex digits" },
		{ "Index1", "a b", "\"a b\" is not a byte of two hex digits" },
		{ "Index1", "ab cd", "\"ab cd\" is 2 bytes, wanted 1" },
	};
	struct fixture *f = *state;

	PUT_EV(f, "ORDER", "\1\2\3\4\5\6\7");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char start[128];
		snprintf(start, sizeof(start), "f.dat line 8: Order %s: %s", rows[i].name,
		         rows[i].message);
		assert_int_equal(encode_entry(f, "Order", rows[i].name, rows[i].text), -EINVAL);
		if (strncmp(f->e.text, start, strlen(start)))
			fail_msg("%s, wanted %s", f->e.text, start);
		ASSERT_EV(&f->memory, "ORDER", "\1\2\3\4\5\6\7");
	}
}

static void test_bad_entry_names(void **state)
{
	static const char *const bad[] = { "Index2", "Index01", "Index", "Index-1",
		                           "index0", "0",       "Pair",  "Index00",
		                           "Inde0",  "Indexx0", "",      "Index4294967296" };
	struct fixture *f = *state;

	PUT_EV(f, "ORDER", "\1\2\3\4\5\6");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(encode_entry(f, "Order", bad[i], "00"), -EINVAL);
		assert_int_equal(memcmp(f->e.text, "f.dat line 8: Order ", 20), 0);
		assert_non_null(
			strstr(f->e.text, "a field (Index, Pair) and a number from 0 to 1"));
	}
	assert_int_equal(encode_text(f, "Order", "00"), -EINVAL);
	assert_string_equal(f->e.text, "f.dat line 7: Order: has a text where entries are wanted");
	put_nvram(f);
	assert_int_equal(encode_entry(f, "Bit", "Index0", "Off"), -EINVAL);
	assert_string_equal(f->e.text, "f.dat line 7: Bit: has entries where a text is wanted");
	ASSERT_EV(&f->memory, "ORDER", "\1\2\3\4\5\6");
}

/* A bad entry behind a good one: nothing is written. */
static void test_a_failed_setting_leaves_all(void **state)
{
	const struct pp_entry e[] = { { "Index0", "99", 8 }, { "Index1", "xx", 9 } };
	struct fixture *f = *state;
	struct pp_setting s = { .name = "Order", .entries = e, .nr_entries = 2 };

	PUT_EV(f, "ORDER", "\1\2\3\4\5\6");
	assert_int_equal(encode(f, "Order", &s), -EINVAL);
	assert_string_equal(f->e.text,
	                    "f.dat line 9: Order Index1: \"xx\" is not a byte of two hex digits");
	ASSERT_EV(&f->memory, "ORDER", "\1\2\3\4\5\6");
}

static void test_text_and_its_padding(void **state)
{
	struct fixture *f = *state;

	PUT_EV(f, "LINES", "GH\0\x91 2 \x92");
	struct pp_setting s = decode(f, "Lines");
	assert_int_equal(s.nr_entries, 2);
	assert_string_equal(s.entries[0].text, "GH");
	assert_string_equal(s.entries[1].text, " 2");
	assert_int_equal(encode_entry(f, "Lines", "Line1", " 2\n"), 0); /* as it is */
	ASSERT_EV(&f->memory, "LINES", "GH\0\x91 2 \x92");
	assert_int_equal(encode_entry(f, "Lines", "Line1", "2"), 0);
	assert_int_equal(encode_entry(f, "Lines", "Line0", "GH2  "), 0);
	ASSERT_EV(&f->memory, "LINES",
	          "GH2\x91"
	          "2\0\0\x92");
	assert_int_equal(encode_entry(f, "Lines", "Line0", "GH23"), -EINVAL);
	assert_string_equal(f->e.text,
	                    "f.dat line 8: Lines Line0: the text is longer than 3 bytes");
	assert_int_equal(encode_entry(f, "Lines", "Line0", "\tG"), -EINVAL);
	assert_int_equal(encode_entry(f, "Lines", "Line0", "\xc3\xa4"), -EINVAL);
	assert_string_equal(f->e.text, "f.dat line 8: Lines Line0: the text holds a byte that has "
	                               "to be written as \\xHH");
	ASSERT_EV(&f->memory, "LINES",
	          "GH2\x91"
	          "2\0\0\x92");
}

static void test_raw(void **state)
{
	struct fixture *f = *state;

	PUT_EV(f, "RAW", "\x00\x7f\xff\x11\x22");
	assert_string_equal(decode(f, "Raw").text, "00 7f ff");
	assert_int_equal(encode_text(f, "Raw", "0102Fe"), 0);
	ASSERT_EV(&f->memory, "RAW", "\x01\x02\xfe\x11\x22");
	assert_int_equal(encode_text(f, "Raw", "0b 0c 0D"), 0);
	ASSERT_EV(&f->memory, "RAW", "\x0b\x0c\x0d\x11\x22");
	assert_int_equal(encode_text(f, "Raw", "0102"), -EINVAL);
	assert_string_equal(f->e.text, "f.dat line 7: Raw: \"0102\" is 2 bytes, wanted 3");
	assert_int_equal(encode_text(f, "Raw", ""), -EINVAL);
	ASSERT_EV(&f->memory, "RAW", "\x0b\x0c\x0d\x11\x22");
	PUT_EV(f, "LANG", "en\0\0");
	assert_string_equal(decode(f, "Language").text, "en");
	assert_int_equal(encode_text(f, "Language", ""), 0);
	ASSERT_EV(&f->memory, "LANG", "\0\0\0\0");
	assert_string_equal(decode(f, "Language").text, "");
}

/* HP's tool saves an EV that is not there as an empty element. */
static void test_an_absent_ev_has_no_text(void **state)
{
	static const char *const names[][2] = { { "Raw", "RAW" }, { "Language", "LANG" } };
	struct fixture *f = *state;
	bool same;

	for (size_t i = 0; i < 2; i++) {
		put_missing(f, PP_CELL_EV, names[i][1], ENOENT);
		struct pp_setting s = decode(f, names[i][0]);
		assert_string_equal(s.text, "");
		assert_int_equal(encode_text(f, names[i][0], ""), 0);
		assert_int_equal(encode_text(f, names[i][0], " \n"), 0);
		assert_int_equal(pp_areas_find(&f->memory, PP_CELL_EV, names[i][1])->error, ENOENT);
		assert_int_equal(pp_codec_holds(section(f, names[i][0]), &s, &s, &f->arena, &same),
		                 0);
		assert_true(same);
	}
	struct pp_setting none = { .text = "" }, some = { .text = "00 00 00" };
	assert_int_equal(pp_codec_holds(section(f, "Raw"), &none, &some, &f->arena, &same), 0);
	assert_false(same);
	assert_int_equal(pp_codec_holds(section(f, "Raw"), &some, &none, &f->arena, &same), 0);
	assert_false(same);
}

static void test_an_absent_ev_is_made(void **state)
{
	struct fixture *f = *state;

	put_missing(f, PP_CELL_EV, "RAW", ENOENT);
	assert_int_equal(encode_text(f, "Raw", "xx"), -EINVAL);
	assert_int_equal(pp_areas_find(&f->memory, PP_CELL_EV, "RAW")->error, ENOENT);
	assert_int_equal(pp_codec_ev_bytes(&f->schema, "RAW"), 5);
	assert_int_equal(pp_codec_ev_bytes(&f->schema, "NONE"), 0);
	assert_int_equal(encode_text(f, "Raw", "010203"), 0);
	ASSERT_EV(&f->memory, "RAW", "\1\2\3\0\0");
	put_missing(f, PP_CELL_EV, "ORDER", ENOENT);
	struct pp_setting nothing = { .name = "Order" };
	assert_int_equal(encode(f, "Order", &nothing), 0);
	assert_int_equal(pp_areas_find(&f->memory, PP_CELL_EV, "ORDER")->error, ENOENT);
}

static void test_empty_delete(void **state)
{
	struct fixture *f = *state;

	put_missing(f, PP_CELL_EV, "LINES", ENOENT);
	struct pp_setting s = decode(f, "Lines");
	assert_int_equal(s.nr_entries, 2);
	assert_string_equal(s.entries[1].text, "");
	assert_int_equal(encode(f, "Lines", &s), 0);
	assert_int_equal(pp_areas_find(&f->memory, PP_CELL_EV, "LINES")->error, ENOENT);
	assert_int_equal(encode_entry(f, "Lines", "Line1", "x"), 0);
	ASSERT_EV(&f->memory, "LINES", "\0\0\0\0x\0\0\0");
	assert_int_equal(encode_entry(f, "Lines", "Line1", " "), 0);
	assert_int_equal(pp_areas_find(&f->memory, PP_CELL_EV, "LINES")->error, ENOENT);
	PUT_EV(f, "LINES", "  \0\0\0\0 \0"); /* empty already: nothing changes */
	assert_int_equal(encode(f, "Lines", &s), 0);
	ASSERT_EV(&f->memory, "LINES", "  \0\0\0\0 \0");
}

static void test_what_others_own_is_not_deleted(void **state)
{
	struct fixture *f = *state;

	PUT_EV(f, "LINES", "a\0\0\0\0\0\0\x01"); /* the last byte is no field's */
	assert_int_equal(encode_entry(f, "Lines", "Line0", ""), 0);
	ASSERT_EV(&f->memory, "LINES", "\0\0\0\0\0\0\0\x01");
	PUT_EV(f, "LINES", "a\0\0\0\0\0\0\0 "); /* nor is the one behind */
	assert_int_equal(encode_entry(f, "Lines", "Line0", ""), 0);
	ASSERT_EV(&f->memory, "LINES", "\0\0\0\0\0\0\0\0 ");
	PUT_EV(f, "SHARED", "a\0\0");
	assert_int_equal(encode_entry(f, "Note", "Text0", ""), 0);
	ASSERT_EV(&f->memory, "SHARED", "\0\0\0");
}

static void test_what_a_section_owns(void **state)
{
	struct fixture *f = *state;
	uint8_t mask = 0x55;

	assert_true(pp_codec_owns(section(f, "Bit"), 0x10, &mask));
	assert_int_equal(mask, 0x06);
	mask = 0x55;
	assert_false(pp_codec_owns(section(f, "Bit"), 0x11, &mask));
	assert_false(pp_codec_owns(section(f, "Lines"), 3, &mask)); /* between the fields */
	assert_false(pp_codec_owns(section(f, "Lines"), 8, &mask));
	assert_false(pp_codec_owns(section(f, "Raw"), 3, &mask));
	assert_int_equal(mask, 0x55);
	assert_true(pp_codec_owns(section(f, "Lines"), 6, &mask));
	assert_int_equal(mask, 0xff);
	assert_true(pp_codec_owns(section(f, "Raw"), 2, &mask));
}

/* pp_schema_parse() lets no such fields through. */
static void test_names_that_mean_two_things(void **state)
{
	static const struct pp_schema_field fields[] = { { "Line", 0, 1, 0 },
		                                         { "Line1", 1, 1, 0 } };
	static const struct pp_schema_section s = { .name = "S",
		                                    .ev = "X",
		                                    .kind = PP_SECTION_RECORDS,
		                                    .length = 24,
		                                    .record_size = 2,
		                                    .fields = fields,
		                                    .nr_fields = 2 };
	const struct pp_schema_field *field = NULL;
	struct pp_entry_names names;
	struct fixture *f = *state;
	uint32_t record = 99;

	assert_int_equal(pp_entry_names_init(&names, &s, &f->arena), 0);
	assert_int_equal(pp_entry_find(&names, "Line11", &field, &record), 2);
	assert_int_equal(record, 99);
	assert_int_equal(pp_entry_find(&names, "Line9", &field, &record), 1);
	assert_ptr_equal(field, &fields[0]);
	assert_int_equal(record, 9);
	assert_int_equal(pp_entry_find(&names, "Line111", &field, &record), 1);
	assert_ptr_equal(field, &fields[1]);
	assert_int_equal(record, 11);
	static const uint8_t bytes[24];
	assert_int_equal(pp_areas_put(&f->memory, PP_CELL_EV, "X", 0, PP_SPAN(bytes, 24)), 0);
	struct pp_entry e = { "Line11", "01", 3 };
	struct pp_setting v = { .name = "S", .entries = &e, .nr_entries = 1 };
	assert_int_equal(pp_codec_encode(&f->schema, &s, &v, "f.dat", &f->memory, &f->e), -EINVAL);
	assert_string_equal(f->e.text, "f.dat line 3: S Line11: the schema's fields give this name "
	                               "2 meanings");
}

static void test_every_byte_has_a_text(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[5], back[5];
	size_t len;

	/* Around what looks like an escape, where a mistake would be. */
	static const uint8_t some[] = { '\\', 'x', '4', 'A', 0x00, 0x80, ' ' };
	for (unsigned int i = 0; i < 7 * 7 * 7 * 7 * 7; i++) {
		for (unsigned int j = 0, rest = i; j < 5; j++, rest /= 7)
			bytes[j] = some[rest % 7];
		const char *text = pp_form_text(&f->arena, PP_SPAN(bytes, 5));
		assert_int_equal(pp_form_text_read(text, back, 5, &len), 0);
		assert_int_equal(len, pp_form_text_len(PP_SPAN(bytes, 5)));
		assert_memory_equal(back, bytes, len);
	}
	for (unsigned int i = 0; i < 256; i++) {
		bytes[0] = (uint8_t)i;
		const char *text = pp_form_text(&f->arena, PP_SPAN(bytes, 1));
		assert_int_equal(pp_form_text_read(text, back, 1, &len), 0);
		assert_true(len ? len == 1 && back[0] == i : i == 0 || i == ' ');
		assert_true(pp_form_hex_read(pp_form_hex(&f->arena, PP_SPAN(bytes, 1)), back, 1));
		assert_int_equal(back[0], i);
	}
	assert_string_equal(pp_form_text(&f->arena, PP_SPAN("\\x41\\y\n", 7)), "\\x5cx41\\y\\x0a");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_own_their_mask_only),
		TEST(test_a_byte_that_is_no_value),
		TEST(test_unread_cells_are_told_apart),
		TEST(test_records_of_hex),
		TEST(test_bad_hex),
		TEST(test_bad_entry_names),
		TEST(test_a_failed_setting_leaves_all),
		TEST(test_text_and_its_padding),
		TEST(test_raw),
		TEST(test_an_absent_ev_has_no_text),
		TEST(test_an_absent_ev_is_made),
		TEST(test_empty_delete),
		TEST(test_what_others_own_is_not_deleted),
		TEST(test_what_a_section_owns),
		TEST(test_names_that_mean_two_things),
		TEST(test_every_byte_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
