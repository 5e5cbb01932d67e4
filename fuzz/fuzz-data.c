/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a byte that selects one of the schemas below, then a data file. What is read is written
 * and read again as the same; loaded, it is there, and loading it once more changes nothing.
 */
#include "base/buffer.h"
#include "conrep/change.h"
#include "touch.h"

#define SLOT(n, offset, mask)                                                                      \
	"<Section name='RMRDS_Slot" #n "'><nvram>" offset "</nvram>"                               \
	"<value id='0x00'>Endpoints_Included</value><value id='" mask "'>Endpoints_Excluded"       \
	"</value><mask>" mask "</mask></Section>"
#define FIELD(name, start, size)                                                                   \
	"<Field><Field_name>" name "</Field_name><Field_size>" #size "</Field_size>"               \
	"<Field_start>" #start "</Field_start></Field>"

static const char *const schemas[] = {
	"<Conrep>" SLOT(1, "0x26a", "0x01") SLOT(2, "0x26a", "0x02")
		SLOT(9, "0x26b", "0x01") "</Conrep>",
	/* Bits with several owners, names, machines. */
	"<Conrep><Section name='A'><altname>B</altname><ev>E</ev><length>3</length><byte>1</byte>"
	"<mask>0x0f</mask><value id='1'>On</value><value id='1'>Yes</value><value id='0'>Auto Set"
	"</value></Section><Section name='C'><ev>E</ev><length>5</length></Section>"
	"<Section name='D'><platforms><platform>Gen9</platform></platforms><cmos>0x20</cmos>"
	"<value id='0'>x</value></Section><Section name='F'><cmos>0x21</cmos><mask>3</mask>"
	"<value id='0'>x</value></Section></Conrep>",
	/* Records, with and without an EV; text; what overlaps it. */
	"<Conrep><Section name='L'><ev>L</ev><length>12</length><record_size>6</record_size>"
	"<Fields>" FIELD("T", 0, 4) FIELD(
		"T1x", 4,
		1) "</Fields><format>text</format>"
		   "<empty_delete>1</empty_delete></Section><Section name='I'><ev>I</ev><length>12</length>"
		   "<record_size>1</record_size><Fields>" FIELD(
			   "I", 0,
			   1) "</Fields></Section>"
			      "<Section name='G'><ev>G</ev><length>4</length><format>text</format></Section>"
			      "<Section name='O'><ev>G</ev><length>8</length><byte>1</byte><mask>0x3c</mask>"
			      "<value id='0x20'>x</value><value id='0'>0</value></Section></Conrep>",
	/* Several bytes: fields, and raw ones that the machine has and has not. */
	"<Conrep><Section name='V'><ev>V</ev><length>6</length><record_size>3</record_size><Fields>" FIELD(
		"C", 0, 1)
		FIELD("V", 1,
	              2) "</Fields></Section>"
			 "<Section name='R'><ev>R</ev><length>4</length></Section>"
			 "<Section name='N'><ev>N</ev><length>2</length></Section></Conrep>",
};
#define NR_SCHEMAS (sizeof(schemas) / sizeof(schemas[0]))

static const struct pp_machine machine = { "ProLiant DL360e Gen8", "P73", "08/02/2014", "Intel" };

static void require(int mappings)
{
	if (!mappings)
		abort();
}

static void fill(struct pp_areas *m, struct pp_arena *a)
{
	static const uint8_t zeros[0x280]; /* as many as the schemas use: quicker than all */

	pp_areas_init(m, a);
	require(!pp_areas_put(m, PP_CELL_NVRAM, NULL, 0, PP_SPAN(zeros, sizeof(zeros))));
	require(!pp_areas_put(m, PP_CELL_CMOS, NULL, 0, PP_SPAN(zeros, 0x40)));
	require(!pp_areas_put(m, PP_CELL_EV, "E", 0, PP_SPAN("\xff\xf1\x02\x03\x04\x05", 6)));
	require(!pp_areas_put(m, PP_CELL_EV, "L", 0, PP_SPAN("ab  \x01\x02 c\0\0d\0", 12)));
	require(!pp_areas_put(m, PP_CELL_EV, "I", ENOENT, PP_SPAN(NULL, 0)));
	require(!pp_areas_put(m, PP_CELL_EV, "G", ENOENT, PP_SPAN(NULL, 0)));
	require(!pp_areas_put(m, PP_CELL_EV, "V", 0, PP_SPAN("\1\0\x64\2\xff\xfe\7", 7)));
	require(!pp_areas_put(m, PP_CELL_EV, "R", 0, PP_SPAN("\x15\x90\0\xeb\7", 5)));
	require(!pp_areas_put(m, PP_CELL_EV, "N", ENOENT, PP_SPAN(NULL, 0)));
}

static int same_text(const char *x, const char *y)
{
	return x && y ? !strcmp(x, y) : x == y;
}

static void require_same(const struct pp_setting *x, const struct pp_setting *y)
{
	require(same_text(x->name, y->name) && same_text(x->helptext, y->helptext) &&
	        same_text(x->text, y->text) && x->nr_entries == y->nr_entries);
	for (uint32_t i = 0; i < x->nr_entries; i++)
		require(same_text(x->entries[i].name, y->entries[i].name) &&
		        same_text(x->entries[i].text, y->entries[i].text));
}

static void check_written(const struct pp_data *d, struct pp_arena *a)
{
	struct pp_buffer b;
	struct pp_data back;

	pp_buffer_init(&b, 64u << 20);
	pp_data_write(d, &b);
	if (!b.failed) {
		require(!pp_data_parse(PP_SPAN(b.data, b.len), "again", a, NULL, &back, NULL));
		require(same_text(d->machine.product, back.machine.product) &&
		        same_text(d->machine.rom_family, back.machine.rom_family) &&
		        same_text(d->machine.rom_date, back.machine.rom_date) &&
		        same_text(d->machine.processor, back.machine.processor));
		require(d->nr_settings == back.nr_settings);
		for (uint32_t i = 0; i < d->nr_settings; i++)
			require_same(&d->settings[i], &back.settings[i]);
	}
	pp_buffer_fini(&b);
}

static void check_loaded(const struct pp_schema *schema, const struct pp_data *d,
                         struct pp_arena *a)
{
	struct pp_error e = { 0 };
	struct pp_changes c;
	struct pp_areas m;

	fill(&m, a);
	int r = pp_changes_plan(schema, &machine, d, &m, a, &c, &e);
	if (r) {
		require(r == -e.code && e.text[0]);
		return;
	}
	require(!c.nr_changes == !c.nr_writes && !c.nr_changes == !c.nr_settings);
	for (uint32_t i = 0; i < c.nr_changes; i++)
		require(!same_text(c.changes[i].old_text, c.changes[i].new_text) &&
		        c.changes[i].line);
	for (uint32_t i = 0; i < c.nr_writes; i++)
		require(!pp_areas_put(&m, c.writes[i].space, c.writes[i].name,
		                      c.writes[i].new_absent ? ENOENT : 0, c.writes[i].new_bytes));
	const struct pp_data whole = { "whole", "", machine, c.settings, c.nr_settings };
	require(!pp_changes_plan(schema, &machine, d, &m, a, &c, NULL));
	require(!c.nr_changes && !c.nr_writes);
	/* What a store of sections is given says the same. */
	require(!pp_changes_plan(schema, &machine, &whole, &m, a, &c, NULL));
	require(!c.nr_changes && !c.nr_writes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e = { 0 };
	struct pp_schema schema;
	struct pp_data d;

	if (!size)
		return 0;
	const char *text = schemas[data[0] % NR_SCHEMAS];
	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	require(!pp_schema_parse(PP_SPAN(text, strlen(text)), "schema", &arena, NULL, &schema, &e));
	int r = pp_data_parse(PP_SPAN(data + 1, size - 1), "data", &arena, &notes, &d, &e);
	touch_notes(&notes);
	if (r) {
		require(r == -e.code && e.text[0]);
	} else {
		check_written(&d, &arena);
		check_loaded(&schema, &d, &arena);
	}
	pp_arena_fini(&arena);
	return 0;
}
