/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random schemas and random bytes: what is saved comes back when it is loaded, and a load touches
 * no bit that its settings do not own. Which bits those are is worked out here a second time, from
 * what the schema was written of. usage: test-property [SEED [CASES]]; case N of seed S is case 0
 * of seed S + N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "conrep/change.h"

#define CELLS    6 /* the NVRAM, the CMOS, four EVs */
#define SECTIONS 14
#define FIELDS   3
#define TEXTS    12 /* of values */
/* Shorter than a real one, for speed. */
#define NVRAM_BYTES 600

static uint64_t seed_now, state;

#define CHECK(mappings)                                                                            \
	do {                                                                                       \
		if (!(mappings)) {                                                                 \
			printf("seed %llu: line %d: %s\n", (unsigned long long)seed_now, __LINE__, \
			       #mappings);                                                         \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static unsigned int property_below(unsigned int n)
{
	return (unsigned int)(next_random() % n);
}

static unsigned int property_between(unsigned int least, unsigned int most)
{
	return least + property_below(most - least + 1);
}

static bool one_in(unsigned int n)
{
	return property_below(n) == 0;
}

/* --- a schema: what it is made of, and its bits --- */

struct field {
	char name[8];
	unsigned int start, size;
};

struct section {
	char name[24], altname[24];
	enum pp_section_kind kind;
	unsigned int cell, length, offset, record_size, nr_fields;
	uint8_t mask;
	struct field fields[FIELDS];
	bool text, empty_delete, fits;
};

struct model {
	struct section sections[SECTIONS];
	unsigned int nr_sections;
	unsigned int longest[CELLS]; /* what the schema knows of a cell */
	uint8_t owned[CELLS][NVRAM_BYTES], owned_text[CELLS][NVRAM_BYTES];
};

static const char *const ev_names[CELLS] = { NULL, NULL, "CQA", "CQB", "E-1", "x_2.y" };

static enum pp_area_space space_of(unsigned int cell)
{
	return cell == 0 ? PP_CELL_NVRAM : cell == 1 ? PP_CELL_CMOS : PP_CELL_EV;
}

/* Whether the file that was loaded names the entry; a NULL list is the whole section. */
static bool is_named(const struct pp_setting *only, const char *field, unsigned int record)
{
	char name[32];

	if (!only || only->text)
		return true;
	snprintf(name, sizeof(name), "%s%u", field, record);
	for (uint32_t i = 0; i < only->nr_entries; i++)
		if (!strcmp(only->entries[i].name, name))
			return true;
	return false;
}

static void property_own(const struct section *s, const struct pp_setting *only,
                         uint8_t map[CELLS][NVRAM_BYTES])
{
	uint8_t *cell = map[s->cell];

	if (s->kind == PP_SECTION_ENUM)
		cell[s->offset] |= s->mask;
	else if (s->kind == PP_SECTION_RAW)
		memset(cell, 0xff, s->length);
	else
		for (unsigned int r = 0; r < s->length / s->record_size; r++)
			for (unsigned int i = 0; i < s->nr_fields; i++)
				if (is_named(only, s->fields[i].name, r))
					memset(cell + r * s->record_size + s->fields[i].start, 0xff,
					       s->fields[i].size);
}

/* Texts pad, so that their bytes have one owner; anything else may overlap. */
static bool may_stand(const struct model *m, const struct section *s)
{
	static uint8_t map[CELLS][NVRAM_BYTES];
	const uint8_t(*others)[NVRAM_BYTES] = s->text ? m->owned : m->owned_text;

	memset(map, 0, sizeof(map));
	property_own(s, NULL, map);
	for (unsigned int i = 0; i < NVRAM_BYTES; i++)
		if (map[s->cell][i] & others[s->cell][i])
			return false;
	return true;
}

static void random_fields(struct section *s)
{
	unsigned int at = 0;

	s->record_size = property_between(1, s->length < 12 ? s->length : 12);
	s->length -= s->length % s->record_size;
	for (unsigned int i = 0; i < FIELDS; i++) {
		struct field *f = &s->fields[s->nr_fields];
		at += i ? property_below(3) : property_below(s->record_size);
		if (at >= s->record_size)
			break;
		f->start = at;
		f->size = property_between(1, s->record_size - at);
		at += f->size;
		snprintf(f->name, sizeof(f->name), "F%c%s", 'a' + (int)i, one_in(2) ? "1" : "");
		s->nr_fields++;
	}
}

static void random_section(struct section *s, unsigned int index)
{
	*s = (struct section){ .cell = property_below(CELLS), .fits = !one_in(5) };
	/* Twins are told apart by conditions: one of each name fits. */
	snprintf(s->name, sizeof(s->name), "%s_%u", one_in(2) ? "Set & <\">" : "Set",
	         s->fits ? index : property_below(index + 1));
	if (one_in(4))
		snprintf(s->altname, sizeof(s->altname), "Alt_%u", index);
	s->kind = s->cell < 2 ? PP_SECTION_ENUM : (enum pp_section_kind)property_below(3);
	s->mask = one_in(4) ? 0xff : (uint8_t)property_between(1, 255);
	s->length = s->cell < 2 ? 0 : property_between(1, 40);
	s->offset = s->cell == 0
	                    ? (one_in(3) ? property_below(NVRAM_BYTES) : 0x5c + property_below(3))
	            : s->cell == 1 ? property_between(0x0e, PP_CMOS_BYTES - 1)
	                           : property_below(s->length);
	if (s->kind == PP_SECTION_RECORDS)
		random_fields(s);
	s->text = s->kind != PP_SECTION_ENUM && one_in(2);
	s->empty_delete = s->kind == PP_SECTION_RECORDS && one_in(3);
}

static void random_model(struct model *m)
{
	unsigned int wanted = property_between(1, SECTIONS);

	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < wanted; i++) {
		struct section *s = &m->sections[m->nr_sections];
		random_section(s, i);
		if (s->fits && !may_stand(m, s))
			continue;
		if (s->fits)
			property_own(s, NULL, m->owned);
		if (s->fits && s->text)
			property_own(s, NULL, m->owned_text);
		if (s->length > m->longest[s->cell])
			m->longest[s->cell] = s->length;
		m->nr_sections++;
	}
}

/* --- the same schema as a file --- */

static void put_number(struct pp_buffer *b, const char *name, unsigned int n)
{
	if (one_in(2))
		pp_buffer_printf(b, "<%s>%u</%s>", name, n, name);
	else
		pp_buffer_printf(b, "<%s> 0x%02X </%s>\n", name, n, name);
}

static void put_escaped(struct pp_buffer *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<>\"", *text))
			pp_buffer_printf(b, "&#%d;", *text);
		else
			pp_buffer_append(b, text, 1);
	}
}

static void put_values(struct pp_buffer *b, const struct section *s)
{
	static const char *const texts[TEXTS] = { "Enabled",    "Disabled", "Auto Set", "0",
		                                  "a<b>&\"c\"", "0x100",    "0x1",      "\xc3\xa4",
		                                  "On, off",    "'",        "]]>",      "\\x41" };
	unsigned int count = property_between(1, 5), first = property_below(TEXTS);

	for (unsigned int i = 0; i < count; i++) {
		pp_buffer_printf(b, "<value id=\"0x%02x\">", property_below(256) & s->mask);
		put_escaped(b, texts[(first + i) % TEXTS]);
		pp_buffer_puts(b, "</value>");
	}
	if (s->mask != 0xff || one_in(2))
		put_number(b, "mask", s->mask);
	if (s->cell > 1 && (s->offset || s->length > 2 || one_in(2)))
		put_number(b, "byte", s->offset);
}

static void put_fields(struct pp_buffer *b, const struct section *s)
{
	pp_buffer_puts(b, "<Fields>");
	for (unsigned int i = 0; i < s->nr_fields; i++) {
		pp_buffer_printf(b, "<Field><Field_name>%s</Field_name>", s->fields[i].name);
		put_number(b, "Field_size", s->fields[i].size);
		put_number(b, "Field_start", s->fields[i].start);
		pp_buffer_puts(b, "</Field>");
	}
	pp_buffer_puts(b, "</Fields>");
}

static void put_condition(struct pp_buffer *b, bool fits)
{
	static const char *const held[] = {
		"", "<platforms><platform>Gen9</platform><platform>Gen8</platform></platforms>",
		"<romfamilies><romfamily>P73</romfamily></romfamilies>",
		"<romdates><greaterthan>08/01/14</greaterthan></romdates>",
		"<proc_mans><proc_man>Intel</proc_man></proc_mans>"
	};
	static const char *const failed[] = {
		"<platforms><platform>Gen9</platform></platforms>",
		"<romfamilies><romfamily>P70</romfamily></romfamilies>",
		"<romdates><greaterthan>08/02/14</greaterthan></romdates>",
		"<proc_mans><proc_man>AMD</proc_man></proc_mans>"
	};

	pp_buffer_puts(b, fits ? held[property_below(5)] : failed[property_below(4)]);
}

static void put_section(struct pp_buffer *b, const struct section *s)
{
	pp_buffer_puts(b, "<Section name=\"");
	put_escaped(b, s->name);
	pp_buffer_puts(b, "\">");
	if (one_in(2))
		pp_buffer_puts(b, "<helptext><![CDATA[Help <&>.]]></helptext>\n");
	if (s->altname[0])
		pp_buffer_printf(b, "<altname>%s</altname>", s->altname);
	put_condition(b, s->fits);
	const bool values = s->kind == PP_SECTION_ENUM, first = one_in(2);
	if (values && first)
		put_values(b, s);
	if (s->cell > 1) {
		pp_buffer_printf(b, "<ev>%s</ev>", ev_names[s->cell]);
		put_number(b, "length", s->length);
	} else {
		put_number(b, s->cell ? "cmos" : "nvram", s->offset);
	}
	if (values && !first)
		put_values(b, s);
	if (s->kind == PP_SECTION_RECORDS) {
		put_number(b, "record_size", s->record_size);
		put_fields(b, s);
	}
	if (s->text)
		pp_buffer_puts(b, "<format>text</format>");
	if (s->empty_delete)
		pp_buffer_puts(b, "<empty_delete>1</empty_delete>");
	pp_buffer_puts(b, "</Section>\n");
}

static void parse_schema(const struct model *m, struct pp_arena *a, struct pp_schema *ret)
{
	struct pp_error e = { 0 };
	struct pp_buffer b;

	pp_buffer_init(&b, 1u << 20);
	pp_buffer_puts(&b, "<Conrep>\n<global><platforms><platform>Gen8</platform></platforms>"
	                   "</global>\n");
	for (unsigned int i = 0; i < m->nr_sections; i++)
		put_section(&b, &m->sections[i]);
	pp_buffer_puts(&b, "</Conrep>\n");
	int r = pp_schema_parse(PP_SPAN(b.data, b.len), "random.xml", a, NULL, ret, &e);
	if (r)
		printf("%s\n%s", e.text, b.data);
	pp_buffer_fini(&b);
	CHECK(!r);
}

/* --- images --- */

static uint8_t random_byte(unsigned int kind)
{
	static const uint8_t some[] = { 0, 0, ' ', 'a', '\\', 'x', '4', '\n', 0xff };

	return kind == 0   ? (uint8_t)next_random()
	       : kind == 1 ? some[property_below(sizeof(some))]
	       : kind == 2 ? (one_in(4) ? ' ' : 0)
	                   : 0;
}

/* like: NULL, or an image whose absent EVs are absent here too, and whose bytes are all zero. */
static void random_image(const struct model *m, const struct pp_areas *like, struct pp_arena *a,
                         struct pp_areas *ret)
{
	uint8_t bytes[NVRAM_BYTES] = { 0 };

	pp_areas_init(ret, a);
	for (unsigned int i = 0; i < CELLS; i++) {
		size_t len = i == 0   ? NVRAM_BYTES
		             : i == 1 ? PP_CMOS_BYTES
		                      : m->longest[i] + property_below(8);
		bool absent = like ? like->cells[i]->error : i > 1 && one_in(4);
		unsigned int kind = property_below(4);
		for (size_t j = 0; !like && j < len; j++)
			bytes[j] = random_byte(kind);
		if (like)
			len = like->cells[i]->len;
		CHECK(!pp_areas_put(ret, space_of(i), ev_names[i], absent ? ENOENT : 0,
		                    PP_SPAN(bytes, len)));
	}
}

/* An absent EV counts as zeros. */
static uint8_t byte_of(const struct pp_areas *m, unsigned int cell, size_t at)
{
	const struct pp_area *c = m->cells[cell];

	return at < c->len ? c->data[at] : 0;
}

static size_t text_len(const struct pp_areas *m, unsigned int cell, size_t at, size_t len)
{
	while (len &&
	       (byte_of(m, cell, at + len - 1) == 0 || byte_of(m, cell, at + len - 1) == ' '))
		len--;
	return len;
}

static void check_same_field(const struct section *s, const struct pp_areas *x,
                             const struct pp_areas *y, size_t at, size_t len)
{
	if (s->text) {
		size_t text = text_len(x, s->cell, at, len);
		CHECK(text == text_len(y, s->cell, at, len));
		len = text;
	}
	for (size_t i = 0; i < len; i++)
		CHECK(byte_of(x, s->cell, at + i) == byte_of(y, s->cell, at + i));
}

/* The section's bits, of those entries that are named, say the same in both. */
static void check_same_section(const struct section *s, const struct pp_setting *only,
                               const struct pp_areas *x, const struct pp_areas *y)
{
	if (s->kind == PP_SECTION_ENUM) {
		CHECK(!((byte_of(x, s->cell, s->offset) ^ byte_of(y, s->cell, s->offset)) &
		        s->mask));
		return;
	}
	if (s->kind == PP_SECTION_RAW) {
		check_same_field(s, x, y, 0, s->length);
		return;
	}
	for (unsigned int r = 0; r < s->length / s->record_size; r++)
		for (unsigned int i = 0; i < s->nr_fields; i++)
			if (is_named(only, s->fields[i].name, r))
				check_same_field(s, x, y, r * s->record_size + s->fields[i].start,
				                 s->fields[i].size);
}

static const struct section *find_section(const struct model *m, const char *name)
{
	for (unsigned int i = 0; i < m->nr_sections; i++) {
		const struct section *s = &m->sections[i];
		if (s->fits && (!strcmp(s->name, name) || !strcmp(s->altname, name)))
			return s;
	}
	CHECK(!"a section of that name");
	return NULL;
}

/* What was loaded is there as in from; of all else not a bit has changed. */
static void check_loaded(const struct model *m, const struct pp_data *d,
                         const struct pp_areas *from, const struct pp_areas *before,
                         const struct pp_areas *after)
{
	static uint8_t map[CELLS][NVRAM_BYTES];

	memset(map, 0, sizeof(map));
	for (uint32_t i = 0; i < d->nr_settings; i++) {
		const struct section *s = find_section(m, d->settings[i].name);
		if (s->kind == PP_SECTION_RAW && !s->text && !*d->settings[i].text)
			continue; /* the EV was absent: no byte is asked for */
		check_same_section(s, &d->settings[i], from, after);
		property_own(s, &d->settings[i], map);
	}
	for (unsigned int cell = 0; cell < CELLS; cell++) {
		const struct pp_area *x = before->cells[cell], *y = after->cells[cell];
		size_t len = x->len > y->len ? x->len : y->len;
		CHECK(x->error || y->error || x->len == y->len);
		CHECK(!x->error || y->error || y->len == m->longest[cell]);
		for (size_t i = 0; i < len; i++)
			CHECK(!((byte_of(before, cell, i) ^ byte_of(after, cell, i)) &
			        (uint8_t)~map[cell][i]));
	}
}

/* --- saving and loading --- */

static const struct pp_machine machine = { "ProLiant DL360e Gen8", "P73", "08/02/2014", "Intel" };

/* As a file, in the arena. */
static const char *property_save(const struct pp_schema *schema, const struct pp_areas *m,
                                 struct pp_arena *a, struct pp_data *ret)
{
	const struct pp_skip *skips;
	struct pp_error e = { 0 };
	struct pp_buffer b;
	struct pp_data d;
	uint32_t nr_skips;

	CHECK(!pp_settings_decode(schema, &machine, m, a, &d, &skips, &nr_skips, &e));
	pp_buffer_init(&b, 1u << 20);
	pp_data_write(&d, &b);
	CHECK(!b.failed);
	const char *text = pp_arena_strdup(a, b.data);
	pp_buffer_fini(&b);
	int r = pp_data_parse(PP_SPAN(text, strlen(text)), "random.dat", a, NULL, ret, &e);
	if (r)
		printf("%s\n%s", e.text, text);
	CHECK(!r);
	CHECK(ret->nr_settings == d.nr_settings);
	for (uint32_t i = 0; i < nr_skips; i++)
		CHECK(strstr(skips[i].reason, "there is no EV"));
	return text;
}

static bool same_bytes(struct pp_span x, const struct pp_area *y)
{
	return x.len == y->len && (!x.len || !memcmp(x.data, y->data, x.len));
}

static void property_plan(const struct pp_schema *schema, const struct pp_data *d,
                          const struct pp_areas *m, struct pp_arena *a, struct pp_changes *ret)
{
	struct pp_error e = { 0 };
	int r = pp_changes_plan(schema, &machine, d, m, a, ret, &e);

	if (r)
		printf("%s\n", e.text);
	CHECK(!r);
	for (uint32_t i = 0; i < ret->nr_skips; i++)
		CHECK(!strcmp(ret->skips[i].reason, "the file gives no value"));
	CHECK(!ret->nr_changes == !ret->nr_writes);
}

static void property_load(const struct pp_schema *schema, const struct pp_data *d,
                          struct pp_areas *m, struct pp_arena *a)
{
	bool seen[CELLS] = { false };
	struct pp_changes c;

	property_plan(schema, d, m, a, &c);
	for (uint32_t i = 0; i < c.nr_writes; i++) {
		const struct pp_area_write *w = &c.writes[i];
		unsigned int cell = 0;
		while (m->cells[cell] != pp_areas_find(m, w->space, w->name))
			cell++;
		CHECK(!seen[cell]);
		seen[cell] = true;
		CHECK(same_bytes(w->old_bytes, m->cells[cell]));
		CHECK(w->old_absent == (m->cells[cell]->error == ENOENT));
		CHECK(!pp_areas_put(m, w->space, w->name, w->new_absent ? ENOENT : 0,
		                    w->new_bytes));
	}
	property_plan(schema, d, m, a, &c);
	CHECK(!c.nr_changes && !c.nr_writes);
}

/* A file of one section, under its other name if it has one, and of some of its entries. */
static void check_partial(const struct model *m, const struct pp_schema *schema,
                          const struct pp_data *d, const struct pp_areas *from, struct pp_areas *to,
                          struct pp_arena *a)
{
	struct pp_areas before;

	if (!d->nr_settings)
		return;
	struct pp_setting one = d->settings[property_below(d->nr_settings)];
	const struct section *s = find_section(m, one.name);
	if (s->altname[0] && one_in(2))
		one.name = s->altname;
	if (one.nr_entries) {
		uint32_t first = property_below(one.nr_entries);
		one.entries += first;
		one.nr_entries = property_between(1, one.nr_entries - first);
	}
	const struct pp_data part = { .object = "part.dat", .settings = &one, .nr_settings = 1 };
	CHECK(!pp_areas_copy(to, a, &before));
	property_load(schema, &part, to, a);
	check_loaded(m, &part, from, &before, to);
}

static void run_case(void)
{
	static struct model m;
	struct pp_areas first, zeroed, other, before;
	struct pp_schema schema;
	struct pp_changes c;
	struct pp_data d, again;
	struct pp_arena a;

	pp_arena_init(&a, 0);
	random_model(&m);
	parse_schema(&m, &a, &schema);
	random_image(&m, NULL, &a, &first);
	const char *saved = property_save(&schema, &first, &a, &d);
	property_plan(&schema, &d, &first, &a, &c);
	CHECK(!c.nr_changes && !c.nr_writes);

	random_image(&m, &first, &a, &zeroed);
	CHECK(!pp_areas_copy(&zeroed, &a, &before));
	property_load(&schema, &d, &zeroed, &a);
	check_loaded(&m, &d, &first, &before, &zeroed);
	CHECK(!strcmp(property_save(&schema, &zeroed, &a, &again), saved));

	random_image(&m, NULL, &a, &other);
	check_partial(&m, &schema, &d, &first, &other, &a);
	CHECK(!pp_areas_copy(&other, &a, &before));
	property_load(&schema, &d, &other, &a);
	check_loaded(&m, &d, &first, &before, &other);
	pp_arena_fini(&a);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20240229;
	unsigned long cases = argc > 2 ? strtoul(argv[2], NULL, 0) : 10000;

	printf("seed %llu, %lu cases\n", (unsigned long long)seed, cases);
	for (unsigned long i = 0; i < cases; i++) {
		seed_now = seed + i;
		state = seed_now * 0x2545f4914f6cdd1dull;
		run_case();
	}
	return 0;
}
