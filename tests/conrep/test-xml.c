/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML reader's limits and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "conrep/xml.h"

struct result {
	struct pp_arena arena;
	struct pp_error error;
	const struct pp_xml_node *root;
	int rc;
};

static struct result r;
static const struct pp_xml_node untouched = { .name = "untouched" };

/* In a block of its exact size, so that a sanitizer sees a read behind it. */
static void parse_bytes(const void *bytes, size_t len, size_t arena_bytes)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, bytes, len);
	pp_arena_fini(&r.arena);
	pp_arena_init(&r.arena, arena_bytes);
	r.error = (struct pp_error){ 0 };
	r.root = &untouched;
	r.rc = pp_xml_parse(PP_SPAN(copy, len), "x.xml", &r.arena, &r.root, &r.error);
	free(copy);
}

static const struct pp_xml_node *parse(const char *text)
{
	parse_bytes(text, strlen(text), 0);
	if (r.rc)
		fail_msg("%s", r.error.text);
	return r.root;
}

/* start: of the message. */
static void assert_refused(int code, const char *start)
{
	if (r.rc != -code || r.error.code != code || strncmp(r.error.text, start, strlen(start)))
		fail_msg("%d \"%s\", wanted %d \"%s\"", r.rc, r.error.text, -code, start);
	assert_ptr_equal(r.root, &untouched);
}

static void refuse(const char *text, int code, const char *start)
{
	parse_bytes(text, strlen(text), 0);
	assert_refused(code, start);
}

static int teardown(void **state)
{
	pp_arena_fini(&r.arena);
	return 0;
}

static void test_elements(void **state)
{
	const struct pp_xml_node *n = parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	                                    "<!-- said -->\n"
	                                    "<Conrep version='4.7' b=\"\">\n"
	                                    "  <Section\n    name=\"One\"\n  >  a b </Section>\n"
	                                    "  <Empty/>tail\n"
	                                    "</Conrep>\n<!-- end -->\n");

	assert_string_equal(n->name, "Conrep");
	assert_int_equal(n->line, 3);
	assert_null(n->next);
	assert_int_equal(n->nr_attributes, 2);
	assert_string_equal(n->attributes[0].name, "version");
	assert_string_equal(pp_xml_attribute(n, "version"), "4.7");
	assert_string_equal(pp_xml_attribute(n, "b"), "");
	assert_null(pp_xml_attribute(n, "c"));
	assert_string_equal(n->text, "\n  \n  tail\n");
	const struct pp_xml_node *one = n->children;
	assert_string_equal(one->name, "Section");
	assert_int_equal(one->line, 4); /* where its tag starts */
	assert_string_equal(one->text, "  a b ");
	assert_string_equal(pp_xml_trimmed(one, &r.arena), "a b");
	assert_ptr_equal(pp_xml_child(n, "Empty"), one->next);
	assert_int_equal(one->next->line, 7);
	assert_string_equal(one->next->text, "");
	assert_null(one->next->next);
	assert_null(pp_xml_child(n, "empty"));
}

static void test_text(void **state)
{
	assert_string_equal(parse("<a>x<![CDATA[<b>&amp;]]>y<c>no</c>z</a>")->text, "x<b>&amp;yz");
	assert_string_equal(parse("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>")->text, "<>&\"'AB");
	assert_string_equal(parse("<a>1\r\n2\t3</a>")->text, "1\n2\t3");
	assert_string_equal(parse("<a><?pi no?>b<!-- no -->c</a>")->text, "bc");
	assert_string_equal(
		parse("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a>b</a>")->text, "b");
	assert_string_equal(parse("<?xml version='1.0' encoding='us-ascii'?><a>b</a>")->text, "b");
	assert_string_equal(pp_xml_trimmed(parse("<a> \n </a>"), &r.arena), "");
	assert_string_equal(pp_xml_trimmed(parse("<a>\n b</a>"), &r.arena), "b");
}

/* What a terminal would act upon is gone. */
static void test_cleaned(void **state)
{
	assert_string_equal(parse("<a>1\x7f"
	                          "2\n3\t4&#13;5\xc2\x9b"
	                          "6\xe2\x80\xae"
	                          "7\xc3\xa4</a>")
	                            ->text,
	                    "1?2\n3\t4?5??6???7\xc3\xa4");
	assert_string_equal(pp_xml_attribute(parse("<a b='1\x7f&#xA;2'/>"), "b"), "1?\n2");
}

/* An attribute's '&' comes as text that looks like a reference. */
static void test_ampersands(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "a&amp;b", "a&b" },
		{ "&#38;amp;", "&amp;" },
		{ "&amp;#38;", "&#38;" },
		{ "&amp;&amp;", "&&" },
		{ "&amp;#38;#38;", "&#38;#38;" },
		{ "&lt;&#60;&quot;", "<<\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "<a b=\"%s\"/>", cases[i].in);
		assert_string_equal(pp_xml_attribute(parse(text), "b"), cases[i].out);
		snprintf(text, sizeof(text), "<a>%s</a>", cases[i].in);
		assert_string_equal(parse(text)->text, cases[i].out);
	}
}

static void test_not_well_formed(void **state)
{
	refuse("", EBADMSG, "x.xml line 1: empty");
	refuse(" \n ", EBADMSG, "x.xml line 2: Start tag expected");
	refuse("<!-- only -->\n", EBADMSG, "x.xml line 2: Start tag expected");
	refuse("text", EBADMSG, "x.xml line 1: Start tag expected");
	refuse("<a>\n<b>\n</a>", EBADMSG, "x.xml line 3: Opening and ending tag mismatch");
	refuse("<a>\n\n<b>", EBADMSG, "x.xml line 3: Premature end of data in tag b");
	refuse("<a>\n<b x=\"1", EBADMSG, "x.xml line 2: ");
	refuse("<a>\n<![CDATA[ b", EBADMSG, "x.xml line 2: ");
	refuse("<a>\n<b x=1/></a>", EBADMSG, "x.xml line 2: ");
	refuse("<a>\n<b x='1' x='2'/></a>", EBADMSG, "x.xml line 2: Attribute x redefined");
	refuse("<a/>\n\n<b/>", EBADMSG, "x.xml line 3: Extra content at the end");
	refuse("<a/>\ntail", EBADMSG, "x.xml line 2: Extra content at the end");
	refuse("<a>&#1;</a>", EBADMSG, "x.xml line 1: ");
	refuse("<a>\n\x1b</a>", EBADMSG, "x.xml line 2: ");
	refuse("<?xml version=\"1.1\"?><a/>", EBADMSG, "x.xml line 1: an XML version");
}

static void test_every_prefix(void **state)
{
	static const char text[] = "<?xml version='1.0' encoding='UTF-8'?><!--c--><Conrep a='b'>"
				   "<S n='x'><![CDATA[y]]>&amp;</S><?p i?></Conrep>";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		parse_bytes(text, len, 0);
		assert_refused(EBADMSG, "x.xml line 1: ");
	}
}

static void test_no_document_type(void **state)
{
	refuse("<!DOCTYPE a>\n<a/>", EBADMSG, "x.xml line 1: a document type declaration");
	refuse("\n\n<!DOCTYPE a []><a/>", EBADMSG, "x.xml line 3: a document type");
	refuse("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", EBADMSG,
	       "x.xml line 1: a document type");
	refuse("<!DOCTYPE a [\n<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", EBADMSG,
	       "x.xml line 1: a document type");
	refuse("<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]><a/>", EBADMSG,
	       "x.xml line 1: a document type");
	refuse("<!DOCTYPE a [<!ATTLIST a b CDATA 'default'>]><a/>", EBADMSG,
	       "x.xml line 1: a document type");
	refuse("<!DOCTYPE", EBADMSG, "x.xml line 1: ");
	refuse("<a><!DOCTYPE a></a>", EBADMSG, "x.xml line 1: ");
}

static void test_billion_laughs(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 65536);
	pp_buffer_puts(&b, "<?xml version='1.0'?>\n<!DOCTYPE l [<!ENTITY l0 'lol'>");
	for (int i = 1; i < 12; i++) {
		pp_buffer_printf(&b, "<!ENTITY l%d '", i);
		for (int j = 0; j < 10; j++)
			pp_buffer_printf(&b, "&l%d;", i - 1);
		pp_buffer_puts(&b, "'>");
	}
	pp_buffer_puts(&b, "]><l>&l11;</l>");
	assert_false(b.failed);
	parse_bytes(b.data, b.len, 0);
	assert_refused(EBADMSG, "x.xml line 2: a document type declaration");
	assert_int_equal(r.arena.used_bytes, 0);
	pp_buffer_fini(&b);
}

static void test_entities(void **state)
{
	refuse("<a>\n&e;</a>", EBADMSG, "x.xml line 2: Entity 'e' not defined");
	refuse("<a>\n<b c='&e;'/></a>", EBADMSG, "x.xml line 2: Entity 'e' not defined");
	refuse("<?xml version='1.0' standalone='no'?>\n<a>&e;</a>", EBADMSG,
	       "x.xml line 2: Entity 'e' not defined");
	refuse("<a>&e</a>", EBADMSG, "x.xml line 1: ");
}

/* What is converted is checked as anything else, and lines count in it; more in test-encoding.c. */
static void test_encodings(void **state)
{
	static const char utf16[] = "\xff\xfe<\0a\0>\0\r\0\n\0\xe4\0<\0/\0a\0>\0";
	static const char broken[] = "\xff\xfe<\0a\0>\0\r\0\n\0<\0/\0b\0>\0";

	parse_bytes(utf16, sizeof(utf16) - 1, 0);
	assert_int_equal(r.rc, 0);
	assert_string_equal(r.root->text, "\n\xc3\xa4");
	parse_bytes(broken, sizeof(broken) - 1, 0);
	assert_refused(EBADMSG, "x.xml line 2: Opening and ending tag mismatch");
	parse_bytes("\xff\xfe", 2, 0);
	assert_refused(EBADMSG, "x.xml line 1: empty");
	parse_bytes("<a>\n\0</a>", 9, 0);
	assert_refused(EBADMSG, "x.xml line 2: a NUL character");
	assert_string_equal(parse("<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>")->text,
	                    "\xc3\xa4");
	refuse("<?xml version='1.0' encoding='UTF-7'?><a/>", EBADMSG,
	       "x.xml line 1: encoding \"UTF-7\" is not known");
	assert_string_equal(parse("<a>\xf0\x9f\x98\x80\xed\x9f\xbf</a>")->text,
	                    "\xf0\x9f\x98\x80\xed\x9f\xbf");
	/* A control character that ISO-8859-1 has is cleaned as any other. */
	assert_string_equal(parse("<?xml version='1.0' encoding='ISO-8859-1'?><a>\x9b</a>")->text,
	                    "??");
}

static void test_namespaces(void **state)
{
	refuse("<a>\n<b xmlns='urn:x'/></a>", EBADMSG, "x.xml line 2: a namespace");
	refuse("<a xmlns:x='urn:x'/>", EBADMSG, "x.xml line 1: a namespace");
	refuse("<x:a/>", EBADMSG, "x.xml line 1: ");
	refuse("<a x:b='1'/>", EBADMSG, "x.xml line 1: ");
	refuse("<a>\n<b xml:lang='de'/></a>", EBADMSG, "x.xml line 2: a namespace prefix");
}

static void test_depth(void **state)
{
	char text[8 * (PP_XML_MAX_DEPTH + 1)] = "";

	for (int i = 0; i < PP_XML_MAX_DEPTH; i++)
		strcat(text, "<a>");
	for (int i = 0; i < PP_XML_MAX_DEPTH; i++)
		strcat(text, "</a>");
	assert_non_null(parse(text));
	memmove(text + 4, text, strlen(text) + 1);
	memcpy(text, "<a>\n", 4);
	strcat(text, "</a>");
	refuse(text, E2BIG, "x.xml line 2: elements nested too deep");
}

/* A hundred thousand attributes would be compared each with each. */
static void test_attributes(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 16u << 20);
	pp_buffer_puts(&b, "<a>\n<b");
	for (int i = 0; i < 100000; i++)
		pp_buffer_printf(&b, " a%d = ''", i);
	pp_buffer_puts(&b, "/></a>");
	parse_bytes(b.data, b.len, 0);
	assert_refused(E2BIG, "x.xml line 2: more than 256 attributes");
	pp_buffer_fini(&b);
}

/* What only looks like attributes is none. */
static void test_no_attributes(void **state)
{
	struct pp_buffer all, b;

	pp_buffer_init(&all, 1 << 20);
	pp_buffer_init(&b, 1 << 20);
	for (int i = 0; i < 300; i++)
		pp_buffer_puts(&all, "a=\"b\" ");
	pp_buffer_printf(&b, "<a><!-- %s --><?p %s?>%s<b c=\">\"/>%s<![CDATA[%s]]></a>", all.data,
	                 all.data, all.data, all.data, all.data);
	const struct pp_xml_node *n = parse(b.data);
	assert_int_equal(strlen(n->text), 3 * all.len);
	assert_string_equal(pp_xml_attribute(n->children, "c"), ">");
	pp_buffer_fini(&all);
	pp_buffer_fini(&b);
}

/* A '>' in a value ends no tag. */
static void test_attributes_behind_an_angle(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 1 << 20);
	pp_buffer_puts(&b, "<a>\n<b z='>' ");
	for (int i = 0; i < 300; i++)
		pp_buffer_printf(&b, " a%d='>'", i);
	pp_buffer_puts(&b, "/></a>");
	parse_bytes(b.data, b.len, 0);
	assert_refused(E2BIG, "x.xml line 2: more than 256 attributes");
	pp_buffer_fini(&b);
}

static void test_nodes_and_size(void **state)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_XML_MAX_BYTES + 16);
	pp_buffer_puts(&b, "<a>");
	for (int i = 0; i < PP_XML_MAX_NODES - 1; i++)
		pp_buffer_puts(&b, "\n<b/>");
	pp_buffer_puts(&b, "</a>");
	parse_bytes(b.data, b.len, 0);
	assert_int_equal(r.rc, 0);
	const struct pp_xml_node *last = r.root->children;
	while (last->next)
		last = last->next;
	assert_int_equal(last->line, PP_XML_MAX_NODES); /* far beyond 65535 */
	assert_in_range(r.arena.used_bytes, 0, 64 * b.len);

	b.len -= 4;
	pp_buffer_puts(&b, "\n<b/></a>");
	parse_bytes(b.data, b.len, 0);
	assert_refused(E2BIG, "x.xml line 200001: too many elements");

	b.len -= 4;
	pp_buffer_puts(&b, "\n</c>");
	b.data[3] = '!'; /* the first newline: one line less */
	b.data[4] = ' ', b.data[5] = ' ', b.data[6] = ' ', b.data[7] = ' ';
	parse_bytes(b.data, b.len, 0);
	assert_refused(EBADMSG, "x.xml line 200001: Opening and ending tag mismatch");

	while (b.len <= PP_XML_MAX_BYTES)
		pp_buffer_puts(&b, "\n");
	parse_bytes(b.data, b.len, 0);
	assert_refused(E2BIG, "x.xml: 16777217 bytes, at most 16777216 are read");
	pp_buffer_fini(&b);
}

/* One text, comment or attribute of many megabytes: taken or refused, never printed about. */
static void test_huge_pieces(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "<a>", "</a>" },        { "<a><![CDATA[", "]]></a>" }, { "<a b='", "'/>" },
		{ "<a><!--", "--></a>" }, { "<a><?p ", "?></a>" },       { "<a", "/>" },
		{ "<a>&", ";</a>" },
	};
	size_t bytes = 12u << 20;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pp_buffer b;
		pp_buffer_init(&b, PP_XML_MAX_BYTES);
		pp_buffer_puts(&b, cases[i].before);
		char *fill = malloc(bytes);
		assert_non_null(fill);
		memset(fill, 'x', bytes);
		pp_buffer_append(&b, fill, bytes);
		free(fill);
		pp_buffer_puts(&b, cases[i].after);
		assert_false(b.failed);
		parse_bytes(b.data, b.len, 0);
		if (r.rc)
			assert_refused(EBADMSG, "x.xml line 1: ");
		pp_buffer_fini(&b);
	}
}

static void test_out_of_memory(void **state)
{
	static const char text[] = "<a b='c'><d>e</d><f/></a>";
	int failed = 0;

	for (size_t limit = 1; limit < 4096; limit += 16) {
		parse_bytes(text, sizeof(text) - 1, limit);
		if (!r.rc)
			break;
		assert_refused(ENOMEM, "x.xml: out of memory");
		failed++;
	}
	assert_int_equal(r.rc, 0);
	assert_in_range(failed, 5, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_elements, teardown),
		cmocka_unit_test_teardown(test_text, teardown),
		cmocka_unit_test_teardown(test_cleaned, teardown),
		cmocka_unit_test_teardown(test_ampersands, teardown),
		cmocka_unit_test_teardown(test_not_well_formed, teardown),
		cmocka_unit_test_teardown(test_every_prefix, teardown),
		cmocka_unit_test_teardown(test_no_document_type, teardown),
		cmocka_unit_test_teardown(test_billion_laughs, teardown),
		cmocka_unit_test_teardown(test_entities, teardown),
		cmocka_unit_test_teardown(test_encodings, teardown),
		cmocka_unit_test_teardown(test_namespaces, teardown),
		cmocka_unit_test_teardown(test_depth, teardown),
		cmocka_unit_test_teardown(test_attributes, teardown),
		cmocka_unit_test_teardown(test_no_attributes, teardown),
		cmocka_unit_test_teardown(test_attributes_behind_an_angle, teardown),
		cmocka_unit_test_teardown(test_nodes_and_size, teardown),
		cmocka_unit_test_teardown(test_huge_pieces, teardown),
		cmocka_unit_test_teardown(test_out_of_memory, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
